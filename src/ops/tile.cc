// TILE: a tensor repeated along each axis.
#include <utility>

#include "base/checked.h"
#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  Shape shape = node.input(0).shape;
  const std::vector<int64_t> multiples = node.integers(1);
  node.require(multiples.size() == static_cast<size_t>(shape.rank()), "multiples ", list_text(multiples),
               " do not fit ", shape_text(shape));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t multiple = multiples[static_cast<size_t>(axis)];
    node.require(multiple >= 0, "multiples ", list_text(multiples), " have a negative one");
    const auto dim = checked_mul<int64_t>(shape[axis], multiple);
    if (!dim) node.fail(ErrorCode::too_large, {"multiples ", list_text(multiples), " are too large"});
    shape[axis] = checked_dim(node, *dim);
  }
  checked_count(node, shape);
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Shape& from = node.input(0).shape;
  const auto from_strides = dense_strides(from);
  const auto to_strides = dense_strides(node.output(0).shape);
  const std::vector<int64_t> multiples = node.integers(1);
  StridedCopy copy{.element_bytes = bytes_per_element(node.input(0).type)};
  for (size_t a = 0; a < multiples.size(); ++a) {
    const int64_t dim = from[static_cast<int>(a)];
    copy.axes.push_back({multiples[a], 0, dim * to_strides[a]});
    copy.axes.push_back({dim, from_strides[a], to_strides[a]});
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

int version(const NodeView& node) { return node.input(0).type == DataType::string ? 2 : version_by_type<3, 1>(node); }

}  // namespace

extern const OpDef kTile;
const OpDef kTile = {.code = OpCode::tile,
                     .types = kWholeByteTypes | types(DataType::string),
                     .infer = infer,
                     .compile = compile,
                     .quant = {.roles = {Role::data}, .output = OutputRule::same, .int8 = true},
                     .version = version};

}  // namespace litequant
