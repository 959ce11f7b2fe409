// Depthwise 3x3 windows that slide along a row, 4 channels of 16-bit values at a time.
//
// Taps meet in pairs, one above the other in the first two rows of the window, side by side in the third. A pair serves
// every output whose window it is in: at stride 1 an output takes 3 loads, 2 interleavings and 5 dot products, at
// stride 2 it takes 6, 3 and 5. Four channels, because with 8 the 10 vectors of weights would not find room in
// registers; V8 orders what lies between two branches by what the next store needs, so channels are a loop. Reached in
// Chromium on an AMD EPYC at 3 GHz, results included: 15 GMAC/s at stride 1, 10 at 2; less where rows are short, 11 at
// 14 pixels.
#pragma once

#include <cstdint>

#include "kernels/simd.h"

namespace litequant {

// Where tap (row * 3 + column) of a window lies in the packed weights (WeightMatrix::places): pairs (0,3) (1,4) (2,5)
// (6,7) and the last tap with nothing, second of its pair at stride 1, first at stride 2.
inline constexpr int8_t kPlaces3x3[2][9] = {{0, 2, 4, 1, 3, 5, 6, 7, 9}, {0, 2, 4, 1, 3, 5, 6, 7, 8}};

// The window over 4 channels of three rows, from the first output on; columns are `step` elements apart. At stride 2
// the column behind the last window is read, and weighs nothing.
template <int kStride>
class Sliding3x3 {
 public:
  Sliding3x3(const int16_t* row0, const int16_t* row1, const int16_t* row2, int64_t step)
      : row0_(row0), row1_(row1), row2_(row2), step_(step), right_(load(row2 + step)) {
    side_ = simd::interleave_low(load(row2), right_);
    left_ = next_column();
    row2_ += 2 * step;
    if constexpr (kStride == 1) middle_ = next_column();
  }

  // `sum` and the next output's products; `weights` are those of the 4 channels in a tile of 8.
  simd::Vector next(simd::Vector sum, const int16_t* weights) {
    const auto add = [&](simd::Vector pairs, int i) {
      sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(pairs, simd::load(weights + 16 * i)));
    };
    if constexpr (kStride == 2) middle_ = next_column();
    const simd::Vector last = next_column();
    add(left_, 0);
    add(middle_, 1);
    add(last, 2);
    add(side_, 3);
    if constexpr (kStride == 1) {
      const simd::Vector right = load(row2_);
      side_ = simd::interleave_low(right_, right);
      right_ = right;
      left_ = middle_;
      middle_ = last;
    } else {
      side_ = simd::interleave_low(load(row2_), load(row2_ + step_));
      left_ = last;
    }
    row2_ += kStride * step_;
    add(side_, 4);
    return sum;
  }

 private:
  static simd::Vector load(const int16_t* from) { return wasm_v128_load64_zero(from); }
  simd::Vector next_column() {
    const simd::Vector column = simd::interleave_low(load(row0_), load(row1_));
    row0_ += step_;
    row1_ += step_;
    return column;
  }

  const int16_t *row0_, *row1_, *row2_;
  int64_t step_;
  simd::Vector left_, middle_, side_, right_;  // pairs of the first two rows, of the third, and its column alone
};

}  // namespace litequant
