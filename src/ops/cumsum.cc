// CUMSUM: running sums along an axis, with or without the current value, from the front or the back.
#include <utility>

#include "kernels/reduce_ops.h"
#include "ops/movement.h"

namespace litequant {
namespace {

int axis_of(const NodeView& node) { return node.axis(known_integer(node, 1), node.input(0).shape.rank()); }

std::vector<Shape> infer(const NodeView& node) {
  axis_of(node);
  return {node.input(0).shape};
}

struct Loops {
  int64_t outer = 1, size = 1, inner = 1;
  bool exclusive = false, reverse = false;
};

template <typename T>
Step step_of(const Loops& loops) {
  return {.run = [loops](const Frame& frame) {
    const T* input = frame.in<T>(0);
    T* output = frame.out<T>();
    const int64_t step = loops.reverse ? -loops.inner : loops.inner;
    for (int64_t o = 0; o < loops.outer; ++o) {
      for (int64_t i = 0; i < loops.inner; ++i) {
        int64_t place = o * loops.size * loops.inner + i;
        if (loops.reverse) place += (loops.size - 1) * loops.inner;
        T sum = 0;
        for (int64_t k = 0; k < loops.size; ++k, place += step) {
          const T with_current = wrapping_sum(sum, input[place]);
          output[place] = loops.exclusive ? sum : with_current;
          sum = with_current;
        }
      }
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& shape = node.input(0).shape;
  const int axis = axis_of(node);
  const Loops loops{.outer = shape.count(0, axis),
                    .size = shape[axis],
                    .inner = shape.count(axis + 1, shape.rank()),
                    .exclusive = node.options().flag("exclusive"),
                    .reverse = node.options().flag("reverse")};
  switch (node.input(0).type) {
    case DataType::float32: return step_of<float>(loops);
    case DataType::int32: return step_of<int32_t>(loops);
    case DataType::int64: return step_of<int64_t>(loops);
    default: node.fail_type();
  }
}

}  // namespace

extern const OpDef kCumsum;
const OpDef kCumsum = {.code = OpCode::cumsum,
                       .types = types(DataType::float32, DataType::int32, DataType::int64),
                       .infer = infer,
                       .compile = compile,
                       .quant = {.roles = {Role::data}, .output = OutputRule::free},
                       .version = version_one};

}  // namespace litequant
