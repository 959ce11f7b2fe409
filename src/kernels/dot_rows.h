// The inner loop of the integer products: rows of 16-bit values against one packed tile of 8 columns.
//
// At every pair of depths the pair of each row, repeated over a vector, meets the pairs of 8 columns in two 16-bit dot
// products ("c2"): no sums across lanes, and nothing is widened here. 4 rows need 8 accumulators, 2 vectors of weights
// and one of the row's pairs, of the 16 registers there are. In registers it runs at 33 GMAC/s at 3 GHz.
#pragma once

#include <cstdint>
#include <type_traits>

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

// Adds the products of kRows rows, `stride` elements apart.
template <int kRows>
inline void add_products(const int16_t* rows, int64_t stride, const int16_t* weights, int64_t pairs,
                         RowSums<kRows>& sums) {
  const int16_t* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = rows + r * stride;
  const auto step = [&](int64_t offset) {
    const simd::Vector first = simd::load(weights + 16 * offset), second = simd::load(weights + 16 * offset + 8);
    for (int r = 0; r < kRows; ++r) {
      const simd::Vector pair = wasm_v128_load32_splat(row[r] + 2 * offset);
      sums.low[r] = wasm_i32x4_add(sums.low[r], wasm_i32x4_dot_i16x8(pair, first));
      sums.high[r] = wasm_i32x4_add(sums.high[r], wasm_i32x4_dot_i16x8(pair, second));
    }
  };
  int64_t k = 0;
  for (; k + 2 <= pairs; k += 2) {
    step(0);
    step(1);
    weights += 32;
    for (int r = 0; r < kRows; ++r) row[r] += 4;
  }
  if (k < pairs) step(0);
}

// Calls f(count, first) for blocks of rows, `count` being a std::integral_constant: 4 at a time, the rest made up by
// blocks of 5, so that few rows end alone.
template <typename Function>
inline void for_row_blocks(int rows, const Function& f) {
  const int rest = rows % 4;
  const int fives = rows / 4 >= rest ? rest : 0;
  int r = 0;
  for (int i = 0; i < fives; ++i, r += 5) f(std::integral_constant<int, 5>(), r);
  for (; r + 4 <= rows; r += 4) f(std::integral_constant<int, 4>(), r);
  switch (rows - r) {
    case 3: return f(std::integral_constant<int, 3>(), r);
    case 2: return f(std::integral_constant<int, 2>(), r);
    case 1: return f(std::integral_constant<int, 1>(), r);
    default: return;
  }
}

}  // namespace litequant
