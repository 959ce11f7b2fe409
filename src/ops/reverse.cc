// REVERSE_V2: some axes in the opposite direction.
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<bool> reversed_axes(const NodeView& node) {
  const int rank = node.input(0).shape.rank();
  std::vector<bool> is_reversed(static_cast<size_t>(rank), false);
  for (const int64_t value : node.integers(1)) {
    const auto axis = static_cast<size_t>(node.axis(value, rank));
    node.require(!is_reversed[axis], "axis ", value, " is listed twice");
    is_reversed[axis] = true;
  }
  return is_reversed;
}

std::vector<Shape> infer(const NodeView& node) {
  reversed_axes(node);
  return {node.input(0).shape};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Shape& shape = node.input(0).shape;
  const auto strides = dense_strides(shape);
  const std::vector<bool> is_reversed = reversed_axes(node);
  StridedCopy copy{.element_bytes = bytes_per_element(node.input(0).type)};
  for (size_t a = 0; a < strides.size(); ++a) {
    const int64_t dim = shape[static_cast<int>(a)];
    copy.axes.push_back({dim, is_reversed[a] ? -strides[a] : strides[a], strides[a]});
    if (is_reversed[a] && dim > 0) copy.from_start += (dim - 1) * strides[a];
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

int version(const NodeView& node) {
  if (node.input(0).type == DataType::int8) return 3;
  return node.input(0).type == DataType::boolean ? 2 : 1;
}

}  // namespace

extern const OpDef kReverseV2;
const OpDef kReverseV2 = {.code = OpCode::reverse_v2,
                          .types = kWholeByteTypes,
                          .infer = infer,
                          .compile = compile,
                          .quant = kMovesData,
                          .version = version};

}  // namespace litequant
