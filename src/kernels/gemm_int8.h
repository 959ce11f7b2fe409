// Matrix products of 8-bit operands, both widened to 16 bits: exact int32 accumulators, then an epilogue.
#pragma once

#include <cstdint>

#include "kernels/epilogue.h"

namespace litequant {

// Rows that one call takes at most; their accumulators of one tile stay in the nearest cache.
inline constexpr int kStripRows = 64;

// How many rows of this depth to prepare at once, a multiple of 4: as many as stay in the second cache.
int strip_rows(int64_t depth, size_t element_bytes);

// Elements from one prepared int16 row to the next.
inline int64_t row_stride_int16(int64_t depth) { return pair_count(depth) * 2; }

// Rows to multiply: each consists of `count` segments of `pairs` pairs of depths. Row r has segment s from
// segments[s] + r * stride.
struct StripRows {
  const int16_t* const* segments = nullptr;
  int64_t count = 1, pairs = 0, stride = 0;
};

// `count` rows of a strip, `offset` elements into each segment, against all tiles of one packed matrix. Tile t of the
// matrix is tile `first_tile + t` of the epilogue, row r is row `first_row + r`.
void multiply_strip(const StripRows& rows, int64_t offset, int count, const int16_t* packed, int64_t tiles,
                    int64_t first_tile, int64_t first_row, const Epilogue& epilogue);

// The same of rows [count][row_stride_int16(depth)], zero beyond the depth.
inline void multiply_strip(const int16_t* rows, int count, const int16_t* packed, int64_t depth, int64_t tiles,
                           int64_t first_tile, int64_t first_row, const Epilogue& epilogue) {
  multiply_strip({.segments = &rows, .count = 1, .pairs = pair_count(depth), .stride = row_stride_int16(depth)}, 0,
                 count, packed, tiles, first_tile, first_row, epilogue);
}

}  // namespace litequant
