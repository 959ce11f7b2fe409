// PRELU: x where not negative, else alpha * x, alpha an operand that broadcasts to x.
#include <algorithm>
#include <array>

#include "kernels/reference/activation.h"
#include "ops/binary.h"
#include "ops/dense_layer.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

std::vector<Shape> infer_prelu(const NodeView& node) {
  const Shape shape = infer_broadcast(node)[0];
  node.require(shape == node.input(0).shape, "alpha of shape ", shape_text(node.input(1).shape),
               " does not broadcast to ", shape_text(node.input(0).shape));
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

// Alpha is INT8, as weights beside INT16 activations are: it is widened first.
Step int16_step(const NodeView& node, const CompileOptions& options) {
  node.require_type(node.input(1), "alpha", DataType::int8);
  node.require_type(node.output(0), "its output", DataType::int16);
  NodeView wide = node;
  Operand& alpha = wide.mutable_input(1);
  alpha.type = DataType::int16;
  alpha.constant = {};
  alpha.has_value = false;
  Step step = quantized_step<int16_t>(wide, options);
  const auto count = static_cast<size_t>(alpha.shape.count());
  ScratchLayout layout(node);
  const size_t place = layout.add(alpha.shape.count(), sizeof(int16_t));
  const size_t rest = layout.add(static_cast<int64_t>(step.scratch_bytes), 1);
  return {.run =
              [run = std::move(step.run), count, place, rest](const Frame& frame) {
                auto* widened = reinterpret_cast<int16_t*>(frame.scratch_bytes + place);
                std::copy_n(frame.in<int8_t>(1), count, widened);
                const std::array<const std::byte*, 2> inputs = {frame.inputs[0], frame.scratch_bytes + place};
                run({.inputs = inputs, .outputs = frame.outputs, .scratch_bytes = frame.scratch_bytes + rest});
              },
          .scratch_bytes = layout.total()};
}

Step compile_prelu(const NodeView& node, const CompileOptions& options) {
  if (node.input(0).type == DataType::int16) return int16_step(node, options);
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return quantized_step<int8_t>(node, options);
    case DataType::uint8: return quantized_step<uint8_t>(node, options);
    default:
      return binary_step<float, float>(node, options, [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
  }
}

}  // namespace

// In 16x8 it is written as other operators (quantize/alternatives.cc), whose factors have 16 bits: 75 dB where the
// kernel with its int8 alpha has 57, and older runtimes, tflite-micro too, have no int16 kernel; nor does TensorFlow
// write it.
extern const OpDef kPrelu;
const OpDef kPrelu = {.code = OpCode::prelu,
                      .types = kFloatAndInt16,
                      .infer = infer_prelu,
                      .compile = compile_prelu,
                      .quant = {.roles = {Role::data, Role::weight}, .output = OutputRule::free, .int8 = true},
                      .version = version_one};

}  // namespace litequant
