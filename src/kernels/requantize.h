// Fixed-point scaling of integer accumulators: the normative definition of every rounding in this project.
//
// Source of the arithmetic: TensorFlow Lite's reference kernels and gemmlowp, as they run by default (double rounding).
// Optimized kernels are held to these functions bit for bit.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace litequant {

// A positive real number as multiplier * 2^(shift - 31), the multiplier in [2^30, 2^31); zero is {0, 0}.
struct FixedMultiplier {
  int32_t multiplier = 0;
  int shift = 0;  // positive: to the left
};

// Nearest, halves away from zero, to 31 bits.
inline FixedMultiplier fixed_multiplier(double real) {
  if (real == 0) return {};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);
  auto multiplier = static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (multiplier == int64_t{1} << 31) {
    multiplier /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 30) return {std::numeric_limits<int32_t>::max(), 30};
  return {static_cast<int32_t>(multiplier), shift};
}

// 2ab / 2^32, nearest (ties away from zero above, towards +infinity below zero), saturated.
inline int32_t rounding_doubling_high_mul(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::max();
  const int64_t product = static_cast<int64_t>(a) * b;
  const int64_t nudge = product >= 0 ? (int64_t{1} << 30) : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

inline int16_t rounding_doubling_high_mul(int16_t a, int16_t b) {
  if (a == b && a == std::numeric_limits<int16_t>::min()) return std::numeric_limits<int16_t>::max();
  const int32_t product = static_cast<int32_t>(a) * b;
  const int32_t nudge = product >= 0 ? (1 << 14) : 1 - (1 << 14);
  return static_cast<int16_t>((product + nudge) / (1 << 15));
}

// x / 2^exponent, nearest, ties away from zero; exponent in [0, 31].
inline int32_t rounding_divide_by_power_of_two(int32_t x, int exponent) {
  const auto mask = static_cast<int32_t>((uint32_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

// x * 2^shift modulo 2^32.
inline int32_t wrapping_shift_left(int32_t x, int shift) {
  return static_cast<int32_t>(static_cast<uint32_t>(x) << shift);
}

inline int32_t wrapping_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
inline int32_t wrapping_subtract(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
inline int32_t wrapping_multiply(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}

// x times the multiplier, of a 32-bit accumulator: two roundings, as the reference kernels do.
inline int32_t scale_accumulator(int32_t x, FixedMultiplier by) {
  const int left = std::max(by.shift, 0);
  const int right = std::min(std::max(-by.shift, 0), 31);
  return rounding_divide_by_power_of_two(rounding_doubling_high_mul(wrapping_shift_left(x, left), by.multiplier),
                                         right);
}

// x times the multiplier cut to 16 bits, of a 64-bit accumulator (int16 activations): one rounding, halves up.
// |x| < 2^47, shift in [-31, 8).
inline int32_t scale_accumulator(int64_t x, FixedMultiplier by) {
  const int32_t multiplier = by.multiplier < 0x7fff0000 ? (by.multiplier + (1 << 15)) >> 16 : 0x7fff;
  const int total = 15 - by.shift;
  const auto product =
      static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(static_cast<int64_t>(multiplier)) +
                           (uint64_t{1} << (total - 1)));
  return static_cast<int32_t>(product >> total);
}

// Inclusive limits of stored integers.
struct IntegerRange {
  int32_t low = 0, high = 0;
};

template <typename T>
constexpr IntegerRange range_of() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

inline int32_t clamp(int32_t value, IntegerRange range) { return std::clamp(value, range.low, range.high); }

// Float to integer as the reference kernels convert, defined for every input: NaN gives 0, the rest saturates.
inline int32_t saturating_int(float value) {
  if (std::isnan(value)) return 0;
  if (value >= 2147483648.0f) return std::numeric_limits<int32_t>::max();
  if (value < -2147483648.0f) return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(value);
}
inline int32_t saturating_int(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 2147483648.0) return std::numeric_limits<int32_t>::max();
  if (value <= -2147483649.0) return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(value);
}

// Fused activations, numbered as the file format numbers them.
enum class Activation : int8_t { none = 0, relu = 1, relu_n1_to_1 = 2, relu6 = 3, tanh = 4, sign_bit = 5 };

// Limits of the stored result under a fused activation; `whole` is the range of its type.
// tanh and sign_bit have no integer form: callers reject them first.
inline IntegerRange activation_range(Activation activation, float scale, int32_t zero_point, IntegerRange whole) {
  const auto stored = [&](float real) {
    const int64_t q = static_cast<int64_t>(zero_point) + saturating_int(std::round(real / scale));
    return static_cast<int32_t>(
        std::clamp<int64_t>(q, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
  };
  switch (activation) {
    case Activation::relu: return {std::max(whole.low, stored(0)), whole.high};
    case Activation::relu6: return {std::max(whole.low, stored(0)), std::min(whole.high, stored(6))};
    case Activation::relu_n1_to_1: return {std::max(whole.low, stored(-1)), std::min(whole.high, stored(1))};
    default: return whole;
  }
}

struct FloatRange {
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

inline FloatRange activation_range(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::relu: return {0, kInfinity};
    case Activation::relu6: return {0, 6};
    case Activation::relu_n1_to_1: return {-1, 1};
    default: return {-kInfinity, kInfinity};
  }
}

}  // namespace litequant
