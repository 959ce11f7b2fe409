// DENSIFY: a constant that is stored sparse, made dense. The only operator that takes one; computed when a plan is
// made.
#include "model/sparsity.h"
#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) { return {node.input(0).shape}; }

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Operand& input = node.input(0);
  node.require(input.has_value && input.tensor->sparsity.has_value(), "its operand must be a constant, stored sparse");
  // The tensor lives as long as the plan's model does.
  return {.run = [tensor = input.tensor, stored = input.constant,
                  bytes = stored_bytes(input.type, input.shape.count())](const Frame& frame) {
    write_dense(*tensor, stored, {frame.out<std::byte>(), bytes});
  }};
}

}  // namespace

extern const OpDef kDensify;
const OpDef kDensify = {.code = OpCode::densify,
                        .types = types(DataType::float32, DataType::float16, DataType::int8),
                        .infer = infer,
                        .compile = compile,
                        .version = version_one};

}  // namespace litequant
