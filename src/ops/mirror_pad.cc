// MIRROR_PAD: a border that continues a tensor as its mirror image, with (SYMMETRIC) or without (REFLECT) the edge.
#include <utility>

#include "kernels/table_copy.h"
#include "ops/movement.h"

namespace litequant {
namespace {

struct Mirror {
  std::vector<int64_t> before, after;  // one per axis
  bool repeats_edge = false;
};

Mirror mirror_of(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const Shape& given = node.input(1).shape;
  node.require(given.rank() == 2 && given[0] == shape.rank() && given[1] == 2, "needs paddings of the shape [",
               shape.rank(), ", 2], found ", shape_text(given));
  const int64_t mode = node.options().integer("mode");
  node.require(mode == 0 || mode == 1, "mode ", mode, " is neither REFLECT nor SYMMETRIC");
  const std::vector<int64_t> amounts = node.integers(1);
  node.require(amounts.size() == 2 * static_cast<size_t>(shape.rank()), "the paddings are incomplete");
  Mirror mirror{.before = {}, .after = {}, .repeats_edge = mode == 1};
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t before = amounts[2 * static_cast<size_t>(axis)];
    const int64_t after = amounts[2 * static_cast<size_t>(axis) + 1];
    const int64_t most = mirror.repeats_edge ? shape[axis] : shape[axis] - 1;
    for (const int64_t amount : {before, after}) {
      node.require(amount >= 0 && amount <= std::max<int64_t>(most, 0), "padding ", amount, " of axis ", axis, " of ",
                   shape_text(shape), " is out of range");
    }
    mirror.before.push_back(before);
    mirror.after.push_back(after);
  }
  return mirror;
}

std::vector<Shape> infer(const NodeView& node) {
  const Mirror mirror = mirror_of(node);
  Shape shape = node.input(0).shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    shape[axis] = checked_dim(node, shape[axis] + mirror.before[a] + mirror.after[a]);
    if (shape[axis] > kLongestTable) node.fail(ErrorCode::too_large, {"a dimension of ", shape[axis], " is too long"});
  }
  checked_count(node, shape);
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& from = node.input(0).shape;
  const Shape& result = node.output(0).shape;
  const Mirror mirror = mirror_of(node);
  const auto strides = dense_strides(from);
  const int64_t edge = mirror.repeats_edge ? 1 : 0;
  TableCopy copy{.element_bytes = bytes_per_element(node.input(0).type)};
  if (result.count() != 0) {
    for (int axis = 0; axis < from.rank(); ++axis) {
      const auto a = static_cast<size_t>(axis);
      const int64_t size = from[axis];
      std::vector<int64_t> offsets;
      for (int64_t i = 0; i < result[axis]; ++i) {
        int64_t source = i - mirror.before[a];
        if (source < 0) source = -source - edge;
        if (source >= size) source = 2 * size - 2 - source + edge;
        offsets.push_back(source * strides[a]);
      }
      copy.offsets.push_back(std::move(offsets));
    }
  } else {
    copy.offsets.push_back({});
  }
  return {.run = [copy = simplified(copy)](const Frame& frame) {
    copy_by_table(copy, frame.in<std::byte>(0), frame.out<std::byte>());
  }};
}

}  // namespace

extern const OpDef kMirrorPad;
const OpDef kMirrorPad = {.code = OpCode::mirror_pad,
                          .types = kWholeByteTypes,
                          .infer = infer,
                          .compile = compile,
                          .quant = kMovesData,
                          .version = version_by_type<2, 3>};

}  // namespace litequant
