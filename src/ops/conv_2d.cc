// CONV_2D: input [batch, height, width, channels], weights [outputs, height, width, channels / groups], bias [outputs].
#include "ops/dense_images.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace litequant {
namespace {

ConvolutionShape convolution_shape(const NodeView& node) {
  const Shape& input = node.input(0).shape;
  const Shape& weights = node.input(1).shape;
  node.require_rank(node.input(0), "the input", 4, 4);
  node.require_rank(node.input(1), "its weights", 4, 4);
  const int32_t channels = input[3], filter_channels = weights[3], outputs = weights[0];
  node.require(channels >= 1 && filter_channels >= 1 && outputs >= 1, "channels and outputs must be at least 1");
  node.require(channels % filter_channels == 0, "the ", channels, " channels of the input are no multiple of the ",
               filter_channels, " of its weights");
  const int32_t groups = channels / filter_channels;
  node.require(outputs % groups == 0, "its ", outputs, " outputs do not divide into ", groups, " groups");
  return {.batches = input[0],
          .window = window_of(node, input, weights[1], weights[2]),
          .input_channels = channels,
          .output_channels = outputs,
          .groups = groups};
}

Shape output_shape(const ConvolutionShape& shape) {
  return {shape.batches, shape.window.height.output, shape.window.width.output, shape.output_channels};
}

std::vector<Shape> infer(const NodeView& node) { return {output_shape(convolution_shape(node))}; }

Step compile(const NodeView& node, const CompileOptions& options) {
  const ConvolutionShape shape = convolution_shape(node);
  node.require(node.output(0).shape == output_shape(shape), "the shape of its output is not what its inputs give");
  DenseLayer layer = dense_layer(node, {.channels = shape.output_channels});
  const bool is_per_channel = node.input(1).quantization().is_per_channel();
  layer.asymmetric = is_per_channel || shape.groups > 1;
  layer.hybrid_scale.weight_first = layer.asymmetric;
  return image_step(node, layer, shape, options,
                    [](const auto& s, auto sum, auto... rest) { reference::convolve<decltype(sum)>(s, rest...); });
}

double operations(const NodeView& node) { return visits(node.output(0).shape) * visits(node.input(1).shape, 1, 4); }

int version(const NodeView& node) {
  const DataType data = node.input(0).type, weights = node.input(1).type;
  if (data == DataType::int16 && weights == DataType::int8 && node.options().integer("quantized_bias_type") != 0) {
    return 8;
  }
  const Shape& input = node.input(0).shape;
  const Shape& filter = node.input(1).shape;
  if (input.rank() == 4 && filter.rank() == 4 && input[3] != filter[3]) return 6;
  if (data == DataType::int16 && weights == DataType::int16) return 4;
  if (data == DataType::int8 && weights == DataType::int8) return 3;
  if (data == DataType::int8 && weights == DataType::int4) return 7;
  if (data == DataType::float32 && weights == DataType::int8) {
    return node.input(1).quantization().is_per_channel() ? 5 : 2;
  }
  return 1;
}

constexpr QuantRule kQuant = {.roles = {Role::data, Role::weight, Role::bias},
                              .output = OutputRule::free,
                              .weight_axis = 0,
                              .int8 = true,
                              .int16 = true,
                              .hybrid = true};

}  // namespace

extern const OpDef kConv2D;
const OpDef kConv2D = {.code = OpCode::conv_2d,
                       .types = kFloatAndInt16,
                       .hybrid = true,
                       .infer = infer,
                       .compile = compile,
                       .quant = kQuant,
                       .version = version,
                       .operations = operations};

}  // namespace litequant
