#include "kernels/resize_bilinear.h"

#include <algorithm>
#include <cmath>

namespace litequant {
namespace {

// Calls `pixel(output, top left, bottom left, top right, bottom right, wy, wx)` for every pixel of the result.
template <typename T, typename Weight, typename Pixel>
void for_each_pixel(const ResizeShape& shape, const ResizeTables<Weight>& tables, const T* input, T* output,
                    Pixel pixel) {
  const int64_t channels = shape.channels, row = shape.input_width * channels;
  for (int32_t b = 0; b < shape.batches; ++b, input += shape.input_height * row) {
    for (const Between<Weight>& vertical : tables.rows) {
      const T* top = input + vertical.low * row;
      const T* bottom = input + vertical.high * row;
      for (const Between<Weight>& horizontal : tables.columns) {
        const int64_t left = horizontal.low * channels, right = horizontal.high * channels;
        pixel(output, top + left, bottom + left, top + right, bottom + right, vertical.weight, horizontal.weight);
        output += channels;
      }
    }
  }
}

// int32 where products of stored values with 2^20 fit, else int64.
template <typename Sum, typename T>
void resize_integers(const ResizeShape& shape, const ResizeTables<int32_t>& tables, const T* input, T* output) {
  for_each_pixel(shape, tables, input, output,
                 [channels = shape.channels](T* result, const T* top_left, const T* bottom_left, const T* top_right,
                                             const T* bottom_right, Sum wy, Sum wx) {
                   for (int32_t c = 0; c < channels; ++c) {
                     const Sum top = top_left[c] * (1024 - wx) + top_right[c] * wx;
                     const Sum bottom = bottom_left[c] * (1024 - wx) + bottom_right[c] * wx;
                     const Sum sum = top * (1024 - wy) + bottom * wy;
                     result[c] = static_cast<T>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
                   }
                 });
}

template <typename Weight, typename Position>
std::vector<Between<Weight>> positions(int32_t input, int32_t output, ResizeRule rule, Position position) {
  std::vector<Between<Weight>> result;
  result.reserve(static_cast<size_t>(output));
  for (int32_t i = 0; i < output; ++i) result.push_back(position(i, input, output, rule));
  return result;
}

}  // namespace

Between<float> between(int32_t i, int32_t input, int32_t output, ResizeRule rule) {
  float scale = static_cast<float>(input) / static_cast<float>(output);
  if (rule.align_corners && output > 1) scale = static_cast<float>(input - 1) / static_cast<float>(output - 1);
  const auto index = static_cast<float>(i);
  const float place = rule.half_pixel ? (index + 0.5f) * scale - 0.5f : index * scale;
  Between<float> result;
  const auto last = static_cast<float>(input - 1);
  result.low = static_cast<int32_t>(std::clamp(std::floor(place), 0.0f, last));
  result.high = static_cast<int32_t>(std::clamp(std::ceil(place), 0.0f, last));
  result.low = std::min(result.low, input - 1);  // a float may round the last position up
  result.high = std::min(result.high, input - 1);
  result.weight = place - static_cast<float>(result.low);
  return result;
}

Between<int32_t> between_q10(int32_t i, int32_t input, int32_t output, ResizeRule rule) {
  int64_t step = (int64_t{1024} * input + output / 2) / output;
  if (rule.align_corners && output > 1) {
    step = (int64_t{1024} * (input - 1) + (output - 1) / 2) / (output - 1);
  }
  int64_t place = i * step;
  if (rule.half_pixel) place += step / 2 - 512;
  const int64_t last = input - 1;
  const int64_t low = std::clamp<int64_t>(place / 1024, 0, last);
  const int64_t high = std::clamp<int64_t>((place + 1023) / 1024, 0, last);
  // Beyond the border both are the same pixel: any weight will do, a small one cannot overflow.
  const int64_t weight = low == high ? 0 : place - 1024 * low;
  return {static_cast<int32_t>(low), static_cast<int32_t>(high), static_cast<int32_t>(weight)};
}

ResizeTables<float> resize_tables(const ResizeShape& shape, ResizeRule rule) {
  return {positions<float>(shape.input_height, shape.output_height, rule, between),
          positions<float>(shape.input_width, shape.output_width, rule, between)};
}

ResizeTables<int32_t> resize_tables_q10(const ResizeShape& shape, ResizeRule rule) {
  return {positions<int32_t>(shape.input_height, shape.output_height, rule, between_q10),
          positions<int32_t>(shape.input_width, shape.output_width, rule, between_q10)};
}

void resize_bilinear(const ResizeShape& shape, const ResizeTables<float>& tables, const float* input, float* output) {
  for_each_pixel(shape, tables, input, output,
                 [channels = shape.channels](float* result, const float* top_left, const float* bottom_left,
                                             const float* top_right, const float* bottom_right, float wy, float wx) {
                   for (int32_t c = 0; c < channels; ++c) {
                     const float top = top_left[c] * (1 - wx) + top_right[c] * wx;
                     const float bottom = bottom_left[c] * (1 - wx) + bottom_right[c] * wx;
                     result[c] = top * (1 - wy) + bottom * wy;
                   }
                 });
}

void resize_bilinear(const ResizeShape& shape, const ResizeTables<float>& tables, const uint8_t* input,
                     uint8_t* output) {
  // The products and their order decide the last step: as in the reference.
  for_each_pixel(
      shape, tables, input, output,
      [channels = shape.channels](uint8_t* result, const uint8_t* top_left, const uint8_t* bottom_left,
                                  const uint8_t* top_right, const uint8_t* bottom_right, float wy, float wx) {
        for (int32_t c = 0; c < channels; ++c) {
          const float sum = static_cast<float>(top_left[c]) * (1 - wy) * (1 - wx) +
                            static_cast<float>(bottom_left[c]) * wy * (1 - wx) +
                            static_cast<float>(top_right[c]) * (1 - wy) * wx +
                            static_cast<float>(bottom_right[c]) * wy * wx + 0.5f;
          result[c] = static_cast<uint8_t>(sum);
        }
      });
}

void resize_bilinear(const ResizeShape& shape, const ResizeTables<int32_t>& tables, const int8_t* input,
                     int8_t* output) {
  resize_integers<int32_t>(shape, tables, input, output);
}

void resize_bilinear(const ResizeShape& shape, const ResizeTables<int32_t>& tables, const int16_t* input,
                     int16_t* output) {
  resize_integers<int64_t>(shape, tables, input, output);
}

}  // namespace litequant
