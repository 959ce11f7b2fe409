#include "kernels/gemm_int8.h"

#include <algorithm>

#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

constexpr int64_t kStripBytes = 128 * 1024;
constexpr int kFewestRows = 8;

// Accumulators [kRows][8] of one tile: at every pair of depths, the pair of each row meets the pairs of 8 columns.
template <int kRows>
void multiply_rows(const int16_t* rows, int64_t stride, const int16_t* weights, int64_t pairs, int32_t* accumulators) {
  Vector low[kRows], high[kRows];
  for (int r = 0; r < kRows; ++r) low[r] = high[r] = wasm_i32x4_splat(0);
  const int16_t* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = rows + r * stride;
  const auto step = [&](int64_t offset) {
    const Vector first = simd::load(weights + 16 * offset), second = simd::load(weights + 16 * offset + 8);
    for (int r = 0; r < kRows; ++r) {
      const Vector pair = wasm_v128_load32_splat(row[r] + 2 * offset);
      low[r] = wasm_i32x4_add(low[r], wasm_i32x4_dot_i16x8(pair, first));
      high[r] = wasm_i32x4_add(high[r], wasm_i32x4_dot_i16x8(pair, second));
    }
  };
  int64_t k = 0;
  for (; k + 2 <= pairs; k += 2) {
    step(0);
    step(1);
    weights += 32;
    for (int r = 0; r < kRows; ++r) row[r] += 4;
  }
  if (k < pairs) step(0);
  for (int r = 0; r < kRows; ++r) {
    simd::store(accumulators + r * kTileColumns, low[r]);
    simd::store(accumulators + r * kTileColumns + 4, high[r]);
  }
}

}  // namespace

int strip_rows(int64_t depth, size_t element_bytes) {
  const int64_t row_bytes = std::max<int64_t>(depth, 1) * static_cast<int64_t>(element_bytes);
  return static_cast<int>(std::clamp<int64_t>(kStripBytes / row_bytes / 4 * 4, kFewestRows, kStripRows));
}

void multiply_strip(const int16_t* rows, int count, const int16_t* packed, int64_t depth, int64_t tiles,
                    int64_t first_tile, int64_t first_row, const Epilogue& epilogue) {
  alignas(16) int32_t accumulators[kStripRows * kTileColumns];
  const int64_t pairs = pair_count(depth), stride = row_stride_int16(depth);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int16_t* weights = packed + tile * pairs * 2 * kTileColumns;
    int r = 0;
    for (; r + 4 <= count; r += 4) {
      multiply_rows<4>(rows + r * stride, stride, weights, pairs, accumulators + r * kTileColumns);
    }
    const int16_t* last = rows + r * stride;
    int32_t* last_accumulators = accumulators + r * kTileColumns;
    switch (count - r) {
      case 3: multiply_rows<3>(last, stride, weights, pairs, last_accumulators); break;
      case 2: multiply_rows<2>(last, stride, weights, pairs, last_accumulators); break;
      case 1: multiply_rows<1>(last, stride, weights, pairs, last_accumulators); break;
      default: break;
    }
    epilogue.finish(first_tile + tile, first_row, count, accumulators);
  }
}

}  // namespace litequant
