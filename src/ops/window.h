// Geometry of windowed operators (convolutions, pools): options and shapes of a node, checked, to plain numbers.
//
// eff = (window - 1) * dilation + 1.  SAME: output = ceil(input / stride); VALID: output = ceil((input - eff + 1) /
// stride). Padding before: max((output - 1) * stride + eff - input, 0) / 2.  Source: TensorFlow Lite's padding rules.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/requantize.h"
#include "kernels/window.h"
#include "ops/op_def.h"

namespace litequant {

// As the file format numbers them.
enum class Padding : int8_t { same = 0, valid = 1 };

// The `padding` option; BAD_MODEL when it is neither.
Padding padding_of(const NodeView& node);

// The `fused_activation_function` option; only the four that every kernel knows, else UNSUPPORTED_OPERATOR.
Activation fused_activation(const NodeView& node);

// One axis from its numbers. Rejects empty inputs and windows, strides and dilations below 1, windows larger than an
// unpadded input, and products beyond 31 bits. `axis` ("height") goes into messages.
WindowAxis window_axis(const NodeView& node, std::string_view axis, int64_t input, int64_t window, int64_t stride,
                       int64_t dilation, Padding padding);

// Both axes for an input [batch, height, width, channels] and the options padding, stride_h, stride_w,
// dilation_h_factor and dilation_w_factor (1 where the options table has none).
Window window_of(const NodeView& node, const Shape& input, int64_t window_height, int64_t window_width);

}  // namespace litequant
