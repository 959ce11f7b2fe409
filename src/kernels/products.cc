#include "kernels/products.h"

#include "kernels/simd.h"

namespace litequant {

template <typename Left, typename Row>
void multiply_int8(const MatrixShape& shape, const Left* left, RowForm<Row> form, const DynamicScale* row_scales,
                   const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* rows) {
  const int64_t stride = padded_depth<Row>(shape.depth);
  const int strip = strip_rows(shape.depth, sizeof(Row));
  for (int64_t first = 0; first < shape.rows; first += strip) {
    const auto count = static_cast<int>(std::min<int64_t>(strip, shape.rows - first));
    for (int n = 0; n < count; ++n) {
      const Left* from = left + (first + n) * shape.left_row_stride;
      if constexpr (sizeof(Row) == 2) {
        if (row_scales != nullptr) form.zero_point = row_scales[first + n].zero_point;
      }
      Row* to = rows + n * stride;
      if (shape.left_depth_stride == 1) {
        form.fill(from, shape.depth, to);
      } else {
        for (int64_t k = 0; k < shape.depth; ++k) to[k] = form.one(from[k * shape.left_depth_stride]);
      }
      std::fill(to + shape.depth, to + stride, form.padding);
    }
    multiply_strip(rows, count, packed, shape.depth, tile_count(shape.columns), 0, first, epilogue);
  }
}

void multiply_float(const MatrixShape& shape, const float* left, const float* packed, const FloatEpilogue& epilogue,
                    bool may_fuse, float* output, float* rows) {
  if (shape.left_depth_stride == 1) {
    multiply_float(left, shape.left_row_stride, shape.rows, packed, shape.depth, shape.columns, epilogue, may_fuse,
                   output, shape.columns);
    return;
  }
  const int strip = strip_rows(shape.depth, sizeof(float));
  for (int64_t first = 0; first < shape.rows; first += strip) {
    const auto count = static_cast<int>(std::min<int64_t>(strip, shape.rows - first));
    for (int n = 0; n < count; ++n) {
      const float* from = left + (first + n) * shape.left_row_stride;
      for (int64_t k = 0; k < shape.depth; ++k) rows[n * shape.depth + k] = from[k * shape.left_depth_stride];
    }
    multiply_float(rows, shape.depth, count, packed, shape.depth, shape.columns, epilogue, may_fuse,
                   output + first * shape.columns, shape.columns);
  }
}

#define LITEQUANT_MULTIPLY(left, row)                                                             \
  template void multiply_int8(const MatrixShape&, const left*, RowForm<row>, const DynamicScale*, \
                              const PackedWeight<row>*, const Epilogue&, row*);
LITEQUANT_MULTIPLY(int8_t, int16_t)
LITEQUANT_MULTIPLY(uint8_t, int16_t)
LITEQUANT_MULTIPLY(int16_t, int16_t)
#if LITEQUANT_BYTE_DOT
LITEQUANT_MULTIPLY(int8_t, uint8_t)
#endif
#undef LITEQUANT_MULTIPLY

}  // namespace litequant
