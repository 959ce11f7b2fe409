#include "kernels/depthwise_float.h"

#include <algorithm>

#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

// The taps inside the image at one output pixel.
struct Taps {
  const float* image;    // the first of them
  const float* weights;  // and its weights
  int32_t rows, columns;
  int64_t image_row, image_column;      // elements from one to the next
  int64_t weights_row, weights_column;
};

// 4 * kVectors output channels from `channel`, which read the input channels from `input_channel` (or, when `is_splat`,
// all that one).
template <int kVectors, bool kMayFuse, bool kIsSplat>
void accumulate(const Taps& taps, int64_t input_channel, int64_t channel, const FloatEpilogue& epilogue,
                float* output) {
  Vector sums[kVectors];
  for (Vector& sum : sums) sum = wasm_f32x4_splat(0);
  for (int32_t i = 0; i < taps.rows; ++i) {
    const float* image = taps.image + i * taps.image_row + input_channel;
    const float* weights = taps.weights + i * taps.weights_row + channel;
    for (int32_t j = 0; j < taps.columns; ++j) {
      for (int v = 0; v < kVectors; ++v) {
        const Vector value = kIsSplat ? wasm_v128_load32_splat(image) : simd::load(image + 4 * v);
        sums[v] = simd::multiply_add<kMayFuse>(value, simd::load(weights + 4 * v), sums[v]);
      }
      image += taps.image_column;
      weights += taps.weights_column;
    }
  }
  const Vector low = wasm_f32x4_splat(epilogue.range.low), high = wasm_f32x4_splat(epilogue.range.high);
  for (int v = 0; v < kVectors; ++v) {
    Vector sum = sums[v];
    if (epilogue.bias != nullptr) sum = wasm_f32x4_add(sum, simd::load(epilogue.bias + channel + 4 * v));
    simd::store(output + channel + 4 * v, wasm_f32x4_pmin(wasm_f32x4_pmax(sum, low), high));
  }
}

void accumulate_one(const Taps& taps, int64_t input_channel, int64_t channel, const FloatEpilogue& epilogue,
                    float* output) {
  float sum = 0;
  for (int32_t i = 0; i < taps.rows; ++i) {
    for (int32_t j = 0; j < taps.columns; ++j) {
      sum += taps.image[i * taps.image_row + j * taps.image_column + input_channel] *
             taps.weights[i * taps.weights_row + j * taps.weights_column + channel];
    }
  }
  if (epilogue.bias != nullptr) sum += epilogue.bias[channel];
  output[channel] = clamp(sum, epilogue.range);
}

template <bool kMayFuse>
void pixel(const DepthwiseShape& shape, const Taps& taps, const FloatEpilogue& epilogue, float* output) {
  const int64_t channels = shape.output_channels();
  if (shape.multiplier == 1) {
    int64_t c = 0;
    for (; c + 16 <= channels; c += 16) accumulate<4, kMayFuse, false>(taps, c, c, epilogue, output);
    for (; c + 4 <= channels; c += 4) accumulate<1, kMayFuse, false>(taps, c, c, epilogue, output);
    for (; c < channels; ++c) accumulate_one(taps, c, c, epilogue, output);
    return;
  }
  for (int64_t input = 0; input < shape.input_channels; ++input) {
    int64_t c = input * shape.multiplier;
    const int64_t end = c + shape.multiplier;
    for (; c + 4 <= end; c += 4) accumulate<1, kMayFuse, true>(taps, input, c, epilogue, output);
    for (; c < end; ++c) accumulate_one(taps, input, c, epilogue, output);
  }
}

constexpr int kOutputs = 4;

