#include "kernels/image_rows.h"

#include <algorithm>
#include <array>

#include "kernels/gemm_int8.h"
#include "kernels/simd.h"

namespace litequant {
namespace {

constexpr int64_t kMostElements = 1 << 20;
constexpr int kMostRows = 32;
constexpr int kFewestPixels = 8;  // of an output row: fewer fill a strip badly

}  // namespace

ImageRows image_rows(const ConvolutionShape& shape) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  ImageRows rows;
  rows.segment = int64_t{width.window} * shape.input_channels;
  rows.row_elements = (int64_t{width.output - 1} * width.stride + width.window) * shape.input_channels;
  rows.ring_rows = std::min<int64_t>(int64_t{height.window - 1} * height.dilation + 1, height.input);
  rows.is_used = rows.row_elements <= kMostElements && shape.groups == 1 && width.dilation == 1 &&
                 height.window <= kMostRows && rows.ring_rows <= kMostRows && width.output >= kFewestPixels &&
                 int64_t{height.window} * width.window > 1 && rows.elements() <= kMostElements;
  if (!rows.is_used) rows = {};
  return rows;
}

template <typename Image, typename Row>
void convolve_rows(const ConvolutionShape& shape, const ImageRows& rows, const Image* image, const RowForm<Row>& form,
                   const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* ring) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.input_channels;
  const int64_t left = std::min<int64_t>(width.pad * channels, rows.row_elements);
  const int64_t inside = std::min<int64_t>(width.input * channels, rows.row_elements - left);
  // Padding is written once: rows that are kept later are written between it.
  std::fill_n(ring, rows.elements(), form.padding);
  const Row* const beyond = ring + rows.ring_rows * rows.row_elements;
  std::array<int32_t, kMostRows> contents;
  contents.fill(-1);
  std::array<const Row*, kMostRows> segments;
  for (int32_t y = 0; y < height.output; ++y) {
    for (int32_t i = 0; i < height.window; ++i) {
      const int64_t input_y = height.start(y) + int64_t{i} * height.dilation;
      auto& segment = segments[static_cast<size_t>(i)];
      segment = beyond;
      if (input_y < 0 || input_y >= height.input) continue;
      const int64_t slot = input_y % rows.ring_rows;
      Row* const kept = ring + slot * rows.row_elements;
      if (contents[static_cast<size_t>(slot)] != input_y) {
        form.fill(image + input_y * width.input * channels, inside, kept + left);
        contents[static_cast<size_t>(slot)] = static_cast<int32_t>(input_y);
      }
      segment = kept;
    }
    const StripRows<Row> strip = {.segments = segments.data(),
                                  .count = height.window,
                                  .bundles = bundle_count<Row>(rows.segment),
                                  .stride = width.stride * channels};
    for (int32_t x = 0; x < width.output; x += kStripRows) {
      multiply_strip(strip, x * strip.stride, std::min(kStripRows, width.output - x), packed,
                     tile_count(shape.output_channels), 0, int64_t{y} * width.output + x, epilogue);
    }
  }
}

#define LITEQUANT_CONVOLVE(image, row)                                                                      \
  template void convolve_rows(const ConvolutionShape&, const ImageRows&, const image*, const RowForm<row>&, \
                              const PackedWeight<row>*, const Epilogue&, row*);
LITEQUANT_CONVOLVE(int8_t, int16_t)
LITEQUANT_CONVOLVE(uint8_t, int16_t)
LITEQUANT_CONVOLVE(int16_t, int16_t)
#if LITEQUANT_BYTE_DOT
LITEQUANT_CONVOLVE(int8_t, uint8_t)
#endif
#undef LITEQUANT_CONVOLVE

}  // namespace litequant
