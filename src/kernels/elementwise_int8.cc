#include "kernels/elementwise_int8.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/elementwise.h"
#include "kernels/simd.h"

namespace litequant {

constexpr int kValues = 256;  // that are stored, in the order of their bytes

// What the exact results are made of: `result` of a[i] + b[j], or of a[i] * b[j].
struct ExactPairs {
  int32_t a[kValues] = {}, b[kValues] = {};
  reference::ScaledResult result;

  int32_t accumulator(bool is_product, int i, int j) const {
    return is_product ? wrapping_multiply(a[i], b[j]) : wrapping_add(a[i], b[j]);
  }
};

namespace {

// 1.5 * 2^23: added to |v| < 2^22 it leaves the nearest integer in the low bits.
constexpr float kRounder = 12582912.0f;
constexpr uint32_t kRounderBits = 0x4b400000;

// ---- One pair -------------------------------------------------------------------------------------------------------

template <bool kIsProduct>
int32_t evaluate(const FloatPair& pair, int32_t qa, int32_t qb) {
  const auto real_a = static_cast<float>(qa - pair.zero_a), real_b = static_cast<float>(qb - pair.zero_b);
  float value;
  if constexpr (kIsProduct) {
    value = real_a * real_b * pair.a;
  } else {
    value = real_a * pair.a + real_b * pair.b;
  }
  value += std::copysign(pair.nudge, value);
  const uint32_t zero_point = static_cast<uint32_t>(pair.zero_point);
  const uint32_t bits = std::bit_cast<uint32_t>(value + kRounder) - kRounderBits + zero_point;
  return clamp(static_cast<int32_t>(bits), pair.range);
}

// ---- Sixteen pairs, by the same operations --------------------------------------------------------------------------

using simd::Vector;

struct Reals {
  Vector lanes[4];
};

// stored - zero of 16 values.
template <typename T>
Reals centred(const T* from, Vector zero) {
  const Vector low = wasm_i16x8_sub(simd::load_widened(from), zero);
  const Vector high = wasm_i16x8_sub(simd::load_widened(from + 8), zero);
  return {{wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(low)),
           wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(low)),
           wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(high)),
           wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(high))}};
}

// To 8 bits, saturated, then into [low, high].
inline void store_clamped(int8_t* to, Vector first, Vector second, Vector low, Vector high) {
  const Vector bytes = wasm_i8x16_narrow_i16x8(first, second);
  simd::store(to, wasm_i8x16_min(wasm_i8x16_max(bytes, low), high));
}
inline void store_clamped(uint8_t* to, Vector first, Vector second, Vector low, Vector high) {
  const Vector bytes = wasm_u8x16_narrow_i16x8(first, second);
  simd::store(to, wasm_u8x16_min(wasm_u8x16_max(bytes, low), high));
}

template <bool kIsProduct, typename T>
void run_row(const void* operation, const void* from_a, const void* from_b, void* to, int64_t count) {
  const FloatPair pair = *static_cast<const FloatPair*>(operation);
  const T* a = static_cast<const T*>(from_a);
  const T* b = static_cast<const T*>(from_b);
  T* result = static_cast<T*>(to);
  const Vector zero_a = wasm_i16x8_splat(static_cast<int16_t>(pair.zero_a));
  const Vector zero_b = wasm_i16x8_splat(static_cast<int16_t>(pair.zero_b));
  const Vector factor_a = wasm_f32x4_splat(pair.a), factor_b = wasm_f32x4_splat(pair.b);
  const Vector nudge = wasm_f32x4_splat(pair.nudge);
  const Vector rounder = wasm_f32x4_splat(kRounder), sign = wasm_f32x4_splat(-0.0f);
  const Vector offset = wasm_i32x4_splat(pair.zero_point - static_cast<int32_t>(kRounderBits));
  const Vector low = wasm_i8x16_splat(static_cast<int8_t>(pair.range.low));
  const Vector high = wasm_i8x16_splat(static_cast<int8_t>(pair.range.high));
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Reals reals_a = centred(a + i, zero_a), reals_b = centred(b + i, zero_b);
    Vector whole[4];
    for (int k = 0; k < 4; ++k) {
      Vector value;
      if constexpr (kIsProduct) {
        value = wasm_f32x4_mul(wasm_f32x4_mul(reals_a.lanes[k], reals_b.lanes[k]), factor_a);
      } else {
        value = wasm_f32x4_add(wasm_f32x4_mul(reals_a.lanes[k], factor_a), wasm_f32x4_mul(reals_b.lanes[k], factor_b));
      }
      value = wasm_f32x4_add(value, wasm_v128_or(nudge, wasm_v128_and(value, sign)));
      whole[k] = wasm_i32x4_add(wasm_f32x4_add(value, rounder), offset);
    }
    store_clamped(result + i, wasm_i16x8_narrow_i32x4(whole[0], whole[1]), wasm_i16x8_narrow_i32x4(whole[2], whole[3]),
                  low, high);
  }
  for (; i < count; ++i) result[i] = static_cast<T>(evaluate<kIsProduct>(pair, a[i], b[i]));
}

