// Reached in Node 26 on an AMD EPYC with 16 bits, results included, of the 47 GMAC/s that the inner loop can do there:
// 42 from a depth of 160, 39 at 64, 34 at 32, 27 at 16, where scaling 8 results costs half as much as their products.
// With bytes and AVX-VNNI at 2.5 GHz, where the instruction alone does 77: 46 from a depth of 512, 48 at 64, 24 at 16.
#include "kernels/gemm_int8.h"

#include <algorithm>

#include "kernels/dot_rows.h"
#include "kernels/finish_fixed.h"
#include "kernels/row_blocks.h"

namespace litequant {
namespace {

constexpr int64_t kStripBytes = 128 * 1024;
constexpr int kFewestRows = 8;
constexpr int64_t kFewBundles = 16;
constexpr int32_t kNoStart[kTileColumns] = {};

// Rows multiplied together at most, and best: five take all registers, which pays where sums are soon complete.
template <typename Row>
inline constexpr int kMostBlock = sizeof(Row) == 1 ? 6 : 5;
template <typename Row>
int best_block(const StripRows<Row>& rows) {
  return sizeof(Row) == 1 || rows.count * rows.bundles <= kFewBundles ? kMostBlock<Row> : kMostBlock<Row> - 1;
}

template <typename Row>
const Row* only_segment(const StripRows<Row>& rows) {
  return rows.count == 1 && rows.places == nullptr ? rows.segments[0] : nullptr;
}

// Adds the products of kRows rows; `only` is their segment if they have one, which needs no loop.
template <int kRows, typename Row>
inline void add_segments(const StripRows<Row>& rows, const Row* only, int64_t offset, const PackedWeight<Row>* weights,
                         RowSums<kRows>& sums) {
  if (only != nullptr) return add_products<kRows>(only + offset, rows.stride, weights, rows.bundles, sums);
  for (int64_t s = 0; s < rows.count; ++s) {
    const int64_t place = rows.places == nullptr ? s : rows.places[s];
    add_products<kRows>(rows.segments[s] + offset, rows.stride, weights + place * rows.segment_weights(), rows.bundles,
                        sums);
  }
}

// Results of one tile, the accumulators never leaving the registers. All arguments are values: what is reached by a
// pointer would be loaded again after every store of a byte, which may have changed it for all the compiler knows.
template <typename Row, Finish kFinish>
void multiply_rows_fused(StripRows<Row> rows, int64_t offset, int count, const PackedWeight<Row>* weights,
                         FusedTile fused, int8_t* to) {
  const ByteRows<kFinish> bytes(fused);
  const Row* const only = only_segment(rows);
  for_row_blocks<kMostBlock<Row>>(count, best_block(rows), [&](auto block, int first) __attribute__((always_inline)) {
    constexpr int kRows = block;
    RowSums<kRows> sums;
    sums.begin(fused.start);
    add_segments(rows, only, offset + first * rows.stride, weights, sums);
    int8_t* result = to + first * fused.row_stride;
    int r = 0;
    for (; r + 2 <= kRows; r += 2) {
      bytes.put(bytes.narrow(sums.low[r], sums.high[r], *fused.tile),
                bytes.narrow(sums.low[r + 1], sums.high[r + 1], *fused.tile), result, fused.row_stride);
      result += 2 * fused.row_stride;
    }
    if (r < kRows) bytes.put(bytes.narrow(sums.low[r], sums.high[r], *fused.tile), result);
  });
}

// The sums [count][8] of one tile.
template <typename Row>
void multiply_rows(StripRows<Row> rows, int64_t offset, int count, const PackedWeight<Row>* weights,
                   int32_t* accumulators) {
  const Row* const only = only_segment(rows);
  for_row_blocks<kMostBlock<Row>>(count, best_block(rows), [&](auto block, int first) __attribute__((always_inline)) {
    constexpr int kRows = block;
    RowSums<kRows> sums;
    sums.begin(kNoStart);
    add_segments(rows, only, offset + first * rows.stride, weights, sums);
    int32_t* to = accumulators + first * kTileColumns;
    for (int r = 0; r < kRows; ++r) {
      simd::store(to + r * kTileColumns, sums.low[r]);
      simd::store(to + r * kTileColumns + 4, sums.high[r]);
    }
  });
}

}  // namespace

int strip_rows(int64_t depth, size_t element_bytes) {
  const int64_t row_bytes = std::max<int64_t>(depth, 1) * static_cast<int64_t>(element_bytes);
  return static_cast<int>(std::clamp<int64_t>(kStripBytes / row_bytes / 4 * 4, kFewestRows, kStripRows));
}

template <typename Row>
void multiply_strip(const StripRows<Row>& rows, int64_t offset, int count, const PackedWeight<Row>* packed,
                    int64_t tiles, int64_t first_tile, int64_t first_row, const Epilogue& epilogue) {
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const PackedWeight<Row>* weights = packed + tile * rows.tile_weights();
    const FusedTile fused = epilogue.fused(first_tile + tile);
    if (fused.tile != nullptr) {
      int8_t* to = fused.output + first_row * fused.row_stride;
      with_finish<Row>(fused,
                       [&](auto finish) { multiply_rows_fused<Row, finish>(rows, offset, count, weights, fused, to); });
      continue;
    }
    alignas(16) int32_t accumulators[kStripRows * kTileColumns];
    multiply_rows(rows, offset, count, weights, accumulators);
    epilogue.finish(first_tile + tile, first_row, count, accumulators);
  }
}

template void multiply_strip(const StripRows<int16_t>&, int64_t, int, const int16_t*, int64_t, int64_t, int64_t,
                             const Epilogue&);
#if LITEQUANT_BYTE_DOT
template void multiply_strip(const StripRows<uint8_t>&, int64_t, int, const int8_t*, int64_t, int64_t, int64_t,
                             const Epilogue&);
#endif

}  // namespace litequant
