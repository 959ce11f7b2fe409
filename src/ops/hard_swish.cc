// HARD_SWISH: x * clamp(x + 3, 0, 6) / 6.
#include <algorithm>

#include "kernels/reference/activation.h"
#include "ops/quantized_operand.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

Step compile_hard_swish(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  if (node.input(0).type == DataType::float32) {
    return unary_step<float, float>(node, [](float x) { return x * std::min(6.0f, std::max(0.0f, x + 3.0f)) / 6.0f; });
  }
  const Affine in = affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  const float fine_scale = 1.0f / 128.0f * in.scale;
  const FixedMultiplier to_output = multiplier_of(node, fine_scale / out.scale);
  const FixedMultiplier to_gate = multiplier_of(node, fine_scale / (3.0f / 32768.0f));
  node.require(to_output.shift <= 0, "the output's scale ", out.scale, " is too small for the input's ", in.scale);
  using reference::QuantizedHardSwish;
  return stored_step(node, QuantizedHardSwish{.zero_in = in.zero_point,
                                              .out_multiplier = QuantizedHardSwish::upper_half(to_output.multiplier),
                                              .out_shift = to_output.shift,
                                              .gate_multiplier = QuantizedHardSwish::upper_half(to_gate.multiplier),
                                              .gate_shift = to_gate.shift,
                                              .zero_out = out.zero_point,
                                              .range = stored_range(node.output(0).type)});
}

}  // namespace

extern const OpDef kHardSwish;
const OpDef kHardSwish = {.code = OpCode::hard_swish,
                          .types = kFloatAndInt8,
                          .infer = infer_same_shape,
                          .compile = compile_hard_swish,
                          .quant = {.roles = {Role::data}, .output = OutputRule::free, .int8 = true},
                          .version = version_one};

}  // namespace litequant
