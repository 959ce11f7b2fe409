#include "kernels/depthwise_int8.h"

#include <algorithm>

#include "kernels/depthwise_3x3.h"
#include "kernels/depthwise_5x5.h"
#include "kernels/finish_fixed.h"

namespace litequant {
namespace {

using simd::Vector;

constexpr int64_t kRingElements = 64 * 1024;
constexpr int kPixels = 64;  // whose accumulators are finished at once
// Pixels a multiple of this apart would fall into few sets of the first cache: they are moved by one line of it.
constexpr int32_t kClashingElements = 128, kLineElements = 32;

// The pixels of an input row, padding included, that windows reach.
int64_t reached_pixels(const WindowAxis& width) {
  return int64_t{width.output - 1} * width.stride + int64_t{width.window - 1} * width.dilation + 1;
}

// Row `y` of the image for channels [first_channel, first_channel + block) into a ring row; padding and channels beyond
// the last are zero.
template <typename Image>
void fill_row(const DepthwiseShape& shape, const Image* image, const RowForm<int16_t>& form, int32_t y,
              int64_t first_channel, const DepthwiseMemory& memory, int16_t* to) {
  const WindowAxis& width = shape.window.width;
  const int64_t pixels = reached_pixels(width);
  const int64_t left = std::min<int64_t>(width.pad, pixels);
  const int64_t inside = std::min<int64_t>(width.input, pixels - left);
  const int64_t block = memory.pixel_elements;
  const auto used =
      static_cast<int32_t>(std::min<int64_t>(memory.block_channels, shape.output_channels() - first_channel));
  to = std::fill_n(to, left * block, int16_t{0});
  const Image* from = image + int64_t{y} * width.input * shape.input_channels;
  if (shape.multiplier == 1 && block == shape.input_channels) {
    form.fill(from, inside * block, to);
    to += inside * block;
  } else {
    for (int64_t x = 0; x < inside; ++x) {
      if (shape.multiplier == 1) {
        form.fill(from + first_channel, used, to);
      } else {
        for (int32_t c = 0; c < used; ++c) {
          to[c] = form.one(from[(first_channel + c) / shape.multiplier]);
        }
      }
      std::fill(to + used, to + block, int16_t{0});
      to += block;
      from += shape.input_channels;
    }
  }
  std::fill_n(to, (pixels - left - inside) * block, int16_t{0});
}

// Calls put(n, low, high) with the accumulators of 8 channels, `start` added, for `count` neighbouring pixels, `step`
// elements apart. kPairs: as many pairs of taps, or 0 for `pairs`.
template <int kPairs, typename Put>
inline void accumulate(const int16_t* const* taps, int64_t offset, int64_t step, const int16_t* weights, int64_t pairs,
                       const int32_t* start, int count, const Put& put) {
  // Copied, because stores could otherwise change the addresses for all the compiler knows.
  const int16_t* own_taps[2 * kPairs + 1];
  if constexpr (kPairs > 0) {
    pairs = kPairs;
    std::copy_n(taps, 2 * kPairs, own_taps);
    taps = own_taps;
  }
  for (int n = 0; n < count; ++n) {
    Vector low = simd::load(start), high = simd::load(start + 4);
    for (int64_t p = 0; p < pairs; ++p) {
      const Vector a = simd::load(taps[2 * p] + offset), b = simd::load(taps[2 * p + 1] + offset);
      low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(simd::interleave_low(a, b), simd::load(weights + 16 * p)));
      high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(simd::interleave_high(a, b), simd::load(weights + 16 * p + 8)));
    }
    put(n, low, high);
    offset += step;
  }
}

// How the taps of windows lie that have a kernel of their own; null: in order.
const int8_t* places_of(const Window& window) {
  const auto is_square = [&](int32_t size) {
    const auto is_side = [&](const WindowAxis& axis) { return axis.window == size && axis.dilation == 1; };
    return is_side(window.height) && is_side(window.width) && window.width.stride <= 2;
  };
  if (is_square(3)) return kPlaces3x3[window.width.stride - 1];
  return is_square(5) && window.width.output >= kOutputs5x5 ? kPlaces5x5 : nullptr;
}

// One row of output pixels of one tile. All is passed by value: what is reached by a pointer would be loaded again
// after every store of a byte, which may have changed it for all the compiler knows.
template <int kStride, Finish kFinish>
void depthwise_row_3x3(const int16_t* row0, const int16_t* row1, const int16_t* row2, int64_t step,
                       const int16_t* weights, int count, FusedTile fused, int8_t* output) {
  const ByteRows<kFinish> bytes(fused);
  for (int half = 0; half < kTileColumns; half += 4) {
    Sliding3x3<kStride> window(row0 + half, row1 + half, row2 + half, step);
    int8_t* to = output + half;
    const auto next = [&] { return window.next(simd::load(fused.start + half), weights + 2 * half); };
    int left = count;
    for (; left >= 4; left -= 4) {
      const Vector first = next(), second = next(), third = next(), fourth = next();
      bytes.put_four(bytes.narrow(first, second, *fused.tile, half, half),
                     bytes.narrow(third, fourth, *fused.tile, half, half), to, fused.row_stride);
      to += 4 * fused.row_stride;
    }
    for (; left > 0; --left) {
      const Vector one = next();
      bytes.put_four_columns(bytes.narrow(one, one, *fused.tile, half, half), to);
      to += fused.row_stride;
    }
  }
}

