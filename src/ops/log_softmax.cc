// LOG_SOFTMAX over the last axis.
#include <cmath>
#include <utility>

#include "kernels/softmax.h"
#include "ops/movement.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  node.require(node.input(0).shape.rank() >= 1, "its input must have a dimension");
  return {node.input(0).shape};
}

template <typename T>
Step integer_step(const NodeView& node, RowShape shape) {
  constexpr IntegerRange kRange = range_of<T>();
  const Affine result = divisor_affine_of(node, node.output(0), "its result");
  node.require(result.scale == 0x1p-4f && result.zero_point == kRange.high,
               "its result must have scale 0.0625 and zero point ", kRange.high, ", found ", result.scale, " and ",
               result.zero_point);
  const Affine input = affine_of(node, node.input(0), "its input");
  const ExponentScale scale = exponent_scale(static_cast<double>(input.scale));
  node.require(scale.by.multiplier != 0 && scale.by.shift >= 1, "its input's scale ", input.scale, " is too small");
  return {.run = [shape, scale, table = exponential_table(scale)](const Frame& frame) {
    log_softmax(shape, scale, table, frame.in<T>(0), frame.out<T>());
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& dims = node.input(0).shape;
  const int64_t depth = dims.back();
  const RowShape shape{.rows = depth == 0 ? 0 : dims.count() / depth, .depth = depth};
  switch (node.input(0).type) {
    case DataType::float32:
      return {.run = [shape](const Frame& frame) { log_softmax(shape, frame.in<float>(0), frame.out<float>()); }};
    case DataType::int8: return integer_step<int8_t>(node, shape);
    case DataType::uint8: return integer_step<uint8_t>(node, shape);
    default: node.fail_type();
  }
}

}  // namespace

extern const OpDef kLogSoftmax;
const OpDef kLogSoftmax = {
    .code = OpCode::log_softmax,
    .types = kFloatAndInt8,
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::data}, .output = OutputRule::fixed, .fixed_int8 = {0x1p-4f, 127}, .int8 = true},
    .version = version_by_type<2, 1>};

}  // namespace litequant
