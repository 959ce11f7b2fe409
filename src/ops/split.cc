// SPLIT (equal pieces) and SPLIT_V (pieces of given sizes) along one axis.
#include <utility>

#include "base/checked.h"
#include "ops/movement.h"

namespace litequant {
namespace {

// The results for an axis and the length of each piece along it, which together are the whole axis.
std::vector<Shape> pieces(const Shape& whole, int axis, const std::vector<int64_t>& lengths) {
  std::vector<Shape> shapes;
  for (const int64_t length : lengths) {
    Shape piece = whole;
    piece[axis] = static_cast<int32_t>(length);
    shapes.push_back(piece);
  }
  return shapes;
}

void require_count(const NodeView& node) {
  const auto count = static_cast<int64_t>(node.output_count());
  node.require(count > 0 && node.options().integer("num_splits", count) == count, "has ", count,
               " results, num_splits is ", node.options().integer("num_splits"));
}

int split_axis(const NodeView& node) { return node.axis(known_integer(node, 0), node.input(1).shape.rank()); }

std::vector<Shape> infer_split(const NodeView& node) {
  const Shape& whole = node.input(1).shape;
  const int axis = split_axis(node);
  require_count(node);
  const auto count = static_cast<int32_t>(node.output_count());
  node.require(whole[axis] % count == 0, "cannot split axis ", axis, " of ", shape_text(whole), " into ", count,
               " equal pieces");
  return pieces(whole, axis, std::vector<int64_t>(node.output_count(), whole[axis] / count));
}

int split_v_axis(const NodeView& node) { return node.axis(known_integer(node, 2), node.input(0).shape.rank()); }

std::vector<Shape> infer_split_v(const NodeView& node) {
  const Shape& whole = node.input(0).shape;
  const int axis = split_v_axis(node);
  require_count(node);
  std::vector<int64_t> lengths = node.integers(1);
  const auto mismatch = [&] {
    return text("cannot split axis ", axis, " of ", shape_text(whole), " into ", list_text(lengths));
  };
  node.require(lengths.size() == node.output_count(), mismatch());
  int64_t total = 0;
  int64_t* rest = nullptr;  // the one length that is -1
  for (int64_t& length : lengths) {
    if (length == -1) {
      node.require(rest == nullptr, mismatch());
      rest = &length;
      continue;
    }
    node.require(length >= 0 && length <= whole[axis], mismatch());
    total += length;
  }
  node.require(rest != nullptr ? total <= whole[axis] : total == whole[axis], mismatch());
  if (rest != nullptr) *rest = whole[axis] - total;
  return pieces(whole, axis, lengths);
}

Step compile_pieces(const NodeView& node, size_t data, int axis, const CompileOptions& options) {
  require_same_type(node, data);
  const Shape& whole = node.input(data).shape;
  const int64_t inner = whole.count(axis + 1, whole.rank());
  std::vector<Move> moves;
  int64_t start = 0;
  for (size_t i = 0; i < node.output_count(); ++i) {
    const int64_t length = node.output(i).shape[axis] * inner;
    moves.push_back({.input = data,
                     .output = i,
                     .copy = {.element_bytes = bytes_per_element(node.input(data).type),
                              .from_start = start,
                              .axes = {{whole.count(0, axis), whole[axis] * inner, length}, {length, 1, 1}}}});
    start += length;
  }
  return move_step(std::move(moves), options);
}

Step compile_split(const NodeView& node, const CompileOptions& options) {
  return compile_pieces(node, 1, split_axis(node), options);
}

Step compile_split_v(const NodeView& node, const CompileOptions& options) {
  return compile_pieces(node, 0, split_v_axis(node), options);
}

int split_version(const NodeView& node) {
  switch (node.input(1).type) {
    case DataType::int16: return 4;
    case DataType::int32: return 3;
    case DataType::int8: return 2;
    default: return 1;
  }
}

int split_v_version(const NodeView& node) { return node.input(0).type == DataType::int8 ? 2 : 1; }

}  // namespace

extern const OpDef kSplit;
const OpDef kSplit = {
    .code = OpCode::split,
    .data_operand = 1,
    .types = kWholeByteTypes,
    .infer = infer_split,
    .compile = compile_split,
    .quant = {.roles = {Role::none, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true},
    .version = split_version};

extern const OpDef kSplitV;
const OpDef kSplitV = {.code = OpCode::split_v,
                       .types = kWholeByteTypes,
                       .infer = infer_split_v,
                       .compile = compile_split_v,
                       .quant = kMovesData,
                       .version = split_v_version};

}  // namespace litequant
