// The operators that multiply and add (convolutions, matrix products): their shapes, and how their accumulators become
// results. Both the reference loops and the optimized kernels read these; all numbers were checked when they were made.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/requantize.h"
#include "kernels/window.h"

namespace litequant {

// Input [batches, height, width, input_channels], weights [output_channels, height, width, input_channels / groups],
// output [batches, height, width, output_channels].
struct ConvolutionShape {
  int32_t batches = 1;
  Window window;
  int32_t input_channels = 1, output_channels = 1, groups = 1;

  int32_t filter_channels() const { return input_channels / groups; }
  int32_t group_outputs() const { return output_channels / groups; }
  int64_t input_pixels() const { return int64_t{window.height.input} * window.width.input; }
  int64_t output_pixels() const { return int64_t{window.height.output} * window.width.output; }
  int64_t depth() const { return int64_t{window.height.window} * window.width.window * filter_channels(); }
};

// Weights [1, height, width, output channels]; output channel c reads input channel c / multiplier.
struct DepthwiseShape {
  int32_t batches = 1;
  Window window;
  int32_t input_channels = 1, multiplier = 1;

  int32_t output_channels() const { return input_channels * multiplier; }
  int64_t input_pixels() const { return int64_t{window.height.input} * window.width.input; }
  int64_t output_pixels() const { return int64_t{window.height.output} * window.width.output; }
  int64_t taps() const { return int64_t{window.height.window} * window.width.window; }
};

// The transpose of a convolution. `window` is that of the forward convolution: its `input` is our output and its
// `output` our input. Weights [output_channels, height, width, input_channels].
struct TransposeConvolutionShape {
  int32_t batches = 1;
  Window window;
  int32_t input_channels = 1, output_channels = 1;
  static constexpr int32_t groups = 1;

  int32_t group_outputs() const { return output_channels; }
  int64_t input_pixels() const { return int64_t{window.height.output} * window.width.output; }
  int64_t output_pixels() const { return int64_t{window.height.input} * window.width.input; }
  int64_t depth() const { return int64_t{window.height.window} * window.width.window * input_channels; }
};

// result[row, column] = sum over k of left[row, k] * right[column, k], each operand with its own strides.
struct MatrixShape {
  int64_t rows = 1, columns = 1, depth = 1;
  int64_t left_row_stride = 1, left_depth_stride = 1;
  int64_t right_column_stride = 1, right_depth_stride = 1;
};

// ---- From accumulator to result -------------------------------------------------------------------------------------

// Adds the zero point without overflow and clamps.
inline int32_t place_in_range(int32_t scaled, int32_t zero_point, IntegerRange range) {
  return static_cast<int32_t>(std::clamp<int64_t>(int64_t{scaled} + zero_point, range.low, range.high));
}

// Fixed point, one multiplier per output channel: convolutions and BATCH_MATMUL.
struct FixedScale {
  std::vector<FixedMultiplier> multipliers;
  int32_t zero_point = 0;
  IntegerRange range;

  int32_t apply(int32_t accumulator, size_t channel) const {
    return place_in_range(scale_accumulator(accumulator, multipliers[channel]), zero_point, range);
  }
  int32_t apply(int64_t accumulator, size_t channel) const {
    return place_in_range(scale_accumulator(accumulator, multipliers[channel]), zero_point, range);
  }
};

// A double per output channel, halves away from zero: FULLY_CONNECTED.
struct RealScale {
  std::vector<double> factors;
  int32_t zero_point = 0;
  IntegerRange range;

  template <typename Accumulator>
  int32_t apply(Accumulator accumulator, size_t channel) const {
    const double real = static_cast<double>(accumulator) * factors[channel];
    return place_in_range(saturating_int(std::round(real)), zero_point, range);
  }
};

// Float results of integer products (hybrid): activations quantized on the fly by `row_scale`, weights per channel.
struct HybridScale {
  std::vector<float> weight_scales;
  // Convolutions multiply by the weight's scale first; the others by the product of both scales.
  bool weight_first = false;
  FloatRange range;

  float apply(int32_t accumulator, float row_scale, size_t channel) const {
    const auto real = static_cast<float>(accumulator);
    return weight_first ? real * weight_scales[channel] * row_scale : real * (weight_scales[channel] * row_scale);
  }
};

inline float clamp(float value, FloatRange range) {
  // In this order NaN passes, as in the reference kernels.
  value = value < range.low ? range.low : value;
  return value > range.high ? range.high : value;
}

}  // namespace litequant
