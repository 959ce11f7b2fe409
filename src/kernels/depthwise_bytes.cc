#include "kernels/depthwise_bytes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/finish_fixed.h"
#include "kernels/simd.h"

namespace litequant {

#if LITEQUANT_BYTE_DOT
namespace {

using simd::Vector;

constexpr int64_t kQuadBytes = 24 * 1024;
constexpr int32_t kMostWindow = 7;
constexpr int kOutputs = 4;  // neighbours that are made together
constexpr int kPixels = 64;  // whose accumulators are finished at once
constexpr int64_t kChannels = 16;  // interleaved together

// Four rows of up to 16 channels, their bits flipped, to [16][4].
void interleave(const std::array<Vector, 4>& rows, Vector flips, uint8_t* to) {
  const Vector a = wasm_v128_xor(rows[0], flips), b = wasm_v128_xor(rows[1], flips);
  const Vector c = wasm_v128_xor(rows[2], flips), d = wasm_v128_xor(rows[3], flips);
  const auto low_bytes = [](Vector x, Vector y) {
    return wasm_i8x16_shuffle(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  };
  const auto high_bytes = [](Vector x, Vector y) {
    return wasm_i8x16_shuffle(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  };
  const Vector ab = low_bytes(a, b), cd = low_bytes(c, d), ab_high = high_bytes(a, b), cd_high = high_bytes(c, d);
  simd::store(to, simd::interleave_low(ab, cd));
  simd::store(to + 16, simd::interleave_high(ab, cd));
  simd::store(to + 32, simd::interleave_low(ab_high, cd_high));
  simd::store(to + 48, simd::interleave_high(ab_high, cd_high));
}

// As many bytes as there are, up to 16; what follows is zero.
Vector load_part(const int8_t* from, int64_t bytes) {
  if (bytes == 8) return wasm_v128_load64_zero(from);
  alignas(16) int8_t values[16] = {};
  std::memcpy(values, from, static_cast<size_t>(bytes));
  return simd::load(values);
}

// What one image's rows are interleaved from.
struct RowSource {
  const int8_t* image;
  int64_t row_bytes, pixel_bytes;  // from one to the next
  int32_t height;
};

// The quad of rows first_y, first_y + dilation, ... of channels [first, first + count) for all pixels inside the image.
// Rows outside it are `padding`.
void interleave_rows(const RowSource& source, int64_t first_y, int32_t dilation, int64_t pixels, int64_t first,
                     int64_t count, int64_t pixel_step, Vector flips, Vector padding, uint8_t* to) {
  std::array<const int8_t*, 4> rows;
  for (int i = 0; i < 4; ++i) {
    const int64_t y = first_y + int64_t{i} * dilation;
    rows[static_cast<size_t>(i)] = y < 0 || y >= source.height ? nullptr : source.image + y * source.row_bytes + first;
  }
  for (int64_t x = 0; x < pixels; ++x) {
    const int64_t at = x * source.pixel_bytes;
    for (int64_t c = 0; c < count; c += kChannels) {
      std::array<Vector, 4> values;
      for (size_t i = 0; i < 4; ++i) {
        if (rows[i] == nullptr) {
          values[i] = padding;
        } else if (count - c >= kChannels) {
          values[i] = simd::load(rows[i] + at + c);
        } else {
          values[i] = load_part(rows[i] + at + c, count - c);
        }
      }
      interleave(values, flips, to + x * pixel_step + 4 * c);
    }
  }
}

// Where one row of outputs of a tile reads; strides in bytes.
struct QuadRow {
  const uint8_t* quads;  // of the first output's first column, channel 0 of the tile
  int64_t column, output, quad;  // from one column of the window, one output, one quad of rows to the next
  const int8_t* weights;
  int32_t width, quad_count;
};

// Sums of 4 channels (kHalf 0 or 1) of neighbouring outputs from `at` on. kWidth, kStride: those of the window without
// dilation, so that columns are read once; 0: any.
template <int kHalf, int kWidth, int kStride>
inline void add_four(const QuadRow& row, const uint8_t* at, Vector* sums) {
  const auto weight = [&](int j, int q) {
    return simd::load(row.weights + ((j * row.quad_count + q) * 2 + kHalf) * 16);
  };
  for (int q = 0; q < row.quad_count; ++q) {
    const uint8_t* from = at + q * row.quad + 16 * kHalf;
    if constexpr (kWidth > 0) {
      constexpr int kColumns = (kOutputs - 1) * kStride + kWidth;
      Vector columns[kColumns];
      for (int c = 0; c < kColumns; ++c) columns[c] = simd::load(from + c * row.column);
      for (int j = 0; j < kWidth; ++j) {
        const Vector by = weight(j, q);
        for (int o = 0; o < kOutputs; ++o) sums[o] = simd::dot_bytes(by, columns[o * kStride + j], sums[o]);
      }
    } else {
      for (int j = 0; j < row.width; ++j) {
        const Vector by = weight(j, q);
        for (int o = 0; o < kOutputs; ++o) {
          sums[o] = simd::dot_bytes(by, simd::load(from + j * row.column + o * row.output), sums[o]);
        }
      }
    }
  }
}

// Calls put(n, low, high, next_low, next_high) with the accumulators of outputs n and n + 1; of `count` >= 4 the last
// four may be some that were there before.
template <int kWidth, int kStride, typename Put>
inline void accumulate_quads(const QuadRow& row, const int32_t* start, int count, const Put& put) {
  for (int begin = 0; begin < count; begin += kOutputs) {
    const int n = std::min(begin, count - kOutputs);
    Vector low[kOutputs], high[kOutputs];
    for (int i = 0; i < kOutputs; ++i) {
      low[i] = simd::load(start);
      high[i] = simd::load(start + 4);
    }
    add_four<0, kWidth, kStride>(row, row.quads + n * row.output, low);
    add_four<1, kWidth, kStride>(row, row.quads + n * row.output, high);
    put(n, low[0], high[0], low[1], high[1]);
    put(n + 2, low[2], high[2], low[3], high[3]);
  }
}

// One row of outputs of one tile.
template <int kWidth, int kStride>
void output_row(const QuadRow& row, int count, int64_t tile, int64_t first_row, const Epilogue& epilogue) {
  const FusedTile fused = epilogue.fused(tile);
  if (fused.tile != nullptr) {
    int8_t* to = fused.output + first_row * fused.row_stride;
    with_byte_rows<uint8_t>(fused, [&](const auto& bytes) {
      accumulate_quads<kWidth, kStride>(
          row, fused.start, count, [&](int n, Vector low, Vector high, Vector next_low, Vector next_high) {
            bytes.put(bytes.narrow(low, high, *fused.tile), bytes.narrow(next_low, next_high, *fused.tile),
                      to + n * fused.row_stride, fused.row_stride);
          });
    });
    return;
  }
  constexpr int32_t kNoStart[kTileColumns] = {};
  alignas(16) int32_t accumulators[kPixels * kTileColumns];
  for (int x = 0; x < count; x += kPixels) {
    // Of fewer than four the first were there before.
    const int pixels = std::max(std::min(kPixels, count - x), kOutputs), first = std::min(x, count - kOutputs);
    QuadRow part = row;
    part.quads += first * row.output;
    accumulate_quads<kWidth, kStride>(part, kNoStart, pixels,
                                      [&](int n, Vector low, Vector high, Vector next_low, Vector next_high) {
                                        int32_t* to = accumulators + n * kTileColumns;
                                        simd::store(to, low);
                                        simd::store(to + 4, high);
                                        simd::store(to + kTileColumns, next_low);
                                        simd::store(to + kTileColumns + 4, next_high);
                                      });
    epilogue.finish(tile, first_row + first, pixels, accumulators);
  }
}

using OutputRow = void (*)(const QuadRow&, int, int64_t, int64_t, const Epilogue&);

OutputRow output_row_of(const WindowAxis& width) {
  if (width.dilation == 1 && width.stride == 1 && width.window == 3) return output_row<3, 1>;
  if (width.dilation == 1 && width.stride == 2 && width.window == 3) return output_row<3, 2>;
  if (width.dilation == 1 && width.stride == 1 && width.window == 5) return output_row<5, 1>;
  return output_row<0, 0>;
}

}  // namespace

DepthwiseBytes depthwise_bytes_plan(const DepthwiseShape& shape) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  if (shape.multiplier != 1 || height.window > kMostWindow || width.window > kMostWindow || width.output < kOutputs) {
    return {};
  }
  DepthwiseBytes plan = {.is_used = true};
  plan.output_rows = height.stride == 1 && height.dilation == 1 ? 2 : 1;
  plan.quads = (height.window + plan.output_rows - 1 + 3) / 4;
  plan.pixels = int64_t{width.output - 1} * width.stride + int64_t{width.window - 1} * width.dilation + 1;
  const int64_t whole = (shape.input_channels + kChannels - 1) / kChannels * kChannels;
  const int64_t fitting = kQuadBytes / (plan.pixels * plan.quads * 4) / kChannels * kChannels;
  plan.block_channels = static_cast<int32_t>(std::clamp<int64_t>(fitting, kChannels, whole));
  return plan;
}

std::vector<int8_t> pack_depthwise_bytes(const DepthwiseShape& shape, const DepthwiseBytes& plan,
                                         const int8_t* weights) {
  const int32_t height = shape.window.height.window, width = shape.window.width.window;
  const int64_t channels = shape.output_channels();
  const int64_t row_bytes = int64_t{width} * plan.quads * kTileColumns * 4;
  std::vector<int8_t> packed(static_cast<size_t>(tile_count(channels) * plan.output_rows * row_bytes), 0);
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int32_t output_row = 0; output_row < plan.output_rows; ++output_row) {
      int8_t* to = packed.data() + (channel / kTileColumns * plan.output_rows + output_row) * row_bytes +
                   channel % kTileColumns * 4;
      for (int32_t i = 0; i < height; ++i) {
        const int32_t place = i + output_row;
        for (int32_t j = 0; j < width; ++j) {
          to[(j * plan.quads + place / 4) * kTileColumns * 4 + place % 4] =
              weights[(i * width + j) * channels + channel];
        }
      }
    }
  }
  return packed;
}

