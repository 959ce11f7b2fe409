#include "kernels/conv_3d.h"

#include <algorithm>

namespace litequant {
namespace {

// Calls each(window position, place in the volume) for the part of a window that lies inside the volume. Both are
// numbered in row-major order.
template <typename Each>
void for_each_inside(const VolumeShape& shape, int32_t d, int32_t y, int32_t x, Each each) {
  const auto& [batches, depth, height, width, in, out] = shape;
  for (int32_t i = depth.first_inside(d); i < depth.end_inside(d); ++i) {
    const int64_t slice = depth.start(d) + int64_t{i} * depth.dilation;
    for (int32_t j = height.first_inside(y); j < height.end_inside(y); ++j) {
      const int64_t row = height.start(y) + int64_t{j} * height.dilation;
      for (int32_t k = width.first_inside(x); k < width.end_inside(x); ++k) {
        const int64_t column = width.start(x) + int64_t{k} * width.dilation;
        each((int64_t{i} * height.window + j) * width.window + k, (slice * height.input + row) * width.input + column);
      }
    }
  }
}

template <typename Each>
void for_each_output(const VolumeShape& shape, Each each) {
  for (int32_t d = 0; d < shape.depth.output; ++d) {
    for (int32_t y = 0; y < shape.height.output; ++y) {
      for (int32_t x = 0; x < shape.width.output; ++x) each(d, y, x);
    }
  }
}

int64_t places_of_input(const VolumeShape& shape) {
  return int64_t{shape.depth.input} * shape.height.input * shape.width.input;
}

void finish(FloatRange range, const float* bias, int64_t channels, float* output) {
  for (int64_t c = 0; c < channels; ++c) {
    output[c] = std::clamp(output[c] + (bias == nullptr ? 0.0f : bias[c]), range.low, range.high);
  }
}

}  // namespace

void convolve_3d(const VolumeShape& shape, FloatRange range, const float* input, const float* weights,
                 const float* bias, float* output) {
  const int64_t channels = shape.input_channels, outputs = shape.output_channels;
  for (int32_t b = 0; b < shape.batches; ++b, input += places_of_input(shape) * channels) {
    for_each_output(shape, [&](int32_t d, int32_t y, int32_t x) {
      std::fill_n(output, outputs, 0.0f);
      for_each_inside(shape, d, y, x, [&](int64_t position, int64_t place) {
        for (int64_t c = 0; c < channels; ++c) {
          const float value = input[place * channels + c];
          const float* row = weights + (position * channels + c) * outputs;
          for (int64_t o = 0; o < outputs; ++o) output[o] += value * row[o];
        }
      });
      finish(range, bias, outputs, output);
      output += outputs;
    });
  }
}

void transpose_convolve_3d(const VolumeShape& shape, FloatRange range, const float* input, const float* weights,
                           const float* bias, float* output) {
  const int64_t channels = shape.input_channels, outputs = shape.output_channels;
  const int64_t places = places_of_input(shape);
  for (int32_t b = 0; b < shape.batches; ++b, output += places * outputs) {
    std::fill_n(output, places * outputs, 0.0f);
    for_each_output(shape, [&](int32_t d, int32_t y, int32_t x) {
      for_each_inside(shape, d, y, x, [&](int64_t position, int64_t place) {
        for (int64_t o = 0; o < outputs; ++o) {
          const float* row = weights + (position * outputs + o) * channels;
          float& sum = output[place * outputs + o];
          for (int64_t c = 0; c < channels; ++c) sum += input[c] * row[c];
        }
      });
      input += channels;
    });
    for (int64_t i = 0; i < places; ++i) finish(range, bias, outputs, output + i * outputs);
  }
}

}  // namespace litequant
