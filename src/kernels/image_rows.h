// Convolution straight from rows of the image, without gathering patches: what lies under one row of a window is one
// run of a padded row, so a window is `height` runs, and neighbouring pixels begin `stride` pixels apart.
//
// The rows under the window are kept in the form that is multiplied, with padding, in a ring: each is brought into it
// once, where patches do so once for every row and column of the window. A first layer of 3 channels (3x3, stride
// 2) took 1.07 ms with patches on 224x224 and takes 0.63 so.
#pragma once

#include <cstdint>

#include "kernels/dense.h"
#include "kernels/epilogue.h"

namespace litequant {

// How the rows of a convolution are kept; sizes in elements.
struct ImageRows {
  bool is_used = false;      // else patches are gathered
  int64_t segment = 0;       // under one row of the window; its weights are padded to whole bundles
  int64_t row_elements = 0;  // from the first pixel to the last under any window
  int64_t ring_rows = 0;

  // The ring, a row of padding, and what the last bundle may read beyond.
  int64_t elements() const { return (ring_rows + 1) * row_elements + 3; }
};
ImageRows image_rows(const ConvolutionShape& shape);

// One image. `packed` has segments of `rows.segment`; `ring` holds rows.elements().
template <typename Image, typename Row>  // int8_t, uint8_t, int16_t with int16_t; int8_t with uint8_t
void convolve_rows(const ConvolutionShape& shape, const ImageRows& rows, const Image* image, const RowForm<Row>& form,
                   const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* ring);

}  // namespace litequant
