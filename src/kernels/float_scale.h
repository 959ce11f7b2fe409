// Exact requantization by float arithmetic, where that is proved.
//
// The exact result r(x) of an integer accumulator x is a step function, and so is that of the float pipeline
//   128 + nearest(float(x - centre) * factor + offset);
// both only rise. So they agree for every x within a bound if they agree on both sides of each step of r, of which the
// clamp to 0..255 leaves 255. `prove_float_scale` tries neighbouring factors and offsets on all of them: what passes is
// not an approximation, no x is left for which it could differ. It needs a multiplication and an addition, each
// rounded: a fused one would break the proof. The centre halves what floats can be wrong by.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/requantize.h"

namespace litequant {

struct FloatScale {
  int32_t centre = 0;
  float factor = 0, offset = 0;
};

// Of accumulators that were multiplied by 2^power, whose magnitude is then at most `bound` * 2^power < 2^31, and whose
// results are clamped to 0..255. By a right shift of 1 to 10.
std::optional<FloatScale> prove_float_scale(FixedMultiplier by, int power, int64_t bound);

// 1.5 * 2^23: added to |v| < 2^22 it leaves the nearest integer, halves to even, in the low bits.
inline constexpr float kFloatRounder = 12582912.0f;

}  // namespace litequant
