// STRIDED_SLICE: Python's indexing x[begin:end:stride, ..., newaxis, i].
#include <algorithm>
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

// One entry of the index expression, resolved against the input.
struct ResolvedAxis {
  int input_axis = -1;  // -1: a new axis
  int64_t first = 0, stride = 1, count = 1;
  bool is_dropped = false;  // an index instead of a range
};

struct Masks {
  uint64_t begin, end, ellipsis, new_axis, shrink;
  bool end_is_size;  // the option `offset`: `end` counts from `begin`
};

Masks masks_of(const NodeView& node) {
  const Options& options = node.options();
  const auto mask = [&](std::string_view field) { return static_cast<uint64_t>(options.integer(field)); };
  return {mask("begin_mask"),    mask("end_mask"),         mask("ellipsis_mask"),
          mask("new_axis_mask"), mask("shrink_axis_mask"), options.flag("offset")};
}

bool has(uint64_t mask, size_t bit) { return (mask >> bit & 1u) != 0; }

struct Range {
  int64_t begin, end, stride;
  bool open_begin, open_end, is_index, end_is_size;
};

// Indices count from the end when negative and are clamped to the axis, as in Python; a single index must exist.
ResolvedAxis resolve(const NodeView& node, const Range& range, int axis) {
  const int64_t size = node.input(0).shape[axis];
  const bool forward = range.stride > 0;
  node.require(range.stride != 0, "a stride is 0");
  const int64_t least = forward ? 0 : -1;
  const int64_t most = forward ? size : size - 1;
  const auto from_end = [&](int64_t index) { return index < 0 ? index + size : index; };

  ResolvedAxis resolved{.input_axis = axis, .stride = range.stride, .is_dropped = range.is_index};
  if (range.is_index) {
    resolved.first = range.open_begin ? (forward ? 0 : size - 1) : from_end(range.begin);
    node.require(resolved.first >= 0 && resolved.first < size, "index ", range.begin, " is out of range for axis ",
                 axis, " of ", shape_text(node.input(0).shape));
    return resolved;
  }
  resolved.first = range.open_begin ? (forward ? 0 : size - 1) : std::clamp(from_end(range.begin), least, most);
  int64_t end = range.end_is_size ? resolved.first + range.end : from_end(range.end);
  if (range.open_end) end = forward ? size : -1;
  end = std::clamp(end, least, most);
  const int64_t distance = forward ? end - resolved.first : resolved.first - end;
  const int64_t step = forward ? range.stride : -range.stride;
  resolved.count = distance <= 0 ? 0 : (distance - 1) / step + 1;
  return resolved;
}

std::vector<ResolvedAxis> resolve(const NodeView& node) {
  const int rank = node.input(0).shape.rank();
  const Masks masks = masks_of(node);
  const std::vector<int64_t> begin = node.integers(1), end = node.integers(2), stride = node.integers(3);
  const size_t entries = begin.size();
  node.require(end.size() == entries && stride.size() == entries, "begin, end and strides differ in length");
  node.require(entries <= 32, "has more than 32 indices");

  // An ellipsis stands for every axis that the other entries leave over.
  int consumed = 0, ellipses = 0;
  for (size_t i = 0; i < entries; ++i) {
    if (has(masks.ellipsis, i)) {
      ++ellipses;
    } else if (!has(masks.new_axis, i)) {
      ++consumed;
    }
  }
  node.require(ellipses <= 1, "has more than one ellipsis");
  node.require(consumed <= rank, "has ", consumed, " indices for ", rank, " dimensions");

  std::vector<ResolvedAxis> axes;
  int axis = 0;
  const auto keep_whole = [&](int count) {
    for (int i = 0; i < count; ++i, ++axis) axes.push_back({.input_axis = axis, .count = node.input(0).shape[axis]});
  };
  for (size_t i = 0; i < entries; ++i) {
    if (has(masks.ellipsis, i)) {
      keep_whole(rank - consumed);
    } else if (has(masks.new_axis, i)) {
      axes.push_back({});
    } else {
      axes.push_back(resolve(node,
                             {.begin = begin[i],
                              .end = end[i],
                              .stride = stride[i],
                              .open_begin = has(masks.begin, i),
                              .open_end = has(masks.end, i),
                              .is_index = has(masks.shrink, i),
                              .end_is_size = masks.end_is_size},
                             axis));
      ++axis;
    }
  }
  keep_whole(rank - axis);
  return axes;
}

std::vector<Shape> infer(const NodeView& node) {
  Shape shape;
  for (const ResolvedAxis& axis : resolve(node)) {
    if (!axis.is_dropped) shape.push_back(checked_dim(node, axis.count));
  }
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& input = node.input(0);
  const auto from_strides = dense_strides(input.shape);
  const auto to_strides = dense_strides(node.output(0).shape);
  StridedCopy copy{.element_bytes = bytes_per_element(input.type)};
  size_t result_axis = 0;
  for (const ResolvedAxis& axis : resolve(node)) {
    if (axis.input_axis >= 0) {
      const int64_t stride = from_strides[static_cast<size_t>(axis.input_axis)];
      if (axis.count > 0) copy.from_start += axis.first * stride;
      if (!axis.is_dropped) {
        // A stride beyond the axis never matters: it is not taken twice.
        const int64_t step = axis.count > 1 ? axis.stride * stride : 0;
        copy.axes.push_back({axis.count, step, to_strides[result_axis]});
      }
    }
    if (!axis.is_dropped) ++result_axis;
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

int version(const NodeView& node) {
  const Operand& input = node.input(0);
  const Masks masks = masks_of(node);
  if (masks.end_is_size) return 8;
  if (input.type == DataType::uint32) return 7;
  if (masks.ellipsis != 0 || masks.new_axis != 0) return 6;
  if (input.type == DataType::string) return 5;
  if (input.shape.rank() > 4) return 4;
  if (input.type == DataType::boolean) return 3;
  return input.type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kStridedSlice;
const OpDef kStridedSlice = {.code = OpCode::strided_slice,
                             .types = kWholeByteTypes | types(DataType::string),
                             .infer = infer,
                             .compile = compile,
                             .quant = kMovesData,
                             .version = version};

}  // namespace litequant