// kOutputs neighbouring outputs of 4 channels each, windows 3 columns wide: each value is loaded once for all of them.
// Sums gain the taps in the same order as one at a time.
template <int kStride, bool kMayFuse>
inline void slide(const Taps& taps, int64_t channel, const FloatEpilogue& epilogue, int64_t channels, float* output) {
  constexpr int kColumns = (kOutputs - 1) * kStride + 3;
  Vector sums[kOutputs];
  for (Vector& sum : sums) sum = wasm_f32x4_splat(0);
  const float* image = taps.image + channel;
  const float* weights = taps.weights + channel;
  for (int32_t i = 0; i < taps.rows; ++i) {
    Vector columns[kColumns];
    for (int c = 0; c < kColumns; ++c) columns[c] = simd::load(image + c * taps.image_column);
    for (int j = 0; j < 3; ++j) {
      const Vector weight = simd::load(weights + j * taps.weights_column);
      for (int o = 0; o < kOutputs; ++o) {
        sums[o] = simd::multiply_add<kMayFuse>(columns[o * kStride + j], weight, sums[o]);
      }
    }
    image += taps.image_row;
    weights += taps.weights_row;
  }
  const Vector low = wasm_f32x4_splat(epilogue.range.low), high = wasm_f32x4_splat(epilogue.range.high);
  for (Vector& sum : sums) {
    if (epilogue.bias != nullptr) sum = wasm_f32x4_add(sum, simd::load(epilogue.bias + channel));
    sum = wasm_f32x4_pmin(wasm_f32x4_pmax(sum, low), high);
  }
  for (int o = 0; o < kOutputs; ++o) simd::store(output + o * channels + channel, sums[o]);
}

using Slide = void (*)(const Taps&, int64_t channels, const FloatEpilogue&, float* output);
template <int kStride, bool kMayFuse>
void slide_all(const Taps& taps, int64_t channels, const FloatEpilogue& epilogue, float* output) {
  const Taps own = taps;
  for (int64_t c = 0; c < channels; c += 4) slide<kStride, kMayFuse>(own, c, epilogue, channels, output);
}

// For windows that can slide; else null.
Slide slide_of(const DepthwiseShape& shape, bool may_fuse) {
  const WindowAxis& width = shape.window.width;
  // Columns so far apart fall into few sets of the first cache: whole lines of it are taken at once then.
  const bool clashes = shape.input_channels * width.stride % 512 == 0;
  const bool can_slide = width.window == 3 && width.dilation == 1 && width.stride <= 2 && shape.multiplier == 1 &&
                         shape.input_channels % 4 == 0;
  if (!can_slide || clashes) return nullptr;
  if (width.stride == 1) return may_fuse ? slide_all<1, true> : slide_all<1, false>;
  return may_fuse ? slide_all<2, true> : slide_all<2, false>;
}

}  // namespace

void depthwise_float(const DepthwiseShape& shape, const float* image, const float* weights,
                     const FloatEpilogue& epilogue, bool may_fuse, float* output) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.output_channels();
  Taps taps = {.image = image,
               .weights = weights,
               .rows = 0,
               .columns = 0,
               .image_row = int64_t{height.dilation} * width.input * shape.input_channels,
               .image_column = int64_t{width.dilation} * shape.input_channels,
               .weights_row = width.window * channels,
               .weights_column = channels};
  const Slide slide = slide_of(shape, may_fuse);
  for (int32_t y = 0; y < height.output; ++y) {
    const int32_t top = height.first_inside(y);
    taps.rows = std::max(height.end_inside(y) - top, 0);
    for (int32_t x = 0; x < width.output;) {
      const int32_t left = width.first_inside(x);
      taps.columns = std::max(width.end_inside(x) - left, 0);
      if (taps.rows > 0 && taps.columns > 0) {
        const int64_t input_y = height.start(y) + int64_t{top} * height.dilation;
        const int64_t input_x = width.start(x) + int64_t{left} * width.dilation;
        taps.image = image + (input_y * width.input + input_x) * shape.input_channels;
        taps.weights = weights + (int64_t{top} * width.window + left) * channels;
      }
      if (slide != nullptr && taps.rows > 0 && left == 0 && x + kOutputs <= width.output &&
          width.end_inside(x + kOutputs - 1) == 3) {
        slide(taps, channels, epilogue, output);
        x += kOutputs;
        output += kOutputs * channels;
        continue;
      }
      if (may_fuse) {
        pixel<true>(shape, taps, epilogue, output);
      } else {
        pixel<false>(shape, taps, epilogue, output);
      }
      output += channels;
      ++x;
    }
  }
}

}  // namespace litequant
