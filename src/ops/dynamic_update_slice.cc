// DYNAMIC_UPDATE_SLICE: an array with a box of it replaced; the box is moved so that it lies inside.
#include <algorithm>
#include <cstring>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const Shape& update = node.input(1).shape;
  const Shape& start = node.input(2).shape;
  bool fits = update.rank() == shape.rank() && start.rank() == 1 && start[0] == shape.rank();
  for (int i = 0; fits && i < shape.rank(); ++i) fits = update[i] <= shape[i];
  node.require(fits, "the update ", shape_text(update), " and its place ", shape_text(start), " do not fit ",
               shape_text(shape));
  return {shape};
}

template <typename Index>
Step step_of(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const Shape& update = node.input(1).shape;
  const size_t bytes = bytes_per_element(node.input(0).type);
  const std::vector<int64_t> strides = dense_strides(shape);
  return {.run = [=, rank = shape.rank()](const Frame& frame) {
    auto* to = frame.out<std::byte>();
    if (shape.count() > 0) std::memcpy(to, frame.inputs[0], static_cast<size_t>(shape.count()) * bytes);
    if (update.count() == 0) return;
    const Index* wanted = frame.in<Index>(2);
    int64_t first = 0;
    for (int axis = 0; axis < rank; ++axis) {
      const int64_t start = std::clamp<int64_t>(wanted[axis], 0, shape[axis] - update[axis]);
      first += start * strides[static_cast<size_t>(axis)];
    }
    // Rows of the last axis, counted through the others.
    const int64_t row = rank == 0 ? 1 : update.back();
    const auto* from = frame.in<std::byte>(1);
    for (int64_t i = 0; i < update.count() / row; ++i, from += static_cast<size_t>(row) * bytes) {
      int64_t place = first, rest = i;
      for (int axis = rank - 2; axis >= 0; --axis) {
        place += rest % update[axis] * strides[static_cast<size_t>(axis)];
        rest /= update[axis];
      }
      std::memcpy(to + static_cast<size_t>(place) * bytes, from, static_cast<size_t>(row) * bytes);
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  if (node.input(1).type != node.input(0).type) node.fail_type();
  switch (node.input(2).type) {
    case DataType::int32: return step_of<int32_t>(node);
    case DataType::int64: return step_of<int64_t>(node);
    default: node.fail_type();
  }
}

int version(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::bfloat16: return 6;
    case DataType::int4: return 5;
    case DataType::int16: return 4;
    case DataType::float16: return 3;
    default: return node.input(2).type == DataType::int64 ? 2 : 1;
  }
}

}  // namespace

extern const OpDef kDynamicUpdateSlice;
const OpDef kDynamicUpdateSlice = {
    .code = OpCode::dynamic_update_slice,
    .types = types(DataType::boolean, DataType::int8, DataType::int16, DataType::int32, DataType::int64,
                   DataType::float32, DataType::float16, DataType::bfloat16, DataType::int4),
    .infer = infer,
    .compile = compile_any_width<compile>,
    .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true},
    .version = version};

}  // namespace litequant
