// SELECT and SELECT_V2: elements of one operand where a condition holds, of the other elsewhere.
#include "kernels/broadcast.h"
#include "ops/binary.h"

namespace litequant {
namespace {

// SELECT takes a condition of the operands' shape, a scalar, or one value per element of their first dimension. Seen as
// a shape that broadcasts.
Shape condition_shape(const NodeView& node) {
  const Shape& condition = node.input(0).shape;
  const Shape& x = node.input(1).shape;
  if (node.node().op != OpCode::select || condition.rank() != 1 || x.rank() <= 1) return condition;
  Shape shape = condition;
  while (shape.rank() < x.rank()) shape.push_back(1);
  return shape;
}

std::vector<Shape> infer_select(const NodeView& node) {
  const Shape condition = condition_shape(node);
  const Shape& x = node.input(1).shape;
  const Shape& y = node.input(2).shape;
  const auto operands = broadcast_shape(x, y);
  const auto result = operands ? broadcast_shape(condition, *operands) : std::nullopt;
  const bool fits = result && (node.node().op != OpCode::select || (x == y && *result == x));
  node.require(fits, "the shapes ", shape_text(node.input(0).shape), ", ", shape_text(x), " and ", shape_text(y),
               " do not go together");
  return {*result};
}

// T is an unsigned integer of the elements' size.
template <typename T>
Step select_step(const NodeView& node) {
  const Shape result = infer_select(node)[0];
  const Shape condition = condition_shape(node);
  const Shape* const operands[] = {&condition, &node.input(1).shape, &node.input(2).shape};
  const auto walk = broadcast_walk(result, operands);
  if (!walk) {
    node.fail(ErrorCode::unsupported_operator, {"broadcasting to ", shape_text(result), " is not executed"});
  }
  return {.run = [walk = *walk](const Frame& frame) {
    const auto* chosen = frame.in<uint8_t>(0);
    const T* x = frame.in<T>(1);
    const T* y = frame.in<T>(2);
    T* out = frame.out<T>();
    const auto& [c_step, x_step, y_step] = walk.row_stride;
    for_each_row(walk, [&](int64_t to, const std::array<int64_t, kMaxBroadcastOperands>& from) {
      for (int64_t i = 0; i < walk.row; ++i) {
        out[to + i] = chosen[from[0] + i * c_step] != 0 ? x[from[1] + i * x_step] : y[from[2] + i * y_step];
      }
    });
  }};
}

Step compile_select(const NodeView& node, const CompileOptions&) {
  node.require_type(node.input(0), "the condition", DataType::boolean);
  if (node.input(2).type != node.input(1).type || node.output(0).type != node.input(1).type) node.fail_type();
  switch (bytes_per_element(node.input(1).type)) {
    case 1: return select_step<uint8_t>(node);
    case 2: return select_step<uint16_t>(node);
    case 4: return select_step<uint32_t>(node);
    default: return select_step<uint64_t>(node);
  }
}

int version_select(const NodeView& node) {
  if (node.input(1).type == DataType::uint32) return 4;
  if (node.input(1).shape.rank() == 5) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

int version_select_v2(const NodeView& node) { return node.input(1).type == DataType::uint32 ? 2 : 1; }

constexpr TypeSet kTypes =
    kFloatAndInt16 | types(DataType::boolean, DataType::int32, DataType::uint32, DataType::int64, DataType::uint64,
                           DataType::uint16, DataType::float16, DataType::bfloat16);
constexpr QuantRule kTied = {
    .roles = {Role::none, Role::data, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true};

}  // namespace

extern const OpDef kSelect, kSelectV2;
const OpDef kSelect = {.code = OpCode::select,
                       .data_operand = 1,
                       .types = kTypes,
                       .infer = infer_select,
                       .compile = compile_select,
                       .quant = kTied,
                       .version = version_select};
const OpDef kSelectV2 = {.code = OpCode::select_v2,
                         .data_operand = 1,
                         .types = kTypes,
                         .infer = infer_select,
                         .compile = compile_select,
                         .quant = kTied,
                         .version = version_select_v2};

}  // namespace litequant
