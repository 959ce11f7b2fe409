// Depthwise convolution of int8 by the dot product of bytes (byte_dot.h), four rows of the window in one instruction.
//
// Rows under the window are interleaved, four at a time, into working memory: [pixels][quads][channels][4]. At vertical
// stride 1 two output rows share them, with weights that lie one row lower for the second. Then every output is `window
// width * quads` dot products for each 4 channels, nothing being shuffled any more. Reached with AVX-VNNI at 2.5 GHz,
// results included: 11 GMAC/s over the 3x3 windows of MobileNetV2, where 16-bit values give 7.8; 13 with those of 5x5
// in EfficientNet-Lite0, instead of 8.3.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/epilogue.h"

namespace litequant {

// How a window is taken apart; `is_used` false: by depthwise_int8.
struct DepthwiseBytes {
  bool is_used = false;
  int32_t output_rows = 1;  // that share interleaved rows
  int32_t quads = 1;  // of rows
  int32_t block_channels = 16;  // interleaved together, a multiple of 16
  int64_t pixels = 0;  // of a row that windows reach, padding included

  int64_t quad_bytes() const { return pixels * quads * block_channels * 4; }
};
DepthwiseBytes depthwise_bytes_plan(const DepthwiseShape& shape);

// Weights [taps, channels] to [tiles][output rows][window width][quads][8][4].
std::vector<int8_t> pack_depthwise_bytes(const DepthwiseShape& shape, const DepthwiseBytes& plan,
                                         const int8_t* weights);

// One image; output pixel p is row p of the epilogue. `quads` holds plan.quad_bytes().
void depthwise_bytes(const DepthwiseShape& shape, const DepthwiseBytes& plan, const int8_t* image,
                     const RowForm<uint8_t>& form, const int8_t* packed, const Epilogue& epilogue, uint8_t* quads);

}  // namespace litequant
