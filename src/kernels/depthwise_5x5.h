// Four neighbouring outputs of a depthwise 5x5 window, 4 channels of 16-bit values at a time.
//
// Taps meet in pairs, one above the other in the first four rows of the window, side by side in the fifth. The pairs of
// a column serve every output whose window it is in, and the weights are loaded once for all four: at stride 1 an
// output takes 11 loads, 6 interleavings and 13 dot products. With 4 channels the pairs of two rows, the sums and a
// vector of weights have room in registers. Reached in V8 on an AMD EPYC, results included: 15 GMAC/s at stride 1, 11
// at 2; 12 and 11 where rows are of 14 and 7 pixels.
#pragma once

#include <cstdint>

#include "kernels/simd.h"

namespace litequant {

inline constexpr int kOutputs5x5 = 4;

// Where tap (row * 5 + column) of a window lies in the packed weights (WeightMatrix::places): pairs (0,5) to (4,9),
// (10,15) to (14,19), (20,21), (22,23) and the last tap with nothing.
inline constexpr int8_t kPlaces5x5[25] = {0,  2,  4,  6,  8,  1,  3,  5,  7,  9,  10, 12, 14,
                                          16, 18, 11, 13, 15, 17, 19, 20, 21, 22, 23, 24};

// The rows under a row of windows, from the first one's first column on; columns are `step` elements apart.
struct Rows5x5 {
  const int16_t* rows[5];
  int64_t step;
};

// Adds the products of the first 4 channels of kOutputs5x5 outputs to sums[kOutputs5x5]; `weights` are those of the
// channels in a tile of 8. The column behind the last window is read, too, and weighs nothing.
template <int kStride>
inline void add_5x5(const Rows5x5& window, const int16_t* weights, simd::Vector* sums) {
  constexpr int kColumns = (kOutputs5x5 - 1) * kStride + 5;
  const int64_t step = window.step;
  // Pairs of `above` and `below`; their weights, from the pair `first` on, belong to every `between`-th column.
  const auto add = [&](const int16_t* above, const int16_t* below, int first, int between) {
    simd::Vector pairs[kColumns];
    for (int c = 0; c < kColumns; ++c) {
      pairs[c] = simd::interleave_low(wasm_v128_load64_zero(above + c * step), wasm_v128_load64_zero(below + c * step));
    }
    for (int j = 0; j < 5; j += between, ++first) {
      const simd::Vector by = simd::load(weights + 16 * first);
      for (int o = 0; o < kOutputs5x5; ++o) {
        sums[o] = wasm_i32x4_add(sums[o], wasm_i32x4_dot_i16x8(pairs[o * kStride + j], by));
      }
    }
  };
  add(window.rows[0], window.rows[1], 0, 1);
  add(window.rows[2], window.rows[3], 5, 1);
  add(window.rows[4], window.rows[4] + step, 10, 2);
}

}  // namespace litequant
