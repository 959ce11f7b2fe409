#include "kernels/elementwise_int8.h"

#include <bit>
#include <cmath>
#include <utility>

#include "kernels/elementwise.h"
#include "kernels/simd.h"

namespace litequant {
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

// Every pair: a repeats along rows, b along columns.
template <typename T>
struct AllPairs {
  AllPairs() : values(256) {
    for (int i = 0; i < 256; ++i) values[static_cast<size_t>(i)] = static_cast<T>(i);
    const Shape column{256, 1}, row{1, 256};
    const Shape* const operands[] = {&column, &row};
    walk = *broadcast_walk({256, 256}, operands);
  }
  std::vector<T> values;
  BroadcastWalk walk;
};

// The exact result of every pair; `scaled_a` and `scaled_b` are done once per stored value, `combine` once per pair.
template <typename T, typename ScaledA, typename ScaledB, typename Combine>
std::vector<T> results_of_all_pairs(const ScaledA& scaled_a, const ScaledB& scaled_b, const Combine& combine) {
  const AllPairs<T> all;
  int32_t from_b[256];
  for (size_t i = 0; i < 256; ++i) from_b[i] = scaled_b(all.values[i]);
  std::vector<T> results;
  results.reserve(65536);
  for (const T qa : all.values) {
    const int32_t from_a = scaled_a(qa);
    for (const int32_t b : from_b) results.push_back(static_cast<T>(combine(from_a, b)));
  }
  return results;
}

// Tried on top of what the second rounding of the exact result amounts to: enough to move a half in spite of the float
// errors of results up to 256, and less where another sum comes that near to a half.
constexpr float kNudges[] = {0x1p-17f, 0.0f, 0x1p-18f, 0x1p-16f, 0x1p-15f};

// The exact result is rounded twice, first to 2^-n of a step: halves of that step go up, which before the second
// rounding is worth half of it, away from zero.
float first_rounding(FixedMultiplier by) { return by.shift < 0 ? std::ldexp(1.0f, by.shift - 1) : 0.0f; }

}  // namespace

template <typename T>
void Int8PairKernel<T>::prove_or_tabulate(std::vector<T> expected, FixedMultiplier by) {
  const AllPairs<T> all;
  std::vector<T> found(expected.size());
  for (const float nudge : kNudges) {
    pair_.nudge = first_rounding(by) + nudge;
    run_float(pair_, all.walk, all.values.data(), all.values.data(), found.data());
    if (found == expected) return;
  }
  table_ = std::make_shared<const std::vector<T>>(std::move(expected));
}

template <typename T>
Int8PairKernel<T> Int8PairKernel<T>::sum(const reference::QuantizedSum& exact, double real_a, double real_b) {
  Int8PairKernel kernel;
  kernel.pair_ = {.is_product = false,
                  .a = static_cast<float>(real_a),
                  .b = static_cast<float>(real_b),
                  .zero_a = exact.a.zero_point,
                  .zero_b = exact.b.zero_point,
                  .zero_point = exact.result.zero_point,
                  .range = exact.result.range};
  auto expected = results_of_all_pairs<T>(exact.a, exact.b, [&](int32_t a, int32_t b) {
    return exact.result(exact.subtract ? wrapping_subtract(a, b) : wrapping_add(a, b));
  });
  kernel.prove_or_tabulate(std::move(expected), exact.result.by);
  return kernel;
}

template <typename T>
Int8PairKernel<T> Int8PairKernel<T>::product(const reference::QuantizedProduct& exact, double real) {
  Int8PairKernel kernel;
  kernel.pair_ = {.is_product = true,
                  .a = static_cast<float>(real),
                  .zero_a = exact.zero_a,
                  .zero_b = exact.zero_b,
                  .zero_point = exact.result.zero_point,
                  .range = exact.result.range};
  auto expected = results_of_all_pairs<T>([](T q) { return q; }, [](T q) { return q; }, exact);
  kernel.prove_or_tabulate(std::move(expected), exact.result.by);
  return kernel;
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
