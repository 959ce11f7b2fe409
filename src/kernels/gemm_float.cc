#include "kernels/gemm_float.h"

#include <algorithm>

#include "kernels/row_blocks.h"
#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

// Rows that stay in the second cache while all columns pass over them.
constexpr int64_t kBlockFloats = 32 * 1024;

// Rows multiplied together by 8 columns, one depth at a time. V8 has 15 registers: 6 rows need 12 for their sums, 2 for
// the weights and one for the row's value, if products are added at once; a product on its own takes another, and 5
// rows are best. V8 before version 12, which runs the baseline build, loads all rows' values before it multiplies: 4.
// Reached in Node 26 on an AMD EPYC, of 27 GMAC/s: 28 fused, 21 not, from a depth of 256; 18 and 14 at 16. In Node
// 20: 18. Two depths at a time: 20 and 21; in Node 20 9.
template <bool kMayFuse>
constexpr int kBestRows = !simd::kHasFused ? 4
                          : kMayFuse       ? 6
                                           : 5;

// A result of every row and column: sum and bias, clamped.
struct Finish {
  explicit Finish(const FloatEpilogue& epilogue)
      : bias(epilogue.bias),
        low(wasm_f32x4_splat(epilogue.range.low)),
        high(wasm_f32x4_splat(epilogue.range.high)),
        range(epilogue.range) {}

  // 4 columns from `column` on.
  Vector four(Vector sum, int64_t column) const {
    if (bias != nullptr) sum = wasm_f32x4_add(sum, simd::load(bias + column));
    return wasm_f32x4_pmin(wasm_f32x4_pmax(sum, low), high);
  }
  // The first `count` of 4 columns, count < 4.
  void put_part(Vector sum, int64_t column, int64_t count, float* to) const {
    alignas(16) float stored[4];
    simd::store(stored, sum);
    for (int64_t i = 0; i < count; ++i) {
      to[i] = clamp(bias != nullptr ? stored[i] + bias[column + i] : stored[i], range);
    }
  }

  const float* bias;
  Vector low, high;
  FloatRange range;
};

// Sums [kRows][kVectors] of rows `row_stride` apart; `packed` holds the weights of kVectors / 2 tiles.
template <int kRows, int kVectors, bool kMayFuse>
inline void add_products(const float* rows, int64_t row_stride, const float* packed, int64_t depth,
                         Vector (&sums)[kRows][kVectors]) {
  constexpr int kTiles = kVectors * 4 / kTileColumns;
  for (auto& row : sums) {
    for (Vector& sum : row) sum = wasm_f32x4_splat(0);
  }
  // Pointers that move: the compiler would compute each row's address anew at each depth.
  const float* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = rows + r * row_stride;
  const float* tile[kTiles];
  for (int t = 0; t < kTiles; ++t) tile[t] = packed + t * depth * kTileColumns;
#pragma clang loop unroll(disable)
  for (int64_t k = 0; k < depth; ++k) {
    Vector weights[kVectors];
    for (int i = 0; i < kVectors; ++i) weights[i] = simd::load(tile[i / 2] + i % 2 * 4);
    for (int r = 0; r < kRows; ++r) {
      const Vector value = wasm_v128_load32_splat(row[r]++);
      for (int i = 0; i < kVectors; ++i) sums[r][i] = simd::multiply_add<kMayFuse>(value, weights[i], sums[r][i]);
    }
    for (const float*& next : tile) next += kTileColumns;
  }
}

// kRows rows of the columns from `column` on, of which `columns` are left. All is passed by value: what is reached by a
// pointer would be loaded again after every store.
template <int kRows, int kVectors, bool kMayFuse>
inline void multiply_block(const float* rows, int64_t row_stride, const float* packed, int64_t depth, int64_t column,
                           int64_t columns, const Finish& finish, float* to, int64_t output_stride) {
  Vector sums[kRows][kVectors];
  add_products<kRows, kVectors, kMayFuse>(rows, row_stride, packed, depth, sums);
  if (columns >= kVectors * 4) {
    for (const auto& row : sums) {
      for (int i = 0; i < kVectors; ++i) simd::store(to + i * 4, finish.four(row[i], column + i * 4));
      to += output_stride;
    }
    return;
  }
  for (const auto& row : sums) {
    for (int i = 0; i < kVectors && i * 4 < columns; ++i) {
      if (const int64_t left = columns - i * 4; left >= 4) {
        simd::store(to + i * 4, finish.four(row[i], column + i * 4));
      } else {
        finish.put_part(row[i], column + i * 4, left, to + i * 4);
      }
    }
    to += output_stride;
  }
}

template <bool kMayFuse>
void multiply(const float* rows, int64_t row_stride, int64_t count, const float* packed, int64_t depth, int64_t columns,
              const FloatEpilogue& epilogue, float* output, int64_t output_stride) {
  const Finish finish(epilogue);
  const int64_t tiles = tile_count(columns);
  if (count == 1) {
    // One row alone: several tiles at once, so that sums wait less for one another.
    int64_t tile = 0;
    const auto one_row = [&](auto vectors) {
      const int64_t column = tile * kTileColumns;
      multiply_block<1, vectors, kMayFuse>(rows, row_stride, packed + column * depth, depth, column, columns - column,
                                           finish, output + column, output_stride);
      tile += vectors * 4 / kTileColumns;
    };
    while (tile + 4 <= tiles) one_row(std::integral_constant<int, 8>());
    while (tile < tiles) one_row(std::integral_constant<int, 2>());
    return;
  }
  const int64_t block = std::max<int64_t>(kBlockFloats / std::max<int64_t>(depth, 1) / 4 * 4, 8);
  for (int64_t first = 0; first < count; first += block) {
    const int64_t end = std::min(first + block, count);
    for (int64_t column = 0; column < columns; column += kTileColumns) {
      const float* const from = rows + first * row_stride;
      float* const to = output + first * output_stride + column;
      for_row_blocks<kBestRows<kMayFuse>>(static_cast<int>(end - first), kBestRows<kMayFuse>, [=](auto size, int r) {
        multiply_block<size, kTileColumns / 4, kMayFuse>(from + r * row_stride, row_stride, packed + column * depth,
                                                         depth, column, columns - column, finish,
                                                         to + r * output_stride, output_stride);
      });
    }
  }
}

}  // namespace

void multiply_float(const float* rows, int64_t row_stride, int64_t count, const float* packed, int64_t depth,
                    int64_t columns, const FloatEpilogue& epilogue, bool may_fuse, float* output,
                    int64_t output_stride) {
  const auto run = may_fuse ? multiply<true> : multiply<false>;
  run(rows, row_stride, count, packed, depth, columns, epilogue, output, output_stride);
}

}  // namespace litequant