// One row of one tile whose accumulators the epilogue finishes.
template <int kStride>
void depthwise_sums_3x3(const int16_t* row0, const int16_t* row1, const int16_t* row2, int64_t step,
                        const int16_t* weights, int count, int64_t tile, int64_t first_row, const Epilogue& epilogue) {
  alignas(16) int32_t accumulators[kPixels * kTileColumns];
  const Vector none = wasm_i32x4_splat(0);
  for (int x = 0; x < count; x += kPixels) {
    const int pixels = std::min(kPixels, count - x);
    for (int half = 0; half < kTileColumns; half += 4) {
      const int64_t at = int64_t{x} * kStride * step + half;
      Sliding3x3<kStride> window(row0 + at, row1 + at, row2 + at, step);
      for (int n = 0; n < pixels; ++n) {
        simd::store(accumulators + n * kTileColumns + half, window.next(none, weights + 2 * half));
      }
    }
    epilogue.finish(tile, first_row + x, pixels, accumulators);
  }
}

// The same of 5x5, at least kOutputs5x5 pixels: the last ones may be some that were there before.
template <int kStride, Finish kFinish>
void depthwise_row_5x5(Rows5x5 rows, const int16_t* weights, int count, FusedTile fused, int8_t* output) {
  const ByteRows<kFinish> bytes(fused);
  for (int half = 0; half < kTileColumns; half += 4) {
    const Vector start = simd::load(fused.start + half);
    for (int begin = 0; begin < count; begin += kOutputs5x5) {
      const int n = std::min(begin, count - kOutputs5x5);
      Rows5x5 window = rows;
      for (const int16_t*& row : window.rows) row += n * kStride * rows.step + half;
      Vector sums[kOutputs5x5] = {start, start, start, start};
      add_5x5<kStride>(window, weights + 2 * half, sums);
      bytes.put_four(bytes.narrow(sums[0], sums[1], *fused.tile, half, half),
                     bytes.narrow(sums[2], sums[3], *fused.tile, half, half), output + half + n * fused.row_stride,
                     fused.row_stride);
    }
  }
}

// The same of any window.
template <int kPairs>
void depthwise_row(const int16_t* const* taps, int64_t offset, int64_t step, const int16_t* weights, int64_t pairs,
                   int count, int64_t tile, int64_t first_row, const Epilogue& epilogue) {
  const FusedTile fused = epilogue.fused(tile);
  if (fused.tile != nullptr) {
    int8_t* to = fused.output + first_row * fused.row_stride;
    with_byte_rows<int16_t>(fused, [&](const auto& bytes) {
      accumulate<kPairs>(taps, offset, step, weights, pairs, fused.start, count, [&](int n, Vector low, Vector high) {
        bytes.put(bytes.narrow(low, high, *fused.tile), to + n * fused.row_stride);
      });
    });
    return;
  }
  alignas(16) int32_t accumulators[kPixels * kTileColumns];
  constexpr int32_t kNoStart[kTileColumns] = {};
  for (int x = 0; x < count; x += kPixels) {
    const int pixels = std::min(kPixels, count - x);
    accumulate<kPairs>(taps, offset + x * step, step, weights, pairs, kNoStart, pixels,
                       [&](int n, Vector low, Vector high) {
                         simd::store(accumulators + n * kTileColumns, low);
                         simd::store(accumulators + n * kTileColumns + 4, high);
                       });
    epilogue.finish(tile, first_row + x, pixels, accumulators);
  }
}

}  // namespace

WeightMatrix depthwise_weights(const DepthwiseShape& shape) {
  const int64_t channels = shape.output_channels();
  return {.columns = channels,
          .depth = shape.taps(),
          .column_stride = 1,
          .depth_stride = channels,
          .places = places_of(shape.window)};
}

DepthwiseMemory depthwise_memory(const DepthwiseShape& shape) {
  const WindowAxis& height = shape.window.height;
  DepthwiseMemory memory;
  memory.ring_rows = std::min<int64_t>(int64_t{height.window - 1} * height.dilation + 1, height.input);
  const int64_t pixels = reached_pixels(shape.window.width);
  const int64_t whole = tile_count(shape.output_channels()) * kTileColumns;
  const int64_t fitting = kRingElements / std::max<int64_t>(memory.ring_rows * pixels, 1) / kTileColumns * kTileColumns;
  memory.block_channels = static_cast<int32_t>(std::clamp<int64_t>(fitting, kTileColumns, whole));
  memory.pixel_elements = memory.block_channels + (memory.block_channels % kClashingElements == 0 ? kLineElements : 0);
  memory.row_elements = pixels * memory.pixel_elements;
  memory.taps = padded_depth<int16_t>(shape.taps());
  return memory;
}

