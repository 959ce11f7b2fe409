// MediaPipe's MaxPoolingWithArgmax2D (the greatest value of each window and where in the window it stands) and
// MaxUnpooling2D (values back to those places, zeros elsewhere). Places are numbers row * width + column, stored as
// FLOAT32.
#include <algorithm>
#include <limits>

#include "format/custom_options.h"
#include "ops/movement.h"
#include "ops/window.h"

namespace litequant {
namespace {

// The options are TensorFlow Lite's structure of a pool: padding (1 SAME, 2 VALID), strides, window, activation.
struct PoolOptions {
  Padding padding = Padding::same;
  int64_t stride_width = 1, stride_height = 1, width = 1, height = 1;
  Activation activation = Activation::none;
};

PoolOptions pool_options(const NodeView& node) {
  const std::vector<int32_t> fields = read_packed_options(node.node().custom_options.bytes());
  node.require(fields.size() >= 6, "its options have ", fields.size(), " numbers, needs 6");
  node.require(fields[0] == 1 || fields[0] == 2, "padding ", fields[0], " is neither SAME nor VALID");
  PoolOptions options{.padding = fields[0] == 1 ? Padding::same : Padding::valid,
                      .stride_width = fields[1],
                      .stride_height = fields[2],
                      .width = fields[3],
                      .height = fields[4]};
  switch (fields[5]) {
    case 0: break;
    case 1: options.activation = Activation::relu; break;
    case 2: options.activation = Activation::relu_n1_to_1; break;
    case 3: options.activation = Activation::relu6; break;
    default: node.fail(ErrorCode::unsupported_operator, {"the activation ", fields[5], " is not executed"});
  }
  return options;
}

void require_floats(const NodeView& node) {
  for (size_t i = 0; i < node.input_count(); ++i) node.require_type(node.input(i), "its operand", DataType::float32);
  for (size_t i = 0; i < node.output_count(); ++i) node.require_type(node.output(i), "its result", DataType::float32);
}

// ---- MaxPoolingWithArgmax2D -----------------------------------------------------------------------------------------

Window pool_window(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 4, 4);
  const Shape& input = node.input(0).shape;
  const PoolOptions options = pool_options(node);
  return {.height = window_axis(node, "height", input[1], options.height, options.stride_height, 1, options.padding),
          .width = window_axis(node, "width", input[2], options.width, options.stride_width, 1, options.padding)};
}

std::vector<Shape> infer_pool(const NodeView& node) {
  const Shape& input = node.input(0).shape;
  const Window window = pool_window(node);
  const Shape shape{input[0], window.height.output, window.width.output, input[3]};
  return {shape, shape};
}

Step compile_pool(const NodeView& node, const CompileOptions&) {
  require_floats(node);
  const Window window = pool_window(node);
  const FloatRange range = activation_range(pool_options(node).activation);
  const Shape& shape = node.input(0).shape;
  return {.run = [window, range, batches = shape[0], channels = int64_t{shape[3]}](const Frame& frame) {
    const auto& [height, width] = window;
    float* values = frame.out<float>(0);
    float* places = frame.out<float>(1);
    for (int32_t b = 0; b < batches; ++b) {
      const float* image = frame.in<float>(0) + b * int64_t{height.input} * width.input * channels;
      for (int32_t y = 0; y < height.output; ++y) {
        for (int32_t x = 0; x < width.output; ++x) {
          for (int64_t c = 0; c < channels; ++c) {
            float greatest = std::numeric_limits<float>::lowest();
            int32_t place = 0;
            for (int32_t i = height.first_inside(y); i < height.end_inside(y); ++i) {
              for (int32_t j = width.first_inside(x); j < width.end_inside(x); ++j) {
                const int64_t row = height.start(y) + i, column = width.start(x) + j;
                const float value = image[(row * width.input + column) * channels + c];
                if (!(value > greatest)) continue;
                greatest = value;
                place = i * width.window + j;
              }
            }
            *values++ = std::clamp(greatest, range.low, range.high);
            *places++ = static_cast<float>(place) + 0.1f;  // so that truncating gives the place again
          }
        }
      }
    }
  }};
}

double pool_operations(const NodeView& node) {
  const Window window = pool_window(node);
  return visits(node.output(0).shape) * window.height.window * window.width.window;
}

// ---- MaxUnpooling2D -------------------------------------------------------------------------------------------------

// The window of the pool that the values come from, seen from its input: the result here.
Window unpool_window(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 4, 4);
  const Shape& input = node.input(0).shape;
  node.require(node.input(1).shape == input, "its places ", shape_text(node.input(1).shape),
               " are not one for each value of ", shape_text(input));
  const PoolOptions options = pool_options(node);
  const auto axis = [&](std::string_view name, int64_t size, int64_t window, int64_t stride) {
    node.require(size >= 1 && window >= 1, "the ", name, " of its input and of its window must be at least 1");
    WindowAxis result = window_axis(node, name, checked_dim(node, size * window), window, stride, 1, Padding::same);
    const int64_t pad = std::max<int64_t>((size - 1) * stride + window - size * window, 0) / 2;
    if (pad > std::numeric_limits<int32_t>::max() / 4) node.fail(ErrorCode::too_large, {"its stride is too large"});
    result.output = static_cast<int32_t>(size);
    result.pad = static_cast<int32_t>(pad);
    return result;
  };
  return {.height = axis("height", input[1], options.height, options.stride_height),
          .width = axis("width", input[2], options.width, options.stride_width)};
}

