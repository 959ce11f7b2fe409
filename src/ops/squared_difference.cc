// SQUARED_DIFFERENCE.
#include <cmath>

#include "kernels/reference/arithmetic.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

Step int8_step(const NodeView& node, const CompileOptions& options) {
  const Affine a = affine_of(node, node.input(0), "input 0");
  const Affine b = affine_of(node, node.input(1), "input 1");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  constexpr int kLeft = 7;
  const double common = 2 * std::fmax(static_cast<double>(a.scale), static_cast<double>(b.scale));
  node.require(common > 0, "the scales of both inputs are 0");
  const double back = common * common / (std::ldexp(1.0, 2 * kLeft) * static_cast<double>(out.scale));
  return binary_step<int8_t, int8_t>(
      node, options,
      reference::QuantizedSquaredDifference{.a = {a.zero_point, kLeft, multiplier_of(node, a.scale / common)},
                                            .b = {b.zero_point, kLeft, multiplier_of(node, b.scale / common)},
                                            .result = {multiplier_of(node, back), out.zero_point, range_of<int8_t>()}});
}

Step compile_squared_difference(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::float32:
      return binary_step<float, float>(node, options, [](float a, float b) { return (a - b) * (a - b); });
    case DataType::int32:
      return binary_step<int32_t, int32_t>(node, options, [](int32_t a, int32_t b) {
        const int32_t difference = wrapping_subtract(a, b);
        return wrapping_multiply(difference, difference);
      });
    default: return int8_step(node, options);
  }
}

}  // namespace

extern const OpDef kSquaredDifference;
const OpDef kSquaredDifference = {
    .code = OpCode::squared_difference,
    .types = types(DataType::float32, DataType::int8, DataType::int32),
    .infer = infer_broadcast,
    .compile = compile_squared_difference,
    .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free, .int8 = true},
    .version = version_by_type<2, 1>};

}  // namespace litequant
