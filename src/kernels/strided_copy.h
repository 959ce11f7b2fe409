// Copies a box of elements between two arrays: the one loop behind TRANSPOSE, SLICE, CONCATENATION, PACK, SPLIT, TILE,
// DEPTH_TO_SPACE and their like, which differ only in counts and strides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace litequant {

// One loop; strides are in elements and may be zero (repeat) or negative (reverse).
struct CopyAxis {
  int64_t count = 1;
  int64_t from_stride = 0, to_stride = 0;
};

// to[to_start + sum(i[a] * to_stride[a])] = from[from_start + sum(i[a] * from_stride[a])] for every index i.
struct StridedCopy {
  size_t element_bytes = 1;
  int64_t from_start = 0, to_start = 0;
  std::vector<CopyAxis> axes = {};  // outermost first
};

// Axes of more than one element in any array of fewer than 2^31 elements.
inline constexpr size_t kMaxLongAxes = 31;

// The same copy without axes of one element; the kernels take no other. A copy of nothing has one axis of count 0.
StridedCopy without_short_axes(const StridedCopy& copy);

// The same copy with as few axes as possible, the axis along which both sides are dense innermost, and elements widened
// to whole runs where that makes them 2, 4, 8 or 16 bytes.
StridedCopy simplified(const StridedCopy& copy);

namespace reference {
// Plain loops, any order of axes.
void copy_strided(const StridedCopy& copy, const std::byte* from, std::byte* to);
}  // namespace reference

// For a `simplified` copy: dense runs by memcpy, transposes in tiles.
void copy_strided(const StridedCopy& copy, const std::byte* from, std::byte* to);

// Writes `count` copies of the element at `value`.
void fill_elements(std::byte* to, int64_t count, const std::byte* value, size_t element_bytes);

}  // namespace litequant
