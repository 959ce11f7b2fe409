#include "kernels/broadcast.h"

#include <algorithm>
#include <vector>

namespace litequant {
namespace {

// Dimension `axis` of `shape` as if it had `rank` dimensions.
int64_t padded(const Shape& shape, int rank, int axis) {
  const int own = axis - (rank - shape.rank());
  return own < 0 ? 1 : shape[own];
}

struct Loop {
  int64_t size = 1;
  std::array<int64_t, kMaxBroadcastOperands> stride = {};
};

}  // namespace

std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int32_t> dims;
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t from_a = padded(a, rank, axis), from_b = padded(b, rank, axis);
    if (from_a != from_b && from_a != 1 && from_b != 1) return std::nullopt;
    dims.push_back(static_cast<int32_t>(from_a == 1 ? from_b : from_a));
  }
  return Shape(std::move(dims));
}

std::optional<BroadcastWalk> broadcast_walk(const Shape& result, std::span<const Shape* const> operands) {
  BroadcastWalk walk = {};
  walk.operands = static_cast<int>(operands.size());
  const int rank = result.rank();
  // Innermost first. A dimension joins the loop inside it when every operand goes on there where that loop ends.
  std::vector<Loop> loops;
  std::array<int64_t, kMaxBroadcastOperands> inner = {1, 1, 1};  // elements inside the dimension, per operand
  for (int axis = rank - 1; axis >= 0; --axis) {
    if (result[axis] == 0) return walk;  // no rows at all
    if (result[axis] == 1) continue;
    Loop loop{.size = result[axis]};
    for (size_t k = 0; k < operands.size(); ++k) {
      const int64_t size = padded(*operands[k], rank, axis);
      loop.stride[k] = size == 1 ? 0 : inner[k];
      inner[k] *= size;
    }
    const auto continues = [&](const Loop& last) {
      for (size_t k = 0; k < operands.size(); ++k) {
        if (loop.stride[k] != last.stride[k] * last.size) return false;
      }
      return true;
    };
    if (!loops.empty() && continues(loops.back())) {
      loops.back().size *= loop.size;
    } else {
      loops.push_back(loop);
    }
  }
  if (loops.empty()) loops.push_back({.size = 1, .stride = {1, 1, 1}});
  if (static_cast<int>(loops.size()) - 1 > kMaxBroadcastLoops) return std::nullopt;
  walk.row = loops[0].size;
  walk.row_stride = loops[0].stride;
  walk.loops = static_cast<int>(loops.size()) - 1;
  walk.rows = 1;
  for (int loop = 0; loop < walk.loops; ++loop) {
    const Loop& from = loops[loops.size() - 1 - static_cast<size_t>(loop)];
    const auto l = static_cast<size_t>(loop);
    walk.size[l] = from.size;
    for (size_t k = 0; k < kMaxBroadcastOperands; ++k) walk.stride[k][l] = from.stride[k];
    walk.rows *= from.size;
  }
  return walk;
}

}  // namespace litequant
