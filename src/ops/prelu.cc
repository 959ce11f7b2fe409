// PRELU: x where not negative, else alpha * x, alpha an operand that broadcasts to x.
#include "kernels/reference/activation.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

std::vector<Shape> infer_prelu(const NodeView& node) {
  const Shape shape = infer_broadcast(node)[0];
  node.require(shape == node.input(0).shape, text("alpha of shape ", shape_text(node.input(1).shape),
                                                  " does not broadcast to ", shape_text(node.input(0).shape)));
  return {shape};
}

template <typename T>
Step quantized_step(const NodeView& node, const CompileOptions& options) {
  const Affine in = affine_of(node, node.input(0), "input 0");
  const Affine alpha = affine_of(node, node.input(1), "input 1");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  return binary_step<T, T>(node, options,
                           reference::QuantizedPrelu{.zero_in = in.zero_point,
                                                     .zero_alpha = alpha.zero_point,
                                                     .identity = multiplier_of(node, in.scale / out.scale),
                                                     .product = multiplier_of(node, in.scale * alpha.scale / out.scale),
                                                     .zero_out = out.zero_point,
                                                     .range = range_of<T>()});
}

Step compile_prelu(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return quantized_step<int8_t>(node, options);
    case DataType::uint8: return quantized_step<uint8_t>(node, options);
    default:
      return binary_step<float, float>(node, options, [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
  }
}

}  // namespace

extern const OpDef kPrelu;
const OpDef kPrelu = {.code = OpCode::prelu,
                      .types = kFloatAndInt8,
                      .infer = infer_prelu,
                      .compile = compile_prelu,
                      .quant = {.roles = {Role::data, Role::weight}, .output = OutputRule::free, .int8 = true},
                      .version = version_one};

}  // namespace litequant
