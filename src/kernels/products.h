// Whole products of the optimized kernels: rows are prepared a strip at a time and multiplied by packed weights.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/dense.h"
#include "kernels/epilogue.h"
#include "kernels/gemm_float.h"
#include "kernels/gemm_int8.h"
#include "kernels/image_rows.h"
#include "kernels/patches.h"
#include "kernels/transpose_rows.h"

namespace litequant {

// Elements of the working memory `rows` below.
template <typename Row>
int64_t strip_elements(int64_t depth) {
  return strip_rows(depth, sizeof(Row)) * padded_depth<Row>(depth);
}
inline int64_t strip_elements_float(int64_t depth) { return strip_rows(depth, sizeof(float)) * depth; }

// The weights of one group of a convolution or its transpose, as convolve_int8 needs them, and the elements of its
// working memory.
template <typename ImageShape>
WeightMatrix convolution_weights(const ImageShape& shape) {
  int64_t segment = shape.input_channels;
  if constexpr (std::is_same_v<ImageShape, ConvolutionShape>) segment = image_rows(shape).segment;
  return {.columns = shape.group_outputs(),
          .depth = shape.depth(),
          .column_stride = shape.depth(),
          .depth_stride = 1,
          .segment = segment};
}
template <typename Row, typename ImageShape>
int64_t convolution_elements(const ImageShape& shape) {
  if constexpr (std::is_same_v<ImageShape, ConvolutionShape>) {
    if (const ImageRows kept = image_rows(shape); kept.is_used) return kept.elements();
  }
  return strip_elements<Row>(convolution_weights(shape).template bundles<Row>() * kBundle<Row>);
}

// One image of a convolution or its transpose; `packed` holds one matrix per group. Output pixel p is row p of the
// epilogue.
template <typename ImageShape, typename Image, typename Row>
void convolve_int8(const ImageShape& shape, const Image* image, const RowForm<Row>& form,
                   const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* rows) {
  if constexpr (std::is_same_v<ImageShape, ConvolutionShape>) {
    if (const ImageRows kept = image_rows(shape); kept.is_used) {
      return convolve_rows(shape, kept, image, form, packed, epilogue, rows);
    }
    const int64_t depth = shape.depth(), tiles = tile_count(shape.group_outputs());
    const int64_t matrix = packed_size<Row>(shape.group_outputs(), depth);
    const int strip = strip_rows(depth, sizeof(Row));
    for (int32_t group = 0; group < shape.groups; ++group) {
      for (int64_t first = 0; first < shape.output_pixels(); first += strip) {
        const auto count = static_cast<int>(std::min<int64_t>(strip, shape.output_pixels() - first));
        gather_patches(shape, group, image, form, first, count, rows, padded_depth<Row>(depth));
        multiply_strip(rows, count, packed + group * matrix, depth, tiles, group * tiles, first, epilogue);
      }
    }
  } else {
    transpose_rows(shape, image, form, packed, epilogue, rows);
  }
}

template <typename ImageShape>
void convolve_float(const ImageShape& shape, const float* image, const float* packed, const FloatEpilogue& epilogue,
                    bool may_fuse, float* output, float* rows) {
  const int64_t depth = shape.depth(), columns = shape.group_outputs(), pixels = shape.output_pixels();
  if (is_image_itself(shape)) {
    multiply_float(image, depth, pixels, packed, depth, columns, epilogue, may_fuse, output, columns);
    return;
  }
  const int strip = strip_rows(depth, sizeof(float));
  for (int32_t group = 0; group < shape.groups; ++group) {
    const FloatEpilogue own = {.bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + group * columns,
                               .range = epilogue.range};
    for (int64_t first = 0; first < pixels; first += strip) {
      const auto count = static_cast<int>(std::min<int64_t>(strip, pixels - first));
      gather_patches(shape, group, image, RowForm<float>(), first, count, rows, depth);
      multiply_float(rows, depth, count, packed + group * packed_float_size(columns, depth), depth, columns, own,
                     may_fuse, output + first * shape.output_channels + group * columns, shape.output_channels);
    }
  }
}

// Left [rows, depth] by the shape's strides. `row_scales` [rows] gives each row of 16 bits its own zero point; null:
// that of `form`.
template <typename Left, typename Row>  // int8_t, uint8_t, int16_t with int16_t; int8_t with uint8_t
void multiply_int8(const MatrixShape& shape, const Left* left, RowForm<Row> form, const DynamicScale* row_scales,
                   const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* rows);

void multiply_float(const MatrixShape& shape, const float* left, const float* packed, const FloatEpilogue& epilogue,
                    bool may_fuse, float* output, float* rows);

}  // namespace litequant
