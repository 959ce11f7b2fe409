// PACK: tensors of one shape stacked along a new axis.
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

int axis_of(const NodeView& node) { return node.axis(node.options().integer("axis"), node.input(0).shape.rank() + 1); }

std::vector<Shape> infer(const NodeView& node) {
  const Shape& first = node.input(0).shape;
  const auto count = static_cast<int64_t>(node.input_count());
  node.require(node.options().integer("values_count", count) == count, "has ", count, " inputs, values_count is ",
               node.options().integer("values_count"));
  for (size_t i = 0; i < node.input_count(); ++i) {
    node.require(node.input(i).shape == first, "inputs ", shape_text(first), " and ", shape_text(node.input(i).shape),
                 " differ");
  }
  std::vector<int32_t> dims = first.dims();
  dims.insert(dims.begin() + axis_of(node), checked_dim(node, count));
  const Shape result(std::move(dims));
  checked_count(node, result);
  return {result};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Shape& shape = node.input(0).shape;
  const int axis = axis_of(node);
  const int64_t inner = shape.count(axis, shape.rank());
  const auto count = static_cast<int64_t>(node.input_count());
  std::vector<Move> moves;
  for (size_t i = 0; i < node.input_count(); ++i) {
    if (node.input(i).type != node.output(0).type) node.fail_type();
    if (is_quantizable_integer(node.input(i).type)) require_same_parameters(node, node.input(i), node.output(0));
    moves.push_back({.input = i,
                     .copy = {.element_bytes = bytes_per_element(node.input(i).type),
                              .to_start = static_cast<int64_t>(i) * inner,
                              .axes = {{shape.count(0, axis), inner, count * inner}, {inner, 1, 1}}}});
  }
  return move_step(std::move(moves), options);
}

int version(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::uint32: return 4;
    case DataType::int16: return 3;
    case DataType::int8: return 2;
    default: return 1;
  }
}

}  // namespace

extern const OpDef kPack;
const OpDef kPack = {.code = OpCode::pack,
                     .types = kWholeByteTypes,
                     .infer = infer,
                     .compile = compile,
                     .quant = kMovesDataOfAll,
                     .version = version};

}  // namespace litequant
