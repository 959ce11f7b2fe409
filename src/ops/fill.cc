// FILL (a shape filled with one value) and ZEROS_LIKE.
#include <cstring>
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer_fill(const NodeView& node) {
  Shape shape;
  for (const int64_t dim : node.integers(0)) shape.push_back(checked_dim(node, dim));
  checked_count(node, shape);
  node.require(node.input(1).shape.count() == 1, "its value must be one number, found ",
               shape_text(node.input(1).shape));
  return {shape};
}

Step compile_fill(const NodeView& node, const CompileOptions&) {
  require_same_type(node, 1);
  return {
      .run = [count = node.output(0).shape.count(), bytes = bytes_per_element(node.input(1).type)](const Frame& frame) {
        fill_elements(frame.out<std::byte>(), count, frame.in<std::byte>(1), bytes);
      }};
}

int fill_version(const NodeView& node) {
  switch (node.input(1).type) {
    case DataType::float16: return 4;
    case DataType::int8:
    case DataType::int16: return 3;
    case DataType::boolean:
    case DataType::string: return 2;
    default: return 1;
  }
}

std::vector<Shape> infer_zeros(const NodeView& node) { return {node.input(0).shape}; }

Step compile_zeros(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const size_t bytes = stored_bytes(node.output(0).type, node.output(0).shape.count());
  return {.run = [bytes](const Frame& frame) {
    if (bytes != 0) std::memset(frame.out<std::byte>(), 0, bytes);
  }};
}

}  // namespace

extern const OpDef kFill;
const OpDef kFill = {
    .code = OpCode::fill,
    .data_operand = 1,
    .types = kWholeByteTypes | types(DataType::string),
    .infer = infer_fill,
    .compile = compile_fill,
    .quant = {.roles = {Role::none, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true},
    .version = fill_version};

// Zero bytes are the real 0 only where nothing is quantized.
extern const OpDef kZerosLike;
const OpDef kZerosLike = {.code = OpCode::zeros_like,
                          .types = types(DataType::float32, DataType::int32, DataType::int64),
                          .needs_only_shapes = true,
                          .infer = infer_zeros,
                          .compile = compile_zeros,
                          .quant = {.roles = {Role::data}, .output = OutputRule::free},
                          .version = version_one};

}  // namespace litequant
