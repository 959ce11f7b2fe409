// DIV. Integers never trap: a divisor of 0 gives 0, the lowest number by -1 the highest; constants of 0 are refused.
#include <algorithm>

#include "kernels/reference/arithmetic.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"
#include "ops/window.h"

namespace litequant {
namespace {

template <typename T>
Step quantized_step(const NodeView& node, const CompileOptions& options) {
  const Affine a = affine_of(node, node.input(0), "input 0");
  const Affine b = divisor_affine_of(node, node.input(1), "input 1");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  const float back = b.scale * out.scale;
  node.require(back > 0, "the scales are too small");
  return binary_step<T, T>(node, options,
                           reference::QuantizedQuotient{.zero_a = a.zero_point,
                                                        .zero_b = b.zero_point,
                                                        .by = multiplier_of(node, a.scale / back),
                                                        .zero_point = out.zero_point,
                                                        .range = activation_range(fused_activation(node), out.scale,
                                                                                  out.zero_point, range_of<T>())});
}

Step int32_step(const NodeView& node, const CompileOptions& options) {
  if (node.input(1).has_value) {
    const auto divisors = node.values<int32_t>(1);
    node.require(std::find(divisors.begin(), divisors.end(), 0) == divisors.end(), "division by a constant 0");
  }
  return binary_step<int32_t, int32_t>(
      node, options, [range = whole_number_range<int32_t>(fused_activation(node))](int32_t a, int32_t b) {
        const int32_t quotient = b == 0 ? 0 : b == -1 ? (a == INT32_MIN ? INT32_MAX : -a) : a / b;
        return std::clamp(quotient, range.low, range.high);
      });
}

Step compile_div(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return quantized_step<int8_t>(node, options);
    case DataType::uint8: return quantized_step<uint8_t>(node, options);
    case DataType::int16: return quantized_step<int16_t>(node, options);
    case DataType::int32: return int32_step(node, options);
    default:
      return binary_step<float, float>(node, options,
                                       [range = activation_range(fused_activation(node))](float a, float b) {
                                         const float above = a / b < range.low ? range.low : a / b;
                                         return above > range.high ? range.high : above;
                                       });
  }
}

int version_div(const NodeView& node) { return broadcast_rank(node) > 4 ? 2 : 1; }

}  // namespace

extern const OpDef kDiv;
const OpDef kDiv = {.code = OpCode::div,
                    .types = kFloatAndInt16 | types(DataType::int32),
                    .infer = infer_broadcast,
                    .compile = compile_div,
                    .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free, .int16 = true},
                    .version = version_div};

}  // namespace litequant