template <typename T>
void run_float(const FloatPair& pair, const BroadcastWalk& walk, const T* a, const T* b, T* result) {
  map_rows(walk, a, b, result, sizeof(T), sizeof(T), pair.is_product ? run_row<true, T> : run_row<false, T>, &pair);
}

// ---- The proof ------------------------------------------------------------------------------------------------------

int64_t largest_magnitude(const int32_t* values) {
  int64_t largest = 0;
  for (int i = 0; i < kValues; ++i) largest = std::max(largest, std::abs(int64_t{values[i]}));
  return largest;
}

// reference::ScaledResult of vectors, before it is clamped. With n the shift to the right, the two roundings of x * m /
// 2^(31+n) are
//   (high32(2 * x * m + 2^(31+n) + 2^31) - [x < 0]) >> n;   for n = 0 without 2^31 and [x < 0]
// (the product is at least -2^31 and below zero only where both signs give 0).
class ExactScale {
 public:
  explicit ExactScale(const reference::ScaledResult& result)
      : left_(std::max(result.by.shift, 0) + 1), right_(std::min(std::max(-result.by.shift, 0), 31)) {
    multiplier_ = wasm_i32x4_splat(result.by.multiplier);
    nudge_ = wasm_i64x2_splat((int64_t{1} << (31 + right_)) + (right_ > 0 ? int64_t{1} << 31 : 0));
    below_ = wasm_i32x4_splat(right_ > 0 ? -1 : 0);
    zero_point_ = wasm_i32x4_splat(result.zero_point);
  }

  // Of accumulators up to this magnitude.
  bool is_exact(int64_t largest) const { return left_ < 31 && largest << left_ <= std::numeric_limits<int32_t>::max(); }

  Vector operator()(Vector accumulators) const {
    const Vector x = wasm_i32x4_shl(accumulators, static_cast<uint32_t>(left_));
    const Vector first = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, multiplier_), nudge_);
    const Vector second = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, multiplier_), nudge_);
    const Vector upper = wasm_i32x4_shuffle(first, second, 1, 3, 5, 7);
    const Vector sum = wasm_i32x4_add(upper, wasm_v128_and(wasm_i32x4_shr(x, 31), below_));
    return wasm_i32x4_add(wasm_i32x4_shr(sum, static_cast<uint32_t>(right_)), zero_point_);
  }

 private:
  int left_, right_;
  Vector multiplier_, nudge_, below_, zero_point_;
};

// Whether the float pipeline gives the exact result of every pair.
template <typename T>
bool agrees(const FloatPair& pair, const ExactPairs& exact, const ExactScale& scale) {
  T values_a[kValues], values_b[kValues], found[kValues], expected[kValues];
  for (int j = 0; j < kValues; ++j) values_b[j] = static_cast<T>(j);
  const Vector low = wasm_i8x16_splat(static_cast<int8_t>(pair.range.low));
  const Vector high = wasm_i8x16_splat(static_cast<int8_t>(pair.range.high));
  for (int i = 0; i < kValues; ++i) {
    std::fill_n(values_a, kValues, static_cast<T>(i));
    (pair.is_product ? run_row<true, T> : run_row<false, T>)(&pair, values_a, values_b, found, kValues);
    const Vector a = wasm_i32x4_splat(exact.a[i]);
    for (int j = 0; j < kValues; j += 16) {
      Vector results[4];
      for (int k = 0; k < 4; ++k) {
        const Vector b = simd::load(exact.b + j + 4 * k);
        results[k] = scale(pair.is_product ? wasm_i32x4_mul(a, b) : wasm_i32x4_add(a, b));
      }
      store_clamped(expected + j, wasm_i16x8_narrow_i32x4(results[0], results[1]),
                    wasm_i16x8_narrow_i32x4(results[2], results[3]), low, high);
    }
    if (std::memcmp(found, expected, sizeof(found)) != 0) return false;
  }
  return true;
}

