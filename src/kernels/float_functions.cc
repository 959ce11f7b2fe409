#include "kernels/float_functions.h"

#include <bit>
#include <cmath>
#include <limits>

namespace litequant {
namespace {

// ---- Building blocks: every path is computed, then one is chosen ----------------------------------------------------

// 1.5 * 2^23: adding it leaves the nearest integer of |v| < 2^22 in the low bits.
constexpr float kRounder = 12582912.0f;
constexpr float kLog2E = 1.44269504088896340736f;
// ln 2 in two parts: a multiple of the first by an 8-bit integer is exact.
constexpr float kLn2High = 0x1.62e4p-1f;
constexpr float kLn2Low = 0x1.7f7d1cp-20f;

// (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2.
inline float exp_tail(float r) {
  float sum = 1.0f / 5040;
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  return sum * r + 0.5f;
}

// Results below the smallest normal number become 0.
inline float exp_of(float x) {
  constexpr float kLowest = -87.33654f, kHighest = 88.72283f;
  const float above = x < kLowest ? kLowest : x;
  const float inside = above > kHighest ? kHighest : above;
  // One less than the power of two, and the result doubled: the highest power is out of range.
  const float shifted = inside * kLog2E + kRounder;
  const float k = shifted - kRounder;
  const float r = (inside - k * kLn2High) - k * kLn2Low;
  const float mantissa = 1.0f + (r + r * r * exp_tail(r));
  const uint32_t power = (std::bit_cast<uint32_t>(shifted) - 1) << 23;
  const float scaled = std::bit_cast<float>(std::bit_cast<uint32_t>(mantissa) + power) * 2.0f;
  const float small = x < kLowest ? 0.0f : scaled;
  const float result = x > kHighest ? std::numeric_limits<float>::infinity() : small;
  return x != x ? x : result;
}

inline float expm1_of(float x) {
  const float near_zero = x + x * x * exp_tail(x);
  return std::fabs(x) < 0.34f ? near_zero : exp_of(x) - 1.0f;
}

inline float tanh_of(float x) {
  const float magnitude = std::fabs(x);
  const float square = x * x;
  float series = 21844.0f / 6081075;
  series = series * square - 1382.0f / 155925;
  series = series * square + 62.0f / 2835;
  series = series * square - 17.0f / 315;
  series = series * square + 2.0f / 15;
  series = series * square - 1.0f / 3;
  const float near_zero = x + x * square * series;
  const float far = std::copysign(1.0f - 2.0f / (exp_of(2.0f * magnitude) + 1.0f), x);
  return magnitude < 0.35f ? near_zero : far;
}

// Coefficients as in kernels/math.cc, as many as float can tell.
constexpr float kErfcChebyshev[] = {-0.6513268598908547f,    0.6419697923564903f,      0.019476473204185836f,
                                    -0.009561514786808632f,  -0.0009465953444820369f,  0.00036683949785276146f,
                                    4.2523324806907772e-05f, -2.0278578112534243e-05f, -1.6242900046470255e-06f,
                                    1.3036558355805232e-06f, 1.5626441722066143e-08f,  -8.523809591492654e-08f};

inline float erfc_of(float x) {
  const float magnitude = std::fabs(x);
  const float bounded = magnitude > 10.0f ? 10.0f : magnitude;  // erfc(10) is 2e-45
  const float t = 2.0f / (2.0f + bounded);
  const float y = 2.0f * t - 1.0f;
  float next = 0, after = 0;
  for (int i = 11; i > 0; --i) {
    const float current = 2.0f * y * next - after + kErfcChebyshev[i];
    after = next;
    next = current;
  }
  const float value = t * exp_of(y * next - after + kErfcChebyshev[0] - bounded * bounded);
  const float result = x >= 0 ? value : 2.0f - value;
  return x != x ? x : result;
}

template <typename Function>
inline void each(const float* x, float* result, int64_t count, Function function) {
  for (int64_t i = 0; i < count; ++i) result[i] = function(x[i]);
}

}  // namespace

void exp_elements(const float* x, float* result, int64_t count) { each(x, result, count, exp_of); }

void logistic_elements(const float* x, float* result, int64_t count) {
  each(x, result, count, [](float v) { return 1.0f / (1.0f + exp_of(-v)); });
}

void tanh_elements(const float* x, float* result, int64_t count) { each(x, result, count, tanh_of); }

void elu_elements(const float* x, float* result, int64_t count) {
  each(x, result, count, [](float v) {
    const float below = expm1_of(v);
    return v < 0 ? below : v;
  });
}

void gelu_elements(const float* x, float* result, int64_t count) {
  constexpr float kRootHalf = 0.70710678118654752440f;
  each(x, result, count, [](float v) { return 0.5f * v * erfc_of(-kRootHalf * v); });
}

void gelu_by_tanh_elements(const float* x, float* result, int64_t count) {
  constexpr float kRootTwoOverPi = 0.79788456080286535588f;
  each(x, result, count,
       [](float v) { return 0.5f * v * (1.0f + tanh_of(kRootTwoOverPi * (v + 0.044715f * v * v * v))); });
}

}  // namespace litequant
