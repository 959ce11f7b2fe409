// MediaPipe's Convolution2DTransposeBias: input [batch, height, width, channels], weights [outputs, height, width,
// channels], bias [outputs]; the size of the result follows from the rest.
#include <algorithm>

#include "format/custom_options.h"
#include "ops/dense_images.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace litequant {
namespace {

// The axis seen from the result, as TRANSPOSE_CONV has it. SAME padding takes away what the last window adds beyond
// whole strides.
WindowAxis transpose_axis(const NodeView& node, std::string_view name, int64_t input, int64_t window, int64_t stride,
                          bool is_same) {
  node.require(input >= 1 && window >= 1 && stride >= 1, "the ", name,
               " of its input, its weights and its stride must be at least 1");
  const int64_t padding = is_same ? std::max<int64_t>(0, window - (input - 1) % stride - 1) : 0;
  const int64_t size = stride * (input - 1) + window - padding;
  WindowAxis axis = window_axis(node, name, size, window, stride, 1, Padding::same);
  axis.output = static_cast<int32_t>(input);
  axis.pad = static_cast<int32_t>(padding / 2);
  return axis;
}

TransposeConvolutionShape shape_of(const NodeView& node) {
  node.require_rank(node.input(0), "the input", 4, 4);
  node.require_rank(node.input(1), "its weights", 4, 4);
  node.require_rank(node.input(2), "its bias", 1, 1);
  const Shape& input = node.input(0).shape;
  const Shape& weights = node.input(1).shape;
  node.require(input[3] >= 1 && weights[0] >= 1, "channels and outputs must be at least 1");
  node.require(weights[3] == input[3], "its weights are for ", weights[3], " channels, the input has ", input[3]);
  // TensorFlow Lite's structure of a transposed convolution: padding (1 SAME, 2 VALID), strides, ...
  const std::vector<int32_t> fields = read_packed_options(node.node().custom_options.bytes());
  node.require(fields.size() >= 3, "its options have ", fields.size(), " numbers, needs 3");
  node.require(fields[0] == 1 || fields[0] == 2, "padding ", fields[0], " is neither SAME nor VALID");
  const bool is_same = fields[0] == 1;
  return {.batches = input[0],
          .window = {.height = transpose_axis(node, "height", input[1], weights[1], fields[2], is_same),
                     .width = transpose_axis(node, "width", input[2], weights[2], fields[1], is_same)},
          .input_channels = input[3],
          .output_channels = weights[0]};
}

Shape output_shape(const TransposeConvolutionShape& shape) {
  return {shape.batches, shape.window.height.input, shape.window.width.input, shape.output_channels};
}

std::vector<Shape> infer(const NodeView& node) { return {output_shape(shape_of(node))}; }

Step compile(const NodeView& node, const CompileOptions& options) {
  const TransposeConvolutionShape shape = shape_of(node);
  node.require_type(node.input(1), "its weights", DataType::float32);
  node.require_type(node.input(2), "its bias", DataType::float32);
  const DenseLayer layer = dense_layer(node, {.channels = shape.output_channels});
  return image_step(node, layer, shape, options, [](const auto& s, auto sum, auto... rest) {
    reference::transpose_convolve<decltype(sum)>(s, rest...);
  });
}

double operations(const NodeView& node) { return visits(node.input(0).shape) * visits(node.input(1).shape, 0, 3); }

}  // namespace

extern const OpDef kTransposeConvBias;
const OpDef kTransposeConvBias = {.code = OpCode::custom,
                                  .custom_code = "Convolution2DTransposeBias",
                                  .types = types(DataType::float32),
                                  .infer = infer,
                                  .compile = compile,
                                  .quant = {.roles = {Role::data, Role::data, Role::data}, .output = OutputRule::free},
                                  .version = version_one,
                                  .operations = operations};

}  // namespace litequant
