// SHAPE and RANK: numbers about a tensor's shape, known as soon as shapes are.
#include <cstring>
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer_shape(const NodeView& node) { return {Shape{node.input(0).shape.rank()}}; }

std::vector<Shape> infer_rank(const NodeView& node) {
  (void)node.input(0);
  return {Shape{}};
}

// Writes `values` in the result's type.
template <typename T>
Step constant_step(const std::vector<int32_t>& values) {
  return {.run = [values = std::vector<T>(values.begin(), values.end())](const Frame& frame) {
    if (!values.empty()) std::memcpy(frame.out<std::byte>(), values.data(), values.size() * sizeof(T));
  }};
}

Step integers_step(const NodeView& node, const std::vector<int32_t>& values) {
  switch (node.output(0).type) {
    case DataType::int32: return constant_step<int32_t>(values);
    case DataType::int64: return constant_step<int64_t>(values);
    default: node.fail_type();
  }
}

Step compile_shape(const NodeView& node, const CompileOptions&) {
  return integers_step(node, node.input(0).shape.dims());
}

Step compile_rank(const NodeView& node, const CompileOptions&) {
  return integers_step(node, {node.input(0).shape.rank()});
}

// The operand's values are not looked at, so its scale stays what it is.
constexpr QuantRule kTakesAnything = {.roles = {Role::data}, .output = OutputRule::none, .int8 = true, .int16 = true};

}  // namespace

extern const OpDef kShape;
const OpDef kShape = {.code = OpCode::shape,
                      .types = kAllTypes,
                      .needs_only_shapes = true,
                      .infer = infer_shape,
                      .compile = compile_shape,
                      .quant = kTakesAnything,
                      .version = version_one};

extern const OpDef kRank;
const OpDef kRank = {.code = OpCode::rank,
                     .types = kAllTypes,
                     .needs_only_shapes = true,
                     .infer = infer_rank,
                     .compile = compile_rank,
                     .quant = kTakesAnything,
                     .version = version_one};

}  // namespace litequant