std::vector<Shape> infer_unpool(const NodeView& node) {
  const Shape& input = node.input(0).shape;
  const Window window = unpool_window(node);
  const Shape shape{input[0], window.height.input, window.width.input, input[3]};
  checked_count(node, shape);
  return {shape};
}

Step compile_unpool(const NodeView& node, const CompileOptions&) {
  require_floats(node);
  const Window window = unpool_window(node);
  const Shape& shape = node.input(0).shape;
  return {.run = [window, batches = shape[0], channels = int64_t{shape[3]}](const Frame& frame) {
    const auto& [height, width] = window;
    const float* values = frame.in<float>(0);
    const float* places = frame.in<float>(1);
    const int64_t image = int64_t{height.input} * width.input * channels;
    std::fill_n(frame.out<float>(), batches * image, 0.0f);
    for (int32_t b = 0; b < batches; ++b) {
      float* output = frame.out<float>() + b * image;
      for (int32_t y = 0; y < height.output; ++y) {
        for (int32_t x = 0; x < width.output; ++x) {
          for (int64_t c = 0; c < channels; ++c, ++values, ++places) {
            const int32_t place = saturating_int(*places);
            const int64_t row = int64_t{y} * height.stride - height.pad + place / width.window;
            const int64_t column = int64_t{x} * width.stride - width.pad + place % width.window;
            if (row < 0 || row >= height.input || column < 0 || column >= width.input) continue;
            output[(row * width.input + column) * channels + c] = *values;
          }
        }
      }
    }
  }};
}

}  // namespace

extern const OpDef kMaxPoolingWithArgmax;
const OpDef kMaxPoolingWithArgmax = {.code = OpCode::custom,
                                     .custom_code = "MaxPoolingWithArgmax2D",
                                     .types = types(DataType::float32),
                                     .infer = infer_pool,
                                     .compile = compile_pool,
                                     .quant = {.roles = {Role::data}, .output = OutputRule::free},
                                     .version = version_one,
                                     .operations = pool_operations};

extern const OpDef kMaxUnpooling;
const OpDef kMaxUnpooling = {.code = OpCode::custom,
                             .custom_code = "MaxUnpooling2D",
                             .types = types(DataType::float32),
                             .infer = infer_unpool,
                             .compile = compile_unpool,
                             .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
                             .version = version_one};

}  // namespace litequant
