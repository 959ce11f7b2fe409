// The rows that a convolution multiplies: for each output pixel the part of the input under its window (im2col), a
// strip of pixels at a time.
#pragma once

#include <cstdint>

#include "kernels/dense.h"
#include "kernels/pack.h"

namespace litequant {

// Writes `count` rows of the window's values from output pixel `first` (counted over the image) of one group, in the
// order of the weights, `stride` elements apart; what lies between depth and stride is as padding.
// Image is int8_t, uint8_t or int16_t with Row int16_t, int8_t with uint8_t, or float with float.
template <typename Image, typename Row>
void gather_patches(const ConvolutionShape& shape, int32_t group, const Image* image, const RowForm<Row>& form,
                    int64_t first, int count, Row* rows, int64_t stride);
template <typename Image, typename Row>
void gather_patches(const TransposeConvolutionShape& shape, int32_t group, const Image* image, const RowForm<Row>& form,
                    int64_t first, int count, Row* rows, int64_t stride);

// Whether the rows are the image itself: a window of one pixel that visits every pixel.
bool is_image_itself(const ConvolutionShape& shape);
inline bool is_image_itself(const TransposeConvolutionShape&) { return false; }

}  // namespace litequant
