// Convolution over depth, height and width, and its transpose, of float volumes [batches, depth, height, width,
// channels]. Every result is summed in the order of the window, then of the channels.
#pragma once

#include <cstdint>

#include "kernels/requantize.h"
#include "kernels/window.h"

namespace litequant {

struct VolumeShape {
  int32_t batches = 1;
  WindowAxis depth, height, width;
  int64_t input_channels = 1, output_channels = 1;
};

// weights [depth, height, width, input channels, output channels]; bias [output channels] or null.
void convolve_3d(const VolumeShape& shape, FloatRange range, const float* input, const float* weights,
                 const float* bias, float* output);

// The axes are those of the forward convolution: `input` is this one's result. weights [depth, height, width, output
// channels, input channels].
void transpose_convolve_3d(const VolumeShape& shape, FloatRange range, const float* input, const float* weights,
                           const float* bias, float* output);

}  // namespace litequant
