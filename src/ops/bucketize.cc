// BUCKETIZE: the number of boundaries that are not greater than each value.
#include <algorithm>
#include <memory>

#include "ops/unary_step.h"

namespace litequant {
namespace {

template <typename T>
Step step_of(const NodeView& node, std::vector<float> boundaries) {
  return {.run = [count = node.input(0).shape.count(), boundaries = std::move(boundaries)](const Frame& frame) {
    const T* input = frame.in<T>(0);
    auto* output = frame.out<int32_t>();
    for (int64_t i = 0; i < count; ++i) {
      const auto first_greater = std::upper_bound(boundaries.begin(), boundaries.end(), input[i],
                                                  [](T value, float boundary) { return value < boundary; });
      output[i] = static_cast<int32_t>(first_greater - boundaries.begin());
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  if (node.output(0).type != DataType::int32) node.fail_type();
  const std::vector<double>& reals = node.options().reals("boundaries");
  std::vector<float> boundaries(reals.begin(), reals.end());
  node.require(std::is_sorted(boundaries.begin(), boundaries.end()), "its boundaries must rise");
  switch (node.input(0).type) {
    case DataType::float32: return step_of<float>(node, std::move(boundaries));
    case DataType::float64: return step_of<double>(node, std::move(boundaries));
    case DataType::int32: return step_of<int32_t>(node, std::move(boundaries));
    case DataType::int64: return step_of<int64_t>(node, std::move(boundaries));
    default: node.fail_type();
  }
}

}  // namespace

extern const OpDef kBucketize;
const OpDef kBucketize = {.code = OpCode::bucketize,
                          .types = types(DataType::float32, DataType::float64, DataType::int32, DataType::int64),
                          .infer = infer_same_shape,
                          .compile = compile,
                          .quant = {.roles = {Role::data}, .output = OutputRule::none},
                          .version = version_one};

}  // namespace litequant
