// LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT. Any byte but 0 counts as true.
#include "ops/binary.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

Step compile_and(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  return binary_step<uint8_t, bool>(node, options, [](uint8_t a, uint8_t b) { return a != 0 && b != 0; });
}

Step compile_or(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  return binary_step<uint8_t, bool>(node, options, [](uint8_t a, uint8_t b) { return a != 0 || b != 0; });
}

Step compile_not(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  return unary_step<uint8_t, bool>(node, [](uint8_t x) { return x == 0; });
}

constexpr TypeSet kBoolean = types(DataType::boolean);

}  // namespace

extern const OpDef kLogicalAnd, kLogicalOr, kLogicalNot;
const OpDef kLogicalAnd = {.code = OpCode::logical_and,
                           .types = kBoolean,
                           .infer = infer_broadcast,
                           .compile = compile_and,
                           .version = version_one};
const OpDef kLogicalOr = {.code = OpCode::logical_or,
                          .types = kBoolean,
                          .infer = infer_broadcast,
                          .compile = compile_or,
                          .version = version_one};
const OpDef kLogicalNot = {.code = OpCode::logical_not,
                           .types = kBoolean,
                           .infer = infer_same_shape,
                           .compile = compile_not,
                           .version = version_one};

}  // namespace litequant