// Tried on top of what the second rounding of the exact result amounts to: enough to move a half in spite of the float
// errors of results up to 256, and less where another sum comes that near to a half.
constexpr float kNudges[] = {0x1p-17f, 0.0f, 0x1p-18f, 0x1p-16f, 0x1p-15f};

// The exact result is rounded twice, first to 2^-n of a step: halves of that step go up, which before the second
// rounding is worth half of it, away from zero.
float first_rounding(FixedMultiplier by) { return by.shift < 0 ? std::ldexp(1.0f, by.shift - 1) : 0.0f; }

}  // namespace

template <typename T>
Int8PairKernel<T>::Int8PairKernel(const FloatPair& pair, const ExactPairs& exact) : pair_(pair) {
  const ExactScale scale(exact.result);
  const int64_t a = largest_magnitude(exact.a), b = largest_magnitude(exact.b);
  if (scale.is_exact(pair.is_product ? a * b : a + b)) {
    for (const float nudge : kNudges) {
      pair_.nudge = first_rounding(exact.result.by) + nudge;
      if (agrees<T>(pair_, exact, scale)) return;
    }
  }
  std::vector<T> table;
  table.reserve(kValues * kValues);
  for (int i = 0; i < kValues; ++i) {
    for (int j = 0; j < kValues; ++j) {
      table.push_back(static_cast<T>(exact.result(exact.accumulator(pair.is_product, i, j))));
    }
  }
  table_ = std::make_shared<const std::vector<T>>(std::move(table));
}

template <typename T>
Int8PairKernel<T> Int8PairKernel<T>::sum(const reference::QuantizedSum& exact, double real_a, double real_b) {
  ExactPairs pairs{.result = exact.result};
  for (int i = 0; i < kValues; ++i) {
    pairs.a[i] = exact.a(static_cast<T>(i));
    const int32_t b = exact.b(static_cast<T>(i));
    pairs.b[i] = exact.subtract ? wrapping_subtract(0, b) : b;
  }
  return Int8PairKernel({.is_product = false,
                         .a = static_cast<float>(real_a),
                         .b = static_cast<float>(real_b),
                         .zero_a = exact.a.zero_point,
                         .zero_b = exact.b.zero_point,
                         .zero_point = exact.result.zero_point,
                         .range = exact.result.range},
                        pairs);
}

template <typename T>
Int8PairKernel<T> Int8PairKernel<T>::product(const reference::QuantizedProduct& exact, double real) {
  ExactPairs pairs{.result = exact.result};
  for (int i = 0; i < kValues; ++i) {
    pairs.a[i] = static_cast<T>(i) - exact.zero_a;
    pairs.b[i] = static_cast<T>(i) - exact.zero_b;
  }
  return Int8PairKernel({.is_product = true,
                         .a = static_cast<float>(real),
                         .zero_a = exact.zero_a,
                         .zero_b = exact.zero_b,
                         .zero_point = exact.result.zero_point,
                         .range = exact.result.range},
                        pairs);
}

template <typename T>
void Int8PairKernel<T>::run(const BroadcastWalk& walk, const T* a, const T* b, T* result) const {
  if (is_proved()) {
    run_float(pair_, walk, a, b, result);
    return;
  }
  map_elements(walk, a, b, result, [table = table_->data()](T qa, T qb) {
    return table[static_cast<size_t>(static_cast<uint8_t>(qa)) * 256 + static_cast<uint8_t>(qb)];
  });
}

template class Int8PairKernel<int8_t>;
template class Int8PairKernel<uint8_t>;

}  // namespace litequant
