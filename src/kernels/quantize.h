// Real numbers to stored integers and back.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/affine.h"

namespace litequant {

// result[i] = quantize(x[i]) without a call per element; T is an integer type of up to 16 bits.
template <typename T>
void quantize_elements(const float* x, T* result, int64_t count, Affine as) {
  // The largest float below a half: truncating after it is added rounds halves away from zero, exactly.
  constexpr float kAlmostHalf = 0x1.fffffep-2f;
  const IntegerRange range = range_of<T>();
  const auto low = static_cast<float>(range.low - as.zero_point), high = static_cast<float>(range.high - as.zero_point);
  for (int64_t i = 0; i < count; ++i) {
    const float steps = x[i] / as.scale;
    const float away = std::trunc(steps + std::copysign(kAlmostHalf, steps));
    const float number = away != away ? 0.0f : away;
    const float above = number < low ? low : number;
    result[i] = static_cast<T>(static_cast<int32_t>(above > high ? high : above) + as.zero_point);
  }
}

// result[i] = scale * (x[i] - zero_point)
template <typename T>
void dequantize_elements(const T* x, float* result, int64_t count, Affine as) {
  for (int64_t i = 0; i < count; ++i) result[i] = as.real(x[i]);
}

}  // namespace litequant
