// Walking operands of different shapes in step: a dimension of 1 repeats, missing leading dimensions count as 1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "model/shape.h"

namespace litequant {

// Nested loops left after adjacent dimensions that all operands walk alike are made one.
inline constexpr int kMaxBroadcastLoops = 6;
inline constexpr int kMaxBroadcastOperands = 3;

// The common shape; nothing when two dimensions differ and neither is 1.
std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b);

// How operands are read while the result is written in order. In the innermost loop an operand either steps with the
// result (stride 1) or stands still (stride 0).
struct BroadcastWalk {
  int operands = 0;
  int loops = 0;                                                                      // outer loops, outermost first
  std::array<int64_t, kMaxBroadcastLoops> size;                                       // of the outer loops
  std::array<std::array<int64_t, kMaxBroadcastLoops>, kMaxBroadcastOperands> stride;  // elements, per operand
  int64_t row = 0;                                                                    // length of the innermost loop
  std::array<int64_t, kMaxBroadcastOperands> row_stride;                              // 0 or 1
  int64_t rows = 0;                                                                   // product of the outer sizes

  // Same shapes, or operands that do not step at all: one row.
  bool is_single_row() const { return loops == 0; }
};

// `result` is the common shape of all operands. Nothing when more loops than kMaxBroadcastLoops remain.
std::optional<BroadcastWalk> broadcast_walk(const Shape& result, std::span<const Shape* const> operands);

// Calls each_row(offset of the result, offsets of the operands) for every row, in order of the result.
template <typename EachRow>
void for_each_row(const BroadcastWalk& walk, EachRow each_row) {
  std::array<int64_t, kMaxBroadcastOperands> offset = {};
  std::array<int64_t, kMaxBroadcastLoops> index = {};
  int64_t result = 0;
  for (int64_t row = 0; row < walk.rows; ++row) {
    each_row(result, offset);
    result += walk.row;
    for (int loop = walk.loops - 1; loop >= 0; --loop) {
      const auto l = static_cast<size_t>(loop);
      ++index[l];
      for (size_t k = 0; k < kMaxBroadcastOperands; ++k) offset[k] += walk.stride[k][l];
      if (index[l] < walk.size[l]) break;
      for (size_t k = 0; k < kMaxBroadcastOperands; ++k) offset[k] -= walk.stride[k][l] * walk.size[l];
      index[l] = 0;
    }
  }
}

}  // namespace litequant
