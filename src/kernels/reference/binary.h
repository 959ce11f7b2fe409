// An operation of two operands of different shapes, element by element: the specification of broadcasting.
#pragma once

#include <cstdint>

#include "model/shape.h"

namespace litequant::reference {

// Index into an operand of `shape` for element `index` of the result `out`.
inline int64_t broadcast_index(const Shape& out, const Shape& shape, int64_t index) {
  int64_t offset = 0, stride = 1;
  for (int axis = shape.rank() - 1, from = out.rank() - 1; axis >= 0; --axis, --from) {
    const int64_t position = index % out[from];
    index /= out[from];
    if (shape[axis] != 1) offset += position * stride;
    stride *= shape[axis];
  }
  return offset;
}

// result[i] = operation(a[..], b[..]); `out` is the common shape of both.
template <typename In, typename Out, typename Operation>
void binary(const Shape& out, const Shape& shape_a, const In* a, const Shape& shape_b, const In* b, Out* result,
            const Operation& operation) {
  const int64_t count = out.count();
  for (int64_t i = 0; i < count; ++i) {
    result[i] = static_cast<Out>(operation(a[broadcast_index(out, shape_a, i)], b[broadcast_index(out, shape_b, i)]));
  }
}

}  // namespace litequant::reference
