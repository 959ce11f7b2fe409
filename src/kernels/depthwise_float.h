// Depthwise convolution of floats, vectors over channels. Every result is one sum over the taps inside the image in
// ascending order, so it is the same in every build unless fusing is allowed.
#pragma once

#include "kernels/dense.h"
#include "kernels/gemm_float.h"

namespace litequant {

// One image [height, width, input_channels]; weights [taps, output_channels] as stored.
void depthwise_float(const DepthwiseShape& shape, const float* image, const float* weights,
                     const FloatEpilogue& epilogue, bool may_fuse, float* output);

}  // namespace litequant
