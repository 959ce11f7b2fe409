// Exact requantization by float arithmetic, where that is proved.
//
// The exact result r(x) of an integer accumulator x is a step function, and so is that of the float pipeline
// `scale_by_floats`; both only rise. So they agree for every x within a bound if they agree on both sides of each step
// of r, of which the clamp to 0..255 leaves 255. `prove_float_scale` tries neighbouring constants on all of them: what
// passes is not an approximation, no x is left for which it could differ. The proof runs the very instructions of the
// pipeline.
//
// The pipeline rounds by adding 1.5 * 2^23, which leaves the nearest integer in the low bits of the float. Where a
// multiplication and an addition are fused (the relaxed build), that addition is theirs: the exact product is rounded
// once, to an integer. No fraction can then be added, so it comes from the product: of the integers `centre` one is
// taken whose multiple of `factor` has that fraction. Of 1000 columns with right shifts of 8, 9, 10 and 11 that proves
// 999, 983, 896 and 637; the other form (product and sum each rounded, around 0, where floats are finest) 978, 868, 623
// and none.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/requantize.h"
#include "kernels/simd.h"

namespace litequant {

// What the pipeline gives for the result 0.
inline constexpr int32_t kFloatLow = simd::kHasFused ? 0 : -128;

// 1.5 * 2^23: added to |v| < 2^22 it leaves the nearest integer, halves to even, in the low bits.
inline constexpr float kFloatRounder = 12582912.0f;

struct FloatScale {
  int32_t centre = 0;
  float factor = 0, offset = simd::kHasFused ? kFloatRounder : kFloatLow;  // as they are: 0 for every accumulator
};

// 4 accumulators less their centres, to results from kFloatLow to kFloatLow + 255, below and above not yet clamped;
// `rounder` is kFloatRounder.
inline simd::Vector scale_by_floats(simd::Vector x, simd::Vector factor, simd::Vector offset, simd::Vector rounder) {
  const simd::Vector real = wasm_f32x4_convert_i32x4(x);
  if constexpr (simd::kHasFused) {
    return wasm_i32x4_sub(simd::multiply_add<true>(real, factor, offset), rounder);
  } else {
    const simd::Vector sum = wasm_f32x4_add(wasm_f32x4_mul(real, factor), offset);
    return wasm_i32x4_sub(wasm_f32x4_add(sum, rounder), rounder);
  }
}

// Of accumulators that were multiplied by 2^power, whose magnitude is then at most `bound` * 2^power < 2^31, and whose
// results are clamped to 0..255.
std::optional<FloatScale> prove_float_scale(FixedMultiplier by, int power, int64_t bound);

}  // namespace litequant
