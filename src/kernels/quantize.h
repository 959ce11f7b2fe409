// Real numbers to stored integers and back, at speed.
#pragma once

#include <cstdint>

#include "kernels/affine.h"

namespace litequant {

// result[i] = quantize(x[i], as, range of the type). The scale is not 0.
void quantize_elements(const float* x, int8_t* result, int64_t count, Affine as);
void quantize_elements(const float* x, uint8_t* result, int64_t count, Affine as);
void quantize_elements(const float* x, int16_t* result, int64_t count, Affine as);

// result[i] = scale * (x[i] - zero_point)
template <typename T>
void dequantize_elements(const T* x, float* result, int64_t count, Affine as) {
  for (int64_t i = 0; i < count; ++i) result[i] = as.real(x[i]);
}

}  // namespace litequant
