// The short form of the exact fixed-point scaling (FixedTile in epilogue.h) on accumulators in registers.
//
// One 32 x 32 multiplication takes 9 instructions for 4 results, 12 where the sign counts; floats, where proved,
// take 5, in the relaxed build 3.
#pragma once

#include <cstdint>

#include "kernels/epilogue.h"
#include "kernels/float_scale.h"
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

// The same by floats, where tile.is_float: results from kFloatLow on, before they are saturated.
inline simd::Vector finish_float(simd::Vector x, const FixedTile& tile, int half) {
  return scale_by_floats(x, simd::load(tile.factor + half), simd::load(tile.offset + half), simd::load(tile.rounder));
}

enum class Finish {
  plain,
  powers,  // plain, of accumulators that the weights did not multiply by 2^s
  relu,  // the lower limit is the zero point
  relu_float,  // and the limits are those of the type, the tile's scaling being by floats
};

// Whole rows of 8 results as bytes.
template <Finish kFinish>
class ByteRows {
 public:
  explicit ByteRows(const FusedTile& fused)
      : zero_(wasm_i16x8_splat(fused.zero_point)),
        low_(wasm_i16x8_splat(fused.low)),
        high_(wasm_i16x8_splat(
            static_cast<int16_t>(kFinish == Finish::relu ? fused.high - fused.zero_point : fused.high))),
        flip_(wasm_i8x16_splat(static_cast<int8_t>(kIsUnsigned ? fused.flip ^ 0x80 : fused.flip))) {}

  // 8 accumulators, `start` included, to results of 16 bits: of the 4 columns from `low_half` on and the 4 from
  // `high_half` on.
  simd::Vector narrow(simd::Vector low, simd::Vector high, const FixedTile& tile, int low_half = 0,
                      int high_half = 4) const {
    if constexpr (kFinish == Finish::relu_float) {
      return wasm_i16x8_narrow_i32x4(finish_float(low, tile, low_half), finish_float(high, tile, high_half));
    } else if constexpr (kFinish == Finish::relu) {
      const simd::Vector results =
          wasm_u16x8_narrow_i32x4(finish_fixed<false>(low, tile, low_half), finish_fixed<false>(high, tile, high_half));
      return wasm_i16x8_add(wasm_u16x8_min(results, high_), zero_);
    } else {
      if constexpr (kFinish == Finish::powers) {
        low = wasm_i32x4_mul(low, simd::load(tile.power + low_half));
        high = wasm_i32x4_mul(high, simd::load(tile.power + high_half));
      }
      const simd::Vector results =
          wasm_i16x8_narrow_i32x4(finish_fixed<true>(low, tile, low_half), finish_fixed<true>(high, tile, high_half));
      return wasm_i16x8_min(wasm_i16x8_max(wasm_i16x8_add_sat(results, zero_), low_), high_);
    }
  }

  void put(simd::Vector row, int8_t* to) const { wasm_v128_store64_lane(to, bytes_of(row, row), 0); }
  void put(simd::Vector first, simd::Vector second, int8_t* to, int64_t row_stride) const {
    const simd::Vector bytes = bytes_of(first, second);
    wasm_v128_store64_lane(to, bytes, 0);
    wasm_v128_store64_lane(to + row_stride, bytes, 1);
  }
  // 4 columns of a row, and of 4 rows, two in each vector.
  void put_four_columns(simd::Vector row, int8_t* to) const { wasm_v128_store32_lane(to, bytes_of(row, row), 0); }
  void put_four(simd::Vector first, simd::Vector second, int8_t* to, int64_t row_stride) const {
    const simd::Vector bytes = bytes_of(first, second);
    wasm_v128_store32_lane(to, bytes, 0);
    wasm_v128_store32_lane(to + row_stride, bytes, 1);
    wasm_v128_store32_lane(to + 2 * row_stride, bytes, 2);
    wasm_v128_store32_lane(to + 3 * row_stride, bytes, 3);
  }

 private:
  static constexpr bool kIsUnsigned = kFinish == Finish::relu_float && kFloatLow == 0;

  simd::Vector bytes_of(simd::Vector first, simd::Vector second) const {
    return wasm_v128_xor(kIsUnsigned ? wasm_u8x16_narrow_i16x8(first, second) : wasm_i8x16_narrow_i16x8(first, second),
                         flip_);
  }

  simd::Vector zero_, low_, high_, flip_;
};

// Calls f with the kind, as a std::integral_constant, that tile and limits allow; `Row` is that of the products.
template <typename Row, typename Function>
inline void with_finish(const FusedTile& fused, const Function& f) {
  if (fused.tile->is_float) {
    f(std::integral_constant<Finish, Finish::relu_float>());
  } else if constexpr (sizeof(Row) == 1) {
    f(std::integral_constant<Finish, Finish::powers>());
  } else if (fused.low == fused.zero_point && fused.high >= fused.zero_point) {
    f(std::integral_constant<Finish, Finish::relu>());
  } else {
    f(std::integral_constant<Finish, Finish::plain>());
  }
}

// Calls f(ByteRows) of that kind.
template <typename Row, typename Function>
inline void with_byte_rows(const FusedTile& fused, const Function& f) {
  with_finish<Row>(fused, [&](auto finish) { f(ByteRows<finish>(fused)); });
}

}  // namespace litequant
