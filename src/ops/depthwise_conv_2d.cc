// DEPTHWISE_CONV_2D: input [batch, height, width, channels], weights [1, height, width, channels * multiplier], bias.
#include "ops/dense_reference.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace litequant {
namespace {

// The multiplier follows from the shapes; files disagree with themselves in the option of that name.
DepthwiseShape depthwise_shape(const NodeView& node) {
  node.require_rank(node.input(0), "the input", 4, 4);
  node.require_rank(node.input(1), "its weights", 4, 4);
  const Shape& input = node.input(0).shape;
  const Shape& weights = node.input(1).shape;
  node.require(input[3] >= 1 && weights[3] >= 1, "channels and outputs must be at least 1");
  node.require(weights[0] == 1, text("its weights ", shape_text(weights), " must begin with 1"));
  node.require(weights[3] % input[3] == 0,
               text("its ", weights[3], " outputs are no multiple of the ", input[3], " channels of the input"));
  return {.batches = input[0],
          .window = window_of(node, input, weights[1], weights[2]),
          .input_channels = input[3],
          .multiplier = weights[3] / input[3]};
}

Shape output_shape(const DepthwiseShape& shape) {
  return {shape.batches, shape.window.height.output, shape.window.width.output, shape.output_channels()};
}

std::vector<Shape> infer(const NodeView& node) {
  return {output_shape(depthwise_shape(node))};
}

Step compile(const NodeView& node, const CompileOptions&) {
  const DepthwiseShape shape = depthwise_shape(node);
  node.require(node.output(0).shape == output_shape(shape), "the shape of its output is not what its inputs give");
  DenseLayer layer = dense_layer(node, {.channels = shape.output_channels(), .weight_axis = 3});
  layer.asymmetric = true;
  return reference_image_step(node, layer, shape, [](const auto& s, auto sum, auto... rest) {
    reference::depthwise<decltype(sum)>(s, rest...);
  });
}

int version(const NodeView& node) {
  const DataType data = node.input(0).type, weights = node.input(1).type;
  if (data == DataType::int16 && weights == DataType::int16) return 5;
  if (data == DataType::float32 && weights == DataType::int8) {
    return node.input(1).quantization().is_per_channel() ? 6 : 4;
  }
  if (data == DataType::int8 && weights == DataType::int8) return 3;
  if (data == DataType::int8 && weights == DataType::int4) return 7;
  const Options& options = node.options();
  const bool is_dilated = options.integer("dilation_w_factor", 1) != 1 || options.integer("dilation_h_factor", 1) != 1;
  return is_dilated && data != DataType::int16 ? 2 : 1;
}

constexpr QuantRule kQuant = {.roles = {Role::data, Role::weight, Role::bias},
                              .output = OutputRule::free,
                              .weight_axis = 3,
                              .int8 = true,
                              .int16 = true,
                              .hybrid = true};

}  // namespace

extern const OpDef kDepthwiseConv2D;
const OpDef kDepthwiseConv2D = {.code = OpCode::depthwise_conv_2d,
                                .types = kFloatAndInt16,
                                .hybrid = true,
                                .infer = infer,
                                .compile = compile,
                                .quant = kQuant,
                                .version = version};

}  // namespace litequant
