#include "kernels/gemm_float.h"

#include <algorithm>

#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

constexpr int kVectors = kTileColumns / 4;
// Rows that stay in the second cache while all columns pass over them.
constexpr int64_t kBlockFloats = 32 * 1024;

struct Target {
  const FloatEpilogue& epilogue;
  int64_t columns;
  float* output;
  int64_t stride;

  // A vector of 4 results of row `row` from column `column`; what lies beyond the last column is not stored.
  void put(Vector sum, int64_t row, int64_t column) const {
    const Vector low = wasm_f32x4_splat(epilogue.range.low), high = wasm_f32x4_splat(epilogue.range.high);
    float* to = output + row * stride + column;
    if (column + 4 <= columns) {
      if (epilogue.bias != nullptr) sum = wasm_f32x4_add(sum, simd::load(epilogue.bias + column));
      simd::store(to, wasm_f32x4_pmin(wasm_f32x4_pmax(sum, low), high));
      return;
    }
    alignas(16) float stored[4];
    simd::store(stored, sum);
    for (int64_t i = 0; column + i < columns; ++i) {
      to[i] = clamp(epilogue.bias != nullptr ? stored[i] + epilogue.bias[column + i] : stored[i], epilogue.range);
    }
  }
};

// kRows rows against kTiles tiles. 6 rows by 8 columns are what 16 registers hold: 19 GMAC/s fused at 3 GHz, 15 not.
template <int kRows, int kTiles, bool kMayFuse>
void multiply_block(const float* rows, int64_t row_stride, const float* packed, int64_t depth, int64_t first_row,
                    int64_t first_column, const Target& target) {
  Vector sums[kRows][kTiles * kVectors];
  for (auto& row : sums) {
    for (Vector& sum : row) sum = wasm_f32x4_splat(0);
  }
  // Pointers that move: the compiler would compute each row's address anew at each depth.
  const float* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = rows + r * row_stride;
  const float* tile[kTiles];
  for (int t = 0; t < kTiles; ++t) tile[t] = packed + t * depth * kTileColumns;
  const auto step = [&](int offset) {
    Vector weights[kTiles * kVectors];
    for (int t = 0; t < kTiles; ++t) {
      for (int v = 0; v < kVectors; ++v) {
        weights[t * kVectors + v] = simd::load(tile[t] + offset * kTileColumns + v * 4);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      const Vector value = wasm_v128_load32_splat(row[r] + offset);
      for (int i = 0; i < kTiles * kVectors; ++i) {
        sums[r][i] = simd::multiply_add<kMayFuse>(value, weights[i], sums[r][i]);
      }
    }
  };
  int64_t k = 0;
  for (; k + 2 <= depth; k += 2) {
    step(0);
    // Mixed, the weights of both steps would not fit in registers beside the sums.
    asm volatile("" ::: "memory");
    step(1);
    for (int r = 0; r < kRows; ++r) row[r] += 2;
    for (int t = 0; t < kTiles; ++t) tile[t] += 2 * kTileColumns;
  }
  if (k < depth) step(0);
  if (first_column + kTiles * kTileColumns <= target.columns) {
    const FloatEpilogue& epilogue = target.epilogue;
    const Vector low = wasm_f32x4_splat(epilogue.range.low), high = wasm_f32x4_splat(epilogue.range.high);
    float* to = target.output + first_row * target.stride + first_column;
    for (int r = 0; r < kRows; ++r) {
      for (int i = 0; i < kTiles * kVectors; ++i) {
        Vector sum = sums[r][i];
        if (epilogue.bias != nullptr) sum = wasm_f32x4_add(sum, simd::load(epilogue.bias + first_column + i * 4));
        simd::store(to + i * 4, wasm_f32x4_pmin(wasm_f32x4_pmax(sum, low), high));
      }
      to += target.stride;
    }
    return;
  }
  for (int r = 0; r < kRows; ++r) {
    for (int i = 0; i < kTiles * kVectors; ++i) {
      if (first_column + i * 4 < target.columns) target.put(sums[r][i], first_row + r, first_column + i * 4);
    }
  }
}

template <bool kMayFuse>
void multiply(const float* rows, int64_t row_stride, int64_t count, const float* packed, int64_t depth,
              const Target& target) {
  const int64_t tiles = tile_count(target.columns);
  if (count == 1) {
    // One row alone: several tiles at once, so that sums wait less for one another.
    int64_t tile = 0;
    for (; tile + 4 <= tiles; tile += 4) {
      multiply_block<1, 4, kMayFuse>(rows, row_stride, packed + tile * depth * kTileColumns, depth, 0,
                                     tile * kTileColumns, target);
    }
    for (; tile < tiles; ++tile) {
      multiply_block<1, 1, kMayFuse>(rows, row_stride, packed + tile * depth * kTileColumns, depth, 0,
                                     tile * kTileColumns, target);
    }
    return;
  }
  const int64_t block = std::max<int64_t>(kBlockFloats / std::max<int64_t>(depth, 1) / 4 * 4, 8);
  for (int64_t first = 0; first < count; first += block) {
    const int64_t end = std::min(first + block, count);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const float* weights = packed + tile * depth * kTileColumns;
      const int64_t column = tile * kTileColumns;
      int64_t r = first;
      // Not where a row would be left alone.
      for (; r + 6 <= end && r + 7 != end; r += 6) {
        multiply_block<6, 1, kMayFuse>(rows + r * row_stride, row_stride, weights, depth, r, column, target);
      }
      for (; r + 4 <= end; r += 4) {
        multiply_block<4, 1, kMayFuse>(rows + r * row_stride, row_stride, weights, depth, r, column, target);
      }
      const float* last = rows + r * row_stride;
      switch (end - r) {
        case 3: multiply_block<3, 1, kMayFuse>(last, row_stride, weights, depth, r, column, target); break;
        case 2: multiply_block<2, 1, kMayFuse>(last, row_stride, weights, depth, r, column, target); break;
        case 1: multiply_block<1, 1, kMayFuse>(last, row_stride, weights, depth, r, column, target); break;
        default: break;
      }
    }
  }
}

}  // namespace

void multiply_float(const float* rows, int64_t row_stride, int64_t count, const float* packed, int64_t depth,
                    int64_t columns, const FloatEpilogue& epilogue, bool may_fuse, float* output,
                    int64_t output_stride) {
  const Target target = {.epilogue = epilogue, .columns = columns, .output = output, .stride = output_stride};
  if (may_fuse) {
    multiply<true>(rows, row_stride, count, packed, depth, target);
  } else {
    multiply<false>(rows, row_stride, count, packed, depth, target);
  }
}

}  // namespace litequant
