// Float activations quantized on the fly for products with int8 weights ("dynamic range").
//
// Source of the arithmetic: TensorFlow Lite's tensor_utils in their vectorized form, which its reference kernels too
// are built with on ARM and x86.
#pragma once

#include <cstdint>
#include <span>

namespace litequant {

struct DynamicScale {
  float scale = 1;
  int32_t zero_point = 0;
};

// Zero point 0, values in [-127, 127]. Values without any magnitude give zeros with scale 1.
DynamicScale quantize_symmetric(std::span<const float> values, int8_t* quantized);

// The whole of int8 over [min, max] widened to contain 0.
DynamicScale quantize_asymmetric(std::span<const float> values, int8_t* quantized);

}  // namespace litequant
