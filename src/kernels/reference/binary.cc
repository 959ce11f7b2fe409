#include "kernels/reference/binary.h"

namespace litequant::reference {

int64_t broadcast_index(const Shape& out, const Shape& shape, int64_t index) {
  int64_t offset = 0, stride = 1;
  for (int axis = shape.rank() - 1, from = out.rank() - 1; axis >= 0; --axis, --from) {
    const int64_t position = index % out[from];
    index /= out[from];
    if (shape[axis] != 1) offset += position * stride;
    stride *= shape[axis];
  }
  return offset;
}

void map_rows(const Shape& out, const Shape& shape_a, const void* a, const Shape& shape_b, const void* b, void* result,
              size_t in_bytes, size_t out_bytes, RowOfTwo row, const void* operation) {
  const auto at = [](const void* base, int64_t index, size_t bytes) {
    return static_cast<const std::byte*>(base) + static_cast<size_t>(index) * bytes;
  };
  const int64_t count = out.count();
  for (int64_t i = 0; i < count; ++i) {
    row(operation, at(a, broadcast_index(out, shape_a, i), in_bytes), at(b, broadcast_index(out, shape_b, i), in_bytes),
        static_cast<std::byte*>(result) + static_cast<size_t>(i) * out_bytes, 1);
  }
}

}  // namespace litequant::reference
