// SEGMENT_SUM and UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN: slices combined that have the same number. A negative number
// leaves its slice out, as does one beyond the segments that is known only at run time.
#include <algorithm>
#include <limits>
#include <utility>

#include "kernels/reduce_ops.h"
#include "ops/movement.h"

namespace litequant {
namespace {

template <typename T>
T greater_of(T a, T b) {
  return std::max(a, b);
}
template <typename T>
T lesser_of(T a, T b) {
  return std::min(a, b);
}

struct SegmentLoops {
  int64_t slices = 0, inner = 0;  // slices of the input, elements of one
  int64_t segments = 0;
};

template <typename T, T (*kCombine)(T, T)>
Step step_of(const SegmentLoops& loops, T start) {
  return {.run = [loops, start](const Frame& frame) {
    const T* input = frame.in<T>(0);
    const auto* numbers = frame.in<int32_t>(1);
    T* output = frame.out<T>();
    std::fill_n(output, loops.segments * loops.inner, start);
    for (int64_t i = 0; i < loops.slices; ++i, input += loops.inner) {
      if (numbers[i] < 0 || numbers[i] >= loops.segments) continue;
      T* segment = output + numbers[i] * loops.inner;
      for (int64_t k = 0; k < loops.inner; ++k) segment[k] = kCombine(segment[k], input[k]);
    }
  }};
}

enum class SegmentKind : uint8_t { sum, product, greatest, least };

template <SegmentKind kKind, typename T>
Step step_for(const SegmentLoops& loops) {
  using Limits = std::numeric_limits<T>;
  switch (kKind) {
    case SegmentKind::sum: return step_of<T, wrapping_sum<T>>(loops, 0);
    case SegmentKind::product: return step_of<T, wrapping_product<T>>(loops, 1);
    case SegmentKind::greatest: return step_of<T, greater_of<T>>(loops, Limits::lowest());
    case SegmentKind::least: return step_of<T, lesser_of<T>>(loops, Limits::max());
  }
  return {};
}

// The numbers are for each element of the input's leading axes.
SegmentLoops loops_of(const NodeView& node, int64_t segments) {
  const Shape& input = node.input(0).shape;
  const Shape& numbers = node.input(1).shape;
  bool fits = numbers.rank() >= 1 && numbers.rank() <= input.rank();
  for (int i = 0; fits && i < numbers.rank(); ++i) fits = numbers[i] == input[i];
  node.require(fits, "its numbers ", shape_text(numbers), " are not for slices of ", shape_text(input));
  return {.slices = numbers.count(), .inner = input.count(numbers.rank(), input.rank()), .segments = segments};
}

Shape result_shape(const NodeView& node, int64_t segments) {
  const Shape& input = node.input(0).shape;
  Shape shape{checked_dim(node, segments)};
  for (int i = node.input(1).shape.rank(); i < input.rank(); ++i) shape.push_back(input[i]);
  checked_count(node, shape);
  return shape;
}

template <SegmentKind kKind>
Step compile_step(const NodeView& node, int64_t segments) {
  require_same_type(node);
  node.require_type(node.input(1), "its numbers", DataType::int32);
  const SegmentLoops loops = loops_of(node, segments);
  return node.input(0).type == DataType::int32 ? step_for<kKind, int32_t>(loops) : step_for<kKind, float>(loops);
}

// ---- SEGMENT_SUM: numbers that rise from 0 by 1 at most -------------------------------------------------------------

int64_t sorted_segments(const NodeView& node) {
  node.require_rank(node.input(1), "its numbers", 1, 1);
  int64_t last = -1;
  for (const int32_t number : node.values<int32_t>(1)) {
    node.require(last < 0 ? number == 0 : number == last || number == last + 1,
                 "its numbers must rise from 0 by 1 at most, found ", number, " after ", last);
    last = number;
  }
  return last + 1;
}

std::vector<Shape> infer_sorted(const NodeView& node) {
  const int64_t segments = sorted_segments(node);
  loops_of(node, segments);
  return {result_shape(node, segments)};
}

Step compile_sorted(const NodeView& node, const CompileOptions&) {
  return compile_step<SegmentKind::sum>(node, sorted_segments(node));
}

// ---- UNSORTED_SEGMENT_*: any numbers below the third operand --------------------------------------------------------

int64_t unsorted_segments(const NodeView& node) {
  const int64_t segments = known_integer(node, 2);
  node.require(segments >= 0, "the number of its segments must not be negative, found ", segments);
  if (node.input(1).has_value) {
    for (const int32_t number : node.values<int32_t>(1)) {
      node.require(number < segments, "segment ", number, " is not one of ", segments);
    }
  }
  return segments;
}

std::vector<Shape> infer_unsorted(const NodeView& node) {
  const int64_t segments = unsorted_segments(node);
  loops_of(node, segments);
  return {result_shape(node, segments)};
}

template <SegmentKind kKind>
Step compile_unsorted(const NodeView& node, const CompileOptions&) {
  return compile_step<kKind>(node, unsorted_segments(node));
}

using Infer = std::vector<Shape> (*)(const NodeView&);
using Compile = Step (*)(const NodeView&, const CompileOptions&);

constexpr OpDef row(OpCode code, Infer infer, Compile compile) {
  return {.code = code,
          .types = types(DataType::float32, DataType::int32),
          .infer = infer,
          .compile = compile,
          .quant = {.roles = {Role::data}, .output = OutputRule::free},
          .version = version_one};
}

}  // namespace

extern const OpDef kSegmentSum, kUnsortedSegmentSum, kUnsortedSegmentProd, kUnsortedSegmentMax, kUnsortedSegmentMin;
const OpDef kSegmentSum = row(OpCode::segment_sum, infer_sorted, compile_sorted);
const OpDef kUnsortedSegmentSum = row(OpCode::unsorted_segment_sum, infer_unsorted, compile_unsorted<SegmentKind::sum>);
const OpDef kUnsortedSegmentProd =
    row(OpCode::unsorted_segment_prod, infer_unsorted, compile_unsorted<SegmentKind::product>);
const OpDef kUnsortedSegmentMax =
    row(OpCode::unsorted_segment_max, infer_unsorted, compile_unsorted<SegmentKind::greatest>);
const OpDef kUnsortedSegmentMin =
    row(OpCode::unsorted_segment_min, infer_unsorted, compile_unsorted<SegmentKind::least>);

}  // namespace litequant
