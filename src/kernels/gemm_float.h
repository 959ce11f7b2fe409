// Float matrix products. Every result is one sum over the depth in ascending order, so it depends neither on the number
// of rows nor, unless fusing is allowed, on the build.
#pragma once

#include <cstdint>

#include "kernels/dense.h"
#include "kernels/epilogue.h"

namespace litequant {

struct FloatEpilogue {
  const float* bias = nullptr;  // [columns of this matrix], or null; added last
  FloatRange range;
};

// output[r * output_stride + column] for `count` rows at rows + r * row_stride against a packed matrix
// (pack_weights, [tiles][depth][8]). `may_fuse`: a multiply-add may round once where the build has it.
void multiply_float(const float* rows, int64_t row_stride, int64_t count, const float* packed, int64_t depth,
                    int64_t columns, const FloatEpilogue& epilogue, bool may_fuse, float* output,
                    int64_t output_stride);

}  // namespace litequant
