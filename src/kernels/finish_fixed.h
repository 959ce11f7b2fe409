// The short form of the exact fixed-point scaling (FixedTile in epilogue.h) on accumulators in registers.
//
// Of the ways that were measured the plainest exact one: one 32 x 32 multiplication, 9 instructions for 4 results, 12
// where the sign counts.
#pragma once

#include <cstdint>

#include "kernels/epilogue.h"
#include "kernels/simd.h"

namespace litequant {

// 4 accumulators, `start` added, of the columns from `half` (0 or 4) on, scaled. Without kIsSigned negative results may
// be 1 too high, but never positive: enough where what is below the zero point is clamped to it.
template <bool kIsSigned>
inline simd::Vector finish_fixed(simd::Vector x, const FixedTile& tile, int half) {
  simd::Vector sum =
      wasm_i32x4_add(simd::multiply_high(x, simd::load(tile.multiplier + half)), simd::load(tile.positive + half));
  if constexpr (kIsSigned) {
    sum = wasm_i32x4_sub(sum, wasm_v128_and(wasm_i32x4_shr(x, 31), simd::load(tile.negative + half)));
  }
  return wasm_i32x4_shr(sum, kFixedShift - 1);
}

// Whole rows of 8 results as bytes.
template <bool kIsRelu>  // the lower limit is the zero point
class ByteRows {
 public:
  explicit ByteRows(const FusedTile& fused)
      : zero_(wasm_i16x8_splat(fused.zero_point)),
        low_(wasm_i16x8_splat(fused.low)),
        high_(wasm_i16x8_splat(static_cast<int16_t>(kIsRelu ? fused.high - fused.zero_point : fused.high))),
        flip_(wasm_i8x16_splat(static_cast<int8_t>(fused.flip))) {}

  // 8 accumulators, `start` included, to results of 16 bits.
  simd::Vector narrow(simd::Vector low, simd::Vector high, const FixedTile& tile) const {
    low = finish_fixed<!kIsRelu>(low, tile, 0);
    high = finish_fixed<!kIsRelu>(high, tile, 4);
    if constexpr (kIsRelu) {
      return wasm_i16x8_add(wasm_u16x8_min(wasm_u16x8_narrow_i32x4(low, high), high_), zero_);
    } else {
      const simd::Vector sum = wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(low, high), zero_);
      return wasm_i16x8_min(wasm_i16x8_max(sum, low_), high_);
    }
  }

  void put(simd::Vector row, int8_t* to) const {
    wasm_v128_store64_lane(to, wasm_v128_xor(wasm_i8x16_narrow_i16x8(row, row), flip_), 0);
  }
  void put(simd::Vector first, simd::Vector second, int8_t* to, int64_t row_stride) const {
    const simd::Vector bytes = wasm_v128_xor(wasm_i8x16_narrow_i16x8(first, second), flip_);
    wasm_v128_store64_lane(to, bytes, 0);
    wasm_v128_store64_lane(to + row_stride, bytes, 1);
  }

 private:
  simd::Vector zero_, low_, high_, flip_;
};

// Calls f(ByteRows) of the kind that the limits allow.
template <typename Function>
inline void with_byte_rows(const FusedTile& fused, const Function& f) {
  if (fused.low == fused.zero_point && fused.high >= fused.zero_point) {
    f(ByteRows<true>(fused));
  } else {
    f(ByteRows<false>(fused));
  }
}

}  // namespace litequant
