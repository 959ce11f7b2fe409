// BROADCAST_TO: axes of one element repeated to a given shape.
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  const Shape& from = node.input(0).shape;
  Shape shape;
  for (const int64_t dim : node.integers(1)) shape.push_back(checked_dim(node, dim));
  checked_count(node, shape);
  const int added = shape.rank() - from.rank();
  bool fits = added >= 0;
  for (int axis = 0; fits && axis < from.rank(); ++axis) {
    fits = from[axis] == 1 || from[axis] == shape[axis + added];
  }
  node.require(fits, "cannot repeat ", shape_text(from), " to ", shape_text(shape));
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Shape& from = node.input(0).shape;
  const Shape& to = node.output(0).shape;
  const auto from_strides = dense_strides(from);
  const auto to_strides = dense_strides(to);
  const int added = to.rank() - from.rank();
  StridedCopy copy{.element_bytes = bytes_per_element(node.input(0).type)};
  for (int axis = 0; axis < to.rank(); ++axis) {
    const bool repeats = axis < added || from[axis - added] == 1;
    copy.axes.push_back({to[axis], repeats ? 0 : from_strides[static_cast<size_t>(axis - added)],
                         to_strides[static_cast<size_t>(axis)]});
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

int version(const NodeView& node) {
  const DataType type = node.input(0).type;
  return type == DataType::int8 || type == DataType::int16 ? 3 : 2;
}

}  // namespace

extern const OpDef kBroadcastTo;
const OpDef kBroadcastTo = {.code = OpCode::broadcast_to,
                            .types = kWholeByteTypes,
                            .infer = infer,
                            .compile = compile,
                            .quant = kMovesData,
                            .version = version};

}  // namespace litequant
