// FLOOR_DIV and FLOOR_MOD: quotients rounded towards negative infinity, and what remains. Integers never trap: a
// divisor of 0 gives 0; constants of 0 are refused. They work on stored integers as they are, so nothing is quantized
// for them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/binary.h"

namespace litequant {
namespace {

template <typename T>
T floor_quotient(T a, T b) {
  if (b == 0) return 0;
  if (b == -1) return a == std::numeric_limits<T>::min() ? std::numeric_limits<T>::max() : static_cast<T>(-a);
  const auto quotient = static_cast<T>(a / b);
  return static_cast<T>(quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0));
}

template <typename T>
T floor_remainder(T a, T b) {
  if (b == 0 || b == -1) return 0;
  const auto remainder = static_cast<T>(a % b);
  return static_cast<T>(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder);
}

float floor_remainder_of_reals(float a, float b) {
  const float remainder = std::fmod(a, b);  // exact by definition
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

template <typename T, T (*kOperation)(T, T)>
Step integer_step(const NodeView& node, const CompileOptions& options) {
  if (node.input(1).has_value) {
    const auto divisors = node.values<T>(1);
    node.require(std::find(divisors.begin(), divisors.end(), T{0}) == divisors.end(), "division by a constant 0");
  }
  return binary_step<T, T>(node, options, [](T a, T b) { return kOperation(a, b); });
}

Step compile_floor_div(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return integer_step<int8_t, floor_quotient<int8_t>>(node, options);
    case DataType::int16: return integer_step<int16_t, floor_quotient<int16_t>>(node, options);
    case DataType::int32: return integer_step<int32_t, floor_quotient<int32_t>>(node, options);
    default: return binary_step<float, float>(node, options, [](float a, float b) { return std::floor(a / b); });
  }
}

Step compile_floor_mod(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return integer_step<int8_t, floor_remainder<int8_t>>(node, options);
    case DataType::int16: return integer_step<int16_t, floor_remainder<int16_t>>(node, options);
    case DataType::int32: return integer_step<int32_t, floor_remainder<int32_t>>(node, options);
    case DataType::int64: return integer_step<int64_t, floor_remainder<int64_t>>(node, options);
    default: return binary_step<float, float>(node, options, floor_remainder_of_reals);
  }
}

int version_floor_div(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::int8:
    case DataType::int16: return 3;
    case DataType::float32: return 2;
    default: return 1;
  }
}

constexpr TypeSet kTypes = types(DataType::float32, DataType::int8, DataType::int16, DataType::int32);
constexpr QuantRule kFloatOnly = {.roles = {Role::data, Role::data}, .output = OutputRule::free};

}  // namespace

extern const OpDef kFloorDiv, kFloorMod;
const OpDef kFloorDiv = {.code = OpCode::floor_div,
                         .types = kTypes,
                         .infer = infer_broadcast,
                         .compile = compile_floor_div,
                         .quant = kFloatOnly,
                         .version = version_floor_div};
const OpDef kFloorMod = {.code = OpCode::floor_mod,
                         .types = kTypes | types(DataType::int64),
                         .infer = infer_broadcast,
                         .compile = compile_floor_mod,
                         .quant = kFloatOnly,
                         .version = version_by_type<2, 2>};

}  // namespace litequant
