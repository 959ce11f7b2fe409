#include "ops/window.h"

#include <algorithm>
#include <limits>

namespace litequant {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int32_t>::max() / 4;

}  // namespace

Padding padding_of(const NodeView& node) {
  const int64_t padding = node.options().integer("padding");
  if (padding != 0 && padding != 1)
    node.fail(ErrorCode::bad_model, {"padding ", padding, " is neither SAME nor VALID"});
  return static_cast<Padding>(padding);
}

Activation fused_activation(const NodeView& node) {
  const int64_t code = node.options().integer("fused_activation_function");
  switch (code) {
    case 0: return Activation::none;
    case 1: return Activation::relu;
    case 2: return Activation::relu_n1_to_1;
    case 3: return Activation::relu6;
    case 4: node.fail(ErrorCode::unsupported_operator, {"a fused TANH is not executed"});
    case 5: node.fail(ErrorCode::unsupported_operator, {"a fused SIGN_BIT is not executed"});
    default: node.fail(ErrorCode::bad_model, {"fused activation ", code, " does not exist"});
  }
}

WindowAxis window_axis(const NodeView& node, std::string_view axis, int64_t input, int64_t window, int64_t stride,
                       int64_t dilation, Padding padding) {
  if (input < 1 || window < 1) {
    node.fail(ErrorCode::bad_model,
              {"the ", axis, " of its input (", input, ") and of its window (", window, ") must be at least 1"});
  }
  if (stride < 1 || dilation < 1) {
    node.fail(ErrorCode::bad_model,
              {"stride ", stride, " and dilation ", dilation, " along the ", axis, " must be at least 1"});
  }
  if (input > kLargest || window > kLargest || stride > kLargest || dilation > kLargest ||
      (window - 1) * dilation >= kLargest) {
    node.fail(ErrorCode::too_large, {"input ", input, ", window ", window, ", stride ", stride, " or dilation ",
                                     dilation, " along the ", axis, " is too large"});
  }
  const int64_t effective = (window - 1) * dilation + 1;
  const int64_t reach = padding == Padding::same ? input : input - effective + 1;
  if (reach < 1) {
    node.fail(ErrorCode::bad_model,
              {"a window that spans ", effective, " does not fit into an input ", axis, " of ", input});
  }
  const int64_t output = (reach - 1) / stride + 1;
  // (output - 1) * stride < reach, so this is at most the window's span.
  const int64_t pad = std::max<int64_t>((output - 1) * stride + effective - input, 0) / 2;
  return {.input = static_cast<int32_t>(input),
          .output = static_cast<int32_t>(output),
          .window = static_cast<int32_t>(window),
          .stride = static_cast<int32_t>(stride),
          .dilation = static_cast<int32_t>(dilation),
          .pad = static_cast<int32_t>(pad)};
}

Window window_of(const NodeView& node, const Shape& input, int64_t window_height, int64_t window_width) {
  const Padding padding = padding_of(node);
  const Options& options = node.options();
  return {.height = window_axis(node, "height", input[1], window_height, options.integer("stride_h"),
                                options.integer("dilation_h_factor", 1), padding),
          .width = window_axis(node, "width", input[2], window_width, options.integer("stride_w"),
                               options.integer("dilation_w_factor", 1), padding)};
}

}  // namespace litequant
