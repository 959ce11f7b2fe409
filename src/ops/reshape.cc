// RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape.
#include <algorithm>
#include <cstring>

#include "ops/op_def.h"

namespace litequant {
namespace {

std::vector<Shape> infer_reshape(const NodeView& node) {
  std::vector<int64_t> wanted;
  if (node.has_input(1)) {
    wanted = node.integers(1);
  } else {
    wanted = node.options().integers("new_shape");
  }
  const int64_t count = node.input(0).shape.count();
  int64_t known = 1;
  int free_axis = -1;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == -1) {
      node.require(free_axis < 0, "the new shape has more than one dimension of -1");
      free_axis = static_cast<int>(i);
    } else {
      node.require(wanted[i] >= 0 && wanted[i] <= INT32_MAX, "the new shape has a negative dimension");
      node.require(known == 0 || wanted[i] <= INT32_MAX / std::max<int64_t>(known, 1), "the new shape is too large");
      known *= wanted[i];
    }
  }
  Shape shape(std::vector<int32_t>(wanted.begin(), wanted.end()));
  if (free_axis >= 0) {
    node.require(known > 0 && count % known == 0,
                 text("cannot reshape ", shape_text(node.input(0).shape), " to ", list_text(wanted)));
    shape[free_axis] = static_cast<int32_t>(count / known);
  }
  node.require(shape.count() == count,
               text("cannot reshape ", shape_text(node.input(0).shape), " to ", list_text(wanted)));
  return {shape};
}

Step compile_copy(const NodeView& node, const CompileOptions&) {
  if (node.input(0).type != node.output(0).type) node.fail_type();
  const size_t bytes = stored_bytes(node.input(0).type, node.input(0).shape.count());
  return {.run = [bytes](const Frame& frame) { std::memcpy(frame.out<std::byte>(), frame.in<std::byte>(0), bytes); }};
}

constexpr QuantRule kMovesData = {
    .roles = {Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true};

}  // namespace

extern const OpDef kReshape;
const OpDef kReshape = {.code = OpCode::reshape,
                        .types = kAllTypes,
                        .infer = infer_reshape,
                        .compile = compile_copy,
                        .quant = kMovesData,
                        .version = version_one};

}  // namespace litequant
