// ADD_N: the sum of any number of operands of one shape, added in their order.
#include "kernels/reduce_ops.h"
#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  for (size_t i = 1; i < node.input_count(); ++i) {
    node.require(node.input(i).shape == shape, "needs operands of one shape, found ", shape_text(shape), " and ",
                 shape_text(node.input(i).shape));
  }
  return {shape};
}

template <typename T>
Step step_of(const NodeView& node) {
  return {.run = [count = node.input(0).shape.count()](const Frame& frame) {
    T* out = frame.out<T>();
    for (int64_t i = 0; i < count; ++i) {
      T sum = frame.in<T>(0)[i];
      for (size_t k = 1; k < frame.inputs.size(); ++k) sum = wrapping_sum(sum, frame.in<T>(k)[i]);
      out[i] = sum;
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  for (size_t i = 1; i < node.input_count(); ++i) {
    if (node.input(i).type != node.input(0).type) node.fail_type();
  }
  return node.input(0).type == DataType::int32 ? step_of<int32_t>(node) : step_of<float>(node);
}

}  // namespace

extern const OpDef kAddN;
const OpDef kAddN = {.code = OpCode::add_n,
                     .types = types(DataType::float32, DataType::int32),
                     .infer = infer,
                     .compile = compile,
                     .quant = {.roles = {Role::data}, .variadic = true, .output = OutputRule::free},
                     .version = version_one};

}  // namespace litequant
