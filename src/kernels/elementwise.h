// Loops over elements: one operand, or two that broadcast. The operation is a function object, inlined, so that plain
// arithmetic becomes vector instructions.
#pragma once

#include <cstdint>

#include "kernels/broadcast.h"

namespace litequant {

// result[i] = operation(x[i])
template <typename In, typename Out, typename Operation>
void map_elements(const In* x, Out* result, int64_t count, const Operation& operation) {
  for (int64_t i = 0; i < count; ++i) result[i] = static_cast<Out>(operation(x[i]));
}

// result[i] = operation(a[..], b[..])
template <typename In, typename Out, typename Operation>
void map_elements(const BroadcastWalk& walk, const In* a, const In* b, Out* result, const Operation& operation) {
  const int64_t row = walk.row;
  const bool a_steps = walk.row_stride[0] != 0, b_steps = walk.row_stride[1] != 0;
  for_each_row(walk, [&](int64_t to, const std::array<int64_t, kMaxBroadcastOperands>& from) {
    const In* row_a = a + from[0];
    const In* row_b = b + from[1];
    Out* row_out = result + to;
    if (a_steps && b_steps) {
      for (int64_t i = 0; i < row; ++i) row_out[i] = static_cast<Out>(operation(row_a[i], row_b[i]));
    } else if (a_steps) {
      const In fixed = *row_b;
      for (int64_t i = 0; i < row; ++i) row_out[i] = static_cast<Out>(operation(row_a[i], fixed));
    } else {
      const In fixed = *row_a;
      for (int64_t i = 0; i < row; ++i) row_out[i] = static_cast<Out>(operation(fixed, row_b[i]));
    }
  });
}

// result[i] = table[x[i]], the table indexed by the stored byte.
void map_bytes(const uint8_t* x, uint8_t* result, int64_t count, const uint8_t* table);

}  // namespace litequant