template <typename Image>
void depthwise_int8(const DepthwiseShape& shape, const Image* image, const RowForm<int16_t>& form,
                    const int16_t* packed, int64_t first_row, const Epilogue& epilogue, const DepthwiseMemory& memory,
                    const DepthwiseScratch& scratch) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int32_t block = memory.block_channels;
  const int64_t pairs = memory.taps / 2;
  const int64_t column = memory.pixel_elements, step = width.stride * column;
  int16_t* zeros = scratch.ring + memory.ring_rows * memory.row_elements;
  std::fill_n(zeros, memory.row_elements, int16_t{0});
  std::fill_n(scratch.taps, memory.taps, zeros);  // of which one may make their number even
  const int8_t* const places = depthwise_weights(shape).places;

  for (int64_t first_channel = 0; first_channel < shape.output_channels(); first_channel += block) {
    const int64_t tiles = tile_count(std::min<int64_t>(block, shape.output_channels() - first_channel));
    std::fill_n(scratch.ring_contents, memory.ring_rows, -1);
    for (int32_t y = 0; y < height.output; ++y) {
      int64_t tap = 0;
      for (int32_t i = 0; i < height.window; ++i) {
        const int64_t input_y = height.start(y) + int64_t{i} * height.dilation;
        const int16_t* row = zeros;
        if (input_y >= 0 && input_y < height.input) {
          const int64_t slot = input_y % memory.ring_rows;
          int16_t* kept = scratch.ring + slot * memory.row_elements;
          if (scratch.ring_contents[slot] != input_y) {
            fill_row(shape, image, form, static_cast<int32_t>(input_y), first_channel, memory, kept);
            scratch.ring_contents[slot] = static_cast<int32_t>(input_y);
          }
          row = kept;
        }
        for (int32_t j = 0; j < width.window; ++j, ++tap) {
          scratch.taps[places == nullptr ? tap : places[tap]] = row + int64_t{j} * width.dilation * column;
        }
      }
      for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t whole_tile = first_channel / kTileColumns + tile;
        const int16_t* weights = packed + whole_tile * pairs * 2 * kTileColumns;
        const int64_t offset = tile * kTileColumns, first = first_row + int64_t{y} * width.output;
        const FusedTile fused = epilogue.fused(whole_tile);
        if (fused.tile != nullptr && places == kPlaces5x5) {
          with_finish<int16_t>(fused, [&](auto finish) {
            const auto row = width.stride == 1 ? depthwise_row_5x5<1, finish> : depthwise_row_5x5<2, finish>;
            const int16_t* const* taps = scratch.taps;
            row({.rows = {taps[0] + offset, taps[1] + offset, taps[10] + offset, taps[11] + offset, taps[20] + offset},
                 .step = column},
                weights, width.output, fused, fused.output + first * fused.row_stride);
          });
        } else if (fused.tile != nullptr && places != nullptr) {
          with_finish<int16_t>(fused, [&](auto finish) {
            const auto row = width.stride == 1 ? depthwise_row_3x3<1, finish> : depthwise_row_3x3<2, finish>;
            row(scratch.taps[0] + offset, scratch.taps[1] + offset, scratch.taps[6] + offset, column, weights,
                width.output, fused, fused.output + first * fused.row_stride);
          });
        } else if (places != nullptr && places != kPlaces5x5) {
          const auto row = width.stride == 1 ? depthwise_sums_3x3<1> : depthwise_sums_3x3<2>;
          row(scratch.taps[0] + offset, scratch.taps[1] + offset, scratch.taps[6] + offset, column, weights,
              width.output, whole_tile, first, epilogue);
        } else {
          const auto row = pairs == 5 ? depthwise_row<5> : depthwise_row<0>;
          row(scratch.taps, offset, step, weights, pairs, width.output, whole_tile, first, epilogue);
        }
      }
    }
  }
}

template void depthwise_int8(const DepthwiseShape&, const int8_t*, const RowForm<int16_t>&, const int16_t*, int64_t,
                             const Epilogue&, const DepthwiseMemory&, const DepthwiseScratch&);
template void depthwise_int8(const DepthwiseShape&, const uint8_t*, const RowForm<int16_t>&, const int16_t*, int64_t,
                             const Epilogue&, const DepthwiseMemory&, const DepthwiseScratch&);
template void depthwise_int8(const DepthwiseShape&, const int16_t*, const RowForm<int16_t>&, const int16_t*, int64_t,
                             const Epilogue&, const DepthwiseMemory&, const DepthwiseScratch&);

}  // namespace litequant
