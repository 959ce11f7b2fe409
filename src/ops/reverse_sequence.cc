// REVERSE_SEQUENCE: along one axis the first elements of each batch in reverse order, as many as its length says.
#include <algorithm>
#include <cstring>

#include "ops/movement.h"

namespace litequant {
namespace {

struct Axes {
  int sequence = 0, batch = 0;
};

Axes axes_of(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const Axes axes{node.axis(node.options().integer("seq_dim"), shape.rank()),
                  node.axis(node.options().integer("batch_dim"), shape.rank())};
  node.require(axes.sequence != axes.batch, "its seq_dim and batch_dim are both ", axes.batch);
  const Shape& lengths = node.input(1).shape;
  node.require(lengths.rank() == 1 && lengths[0] == shape[axes.batch], "its lengths ", shape_text(lengths),
               " are not one for each of ", shape[axes.batch], " batches");
  return axes;
}

std::vector<Shape> infer(const NodeView& node) {
  axes_of(node);
  return {node.input(0).shape};
}

// Both axes and what lies around them: [outer, first, middle, second, inner], first and second being batch and sequence
// in either order.
struct Loops {
  int64_t outer = 1, first = 1, middle = 1, second = 1;
  size_t inner_bytes = 1;
  bool batch_is_first = true;
};

template <typename Length>
void reverse(const Loops& loops, const std::byte* input, const Length* lengths, std::byte* output) {
  const int64_t steps = loops.batch_is_first ? loops.second : loops.first;
  const auto place = [&](int64_t o, int64_t f, int64_t m, int64_t s) {
    return static_cast<size_t>(((o * loops.first + f) * loops.middle + m) * loops.second + s) * loops.inner_bytes;
  };
  for (int64_t o = 0; o < loops.outer; ++o) {
    for (int64_t f = 0; f < loops.first; ++f) {
      for (int64_t m = 0; m < loops.middle; ++m) {
        for (int64_t s = 0; s < loops.second; ++s) {
          const int64_t batch = loops.batch_is_first ? f : s, step = loops.batch_is_first ? s : f;
          const int64_t length = std::clamp<int64_t>(lengths[batch], 0, steps);
          const int64_t source = step < length ? length - 1 - step : step;
          const size_t from = loops.batch_is_first ? place(o, f, m, source) : place(o, source, m, s);
          std::memcpy(output + place(o, f, m, s), input + from, loops.inner_bytes);
        }
      }
    }
  }
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& shape = node.input(0).shape;
  const Axes axes = axes_of(node);
  const int first = std::min(axes.sequence, axes.batch), second = std::max(axes.sequence, axes.batch);
  const Loops loops{
      .outer = shape.count(0, first),
      .first = shape[first],
      .middle = shape.count(first + 1, second),
      .second = shape[second],
      .inner_bytes = static_cast<size_t>(shape.count(second + 1, shape.rank())) * bytes_per_element(node.input(0).type),
      .batch_is_first = axes.batch < axes.sequence};
  if (node.input(1).has_value) {
    const int64_t most = shape[axes.sequence];
    for (const int64_t length : node.integers(1)) {
      node.require(length >= 0 && length <= most, "length ", length, " is not between 0 and ", most);
    }
  }
  if (shape.count() == 0) return {.run = [](const Frame&) {}};
  const auto step_of = [&]<typename Length>(Length) -> Step {
    return {.run = [loops](const Frame& frame) {
      reverse(loops, frame.in<std::byte>(0), frame.in<Length>(1), frame.out<std::byte>());
    }};
  };
  switch (node.input(1).type) {
    case DataType::int32: return step_of(int32_t{});
    case DataType::int64: return step_of(int64_t{});
    default: node.fail_type();
  }
}

}  // namespace

// TensorFlow Lite has no kernel for INT8.
extern const OpDef kReverseSequence;
const OpDef kReverseSequence = {
    .code = OpCode::reverse_sequence,
    .types = types(DataType::float32, DataType::uint8, DataType::int16, DataType::int32, DataType::int64),
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::data}, .output = OutputRule::same, .int16 = true},
    .version = version_one};

}  // namespace litequant
