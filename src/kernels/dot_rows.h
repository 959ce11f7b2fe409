// The inner loops of the integer products: rows against one packed tile of 8 columns.
//
// At every bundle of depths the bundle of each row, repeated over a vector, meets those of 8 columns in two dot
// products: no sums across lanes, and nothing is widened here.
//
// 16 bits ("c2"): 4 rows need 8 accumulators, 2 vectors of weights and one of the row's pairs, of the 16 registers
// there are. In registers it runs at 33 GMAC/s at 3 GHz.
// Bytes, with AVX-VNNI: twice the depths in one instruction instead of two, which takes 5 cycles and starts twice in
// each: 6 rows, for 12 accumulators that do not wait for each other.
#pragma once

#include <cstdint>

#include "kernels/pack.h"
#include "kernels/simd.h"

namespace litequant {

// Accumulators [kRows][8].
template <int kRows>
struct RowSums {
  simd::Vector low[kRows], high[kRows];

  void begin(const int32_t* start) {
    for (int r = 0; r < kRows; ++r) {
      low[r] = simd::load(start);
      high[r] = simd::load(start + 4);
    }
  }
};

// sums + products of one bundle of a row with those of 8 columns.
inline void add_bundle(const int16_t* bundle, simd::Vector first, simd::Vector second, simd::Vector& low,
                       simd::Vector& high) {
  const simd::Vector pair = wasm_v128_load32_splat(bundle);
  low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(pair, first));
  high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(pair, second));
}
#if LITEQUANT_BYTE_DOT
inline void add_bundle(const uint8_t* bundle, simd::Vector first, simd::Vector second, simd::Vector& low,
                       simd::Vector& high) {
  const simd::Vector quad = wasm_v128_load32_splat(bundle);
  low = simd::dot_bytes(first, quad, low);
  high = simd::dot_bytes(second, quad, high);
}
#endif

// Adds the products of kRows rows, `stride` elements apart.
template <int kRows, typename Row>
inline void add_products(const Row* rows, int64_t stride, const PackedWeight<Row>* weights, int64_t bundles,
                         RowSums<kRows>& sums) {
  constexpr int kDepths = kBundle<Row>, kWeights = kDepths * kTileColumns;
  const Row* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = rows + r * stride;
  const auto step = [&](int offset) {
    const simd::Vector first = simd::load(weights + kWeights * offset);
    const simd::Vector second = simd::load(weights + kWeights * offset + kWeights / 2);
    for (int r = 0; r < kRows; ++r) add_bundle(row[r] + kDepths * offset, first, second, sums.low[r], sums.high[r]);
  };
  // Of bytes the weights of two steps would not find room beside 12 accumulators.
  constexpr int kSteps = sizeof(Row) == 1 ? 1 : 2;
  int64_t k = 0;
  for (; k + kSteps <= bundles; k += kSteps) {
    for (int i = 0; i < kSteps; ++i) {
      // Mixed, the weights of both steps would take registers that the sums need.
      asm volatile("" ::: "memory");
      step(i);
    }
    weights += kSteps * kWeights;
    for (int r = 0; r < kRows; ++r) row[r] += kSteps * kDepths;
  }
  if (k < bundles) step(0);
}

}  // namespace litequant
