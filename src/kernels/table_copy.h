// Copies where the source of every coordinate is looked up in a table for its axis: MIRROR_PAD,
// RESIZE_NEAREST_NEIGHBOR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace litequant {

// to[i0, i1, ...] = from[offsets[0][i0] + offsets[1][i1] + ...]: the result is dense, offsets are in elements.
struct TableCopy {
  size_t element_bytes = 1;
  std::vector<std::vector<int64_t>> offsets = {};  // one table per axis of the result, outermost first
};

// Longer tables are refused before they are made.
inline constexpr int32_t kLongestTable = 1 << 24;

// The same copy without axes of one element, and with innermost axes that are dense in the source made part of the
// element. Every table is at most as long as the result has elements.
TableCopy simplified(const TableCopy& copy);

// For a `simplified` copy.
void copy_by_table(const TableCopy& copy, const std::byte* from, std::byte* to);

}  // namespace litequant
