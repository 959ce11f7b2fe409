// UNPACK: a tensor taken apart along one axis, which disappears.
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

int axis_of(const NodeView& node) { return node.axis(node.options().integer("axis"), node.input(0).shape.rank()); }

std::vector<Shape> infer(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const int axis = axis_of(node);
  const auto count = static_cast<int64_t>(node.output_count());
  node.require(node.options().integer("num", count) == count && shape[axis] == count, "cannot take ", shape_text(shape),
               " apart along axis ", axis, " into ", count, " results");
  std::vector<int32_t> dims = shape.dims();
  dims.erase(dims.begin() + axis);
  return std::vector<Shape>(node.output_count(), Shape(std::move(dims)));
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Shape& shape = node.input(0).shape;
  const int axis = axis_of(node);
  const int64_t inner = shape.count(axis + 1, shape.rank());
  std::vector<Move> moves;
  for (size_t i = 0; i < node.output_count(); ++i) {
    moves.push_back({.output = i,
                     .copy = {.element_bytes = bytes_per_element(node.input(0).type),
                              .from_start = static_cast<int64_t>(i) * inner,
                              .axes = {{shape.count(0, axis), shape[axis] * inner, inner}, {inner, 1, 1}}}});
  }
  return move_step(std::move(moves), options);
}

int version(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::float16:
    case DataType::bfloat16: return 5;
    case DataType::int16: return 4;
    case DataType::boolean: return 3;
    case DataType::int8:
    case DataType::uint8: return 2;
    default: return 1;
  }
}

}  // namespace

extern const OpDef kUnpack;
const OpDef kUnpack = {.code = OpCode::unpack,
                       .types = kWholeByteTypes,
                       .infer = infer,
                       .compile = compile,
                       .quant = kMovesData,
                       .version = version};

}  // namespace litequant
