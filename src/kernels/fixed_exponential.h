// Exponential and logarithm of fixed-point numbers. Source of the arithmetic: gemmlowp's fixed-point library and
// TensorFlow Lite's log_x_for_x_greater_than_or_equal_to_1. "Qk": see kernels/reciprocal.h.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "kernels/reciprocal.h"
#include "kernels/requantize.h"

namespace litequant {

// exp(a) in Q0 for a <= 0 in Qk, k = kIntegerBits in [0, 5].
template <int kIntegerBits>
int32_t exp_of_negative(int32_t a) {
  static_assert(kIntegerBits >= 0 && kIntegerBits <= 5);
  if (a == 0) return std::numeric_limits<int32_t>::max();
  constexpr int kFraction = 31 - kIntegerBits;
  constexpr int32_t kQuarter = int32_t{1} << (kFraction - 2);
  constexpr auto times = [](int32_t x, int32_t y) { return rounding_doubling_high_mul(x, y); };

  // exp on [-1/4, 0), around -1/8.
  const int32_t residue = static_cast<int32_t>(static_cast<uint32_t>(a) & (kQuarter - 1)) - kQuarter;
  const int32_t x = saturating_shift_left(residue, kIntegerBits) + (1 << 28);
  const int32_t x2 = times(x, x), x3 = times(x2, x), x4 = times(x2, x2);
  constexpr int32_t kThird = 715827883, kExpOfMinusEighth = 1895147668;
  const int32_t tail = rounding_divide_by_power_of_two(
      wrapping_add(times(wrapping_add(rounding_divide_by_power_of_two(x4, 2), x3), kThird), x2), 1);
  int32_t result = wrapping_add(kExpOfMinusEighth, times(kExpOfMinusEighth, wrapping_add(x, tail)));

  // The rest is a sum of powers of two: 1/4, 1/2, ... 16, each a factor exp(-2^j).
  constexpr std::array<int32_t, 7> kFactors = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int32_t remainder = wrapping_subtract(residue, a);
  for (int j = -2; j < kIntegerBits && j <= 4; ++j) {
    if ((static_cast<uint32_t>(remainder) >> (kFraction + j) & 1u) != 0) {
      result = times(result, kFactors[static_cast<size_t>(j + 2)]);
    }
  }
  return result;
}

// log(x) in Q5 for x >= 1 in Q12.
inline int32_t log_of_at_least_one(int32_t x) {
  constexpr auto times = [](int32_t a, int32_t b) { return rounding_doubling_high_mul(a, b); };
  constexpr auto saturate = [](int64_t value) {
    return static_cast<int32_t>(
        std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
  };
  constexpr auto zeros = [](int32_t value) { return std::countl_zero(static_cast<uint32_t>(value)); };
  constexpr auto shifted = [](int32_t value, int by) { return saturating_shift_left(value, std::clamp(by, 0, 30)); };
  constexpr int32_t kRootHalf = 1518500250, kRootRootHalf = 1805811301;
  constexpr int32_t kQuarter = 1 << 23;  // in Q6

  // Two normalizations of x to a number near one and a power of two; the smaller number is taken.
  const int zeros_a = zeros(x);
  const int32_t number_a = shifted(times(shifted(x, zeros_a - 1), kRootHalf), 1);
  const int32_t power_a = saturate(int64_t{shifted(12 - zeros_a, 25)} + kQuarter);
  const int zeros_b = zeros(times(x, kRootHalf)) - 1;
  const int32_t number_b = shifted(x, zeros_b);
  const int32_t power_b = saturate(int64_t{shifted(12 - zeros_b, 25)} - kQuarter);
  const int32_t number = std::min(number_a, number_b);
  const int32_t power = std::max(power_a, power_b);

  // A rational approximation of the logarithm of the number.
  const int64_t sum = int64_t{number} + kRootRootHalf;
  const auto half_sum = static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
  const int32_t u = saturating_shift_left(wrapping_subtract(number, kRootRootHalf), 1);
  const int32_t square = times(u, u);
  const int32_t numerator = wrapping_add(times(u, number), times(times(u, square), 117049297));
  const int32_t denominator = wrapping_add(
      times(half_sum, wrapping_add(wrapping_add(1057819769, u), times(127690142, square))), times(638450708, u));
  const int32_t quotient = times(rounding_divide_by_power_of_two(numerator, 6), reciprocal_of_one_plus(denominator));
  const int32_t in_q6 = wrapping_add(times(power, 1488522236), quotient);  // log 2 in Q0
  return saturating_shift_left(in_q6, 1);
}

}  // namespace litequant
