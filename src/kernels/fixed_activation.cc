#include "kernels/fixed_activation.h"

#include <algorithm>
#include <array>
#include <limits>

#include "kernels/requantize.h"

namespace litequant {
namespace {

constexpr int16_t kOne = std::numeric_limits<int16_t>::max();  // in Q0

int16_t wrap(int32_t x) { return static_cast<int16_t>(x); }
int16_t saturate(int32_t x) { return static_cast<int16_t>(std::clamp(x, -32768, 32767)); }
int16_t times(int16_t a, int16_t b) { return rounding_doubling_high_mul(a, b); }
int16_t shift_left(int16_t x, int by) { return saturate(int32_t{x} * (1 << by)); }
int16_t shift_right(int16_t x, int by) { return static_cast<int16_t>(rounding_divide_by_power_of_two(x, by)); }
// The constants are known with 31 bits.
int16_t constant(int32_t in_32_bits) { return static_cast<int16_t>(rounding_divide_by_power_of_two(in_32_bits, 16)); }

// exp(x) in Q0 for x <= 0 in Qk, k = integer_bits.
int16_t exp_of_negative(int16_t x, int integer_bits) {
  if (x == 0) return kOne;
  const int fraction = 15 - integer_bits;
  if (integer_bits > 5 && x < -(32 << fraction)) return 0;
  const int32_t quarter = 1 << (fraction - 2);

  // On [-1/4, 0), around -1/8.
  const int16_t residue = wrap((x & (quarter - 1)) - quarter);
  const int16_t y = wrap(shift_left(residue, integer_bits) + (1 << 12));
  const int16_t y2 = times(y, y), y3 = times(y2, y), y4 = times(y2, y2);
  const int16_t cubic = times(wrap(shift_right(y4, 2) + y3), constant(715827883));  // 1/3
  const int16_t tail = shift_right(wrap(cubic + y2), 1);
  const int16_t exp_of_minus_eighth = constant(1895147668);
  int16_t result = saturate(exp_of_minus_eighth + times(exp_of_minus_eighth, wrap(y + tail)));

  // The rest is a sum of powers of two: 1/4, 1/2, ... 16, each a factor exp(-2^j).
  constexpr std::array<int32_t, 7> kFactors = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int16_t remainder = wrap(residue - x);
  for (int j = -2; j < integer_bits && j <= 4; ++j) {
    if ((remainder >> (fraction + j) & 1) != 0) result = times(result, constant(kFactors[static_cast<size_t>(j + 2)]));
  }
  return result;
}

// 1 / ((1 + x) / 2) in Q2 for x in [0, 1] in Q0, by Newton's iteration.
int16_t reciprocal_of_half_one_plus(int16_t x) {
  const int32_t sum = int32_t{x} + kOne;
  const int16_t half = wrap((sum + (sum >= 0 ? 1 : -1)) / 2);
  int16_t y = wrap(constant(1515870810) + times(half, constant(-1010580540)));  // 48/17 - 32/17 half
  for (int round = 0; round < 3; ++round) {
    const int16_t error = wrap((1 << 13) - times(half, y));
    y = wrap(y + shift_left(times(y, error), 2));
  }
  return y;
}

}  // namespace

int16_t logistic_q3(int16_t x) {
  if (x == 0) return 1 << 14;
  const int16_t negative = x > 0 ? wrap(-x) : x;
  // Half of the reciprocal in Q2 is the same bits in Q1.
  const int16_t positive = shift_left(reciprocal_of_half_one_plus(exp_of_negative(negative, 3)), 1);
  return x > 0 ? positive : wrap(kOne - positive);
}

int16_t tanh_fixed(int16_t x, int integer_bits) {
  if (x == 0) return 0;
  const int16_t negative = x > 0 ? wrap(-x) : x;
  // (1 - e) / (1 + e) with e = exp(-2|x|): doubled by one more integer bit.
  const int16_t reciprocal = reciprocal_of_half_one_plus(exp_of_negative(negative, integer_bits + 1));
  const int16_t magnitude = shift_left(wrap(reciprocal - (1 << 13)), 2);
  return x > 0 ? magnitude : wrap(-magnitude);
}

}  // namespace litequant
