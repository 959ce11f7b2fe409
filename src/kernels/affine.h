// What stored integers mean.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/requantize.h"

namespace litequant {

// real = scale * (stored - zero_point)
struct Affine {
  float scale = 1;
  int32_t zero_point = 0;

  float real(int32_t stored) const { return scale * static_cast<float>(stored - zero_point); }
};

// Stored value of `real`: halves away from zero, saturated; NaN becomes the zero point. The scale is not 0.
inline int32_t quantize(float real, Affine as, IntegerRange range) {
  const float steps = std::round(real / as.scale);
  const int64_t stored = static_cast<int64_t>(saturating_int(steps)) + as.zero_point;
  return static_cast<int32_t>(std::clamp<int64_t>(stored, range.low, range.high));
}

}  // namespace litequant
