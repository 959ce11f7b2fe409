#include "kernels/resize_bilinear.h"

#include <type_traits>

namespace litequant::reference {
namespace {

// The mean of four neighbours, weighted by (1 - wy) (1 - wx) and so on.
template <typename T>
T mean_of_four(T top_left, T bottom_left, T top_right, T bottom_right, float wy, float wx) {
  constexpr float kRounding = std::is_integral_v<T> ? 0.5f : 0.0f;
  return static_cast<T>(
      static_cast<float>(top_left) * (1 - wy) * (1 - wx) + static_cast<float>(bottom_left) * wy * (1 - wx) +
      static_cast<float>(top_right) * (1 - wy) * wx + static_cast<float>(bottom_right) * wy * wx + kRounding);
}

// Weights in units of 1/1024; halves away from zero.
template <typename T>
T mean_of_four(T top_left, T bottom_left, T top_right, T bottom_right, int32_t wy, int32_t wx) {
  const int64_t sum = int64_t{top_left} * (1024 - wy) * (1024 - wx) + int64_t{bottom_left} * wy * (1024 - wx) +
                      int64_t{top_right} * (1024 - wy) * wx + int64_t{bottom_right} * wy * wx;
  return static_cast<T>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}

}  // namespace

template <typename T>
void resize_bilinear(const ResizeShape& shape, ResizeRule rule, const T* input, T* output) {
  const auto position = [&](int32_t i, int32_t from, int32_t to) {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, uint8_t>) {
      return between(i, from, to, rule);
    } else {
      return between_q10(i, from, to, rule);
    }
  };
  const int64_t channels = shape.channels, row = shape.input_width * channels;
  for (int32_t b = 0; b < shape.batches; ++b, input += shape.input_height * row) {
    for (int32_t y = 0; y < shape.output_height; ++y) {
      const auto vertical = position(y, shape.input_height, shape.output_height);
      for (int32_t x = 0; x < shape.output_width; ++x) {
        const auto horizontal = position(x, shape.input_width, shape.output_width);
        for (int64_t c = 0; c < channels; ++c) {
          const auto at = [&](int32_t i, int32_t j) { return input[i * row + j * channels + c]; };
          *output++ = mean_of_four(at(vertical.low, horizontal.low), at(vertical.high, horizontal.low),
                                   at(vertical.low, horizontal.high), at(vertical.high, horizontal.high),
                                   vertical.weight, horizontal.weight);
        }
      }
    }
  }
}

template void resize_bilinear(const ResizeShape&, ResizeRule, const float*, float*);
template void resize_bilinear(const ResizeShape&, ResizeRule, const uint8_t*, uint8_t*);
template void resize_bilinear(const ResizeShape&, ResizeRule, const int8_t*, int8_t*);
template void resize_bilinear(const ResizeShape&, ResizeRule, const int16_t*, int16_t*);

}  // namespace litequant::reference
