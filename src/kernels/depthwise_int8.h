// Depthwise convolution of 8-bit (or 16-bit) activations: exact int32 accumulators, 8 channels at a time.
//
// Two taps are interleaved and met by the 16-bit dot product. The rows under the window are kept as 16-bit values with
// padding in a ring, for one block of channels at a time, so working memory stays small. Windows of 3x3 slide
// (depthwise_3x3.h), those of 5x5 make four outputs at once (depthwise_5x5.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/epilogue.h"

namespace litequant {

// Working memory of depthwise_int8 in its parts; sizes in elements.
struct DepthwiseMemory {
  int32_t block_channels = 8;  // channels per block, a multiple of 8
  int64_t pixel_elements = 8;  // from one kept pixel to the next: a block, or a little more
  int64_t ring_rows = 1;       // rows that are kept
  int64_t row_elements = 0;  // of one kept row: pixels from the first to the last under any window
  int64_t taps = 0;  // rounded up to even

  // And one row of zeros, and a pixel behind it.
  int64_t ring_elements() const { return (ring_rows + 1) * row_elements + pixel_elements; }
};
DepthwiseMemory depthwise_memory(const DepthwiseShape& shape);

struct DepthwiseScratch {
  int16_t* ring = nullptr;  // [ring_rows + 1][row_elements]
  int32_t* ring_contents = nullptr;  // [ring_rows]
  const int16_t** taps = nullptr;  // [taps]
};

// The weights [taps, channels]: the channels are the columns and the taps the depth.
WeightMatrix depthwise_weights(const DepthwiseShape& shape);

// One image. `packed`: by pack_weights of depthwise_weights(shape). Output pixel p is row `first_row + p` of the
// epilogue.
template <typename Image>  // int8_t, uint8_t, int16_t
void depthwise_int8(const DepthwiseShape& shape, const Image* image, const RowForm<int16_t>& form,
                    const int16_t* packed, int64_t first_row, const Epilogue& epilogue, const DepthwiseMemory& memory,
                    const DepthwiseScratch& scratch);

}  // namespace litequant
