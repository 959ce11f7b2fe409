// CONV_3D: input [batch, depth, height, width, channels], weights [depth, height, width, channels, outputs], bias
// [outputs]. CONV_3D_TRANSPOSE: output shape [5], weights [depth, height, width, outputs, channels], input, bias.
#include "kernels/conv_3d.h"

#include "ops/movement.h"
#include "ops/window.h"

namespace litequant {
namespace {

void require_floats(const NodeView& node, size_t data, size_t weights, size_t bias, int64_t outputs) {
  require_same_type(node, data);
  node.require_type(node.input(weights), "its weights", DataType::float32);
  if (!node.has_input(bias)) return;
  node.require_type(node.input(bias), "its bias", DataType::float32);
  node.require(node.input(bias).shape.count() == outputs, "its bias ", shape_text(node.input(bias).shape),
               " is not for ", outputs, " outputs");
}

// The axes of a window that slides over a volume of these sizes.
VolumeShape volume_of(const NodeView& node, int64_t depth, int64_t height, int64_t width, const Shape& weights) {
  const Padding padding = padding_of(node);
  const Options& options = node.options();
  const auto axis = [&](std::string_view name, int64_t size, int32_t window, const char* stride, const char* dilation) {
    return window_axis(node, name, size, window, options.integer(stride), options.integer(dilation, 1), padding);
  };
  return {.batches = 1,
          .depth = axis("depth", depth, weights[0], "stride_d", "dilation_d_factor"),
          .height = axis("height", height, weights[1], "stride_h", "dilation_h_factor"),
          .width = axis("width", width, weights[2], "stride_w", "dilation_w_factor")};
}

// ---- CONV_3D --------------------------------------------------------------------------------------------------------

VolumeShape convolution_shape(const NodeView& node) {
  node.require_rank(node.input(0), "the input", 5, 5);
  node.require_rank(node.input(1), "its weights", 5, 5);
  const Shape& input = node.input(0).shape;
  const Shape& weights = node.input(1).shape;
  node.require(input[4] == weights[3] && weights[3] >= 1 && weights[4] >= 1, "the input ", shape_text(input),
               " does not fit its weights ", shape_text(weights));
  VolumeShape shape = volume_of(node, input[1], input[2], input[3], weights);
  shape.batches = input[0];
  shape.input_channels = weights[3];
  shape.output_channels = weights[4];
  return shape;
}

std::vector<Shape> infer(const NodeView& node) {
  const VolumeShape shape = convolution_shape(node);
  return {Shape{shape.batches, shape.depth.output, shape.height.output, shape.width.output,
                static_cast<int32_t>(shape.output_channels)}};
}

// ---- CONV_3D_TRANSPOSE ----------------------------------------------------------------------------------------------

VolumeShape transpose_shape(const NodeView& node) {
  node.require_rank(node.input(1), "its weights", 5, 5);
  node.require_rank(node.input(2), "the input", 5, 5);
  const Shape& weights = node.input(1).shape;
  const Shape& input = node.input(2).shape;
  const std::vector<int64_t> wanted = node.integers(0);
  node.require(wanted.size() == 5 && wanted[0] == input[0] && wanted[4] == weights[3], "its output shape ",
               list_text(wanted), " does not fit the input ", shape_text(input), " and its weights ",
               shape_text(weights));
  node.require(input[4] == weights[4] && weights[3] >= 1 && weights[4] >= 1, "the input ", shape_text(input),
               " does not fit its weights ", shape_text(weights));
  VolumeShape shape = volume_of(node, wanted[1], wanted[2], wanted[3], weights);
  node.require(shape.depth.output == input[1] && shape.height.output == input[2] && shape.width.output == input[3],
               "the forward convolution of ", list_text(wanted), " does not give ", shape_text(input));
  shape.batches = input[0];
  shape.input_channels = weights[4];
  shape.output_channels = weights[3];
  return shape;
}

std::vector<Shape> infer_transpose(const NodeView& node) {
  const VolumeShape shape = transpose_shape(node);
  return {Shape{shape.batches, shape.depth.input, shape.height.input, shape.width.input,
                static_cast<int32_t>(shape.output_channels)}};
}

// ---- Both -----------------------------------------------------------------------------------------------------------

// Input `kData` with the weights of input 1 and, if there is one, the bias of input `kBias`.
template <VolumeShape (*kShape)(const NodeView&), decltype(convolve_3d)* kKernel, size_t kData, size_t kBias>
Step compile(const NodeView& node, const CompileOptions&) {
  const VolumeShape shape = kShape(node);
  require_floats(node, kData, 1, kBias, shape.output_channels);
  return {.run = [shape, range = activation_range(fused_activation(node)),
                  has_bias = node.has_input(kBias)](const Frame& frame) {
    kKernel(shape, range, frame.in<float>(kData), frame.in<float>(1), has_bias ? frame.in<float>(kBias) : nullptr,
            frame.out<float>());
  }};
}

// Every element of operand or result `of` meets a window of the weights and their other channels.
double operations_of_window(const NodeView& node, const Shape& of) {
  return visits(of) * visits(node.input(1).shape, 0, 4);
}
double operations(const NodeView& node) { return operations_of_window(node, node.output(0).shape); }
double transpose_operations(const NodeView& node) { return operations_of_window(node, node.input(2).shape); }

}  // namespace

extern const OpDef kConv3D, kConv3DTranspose;
const OpDef kConv3D = {.code = OpCode::conv_3d,
                       .types = types(DataType::float32),
                       .infer = infer,
                       .compile = compile<convolution_shape, convolve_3d, 0, 2>,
                       .quant = {.roles = {Role::data, Role::data, Role::data}, .output = OutputRule::free},
                       .version = version_one,
                       .operations = operations};
const OpDef kConv3DTranspose = {
    .code = OpCode::conv_3d_transpose,
    .data_operand = 2,
    .types = types(DataType::float32),
    .infer = infer_transpose,
    .compile = compile<transpose_shape, transpose_convolve_3d, 2, 3>,
    .quant = {.roles = {Role::none, Role::data, Role::data, Role::data}, .output = OutputRule::free},
    .version = version_one,
    .operations = transpose_operations};

}  // namespace litequant
