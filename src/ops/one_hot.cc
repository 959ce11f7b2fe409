// ONE_HOT: a new axis that holds `on` where its index is the one asked for and `off` elsewhere.
#include <cstring>
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

// Where the new axis goes; -1 is behind the last.
int axis_of(const NodeView& node) { return node.axis(node.options().integer("axis"), node.input(0).shape.rank() + 1); }

std::vector<Shape> infer(const NodeView& node) {
  const int64_t depth = known_integer(node, 1);
  node.require(depth >= 0, "a depth of ", depth, " is negative");
  for (const size_t value : {size_t{2}, size_t{3}}) {
    node.require(node.input(value).shape.count() == 1, "input ", value, " must be one number, found ",
                 shape_text(node.input(value).shape));
  }
  std::vector<int32_t> dims = node.input(0).shape.dims();
  dims.insert(dims.begin() + axis_of(node), checked_dim(node, depth));
  const Shape shape(std::move(dims));
  checked_count(node, shape);
  return {shape};
}

struct Loops {
  int64_t outer = 1, depth = 1, inner = 1;
  size_t bytes = 1;
};

template <typename Index>
Step step_of(const Loops& loops) {
  return {.run = [loops](const Frame& frame) {
    const Index* indices = frame.in<Index>(0);
    const auto* on = frame.in<std::byte>(2);
    auto* output = frame.out<std::byte>();
    const int64_t block = loops.depth * loops.inner;
    fill_elements(output, loops.outer * block, frame.in<std::byte>(3), loops.bytes);
    for (int64_t o = 0; o < loops.outer; ++o) {
      for (int64_t i = 0; i < loops.inner; ++i) {
        const auto index = static_cast<int64_t>(*indices++);
        if (index < 0 || index >= loops.depth) continue;
        std::memcpy(output + static_cast<size_t>(o * block + index * loops.inner + i) * loops.bytes, on, loops.bytes);
      }
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node, 2);
  if (node.input(3).type != node.input(2).type) node.fail_type();
  const Shape& shape = node.input(0).shape;
  const int axis = axis_of(node);
  const Loops loops{.outer = shape.count(0, axis),
                    .depth = node.output(0).shape[axis],
                    .inner = shape.count(axis, shape.rank()),
                    .bytes = bytes_per_element(node.input(2).type)};
  if (node.output(0).shape.count() == 0) return {.run = [](const Frame&) {}};
  switch (node.input(0).type) {
    case DataType::int32: return step_of<int32_t>(loops);
    case DataType::int64: return step_of<int64_t>(loops);
    default: node.fail_type();
  }
}

}  // namespace

extern const OpDef kOneHot;
const OpDef kOneHot = {
    .code = OpCode::one_hot,
    .data_operand = 2,
    .types = kWholeByteTypes,
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::none, Role::none, Role::data, Role::data}, .output = OutputRule::same, .int8 = true},
    .version = version_one};

}  // namespace litequant
