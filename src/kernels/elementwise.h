// Loops over elements: one operand, or two that broadcast.
//
// An operation is a function object of plain data. What is compiled for each is one dense loop (which plain arithmetic
// makes vector instructions); how operands of other shapes become dense rows is compiled once for all.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/broadcast.h"

namespace litequant {

// result[i] = operation(x[i]) and result[i] = operation(a[i], b[i]); the result overlaps no operand.
using RowOfOne = void (*)(const void* operation, const void* x, void* result, int64_t count);
using RowOfTwo = void (*)(const void* operation, const void* a, const void* b, void* result, int64_t count);

template <typename In, typename Out, typename Operation>
void row_of_one(const void* operation, const void* x, void* result, int64_t count) {
  const Operation each = *static_cast<const Operation*>(operation);
  const In* from = static_cast<const In*>(x);
  Out* __restrict to = static_cast<Out*>(result);
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<Out>(each(from[i]));
}

template <typename In, typename Out, typename Operation>
void row_of_two(const void* operation, const void* a, const void* b, void* result, int64_t count) {
  const Operation each = *static_cast<const Operation*>(operation);
  const In* from_a = static_cast<const In*>(a);
  const In* from_b = static_cast<const In*>(b);
  Out* __restrict to = static_cast<Out*>(result);
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<Out>(each(from_a[i], from_b[i]));
}

// Makes dense rows of both operands, of elements of `in_bytes` (1, 2, 4 or 8), and hands them on.
void map_rows(const BroadcastWalk& walk, const void* a, const void* b, void* result, size_t in_bytes, size_t out_bytes,
              RowOfTwo row, const void* operation);

// result[i] = operation(a[..], b[..])
template <typename In, typename Out, typename Operation>
void map_elements(const BroadcastWalk& walk, const In* a, const In* b, Out* result, const Operation& operation) {
  map_rows(walk, a, b, result, sizeof(In), sizeof(Out), row_of_two<In, Out, Operation>, &operation);
}

// result[i] = table[x[i]], the table indexed by the stored byte.
void map_bytes(const uint8_t* x, uint8_t* result, int64_t count, const uint8_t* table);

}  // namespace litequant
