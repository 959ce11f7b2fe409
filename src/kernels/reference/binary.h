// An operation of two operands of different shapes, element by element: the specification of broadcasting.
#pragma once

#include <cstddef>

#include "kernels/elementwise.h"
#include "model/shape.h"

namespace litequant::reference {

// Index into an operand of `shape` for element `index` of the result `out`.
int64_t broadcast_index(const Shape& out, const Shape& shape, int64_t index);

// result[i] = operation(a[..], b[..]), a row of one element at a time; `out` is the common shape of both.
void map_rows(const Shape& out, const Shape& shape_a, const void* a, const Shape& shape_b, const void* b, void* result,
              size_t in_bytes, size_t out_bytes, RowOfTwo row, const void* operation);

}  // namespace litequant::reference
