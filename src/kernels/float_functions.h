// Transcendental functions in float without branches, so that loops over them become vector instructions: within a few
// units in the last place of kernels/math.h, at a tenth of its time. Plain multiplications and additions in one order:
// the same bits in every build.
#pragma once

#include <cstdint>

namespace litequant {

// result[i] = f(x[i]).
void exp_elements(const float* x, float* result, int64_t count);
void logistic_elements(const float* x, float* result, int64_t count);
void tanh_elements(const float* x, float* result, int64_t count);
void elu_elements(const float* x, float* result, int64_t count);
void gelu_elements(const float* x, float* result, int64_t count);          // by erfc
void gelu_by_tanh_elements(const float* x, float* result, int64_t count);

}  // namespace litequant
