// EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL. Stored integers of 8 bits, and where equality is asked of
// 16 bits, are brought to one unit, 2^-8, before they are compared.
#include "kernels/reference/arithmetic.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

// How two numbers stand to each other, one bit each; an operator is the set of what it holds for.
enum Standing : uint8_t { kIsLess = 1, kIsEqual = 2, kIsGreater = 4, kIsUnordered = 8 };

// Holds if the operands stand to each other in one of the ways of `holds_for`. One instance for all six operators.
struct Order {
  uint8_t holds_for;

  bool is_of_equality() const { return holds_for == kIsEqual || holds_for == (kIsLess | kIsGreater | kIsUnordered); }

  template <typename T>
  bool operator()(T a, T b) const {
    const int standing = a < b ? kIsLess : a == b ? kIsEqual : a > b ? kIsGreater : kIsUnordered;
    return (holds_for & standing) != 0;
  }
};

template <typename T>
Step stored_order_step(const NodeView& node, const CompileOptions& options, Order order) {
  if (!node.input(0).is_quantized() && !node.input(1).is_quantized()) {
    return binary_step<T, bool>(node, options, order);
  }
  const Affine a = affine_of(node, node.input(0), "input 0");
  const Affine b = affine_of(node, node.input(1), "input 1");
  constexpr int kLeft = 8;
  const reference::ScaledOperand scaled_a = {a.zero_point, kLeft, multiplier_of(node, a.scale)};
  const reference::ScaledOperand scaled_b = {b.zero_point, kLeft, multiplier_of(node, b.scale)};
  return binary_step<T, bool>(
      node, options, [scaled_a, scaled_b, order](int32_t qa, int32_t qb) { return order(scaled_a(qa), scaled_b(qb)); });
}

Step compile(const NodeView& node, const CompileOptions& options, Order order) {
  require_comparison_types(node);
  switch (node.input(0).type) {
    case DataType::float32: return binary_step<float, bool>(node, options, order);
    case DataType::int32: return binary_step<int32_t, bool>(node, options, order);
    case DataType::int64: return binary_step<int64_t, bool>(node, options, order);
    case DataType::string: return binary_step<uint32_t, bool>(node, options, order);  // equal numbers, equal strings
    case DataType::int8: return stored_order_step<int8_t>(node, options, order);
    case DataType::uint8: return stored_order_step<uint8_t>(node, options, order);
    case DataType::int16:
      // Which is the greater the reference tells by the stored numbers, whatever their scales.
      return order.is_of_equality() ? stored_order_step<int16_t>(node, options, order)
                                    : binary_step<int16_t, bool>(node, options, order);
    case DataType::float16:
    case DataType::bfloat16:
      return binary_step<uint16_t, bool>(
          node, options,
          [order, real = real_of_half(node.input(0).type)](uint16_t a, uint16_t b) { return order(real(a), real(b)); });
    default:
      return binary_step<uint8_t, bool>(node, options,
                                        [order](uint8_t a, uint8_t b) { return order(int{a != 0}, int{b != 0}); });
  }
}

template <int kHoldsFor>
Step compile_order(const NodeView& node, const CompileOptions& options) {
  return compile(node, options, Order{kHoldsFor});
}

// Versions: STRING, INT8, and INT16 where the format has it.
template <int kInt16>
int version_order(const NodeView& node) {
  if (node.input(0).type == DataType::string) return 3;
  return version_by_type<2, kInt16>(node);
}

constexpr TypeSet kOrdered = kFloatAndInt16 | types(DataType::int32, DataType::int64, DataType::float16);
constexpr TypeSet kEqual = kOrdered | types(DataType::boolean, DataType::string);
constexpr TypeSet kStrict = kOrdered | types(DataType::bfloat16);  // the format's kernels of GREATER and LESS

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
const OpDef kEqualTo = row(OpCode::equal, kEqual, compile_order<kIsEqual>, version_order<5>);
const OpDef kNotEqualTo =
    row(OpCode::not_equal, kEqual, compile_order<kIsLess | kIsGreater | kIsUnordered>, version_order<4>);
const OpDef kGreater = row(OpCode::greater, kStrict, compile_order<kIsGreater>, version_order<1>);
const OpDef kGreaterEqual =
    row(OpCode::greater_equal, kOrdered, compile_order<kIsGreater | kIsEqual>, version_order<3>);
const OpDef kLess = row(OpCode::less, kStrict, compile_order<kIsLess>, version_order<3>);
const OpDef kLessEqual = row(OpCode::less_equal, kOrdered, compile_order<kIsLess | kIsEqual>, version_order<1>);

}  // namespace litequant
