// TRANSPOSE_CONV: output shape [4], weights [outputs, height, width, channels], input [batch, height, width, channels],
// bias [outputs]. Padding is that of the forward convolution of the output.
#include <algorithm>

#include "ops/dense_images.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace litequant {
namespace {

constexpr size_t kOutputShape = 0, kWeights = 1, kInput = 2, kBias = 3;

// The first operand where it is known; else the shape that the file states for the result, unless that is open.
std::vector<int64_t> wanted_shape(const NodeView& node) {
  if (!node.input(kOutputShape).has_value) {
    const Tensor& stated = *node.output(0).tensor;
    const bool is_open =
        stated.shape_signature && std::ranges::any_of(*stated.shape_signature, [](int32_t dim) { return dim < 0; });
    if (!is_open && stated.shape.rank() == 4) return {stated.shape.begin(), stated.shape.end()};
  }
  return node.integers(kOutputShape);
}

TransposeConvolutionShape transpose_shape(const NodeView& node) {
  node.require_rank(node.input(kInput), "the input", 4, 4);
  node.require_rank(node.input(kWeights), "its weights", 4, 4);
  const Shape& input = node.input(kInput).shape;
  const Shape& weights = node.input(kWeights).shape;
  const std::vector<int64_t> wanted = wanted_shape(node);
  node.require(wanted.size() == 4, "its output shape ", list_text(wanted), " must have 4 dimensions");
  node.require(input[3] >= 1 && weights[0] >= 1, "channels and outputs must be at least 1");
  node.require(weights[3] == input[3], "its weights are for ", weights[3], " channels, the input has ", input[3]);
  node.require(wanted[3] == weights[0], "its output shape ", list_text(wanted), " must end with the ", weights[0],
               " outputs of its weights");
  node.require(wanted[0] == input[0] || wanted[0] == 1, "its output shape ", list_text(wanted),
               " must begin with the batch of ", input[0]);
  node.require(input[1] >= 1 && input[2] >= 1, "the input ", shape_text(input), " is empty");

  const Padding padding = padding_of(node);
  const Options& options = node.options();
  Window window = {
      .height = window_axis(node, "height", wanted[1], weights[1], options.integer("stride_h"), 1, padding),
      .width = window_axis(node, "width", wanted[2], weights[2], options.integer("stride_w"), 1, padding)};
  // The input need not be what the forward convolution gives: what it does not reach stays zero.
  window.height.output = input[1];
  window.width.output = input[2];
  return {.batches = input[0], .window = window, .input_channels = input[3], .output_channels = weights[0]};
}

// A constant output shape with a batch of 1 follows the batch that is run.
Shape output_shape(const TransposeConvolutionShape& shape) {
  return {shape.batches, shape.window.height.input, shape.window.width.input, shape.output_channels};
}

std::vector<Shape> infer(const NodeView& node) { return {output_shape(transpose_shape(node))}; }

Step compile(const NodeView& node, const CompileOptions& options) {
  const TransposeConvolutionShape shape = transpose_shape(node);
  node.require(node.output(0).shape == output_shape(shape), "the shape of its output is not what its inputs give");
  DenseLayer layer = dense_layer(
      node, {.data = kInput, .weights = kWeights, .bias = kBias, .channels = shape.output_channels, .weight_axis = 0});
  layer.asymmetric = true;
  layer.hybrid_scale.weight_first = true;
  return image_step(node, layer, shape, options, [](const auto& s, auto sum, auto... rest) {
    reference::transpose_convolve<decltype(sum)>(s, rest...);
  });
}

double operations(const NodeView& node) {
  return visits(node.input(kInput).shape) * visits(node.input(kWeights).shape, 0, 3);
}

int version(const NodeView& node) {
  const DataType data = node.input(kInput).type, weights = node.input(kWeights).type;
  if (data == DataType::int16 && weights == DataType::int8 && node.options().integer("quantized_bias_type") != 0) {
    return 5;
  }
  if (node.options().integer("fused_activation_function") != 0) return 4;
  if (node.has_input(kBias)) return 3;
  return weights == DataType::int8 ? 2 : 1;
}

constexpr QuantRule kQuant = {.roles = {Role::none, Role::weight, Role::data, Role::bias},
                              .output = OutputRule::free,
                              .weight_axis = 0,
                              .int8 = true,
                              .int16 = true,
                              .hybrid = true};

}  // namespace

extern const OpDef kTransposeConv;
const OpDef kTransposeConv = {.code = OpCode::transpose_conv,
                              .data_operand = kInput,
                              .types = kFloatAndInt16,
                              .hybrid = true,
                              .infer = infer,
                              .compile = compile,
                              .quant = kQuant,
                              .version = version,
                              .operations = operations};

}  // namespace litequant
