// PAD and PADV2: a border of one value around a tensor.
#include <utility>

#include "base/checked.h"
#include "ops/movement.h"

namespace litequant {
namespace {

struct Border {
  std::vector<int64_t> before, after;  // one per axis
};

Border border_of(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const Shape& given = node.input(1).shape;
  node.require(given.rank() == 2 && given[0] == shape.rank() && given[1] == 2, "needs paddings of the shape [",
               shape.rank(), ", 2], found ", shape_text(given));
  const std::vector<int64_t> amounts = node.integers(1);
  node.require(amounts.size() == 2 * static_cast<size_t>(shape.rank()), "the paddings are incomplete");
  Border border;
  for (size_t i = 0; i < amounts.size(); i += 2) {
    node.require(amounts[i] >= 0 && amounts[i + 1] >= 0, "the paddings ", list_text(amounts), " have a negative one");
    border.before.push_back(amounts[i]);
    border.after.push_back(amounts[i + 1]);
  }
  return border;
}

std::vector<Shape> infer(const NodeView& node) {
  const Border border = border_of(node);
  Shape shape = node.input(0).shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    const auto with_before = checked_add<int64_t>(shape[axis], border.before[a]);
    const auto whole = with_before ? checked_add<int64_t>(*with_before, border.after[a]) : std::nullopt;
    if (!whole) node.fail(ErrorCode::too_large, {"the paddings are too large"});
    shape[axis] = checked_dim(node, *whole);
  }
  checked_count(node, shape);
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& input = node.input(0);
  const Operand& result = node.output(0);
  require_int16_zero_point(node, input);
  require_int16_zero_point(node, result);
  const bool has_value = node.has_input(2);
  if (has_value) {
    if (node.input(2).type != input.type) node.fail_type();
    node.require(node.input(2).shape.count() == 1, "the padding value must be one number");
    if (is_quantizable_integer(input.type)) require_same_parameters(node, node.input(2), result);
  }

  const Border border = border_of(node);
  const auto from_strides = dense_strides(input.shape);
  const auto to_strides = dense_strides(result.shape);
  StridedCopy copy{.element_bytes = bytes_per_element(input.type)};
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    copy.axes.push_back({input.shape[axis], from_strides[a], to_strides[a]});
    copy.to_start += border.before[a] * to_strides[a];
  }
  Step inside = move_step({{.copy = std::move(copy)}}, options);
  return {.run = [inside = std::move(inside), count = result.shape.count(), zero = stored_zero(result),
                  bytes = bytes_per_element(input.type), has_value](const Frame& frame) {
    const std::byte* value = has_value ? frame.in<std::byte>(2) : zero.data();
    fill_elements(frame.out<std::byte>(), count, value, bytes);
    inside.run(frame);
  }};
}

int version(const NodeView& node) {
  const Operand& input = node.input(0);
  if (input.type == DataType::boolean) return 5;
  if (input.shape.rank() > 4) return 4;
  if (input.type == DataType::int16) return 3;
  return input.type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kPad;
const OpDef kPad = {.code = OpCode::pad,
                    .types = kWholeByteTypes,
                    .infer = infer,
                    .compile = compile,
                    .quant = kMovesData,
                    .version = version};

extern const OpDef kPadV2;
const OpDef kPadV2 = {
    .code = OpCode::padv2,
    .types = kWholeByteTypes,
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::data, Role::none, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true},
    .version = version};

}  // namespace litequant
