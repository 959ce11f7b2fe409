// BROADCAST_ARGS: the shape that two shapes broadcast to. Where they do not, which is known only at run time, the
// greater dimension.
#include <algorithm>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  node.require_rank(node.input(0), "its first shape", 1, 1);
  node.require_rank(node.input(1), "its second shape", 1, 1);
  return {Shape{std::max(node.input(0).shape[0], node.input(1).shape[0])}};
}

template <typename T>
Step step_of(const NodeView& node) {
  return {.run = [first = node.input(0).shape[0], second = node.input(1).shape[0]](const Frame& frame) {
    const int32_t rank = std::max(first, second);
    T* output = frame.out<T>();
    for (int32_t i = 0; i < rank; ++i) {  // from the end
      const T a = i < first ? frame.in<T>(0)[first - 1 - i] : T{1};
      const T b = i < second ? frame.in<T>(1)[second - 1 - i] : T{1};
      output[rank - 1 - i] = a == 1 ? b : b == 1 ? a : std::max(a, b);
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  if (node.input(1).type != node.input(0).type) node.fail_type();
  return node.input(0).type == DataType::int32 ? step_of<int32_t>(node) : step_of<int64_t>(node);
}

}  // namespace

extern const OpDef kBroadcastArgs;
const OpDef kBroadcastArgs = {.code = OpCode::broadcast_args,
                              .types = types(DataType::int32, DataType::int64),
                              .infer = infer,
                              .compile = compile,
                              .version = version_one};

}  // namespace litequant
