// EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL. Stored integers of 8 and 16 bits are brought to one unit,
// 2^-8, before they are compared.
#include "kernels/reference/arithmetic.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

struct Equal {
  template <typename T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a != b;
  }
};
struct Greater {
  template <typename T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};
struct Less {
  template <typename T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};

template <typename T, typename Order>
Step stored_order_step(const NodeView& node, const CompileOptions& options) {
  if (!node.input(0).is_quantized() && !node.input(1).is_quantized()) {
    return binary_step<T, bool>(node, options, Order{});
  }
  const Affine a = affine_of(node, node.input(0), "input 0");
  const Affine b = affine_of(node, node.input(1), "input 1");
  constexpr int kLeft = 8;
  const reference::ScaledOperand scaled_a = {a.zero_point, kLeft, multiplier_of(node, a.scale)};
  const reference::ScaledOperand scaled_b = {b.zero_point, kLeft, multiplier_of(node, b.scale)};
  return binary_step<T, bool>(
      node, options, [scaled_a, scaled_b](int32_t qa, int32_t qb) { return Order{}(scaled_a(qa), scaled_b(qb)); });
}

template <typename Order>
Step compile_order(const NodeView& node, const CompileOptions& options) {
  require_comparison_types(node);
  switch (node.input(0).type) {
    case DataType::float32: return binary_step<float, bool>(node, options, Order{});
    case DataType::int32: return binary_step<int32_t, bool>(node, options, Order{});
    case DataType::int64: return binary_step<int64_t, bool>(node, options, Order{});
    case DataType::int8: return stored_order_step<int8_t, Order>(node, options);
    case DataType::uint8: return stored_order_step<uint8_t, Order>(node, options);
    case DataType::int16: return stored_order_step<int16_t, Order>(node, options);
    default:
      return binary_step<uint8_t, bool>(node, options,
                                        [](uint8_t a, uint8_t b) { return Order{}(int{a != 0}, int{b != 0}); });
  }
}

// Versions: INT8, and INT16 where the format has it.
template <int kInt16>
int version_order(const NodeView& node) {
  return version_by_type<2, kInt16>(node);
}

constexpr TypeSet kOrdered = kFloatAndInt16 | types(DataType::int32, DataType::int64);
constexpr TypeSet kEqual = kOrdered | types(DataType::boolean);

using Compile = Step (*)(const NodeView&, const CompileOptions&);
using Version = int (*)(const NodeView&);

constexpr OpDef row(OpCode code, TypeSet types, Compile compile, Version version) {
  return {.code = code,
          .types = types,
          .infer = infer_broadcast,
          .compile = compile,
          .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::none, .int8 = true},
          .version = version};
}

}  // namespace

extern const OpDef kEqualTo, kNotEqualTo, kGreater, kGreaterEqual, kLess, kLessEqual;
const OpDef kEqualTo = row(OpCode::equal, kEqual, compile_order<Equal>, version_order<5>);
const OpDef kNotEqualTo = row(OpCode::not_equal, kEqual, compile_order<NotEqual>, version_order<4>);
const OpDef kGreater = row(OpCode::greater, kOrdered, compile_order<Greater>, version_order<1>);
const OpDef kGreaterEqual = row(OpCode::greater_equal, kOrdered, compile_order<GreaterEqual>, version_order<3>);
const OpDef kLess = row(OpCode::less, kOrdered, compile_order<Less>, version_order<3>);
const OpDef kLessEqual = row(OpCode::less_equal, kOrdered, compile_order<LessEqual>, version_order<1>);

}  // namespace litequant
