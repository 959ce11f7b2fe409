// LEAKY_RELU: x where positive, else alpha * x.
#include <cmath>

#include "kernels/reference/activation.h"
#include "ops/quantized_operand.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

Step compile_leaky_relu(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  const float alpha = node.options().real("alpha");
  if (node.input(0).type == DataType::float32) {
    return unary_step<float, float>(node, [alpha](float x) { return x > 0 ? x : x * alpha; });
  }
  node.require(std::isfinite(alpha), "alpha is not a finite number");
  const Affine in = affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  return stored_step(
      node, reference::QuantizedLeakyRelu{.zero_in = in.zero_point,
                                          .identity = multiplier_of(node, in.scale / out.scale),
                                          .alpha = multiplier_of(node, std::fabs(in.scale * alpha / out.scale)),
                                          .alpha_is_negative = alpha < 0,
                                          .zero_out = out.zero_point,
                                          .range = stored_range(node.output(0).type)});
}

}  // namespace

extern const OpDef kLeakyRelu;
const OpDef kLeakyRelu = {
    .code = OpCode::leaky_relu,
    .types = kFloatAndInt16,
    .infer = infer_same_shape,
    .compile = compile_leaky_relu,
    .quant = {.roles = {Role::data}, .output = OutputRule::free, .int8 = true, .int16 = true, .same_in_int16 = true},
    .version = version_by_type<1, 2>};

}  // namespace litequant
