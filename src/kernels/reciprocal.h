// Reciprocals and inverse square roots of integers in fixed point, by Newton's iteration. Source of the arithmetic:
// gemmlowp's fixed-point library and TensorFlow Lite's quantization utilities.
//
// "Qk" is an int32 that holds a number of k integer bits: value = stored * 2^(k - 31). The product of Qa and Qb is
// rounding_doubling_high_mul, of format Q(a + b).
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "kernels/requantize.h"

namespace litequant {

// Copies of the sign bit behind the first.
inline int leading_sign_bits(int32_t x) { return std::countl_zero(static_cast<uint32_t>(x ^ (x >> 31))) - 1; }

// x * 2^shift, saturated; shift in [0, 31).
inline int32_t saturating_shift_left(int32_t x, int shift) {
  const int64_t wide = static_cast<int64_t>(x) << shift;
  if (wide > std::numeric_limits<int32_t>::max()) return std::numeric_limits<int32_t>::max();
  if (wide < std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(wide);
}

// 1 / (1 + x) for x in [0, 1], both in Q0.
inline int32_t reciprocal_of_one_plus(int32_t x) {
  const int64_t sum = static_cast<int64_t>(x) + std::numeric_limits<int32_t>::max();
  const auto half_denominator = static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
  constexpr int32_t kOneQ2 = 1 << 29;
  int32_t y = wrapping_add(1515870810, rounding_doubling_high_mul(half_denominator, -1010580540));  // 48/17 - 32/17 hd
  for (int round = 0; round < 3; ++round) {
    const int32_t error = wrapping_subtract(kOneQ2, rounding_doubling_high_mul(half_denominator, y));
    y = wrapping_add(y, saturating_shift_left(rounding_doubling_high_mul(y, error), 2));
  }
  return saturating_shift_left(y, 1);
}

// 1 / x = value * 2^-exponent with `value` in Q0, x being a number of `integer_bits` integer bits. For x = 0 a definite
// but meaningless result.
struct Reciprocal {
  int32_t value = 0;
  int exponent = 0;
};

inline Reciprocal reciprocal_of(int32_t x, int integer_bits) {
  const int zeros = std::countl_zero(static_cast<uint32_t>(x));
  const uint32_t normalized = zeros < 32 ? static_cast<uint32_t>(x) << zeros : 0;
  return {reciprocal_of_one_plus(static_cast<int32_t>(normalized - (uint32_t{1} << 31))), integer_bits - zeros};
}

// 1 / sqrt(x) as a multiplier; the largest value for x <= 1.
inline FixedMultiplier inverse_square_root(int32_t x) {
  if (x <= 1) return {std::numeric_limits<int32_t>::max(), 0};
  int shift = 11;
  while (x >= 1 << 29) {
    x /= 4;
    ++shift;
  }
  const int pairs = (std::countl_zero(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  x <<= 2 * pairs;
  const int32_t half = rounding_divide_by_power_of_two(x >> 1, 1);  // Q3, as y
  constexpr int32_t kOnePointFive = (1 << 28) + (1 << 27);
  int32_t y = 1 << 28;
  for (int round = 0; round < 5; ++round) {
    const int32_t cube = saturating_shift_left(rounding_doubling_high_mul(rounding_doubling_high_mul(y, y), y), 6);
    const int32_t next =
        wrapping_subtract(rounding_doubling_high_mul(kOnePointFive, y), rounding_doubling_high_mul(half, cube));
    y = saturating_shift_left(next, 3);
  }
  y = rounding_doubling_high_mul(y, 1518500250);  // sqrt(1/2)
  if (shift < 0) {
    y = saturating_shift_left(y, -shift);
    shift = 0;
  }
  return {y, -shift};
}

}  // namespace litequant
