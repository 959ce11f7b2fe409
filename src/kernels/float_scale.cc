#include "kernels/float_scale.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace litequant {
namespace {

using simd::Vector;

constexpr int32_t kMiddle = 128, kSteps = 255;
constexpr int kMostRight = simd::kHasFused ? 12 : 10;  // beyond it few columns pass, and no tile of 8
constexpr double kMostCentre = 0x1p22;  // floats hold what accumulators that are not clamped differ from it by

// The steps from 0 to 1, 1 to 2, ...: the first scaled accumulator on each, 4 at a time.
class Steps {
 public:
  // y = nearest(x * m / 2^31) must reach k - 1/2 steps of 2^n: x >= (k * 2^(31+n) - 2^(30+n) - 2^30) / m, rounded up.
  Steps(FixedMultiplier by, int power) {
    const int64_t step = int64_t{1} << (31 - by.shift), m = by.multiplier;
    const int64_t first = step / 2 - (int64_t{1} << 30) + m - 1;
    alignas(16) int32_t least[4], rest[4];
    for (int64_t i = 0; i < 4; ++i) {
      least[i] = static_cast<int32_t>((first + i * step) / m);
      rest[i] = static_cast<int32_t>((first + i * step) % m);
    }
    least_ = wasm_i32x4_shl(simd::load(least), static_cast<uint32_t>(power));
    rest_ = simd::load(rest);
    whole_ = wasm_i32x4_splat(static_cast<int32_t>(4 * step / m << power));
    part_ = wasm_i32x4_splat(static_cast<int32_t>(4 * step % m));
    divisor_ = wasm_i32x4_splat(by.multiplier);
    one_ = wasm_i32x4_splat(int32_t{1} << power);
  }

  Vector least() const { return least_; }
  // The last accumulator before each step.
  Vector below() const { return wasm_i32x4_sub(least_, one_); }

  void next() {
    rest_ = wasm_i32x4_add(rest_, part_);
    const Vector is_over = wasm_u32x4_ge(rest_, divisor_);
    rest_ = wasm_i32x4_sub(rest_, wasm_v128_and(is_over, divisor_));
    least_ = wasm_i32x4_add(wasm_i32x4_add(least_, whole_), wasm_v128_and(is_over, one_));
  }

 private:
  Vector least_, rest_, whole_, part_, divisor_, one_;
};

// Whether the pipeline takes all steps that accumulators up to `largest` reach where they are, and no other.
bool agree(const FloatScale& scale, Steps steps, int32_t largest) {
  const Vector centre = wasm_i32x4_splat(scale.centre), factor = wasm_f32x4_splat(scale.factor);
  const Vector offset = wasm_f32x4_splat(scale.offset), rounder = wasm_f32x4_splat(kFloatRounder);
  const Vector most = wasm_i32x4_splat(largest), four = wasm_i32x4_splat(4);
  const auto result = [&](Vector x) { return scale_by_floats(wasm_i32x4_sub(x, centre), factor, offset, rounder); };
  Vector step = wasm_i32x4_add(wasm_i32x4_make(1, 2, 3, 4), wasm_i32x4_splat(kFloatLow));
  // One more than there are: results above the last step are clamped to it.
  for (int32_t k = 1; k <= kSteps + 1; k += 4) {
    const Vector is_beyond = wasm_i32x4_gt(steps.least(), most);
    const Vector is_on = wasm_i32x4_ge(result(steps.least()), step);
    const Vector is_below = wasm_i32x4_lt(result(wasm_i32x4_min(steps.below(), most)), step);
    if (!wasm_i32x4_all_true(wasm_v128_and(wasm_v128_or(is_on, is_beyond), is_below))) return false;
    if (wasm_i32x4_all_true(is_beyond)) return true;
    steps.next();
    step = wasm_i32x4_add(step, four);
  }
  return true;
}

// Such constants that the pipeline is nearest(x * factor + fraction) + kFloatLow, as nearly as may be.
FloatScale place(float factor, double fraction, int32_t middle) {
  if constexpr (!simd::kHasFused) {
    return {.centre = middle,
            .factor = factor,
            .offset = static_cast<float>(middle * static_cast<double>(factor) + fraction + kFloatLow)};
  }
  // Continued fraction of the factor: multiples of it by `count` differ from whole numbers by ever less. `error` is
  // what centre * factor + fraction does.
  const double step = factor;
  double centre = 0, error = fraction - std::round(fraction);
  double before = -1, difference = step, count_before = 0, count = 1;
  while (count <= kMostCentre && difference != 0) {
    const double room = std::floor((kMostCentre - std::abs(centre)) / count);
    const double times = std::clamp(std::round(-error / difference), -room, room);
    centre += times * count;
    error += times * difference;
    const double whole = std::floor(-before / difference);
    before = std::exchange(difference, before + whole * difference);
    count_before = std::exchange(count, count_before + whole * count);
  }
  return {.centre = static_cast<int32_t>(centre),
          .factor = factor,
          .offset = kFloatRounder + static_cast<float>(std::round(centre * step + fraction))};
}

}  // namespace

std::optional<FloatScale> prove_float_scale(FixedMultiplier by, int power, int64_t bound) {
  const int right = -by.shift;
  if (right < 1 || right > kMostRight) return std::nullopt;
  const double real = std::ldexp(static_cast<double>(by.multiplier), by.shift - 31 - power);
  const double middle = std::min(std::round(kMiddle / real), kMostCentre);
  const int64_t largest = bound << power;
  // The difference fits in 32 bits, and |v| < 2^22.
  if (static_cast<double>(largest) + kMostCentre > 0x7fffffff ||
      (static_cast<double>(largest) + kMostCentre) * real > 4e6) {
    return std::nullopt;
  }
  const Steps steps(by, power);
  const auto nearest = static_cast<float>(real);
  // What the first of the two exact roundings is worth.
  const double first = std::ldexp(1.0, by.shift - 1);
  for (const double nudge : {0.0, 0x1p-20, -0x1p-20, 0x1p-19, -0x1p-19, 0x1p-18, -0x1p-18}) {
    for (const int ulps : {0, 1, -1, 2, -2}) {
      const auto factor = std::bit_cast<float>(std::bit_cast<int32_t>(nearest) + ulps);
      // Of what the factor is wrong by nothing is left in the middle.
      const FloatScale scale = place(factor, first + nudge + (real - factor) * middle, static_cast<int32_t>(middle));
      if (agree(scale, steps, static_cast<int32_t>(largest))) return scale;
    }
  }
  return std::nullopt;
}

}  // namespace litequant
