// The result of an image resized to the height and width that input 1 states.
#pragma once

#include "kernels/table_copy.h"
#include "ops/movement.h"

namespace litequant {

inline Shape resized_shape(const NodeView& node) {
  const Shape& from = node.input(0).shape;
  node.require_rank(node.input(0), "its input", 4, 4);
  const std::vector<int64_t> size = node.integers(1);
  node.require(size.size() == 2 && size[0] >= 1 && size[1] >= 1, "needs a height and a width, found ", list_text(size));
  node.require(from[1] >= 1 && from[2] >= 1, "cannot resize an image of ", from[1], " x ", from[2]);
  const Shape shape{from[0], checked_dim(node, size[0]), checked_dim(node, size[1]), from[3]};
  checked_count(node, shape);
  for (const Shape* image : {&from, &shape}) {
    if ((*image)[0] > kLongestTable || (*image)[1] > kLongestTable || (*image)[2] > kLongestTable) {
      node.fail(ErrorCode::too_large, {"an image of the shape ", shape_text(*image), " is too large"});
    }
  }
  return shape;
}

}  // namespace litequant
