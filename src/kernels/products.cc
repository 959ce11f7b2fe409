#include "kernels/products.h"

#include "kernels/pack.h"

namespace litequant {

template <typename Left>
void multiply_int8(const MatrixShape& shape, const Left* left, int32_t zero_point, const DynamicScale* row_scales,
                   const int16_t* packed, const Epilogue& epilogue, int16_t* rows) {
  const int64_t stride = row_stride_int16(shape.depth);
  const int strip = strip_rows(shape.depth, sizeof(int16_t));
  for (int64_t first = 0; first < shape.rows; first += strip) {
    const auto count = static_cast<int>(std::min<int64_t>(strip, shape.rows - first));
    for (int n = 0; n < count; ++n) {
      const Left* from = left + (first + n) * shape.left_row_stride;
      const int32_t zero = row_scales == nullptr ? zero_point : row_scales[first + n].zero_point;
      int16_t* to = rows + n * stride;
      if (shape.left_depth_stride == 1) {
        centre(from, shape.depth, zero, to);
      } else {
        for (int64_t k = 0; k < shape.depth; ++k)
          to[k] = static_cast<int16_t>(from[k * shape.left_depth_stride] - zero);
      }
      std::fill(to + shape.depth, to + stride, int16_t{0});
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

template void multiply_int8(const MatrixShape&, const int8_t*, int32_t, const DynamicScale*, const int16_t*,
                            const Epilogue&, int16_t*);
template void multiply_int8(const MatrixShape&, const uint8_t*, int32_t, const DynamicScale*, const int16_t*,
                            const Epilogue&, int16_t*);
template void multiply_int8(const MatrixShape&, const int16_t*, int32_t, const DynamicScale*, const int16_t*,
                            const Epilogue&, int16_t*);

}  // namespace litequant
