// Matrix products of 8-bit operands, widened to 16 bits or as bytes (kernels/pack.h): exact int32 accumulators, then an
// epilogue.
#pragma once

#include <cstdint>

#include "kernels/epilogue.h"

namespace litequant {

// Rows that one call takes at most; their accumulators of one tile stay in the nearest cache.
inline constexpr int kStripRows = 64;

// How many rows of this depth to prepare at once, a multiple of 4: as many as stay in the second cache.
int strip_rows(int64_t depth, size_t element_bytes);

// Rows to multiply: each consists of `count` segments of as many bundles of depths. Row r has segment s from
// segments[s] + r * stride. Packed weights have as many segments, or more, of which places[s] meets segment s.
template <typename Row>
struct StripRows {
  const Row* const* segments = nullptr;
  int64_t count = 1, bundles = 0, stride = 0;
  const int32_t* places = nullptr;  // null: in order
  int64_t weight_segments = count;

  // Elements of a tile's packed weights: of a segment, and of all.
  int64_t segment_weights() const { return bundles * kBundle<Row> * kTileColumns; }
  int64_t tile_weights() const { return weight_segments * segment_weights(); }
};

// `count` rows of a strip, `offset` elements into each segment, against all tiles of one packed matrix. Tile t of the
// matrix is tile `first_tile + t` of the epilogue, row r is row `first_row + r`.
template <typename Row>
void multiply_strip(const StripRows<Row>& rows, int64_t offset, int count, const PackedWeight<Row>* packed,
                    int64_t tiles, int64_t first_tile, int64_t first_row, const Epilogue& epilogue);

// The same of rows [count][padded_depth(depth)].
template <typename Row>
void multiply_strip(const Row* rows, int count, const PackedWeight<Row>* packed, int64_t depth, int64_t tiles,
                    int64_t first_tile, int64_t first_row, const Epilogue& epilogue) {
  const StripRows<Row> strip = {
      .segments = &rows, .count = 1, .bundles = bundle_count<Row>(depth), .stride = padded_depth<Row>(depth)};
  multiply_strip(strip, 0, count, packed, tiles, first_tile, first_row, epilogue);
}

}  // namespace litequant
