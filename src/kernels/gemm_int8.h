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

// One strip against all tiles of one packed matrix. `rows` [count][row_stride_int16(depth)], zero beyond the depth.
// Tile t of the matrix is tile `first_tile + t` of the epilogue, row r is row `first_row + r`.
void multiply_strip(const int16_t* rows, int count, const int16_t* packed, int64_t depth, int64_t tiles,
                    int64_t first_tile, int64_t first_row, const Epilogue& epilogue);

}  // namespace litequant
