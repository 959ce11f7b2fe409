// RANGE: start, start + delta, ... up to but without limit.
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/reduce_ops.h"
#include "ops/movement.h"

namespace litequant {
namespace {

template <typename T>
struct Progression {
  T start = 0, delta = 0;
  int64_t count = 0;
};

template <typename T>
T only_value(const NodeView& node, size_t input) {
  const std::span<const T> values = node.values<T>(input);
  node.require(values.size() == 1, "input ", input, " must be one number, found ", values.size());
  return values[0];
}

template <typename T>
Progression<T> progression_of(const NodeView& node) {
  const T start = only_value<T>(node, 0), limit = only_value<T>(node, 1), delta = only_value<T>(node, 2);
  node.require((delta > 0 && start <= limit) || (delta < 0 && start >= limit), "cannot count from ", start, " to ",
               limit, " by ", delta);
  double steps = 0;
  if constexpr (std::is_integral_v<T>) {
    // Unsigned: the distance of any two integers fits, as does the magnitude of any step.
    const uint64_t distance = start <= limit ? static_cast<uint64_t>(limit) - static_cast<uint64_t>(start)
                                             : static_cast<uint64_t>(start) - static_cast<uint64_t>(limit);
    const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : -static_cast<uint64_t>(delta);
    steps = static_cast<double>(distance / step + (distance % step != 0 ? 1 : 0));
  } else {
    steps = static_cast<double>(std::ceil(std::abs((limit - start) / delta)));
  }
  if (!(steps <= std::numeric_limits<int32_t>::max())) {
    node.fail(ErrorCode::too_large, {"counting from ", start, " to ", limit, " by ", delta, " takes too many steps"});
  }
  return {start, delta, static_cast<int64_t>(steps)};
}

std::vector<Shape> infer(const NodeView& node) {
  int64_t count = 0;
  switch (node.input(0).type) {
    case DataType::float32: count = progression_of<float>(node).count; break;
    case DataType::int32: count = progression_of<int32_t>(node).count; break;
    case DataType::int64: count = progression_of<int64_t>(node).count; break;
    default: node.fail_type();
  }
  return {Shape{static_cast<int32_t>(count)}};
}

template <typename T>
Step step_of(const NodeView& node) {
  const Progression<T> progression = progression_of<T>(node);
  return {.run = [progression](const Frame& frame) {
    auto* output = frame.out<T>();
    for (int64_t i = 0; i < progression.count; ++i) {
      output[i] = wrapping_sum(progression.start, wrapping_product(static_cast<T>(i), progression.delta));
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return step_of<float>(node);
    case DataType::int32: return step_of<int32_t>(node);
    case DataType::int64: return step_of<int64_t>(node);
    default: node.fail_type();
  }
}

int version(const NodeView& node) { return node.input(0).type == DataType::int64 ? 2 : 1; }

}  // namespace

extern const OpDef kRange;
const OpDef kRange = {.code = OpCode::range,
                      .types = types(DataType::float32, DataType::int32, DataType::int64),
                      .infer = infer,
                      .compile = compile,
                      .version = version};

}  // namespace litequant
