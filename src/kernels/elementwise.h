// Loops over elements: one operand, or two that broadcast. The operation is a function object, inlined, so that plain
// arithmetic becomes vector instructions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/broadcast.h"

namespace litequant {

// result[i] = operation(x[i])
template <typename In, typename Out, typename Operation>
void map_elements(const In* x, Out* result, int64_t count, const Operation& operation) {
  for (int64_t i = 0; i < count; ++i) result[i] = static_cast<Out>(operation(x[i]));
}

// Calls row(a, a_steps, b, b_steps, result, length) for rows of two operands, of which at least one steps. Short rows
// against an operand that repeats as a whole (channels of an image) are first made longer.
template <typename In, typename Out, typename Row>
void map_rows(const BroadcastWalk& walk, const In* a, const In* b, Out* result, const Row& row) {
  const bool a_steps = walk.row_stride[0] != 0, b_steps = walk.row_stride[1] != 0;
  constexpr int64_t kTile = 192, kShort = 32;
  const bool b_repeats = walk.stride[1][0] == 0, a_repeats = walk.stride[0][0] == 0;
  if (walk.loops == 1 && walk.row <= kShort && walk.rows >= 8 && a_steps && b_steps && (a_repeats || b_repeats)) {
    In tile[kTile];
    const int64_t rows_in_tile = kTile / walk.row;
    const In* const repeated = b_repeats ? b : a;
    for (int64_t i = 0; i < rows_in_tile * walk.row; ++i) tile[i] = repeated[i % walk.row];
    for (int64_t first = 0; first < walk.rows; first += rows_in_tile) {
      const int64_t offset = first * walk.row;
      const int64_t length = std::min(rows_in_tile, walk.rows - first) * walk.row;
      row(b_repeats ? a + offset : tile, true, b_repeats ? tile : b + offset, true, result + offset, length);
    }
    return;
  }
  for_each_row(walk, [&](int64_t to, const std::array<int64_t, kMaxBroadcastOperands>& from) {
    row(a + from[0], a_steps, b + from[1], b_steps, result + to, walk.row);
  });
}

// result[i] = operation(a[..], b[..])
template <typename In, typename Out, typename Operation>
void map_elements(const BroadcastWalk& walk, const In* a, const In* b, Out* result, const Operation& operation) {
  map_rows(walk, a, b, result,
           [&](const In* row_a, bool a_steps, const In* row_b, bool b_steps, Out* out, int64_t length) {
             if (a_steps && b_steps) {
               for (int64_t i = 0; i < length; ++i) out[i] = static_cast<Out>(operation(row_a[i], row_b[i]));
             } else if (a_steps) {
               const In fixed = *row_b;
               for (int64_t i = 0; i < length; ++i) out[i] = static_cast<Out>(operation(row_a[i], fixed));
             } else {
               const In fixed = *row_a;
               for (int64_t i = 0; i < length; ++i) out[i] = static_cast<Out>(operation(fixed, row_b[i]));
             }
           });
}

// result[i] = table[x[i]], the table indexed by the stored byte.
void map_bytes(const uint8_t* x, uint8_t* result, int64_t count, const uint8_t* table);

}  // namespace litequant
