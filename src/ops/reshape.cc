// RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape.
#include <algorithm>
#include <cstring>

#include "ops/movement.h"

namespace litequant {
namespace {

// The new shape is input 1 where that is a list, else an option; there, old files write a scalar as [0].
std::vector<int64_t> wanted_shape(const NodeView& node) {
  if (node.has_input(1) && node.input(1).shape.rank() == 1) return node.integers(1);
  std::vector<int64_t> wanted = node.options().integers("new_shape");
  if (wanted.size() == 1 && wanted[0] == 0) wanted.clear();
  return wanted;
}

std::vector<Shape> infer_reshape(const NodeView& node) {
  const std::vector<int64_t> wanted = wanted_shape(node);
  const Shape& from = node.input(0).shape;
  const auto mismatch = [&] { return text("cannot reshape ", shape_text(from), " to ", list_text(wanted)); };
  const int64_t count = from.count();
  Shape shape;
  int free_axis = -1;
  for (const int64_t dim : wanted) {
    if (dim == -1) {
      node.require(free_axis < 0, "the new shape has more than one dimension of -1");
      free_axis = shape.rank();
    }
    shape.push_back(dim == -1 ? 1 : checked_dim(node, dim));
  }
  const int64_t known = checked_count(node, shape);
  if (free_axis >= 0) {
    node.require(known > 0 && count % known == 0, mismatch());
    shape[free_axis] = static_cast<int32_t>(count / known);
  }
  node.require(shape.count() == count, mismatch());
  return {shape};
}

// Drops the listed dimensions, which must be 1; every dimension of 1 where none are listed.
std::vector<Shape> infer_squeeze(const NodeView& node) {
  const Shape& from = node.input(0).shape;
  const std::vector<int64_t>& listed = node.options().integers("squeeze_dims");
  std::vector<bool> drop(static_cast<size_t>(from.rank()), false);
  for (const int64_t value : listed) {
    const int axis = node.axis(value, from.rank());
    node.require(from[axis] == 1, "cannot drop axis ", value, " of ", shape_text(from));
    drop[static_cast<size_t>(axis)] = true;
  }
  Shape shape;
  for (int axis = 0; axis < from.rank(); ++axis) {
    const bool dropped = listed.empty() ? from[axis] == 1 : drop[static_cast<size_t>(axis)];
    if (!dropped) shape.push_back(from[axis]);
  }
  return {shape};
}

std::vector<Shape> infer_expand_dims(const NodeView& node) {
  const Shape& from = node.input(0).shape;
  std::vector<int32_t> dims = from.dims();
  const int axis = node.axis(known_integer(node, 1), from.rank() + 1);
  dims.insert(dims.begin() + axis, 1);
  return {Shape(std::move(dims))};
}

Step compile_copy(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const size_t bytes = stored_bytes(node.input(0).type, node.input(0).shape.count());
  return {.run = [bytes](const Frame& frame) {
    if (bytes != 0) std::memcpy(frame.out<std::byte>(), frame.in<std::byte>(0), bytes);
  }};
}

int squeeze_version(const NodeView& node) { return node.input(0).type == DataType::string ? 2 : 1; }

// Packed elements too: whole tensors are copied.
constexpr TypeSet kTypes = kWholeByteTypes | types(DataType::int4, DataType::int2, DataType::uint4, DataType::string);

}  // namespace

extern const OpDef kReshape;
const OpDef kReshape = {.code = OpCode::reshape,
                        .types = kTypes,
                        .infer = infer_reshape,
                        .compile = compile_copy,
                        .quant = kMovesData,
                        .version = version_one};

extern const OpDef kSqueeze;
const OpDef kSqueeze = {.code = OpCode::squeeze,
                        .types = kTypes,
                        .infer = infer_squeeze,
                        .compile = compile_copy,
                        .quant = kMovesData,
                        .version = squeeze_version};

extern const OpDef kExpandDims;
const OpDef kExpandDims = {.code = OpCode::expand_dims,
                           .types = kTypes,
                           .infer = infer_expand_dims,
                           .compile = compile_copy,
                           .quant = kMovesData,
                           .version = version_one};

}  // namespace litequant