void depthwise_bytes(const DepthwiseShape& shape, const DepthwiseBytes& plan, const int8_t* image,
                     const RowForm<uint8_t>& form, const int8_t* packed, const Epilogue& epilogue, uint8_t* quads) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.input_channels, block = plan.block_channels;
  const int64_t quad_step = block * 4, pixel_step = plan.quads * quad_step;
  const int64_t weight_bytes = int64_t{width.window} * plan.quads * kTileColumns * 4;
  const int64_t left = std::min<int64_t>(width.pad, plan.pixels);
  const int64_t inside = std::min<int64_t>(width.input, plan.pixels - left);
  const RowSource source = {
      .image = image, .row_bytes = width.input * channels, .pixel_bytes = channels, .height = height.input};
  const Vector flips = wasm_i8x16_splat(static_cast<int8_t>(form.flip));
  // Before its bits are flipped.
  const Vector padding = wasm_i8x16_splat(static_cast<int8_t>(form.padding ^ form.flip));
  const OutputRow output_row = output_row_of(width);
  // Padding beside the image is written once: what is inside is written between it.
  std::fill_n(quads, left * pixel_step, form.padding);
  std::fill(quads + (left + inside) * pixel_step, quads + plan.pixels * pixel_step, form.padding);

  for (int64_t first = 0; first < channels; first += block) {
    const int64_t count = std::min(block, channels - first);
    for (int32_t y = 0; y < height.output; y += plan.output_rows) {
      for (int32_t q = 0; q < plan.quads; ++q) {
        const int64_t first_y = height.start(y) + int64_t{4} * q * height.dilation;
        interleave_rows(source, first_y, height.dilation, inside, first, count, pixel_step, flips, padding,
                        quads + left * pixel_step + q * quad_step);
      }
      const int32_t rows = std::min(plan.output_rows, height.output - y);
      for (int64_t channel = 0; channel < count; channel += kTileColumns) {
        const int64_t tile = (first + channel) / kTileColumns;
        for (int32_t row = 0; row < rows; ++row) {
          output_row({.quads = quads + channel * 4,
                      .column = width.dilation * pixel_step,
                      .output = width.stride * pixel_step,
                      .quad = quad_step,
                      .weights = packed + (tile * plan.output_rows + row) * weight_bytes,
                      .width = width.window,
                      .quad_count = plan.quads},
                     width.output, tile, int64_t{y + row} * width.output, epilogue);
        }
      }
    }
  }
}
#else
DepthwiseBytes depthwise_bytes_plan(const DepthwiseShape&) { return {}; }
#endif

}  // namespace litequant
