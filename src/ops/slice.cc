// SLICE: a box out of a tensor, given by where it begins and its size (-1: to the end).
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<int64_t> begin_of(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const std::vector<int64_t> begin = node.integers(1);
  node.require(begin.size() == static_cast<size_t>(shape.rank()), "begin ", list_text(begin), " does not fit ",
               shape_text(shape));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t first = begin[static_cast<size_t>(axis)];
    node.require(first >= 0 && first <= shape[axis], "begin ", list_text(begin), " lies outside ", shape_text(shape));
  }
  return begin;
}

std::vector<Shape> infer(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const std::vector<int64_t> begin = begin_of(node);
  const std::vector<int64_t> sizes = node.integers(2);
  node.require(sizes.size() == begin.size(), "size ", list_text(sizes), " does not fit ", shape_text(shape));
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    const int64_t left = shape[axis] - begin[a];
    const int64_t size = sizes[a] == -1 ? left : sizes[a];
    node.require(size >= 0 && size <= left, "begin ", list_text(begin), " with size ", list_text(sizes),
                 " lies outside ", shape_text(shape));
    result.push_back(static_cast<int32_t>(size));
  }
  return {result};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& input = node.input(0);
  const Shape& result = node.output(0).shape;
  const std::vector<int64_t> begin = begin_of(node);
  const auto from_strides = dense_strides(input.shape);
  const auto to_strides = dense_strides(result);
  StridedCopy copy{.element_bytes = bytes_per_element(input.type)};
  for (size_t a = 0; a < begin.size(); ++a) {
    copy.axes.push_back({result[static_cast<int>(a)], from_strides[a], to_strides[a]});
    copy.from_start += begin[a] * from_strides[a];
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

int version(const NodeView& node) {
  const Operand& input = node.input(0);
  if (input.type == DataType::float16) return 8;
  if (input.type == DataType::int4) return 7;
  if (input.type == DataType::uint32) return 6;
  if (input.shape.rank() > 4) return 5;
  if (input.type == DataType::int16) return 4;
  if (input.type == DataType::string) return 3;
  return input.type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kSlice;
const OpDef kSlice = {.code = OpCode::slice,
                      .types = kWholeByteTypes | types(DataType::int4, DataType::string),
                      .infer = infer,
                      .compile = compile_any_width<compile>,
                      .quant = kMovesData,
                      .version = version};

}  // namespace litequant
