#include "kernels/transpose_rows.h"

#include <algorithm>
#include <array>

#include "kernels/gemm_int8.h"
#include "kernels/simd.h"

namespace litequant {
namespace {

constexpr int32_t kMostTaps = 64;  // of windows whose taps are chosen

// Rows of the epilogue that lie apart: row r is row first + r * step of `whole`.
class SpreadEpilogue final : public Epilogue {
 public:
  SpreadEpilogue(const Epilogue& whole, int64_t first, int64_t step) : whole_(whole), first_(first), step_(step) {}

  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override {
    for (int r = 0; r < rows; ++r) {
      whole_.finish(tile, first_ + (first_row + r) * step_, 1, accumulators + r * kTileColumns);
    }
  }
  FusedTile fused(int64_t tile) const override {
    FusedTile fused = whole_.fused(tile);
    if (fused.tile == nullptr) return fused;
    fused.output += first_ * fused.row_stride;
    fused.row_stride *= step_;
    return fused;
  }

 private:
  const Epilogue& whole_;
  int64_t first_, step_;
};

// Whether `position`, that of an output less its tap, is one of inputs `stride` apart.
bool is_met(int32_t position, int32_t stride) { return position % stride == 0; }

// The zero points of bytes come into the sums later, for all taps.
template <typename Row>
bool takes_all_taps(const Window& window) {
  return sizeof(Row) == 1 || int64_t{window.height.window} * window.width.window > kMostTaps;
}

}  // namespace

template <typename Image, typename Row>
void transpose_rows(const TransposeConvolutionShape& shape, const Image* image, const RowForm<Row>& form,
                    const PackedWeight<Row>* packed, const Epilogue& epilogue, Row* rows) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.input_channels, padded = padded_depth<Row>(channels);
  const int32_t taps = height.window * width.window;
  const bool takes_all = takes_all_taps<Row>(shape.window);
  const int most = strip_rows(taps * padded, sizeof(Row));
  std::array<const Row*, kMostTaps> segments;
  std::array<int32_t, kMostTaps> places;
  for (int32_t y = 0; y < height.input; ++y) {
    for (int32_t x = 0; x < std::min(width.stride, width.input); ++x) {
      int32_t used = 0;
      for (int32_t tap = 0; tap < taps && !takes_all; ++tap) {
        const int32_t up = y + height.pad - tap / width.window, left = x + width.pad - tap % width.window;
        if (!is_met(up, height.stride) || !is_met(left, width.stride)) continue;
        if (up < 0 || up / height.stride >= height.output) continue;
        segments[static_cast<size_t>(used)] = rows + used * padded;
        places[static_cast<size_t>(used++)] = tap;
      }
      if (takes_all) used = taps;
      const int64_t row_elements = used * padded;
      segments[0] = rows;
      const StripRows<Row> strip = {.segments = segments.data(),
                                    .count = takes_all ? 1 : used,
                                    .bundles = (takes_all ? taps : 1) * bundle_count<Row>(channels),
                                    .stride = row_elements,
                                    .places = takes_all ? nullptr : places.data(),
                                    .weight_segments = takes_all ? 1 : taps};
      const int32_t outputs = (width.input - x + width.stride - 1) / width.stride;
      const SpreadEpilogue spread(epilogue, int64_t{y} * width.input + x, width.stride);
      for (int32_t first = 0; first < outputs; first += most) {
        const int count = std::min(most, outputs - first);
        for (int32_t s = 0; s < used; ++s) {
          const int32_t tap = takes_all ? s : places[static_cast<size_t>(s)];
          const int32_t up = y + height.pad - tap / width.window, left = x + width.pad - tap % width.window;
          const bool is_inside =
              is_met(up, height.stride) && is_met(left, width.stride) && up >= 0 && up / height.stride < height.output;
          const Image* line = image + int64_t{is_inside ? up / height.stride : 0} * width.output * channels;
          for (int n = 0; n < count; ++n) {
            const int32_t pixel = left / width.stride + first + n;
            Row* to = rows + n * row_elements + s * padded;
            if (is_inside && pixel >= 0 && pixel < width.output) {
              form.fill(line + pixel * channels, channels, to);
              std::fill(to + channels, to + padded, form.padding);
            } else {
              std::fill_n(to, padded, form.padding);
            }
          }
        }
        multiply_strip(strip, 0, count, packed, tile_count(shape.output_channels), 0, first, spread);
      }
    }
  }
}

#define LITEQUANT_TRANSPOSE(image, row)                                                             \
  template void transpose_rows(const TransposeConvolutionShape&, const image*, const RowForm<row>&, \
                               const PackedWeight<row>*, const Epilogue&, row*);
LITEQUANT_TRANSPOSE(int8_t, int16_t)
LITEQUANT_TRANSPOSE(uint8_t, int16_t)
LITEQUANT_TRANSPOSE(int16_t, int16_t)
#if LITEQUANT_BYTE_DOT
LITEQUANT_TRANSPOSE(int8_t, uint8_t)
#endif
#undef LITEQUANT_TRANSPOSE

}  // namespace litequant
