// Convolutions and matrix products as plain loops: the specification. Integer results equal TensorFlow Lite's reference
// kernels bit for bit; float results are sums in the order of the loops.
//
// Each takes the activations' zero point per batch (or row) and a function that turns an accumulator into a result:
//   zero(batch) -> the stored value of real zero;  finish(batch, channel, accumulator) -> Output.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/dense.h"

namespace litequant::reference {

inline void multiply_add(float& sum, float a, float b) { sum += a * b; }
inline void multiply_add(int32_t& sum, int32_t a, int32_t b) { sum = wrapping_add(sum, wrapping_multiply(a, b)); }
inline void multiply_add(int64_t& sum, int32_t a, int32_t b) { sum += int64_t{a} * b; }

// A stored value without its zero point.
template <typename T>
using Centred = std::conditional_t<std::is_floating_point_v<T>, float, int32_t>;

template <typename Accumulator, typename Input, typename Weight, typename Output, typename Zero, typename Finish>
void convolve(const ConvolutionShape& shape, const Input* input, const Zero& zero, const Weight* weights,
              Centred<Weight> weight_zero, Output* output, const Finish& finish) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int32_t channels = shape.filter_channels();
  const int64_t depth = shape.depth();
  for (int32_t batch = 0; batch < shape.batches; ++batch) {
    const Centred<Input> input_zero = zero(batch);
    const Input* image = input + batch * shape.input_pixels() * shape.input_channels;
    for (int32_t y = 0; y < height.output; ++y) {
      for (int32_t x = 0; x < width.output; ++x) {
        for (int32_t c = 0; c < shape.output_channels; ++c) {
          const Input* first_channel = image + int64_t{c / shape.group_outputs()} * channels;
          Accumulator sum = 0;
          for (int32_t i = height.first_inside(y); i < height.end_inside(y); ++i) {
            for (int32_t j = width.first_inside(x); j < width.end_inside(x); ++j) {
              const int64_t row = height.start(y) + int64_t{i} * height.dilation;
              const int64_t pixel = row * width.input + width.start(x) + int64_t{j} * width.dilation;
              const Input* in = first_channel + pixel * shape.input_channels;
              const Weight* w = weights + c * depth + (int64_t{i} * width.window + j) * channels;
              for (int32_t k = 0; k < channels; ++k) multiply_add(sum, in[k] - input_zero, w[k] - weight_zero);
            }
          }
          *output++ = finish(batch, c, sum);
        }
      }
    }
  }
}

template <typename Accumulator, typename Input, typename Weight, typename Output, typename Zero, typename Finish>
void depthwise(const DepthwiseShape& shape, const Input* input, const Zero& zero, const Weight* weights,
               Centred<Weight> weight_zero, Output* output, const Finish& finish) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int32_t channels = shape.output_channels();
  for (int32_t batch = 0; batch < shape.batches; ++batch) {
    const Centred<Input> input_zero = zero(batch);
    const Input* image = input + batch * shape.input_pixels() * shape.input_channels;
    for (int32_t y = 0; y < height.output; ++y) {
      for (int32_t x = 0; x < width.output; ++x) {
        for (int32_t c = 0; c < channels; ++c) {
          Accumulator sum = 0;
          for (int32_t i = height.first_inside(y); i < height.end_inside(y); ++i) {
            for (int32_t j = width.first_inside(x); j < width.end_inside(x); ++j) {
              const int64_t row = height.start(y) + int64_t{i} * height.dilation;
              const int64_t pixel = row * width.input + width.start(x) + int64_t{j} * width.dilation;
              multiply_add(sum, image[pixel * shape.input_channels + c / shape.multiplier] - input_zero,
                           weights[(int64_t{i} * width.window + j) * channels + c] - weight_zero);
            }
          }
          *output++ = finish(batch, c, sum);
        }
      }
    }
  }
}

// Gathers what each input position would have scattered: output position o receives input position (o + pad - i) /
// stride through weight i, where that division leaves no remainder.
template <typename Accumulator, typename Input, typename Weight, typename Output, typename Zero, typename Finish>
void transpose_convolve(const TransposeConvolutionShape& shape, const Input* input, const Zero& zero,
                        const Weight* weights, Centred<Weight> weight_zero, Output* output, const Finish& finish) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int32_t channels = shape.input_channels;
  const int64_t depth = shape.depth();
  for (int32_t batch = 0; batch < shape.batches; ++batch) {
    const Centred<Input> input_zero = zero(batch);
    const Input* image = input + batch * shape.input_pixels() * channels;
    for (int32_t y = 0; y < height.input; ++y) {
      for (int32_t x = 0; x < width.input; ++x) {
        for (int32_t c = 0; c < shape.output_channels; ++c) {
          Accumulator sum = 0;
          for (int32_t i = 0; i < height.window; ++i) {
            const int32_t up = y + height.pad - i;
            if (up < 0 || up % height.stride != 0 || up / height.stride >= height.output) continue;
            for (int32_t j = 0; j < width.window; ++j) {
              const int32_t left = x + width.pad - j;
              if (left < 0 || left % width.stride != 0 || left / width.stride >= width.output) continue;
              const int64_t pixel = int64_t{up / height.stride} * width.output + left / width.stride;
              const Input* in = image + pixel * channels;
              const Weight* w = weights + c * depth + (int64_t{i} * width.window + j) * channels;
              for (int32_t k = 0; k < channels; ++k) multiply_add(sum, in[k] - input_zero, w[k] - weight_zero);
            }
          }
          *output++ = finish(batch, c, sum);
        }
      }
    }
  }
}

// zero(row), finish(row, column, accumulator); output [rows, columns].
template <typename Accumulator, typename Left, typename Right, typename Output, typename Zero, typename Finish>
void multiply(const MatrixShape& shape, const Left* left, const Zero& zero, const Right* right,
              Centred<Right> right_zero, Output* output, const Finish& finish) {
  for (int64_t row = 0; row < shape.rows; ++row) {
    const Centred<Left> left_zero = zero(row);
    for (int64_t column = 0; column < shape.columns; ++column) {
      const Left* a = left + row * shape.left_row_stride;
      const Right* b = right + column * shape.right_column_stride;
      Accumulator sum = 0;
      for (int64_t k = 0; k < shape.depth; ++k) {
        multiply_add(sum, a[k * shape.left_depth_stride] - left_zero, b[k * shape.right_depth_stride] - right_zero);
      }
      *output++ = finish(row, column, sum);
    }
  }
}

}  // namespace litequant::reference
