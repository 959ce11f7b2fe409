#include "kernels/float_scale.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/simd.h"

namespace litequant {
namespace {

constexpr int32_t kMiddle = 128, kSteps = 255;
constexpr int kMostRight = 10;  // beyond it few columns pass, and no tile of 8

// The pipeline on 4 scaled accumulators, by the operations of the kernels.
simd::Vector evaluate(const FloatScale& scale, simd::Vector x) {
  const simd::Vector rounder = wasm_f32x4_splat(kFloatRounder);
  const simd::Vector real = wasm_f32x4_convert_i32x4(wasm_i32x4_sub(x, wasm_i32x4_splat(scale.centre)));
  const simd::Vector sum =
      wasm_f32x4_add(wasm_f32x4_mul(real, wasm_f32x4_splat(scale.factor)), wasm_f32x4_splat(scale.offset));
  return wasm_i32x4_sub(wasm_f32x4_add(sum, rounder), rounder);
}

// The steps from 0 to 1, 1 to 2, ... that accumulators within a bound reach.
struct Steps {
  int32_t least[kSteps + 4];   // the first scaled accumulator on it
  int32_t result[kSteps + 4];  // its result, without the middle
  int count = 0;

  // y = nearest(x * m / 2^31) must reach k - 1/2 steps of 2^n: x >= (k * 2^(31+n) - 2^(30+n) - 2^30) / m, rounded up.
  Steps(FixedMultiplier by, int64_t unit, int64_t bound) {
    const int64_t step = int64_t{1} << (31 - by.shift), m = by.multiplier;
    const int64_t first = step / 2 - (int64_t{1} << 30) + m - 1;
    int64_t x = first / m, rest = first % m;
    for (int32_t k = 1; k <= kSteps && x <= bound; ++k) {
      least[count] = static_cast<int32_t>(x * unit);
      result[count++] = k - kMiddle;
      x += step / m;
      rest += step % m;
      if (rest >= m) {
        rest -= m;
        ++x;
      }
    }
    for (int i = count; i < count + 4 && count > 0; ++i) {
      least[i] = least[count - 1];
      result[i] = result[count - 1];
    }
  }
};

bool agree(const FloatScale& scale, const Steps& steps, int64_t unit, int64_t largest) {
  const simd::Vector one = wasm_i32x4_splat(static_cast<int32_t>(unit));
  for (int i = 0; i < steps.count; i += 4) {
    const simd::Vector x = simd::load(steps.least + i), result = simd::load(steps.result + i);
    const simd::Vector is_on = wasm_i32x4_ge(evaluate(scale, x), result);
    const simd::Vector is_below = wasm_i32x4_lt(evaluate(scale, wasm_i32x4_sub(x, one)), result);
    if (!wasm_i32x4_all_true(wasm_v128_and(is_on, is_below))) return false;
  }
  // Nothing reaches the next step.
  const simd::Vector last = evaluate(scale, wasm_i32x4_splat(static_cast<int32_t>(largest)));
  return steps.count == kSteps || wasm_i32x4_extract_lane(last, 0) < steps.count + 1 - kMiddle;
}

}  // namespace

std::optional<FloatScale> prove_float_scale(FixedMultiplier by, int power, int64_t bound) {
  const int right = -by.shift;
  if (right < 1 || right > kMostRight) return std::nullopt;
  const double real = std::ldexp(static_cast<double>(by.multiplier), by.shift - 31 - power);
  FloatScale scale = {.centre = static_cast<int32_t>(std::min(std::round(kMiddle / real), 0x1p30))};
  const int64_t unit = int64_t{1} << power, largest = bound * unit;
  // The difference fits in 32 bits, and |v| < 2^22.
  if (largest > std::numeric_limits<int32_t>::max() - scale.centre || static_cast<double>(largest) * real > 4e6) {
    return std::nullopt;
  }
  const Steps steps(by, unit, bound);
  const auto nearest = static_cast<float>(real);
  for (const int nudge : {0, 1, -1}) {
    for (const int ulps : {0, 1, -1, 2, -2}) {
      scale.factor = std::bit_cast<float>(std::bit_cast<int32_t>(nearest) + ulps);
      // What the middle is off the centre, and what the first of the two exact roundings is worth.
      scale.offset = static_cast<float>(scale.centre * real - kMiddle + std::ldexp(1.0, by.shift - 1) +
                                        std::ldexp(static_cast<double>(nudge), -19));
      if (agree(scale, steps, unit, largest)) return scale;
    }
  }
  return std::nullopt;
}

}  // namespace litequant
