// TRANSPOSE: axes in another order.
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

// Which input axis each result axis is.
std::vector<int> permutation_of(const NodeView& node) {
  const int rank = node.input(0).shape.rank();
  const std::vector<int64_t> listed = node.integers(1);
  node.require(listed.size() == static_cast<size_t>(rank), "the permutation ", list_text(listed), " does not fit ",
               rank, " dimensions");
  std::vector<bool> seen(static_cast<size_t>(rank), false);
  std::vector<int> permutation;
  for (const int64_t value : listed) {
    const int axis = node.axis(value, rank);
    node.require(!seen[static_cast<size_t>(axis)], "the permutation ", list_text(listed), " repeats an axis");
    seen[static_cast<size_t>(axis)] = true;
    permutation.push_back(axis);
  }
  return permutation;
}

std::vector<Shape> infer(const NodeView& node) {
  Shape shape;
  for (const int axis : permutation_of(node)) shape.push_back(node.input(0).shape[axis]);
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& input = node.input(0);
  const auto from_strides = dense_strides(input.shape);
  const auto to_strides = dense_strides(node.output(0).shape);
  StridedCopy copy{.element_bytes = bytes_per_element(input.type)};
  const std::vector<int> permutation = permutation_of(node);
  for (size_t i = 0; i < permutation.size(); ++i) {
    const int axis = permutation[i];
    copy.axes.push_back({input.shape[axis], from_strides[static_cast<size_t>(axis)], to_strides[i]});
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

int version(const NodeView& node) {
  const Operand& input = node.input(0);
  const int rank = input.shape.rank();
  if (input.type == DataType::float16) return 9;
  if (rank > 6 || input.type == DataType::bfloat16) return 8;
  if (input.type == DataType::int4) return 7;
  if (rank > 5) return 6;
  if (input.type == DataType::int16) return 5;
  if (rank > 4) return 4;
  if (input.type == DataType::boolean) return 3;
  return input.type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kTranspose;
const OpDef kTranspose = {.code = OpCode::transpose,
                          .types = kWholeByteTypes | types(DataType::int4),
                          .infer = infer,
                          .compile = compile_any_width<compile>,
                          .quant = kMovesData,
                          .version = version};

}  // namespace litequant
