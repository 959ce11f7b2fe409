// SOFTMAX over the last axis.
#include "kernels/softmax.h"

#include <cmath>
#include <utility>

#include "ops/movement.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  node.require(node.input(0).shape.rank() >= 1, "its input must have a dimension");
  return {node.input(0).shape};
}

RowShape rows_of(const Shape& shape) {
  const int64_t depth = shape.back();
  return {.rows = depth == 0 ? 0 : shape.count() / depth, .depth = depth};
}

float beta_of(const NodeView& node) {
  const float beta = node.options().real("beta");
  node.require(std::isfinite(beta), "beta is not finite");
  return beta;
}

void require_result(const NodeView& node, float scale, int32_t zero_point) {
  const Affine result = divisor_affine_of(node, node.output(0), "its result");
  node.require(std::abs(result.scale - scale) <= 1e-3f * scale && result.zero_point == zero_point,
               "its result must have scale ", scale, " and zero point ", zero_point, ", found ", result.scale, " and ",
               result.zero_point);
}

template <typename In, typename Out>
Step step_8bit(const NodeView& node, float beta, const CompileOptions& options) {
  constexpr IntegerRange kRange = range_of<Out>();
  require_result(node, sizeof(Out) == 1 ? 0x1p-8f : 0x1p-16f, kRange.low);
  const Affine input = affine_of(node, node.input(0), "its input");
  const ExponentScale scale = exponent_scale(static_cast<double>(beta) * static_cast<double>(input.scale));
  const RowShape shape = rows_of(node.input(0).shape);
  if (options.kernels == KernelSet::reference) {
    return {.run = [=](const Frame& frame) { reference::softmax(shape, scale, frame.in<In>(0), frame.out<Out>()); }};
  }
  return {.run = [shape, table = exponential_table(scale)](const Frame& frame) {
    softmax(shape, table, frame.in<In>(0), frame.out<Out>());
  }};
}

Step step_16bit(const NodeView& node, float beta) {
  require_result(node, 0x1p-15f, 0);
  const Affine input = affine_of(node, node.input(0), "its input");
  require_symmetric_int16(node, node.input(0), input, "its input");
  const RowShape shape = rows_of(node.input(0).shape);
  if (shape.depth > 65536) node.fail(ErrorCode::too_large, {"a row of ", shape.depth, " values is too long"});
  const FixedMultiplier by = multiplier_of(node, static_cast<double>(input.scale * beta) / (10.0 / 65535.0));
  return {.run = [shape, by, tables = int16_softmax_tables()](const Frame& frame) {
    softmax(shape, by, *tables, frame.in<int16_t>(0), frame.out<int16_t>());
  }};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  const float beta = beta_of(node);
  const DataType input = node.input(0).type, result = node.output(0).type;
  if (input == DataType::float32 && result == DataType::float32) {
    return {.run = [shape = rows_of(node.input(0).shape), beta](const Frame& frame) {
      softmax(shape, beta, frame.in<float>(0), frame.out<float>());
    }};
  }
  node.require(beta >= 0, "beta is negative");
  if (input == DataType::int8 && result == DataType::int8) return step_8bit<int8_t, int8_t>(node, beta, options);
  if (input == DataType::int8 && result == DataType::int16) return step_8bit<int8_t, int16_t>(node, beta, options);
  if (input == DataType::uint8 && result == DataType::uint8) return step_8bit<uint8_t, uint8_t>(node, beta, options);
  if (input == DataType::uint8 && result == DataType::int16) return step_8bit<uint8_t, int16_t>(node, beta, options);
  if (input == DataType::int16 && result == DataType::int16) return step_16bit(node, beta);
  node.fail_type();
}

}  // namespace

extern const OpDef kSoftmax;
const OpDef kSoftmax = {.code = OpCode::softmax,
                        .types = kFloatAndInt16,
                        .infer = infer,
                        .compile = compile,
                        .quant = {.roles = {Role::data},
                                  .output = OutputRule::fixed,
                                  .fixed_int8 = {0x1p-8f, -128},
                                  .fixed_int16 = {0x1p-15f, 0},
                                  .int8 = true,
                                  .int16 = true},
                        .version = version_by_type<2, 3>};

}  // namespace litequant
