// STABLEHLO_ADD, _MULTIPLY, _MAXIMUM, _MINIMUM, _AND and _SHIFT_LEFT, as far as TensorFlow Lite itself runs them: two
// operands of one shape, stored values as they are.
#include "ops/binary.h"
#include "ops/combinations.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  node.require(node.input(1).shape == shape, "needs operands of one shape, found ", shape_text(shape), " and ",
               shape_text(node.input(1).shape));
  return {shape};
}

template <typename T>
struct And {
  T operator()(T a, T b) const { return static_cast<T>(a & b); }
};
template <typename T>
struct ShiftedLeft {
  T operator()(T a, T b) const {
    if (b < 0 || static_cast<size_t>(b) >= sizeof(T) * 8) return 0;
    return static_cast<T>(static_cast<uint64_t>(a) << b);
  }
};

template <template <typename> typename Operation, bool kTakesReals = true>
Step compile(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  const DataType type = node.input(0).type;
  const auto step_of = [&]<typename T>(T) { return binary_step<T, T>(node, options, Operation<T>()); };
  if constexpr (kTakesReals) {
    if (type == DataType::float32) return step_of(float{});
    if (type == DataType::float64) return step_of(double{});
    if (type == DataType::float16) return half_binary_step(node, options, Operation<float>());
  }
  switch (type) {
    case DataType::boolean: return step_of(bool{});
    case DataType::int8: return step_of(int8_t{});
    case DataType::uint8: return step_of(uint8_t{});
    case DataType::int16: return step_of(int16_t{});
    case DataType::uint16: return step_of(uint16_t{});
    case DataType::int32: return step_of(int32_t{});
    case DataType::uint32: return step_of(uint32_t{});
    case DataType::int64: return step_of(int64_t{});
    case DataType::uint64: return step_of(uint64_t{});
    default: node.fail_type();
  }
}

Step compile_shift_left(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return binary_step<int8_t, int8_t>(node, options, ShiftedLeft<int8_t>());
    case DataType::int16: return binary_step<int16_t, int16_t>(node, options, ShiftedLeft<int16_t>());
    case DataType::int32: return binary_step<int32_t, int32_t>(node, options, ShiftedLeft<int32_t>());
    default: node.fail_type();
  }
}

constexpr TypeSet kWholeTypes =
    types(DataType::boolean, DataType::int8, DataType::uint8, DataType::int16, DataType::uint16, DataType::int32,
          DataType::uint32, DataType::int64, DataType::uint64);
constexpr TypeSet kAllNumbers = kWholeTypes | types(DataType::float32, DataType::float64, DataType::float16);

constexpr OpDef row(OpCode code, TypeSet types, Step (*compile)(const NodeView&, const CompileOptions&)) {
  return {.code = code,
          .types = types,
          .infer = infer,
          .compile = compile,
          .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
          .version = version_one};
}

}  // namespace

extern const OpDef kStablehloAdd, kStablehloMultiply, kStablehloMaximum, kStablehloMinimum, kStablehloAnd,
    kStablehloShiftLeft;
const OpDef kStablehloAdd = row(OpCode::stablehlo_add, kAllNumbers, compile<Sum>);
const OpDef kStablehloMultiply = row(OpCode::stablehlo_multiply, kAllNumbers, compile<Product>);
const OpDef kStablehloMaximum = row(OpCode::stablehlo_maximum, kAllNumbers, compile<Greater>);
const OpDef kStablehloMinimum = row(OpCode::stablehlo_minimum, kAllNumbers, compile<Lesser>);
const OpDef kStablehloAnd = row(OpCode::stablehlo_and, kWholeTypes, compile<And, false>);
const OpDef kStablehloShiftLeft =
    row(OpCode::stablehlo_shift_left, types(DataType::int8, DataType::int16, DataType::int32), compile_shift_left);

}  // namespace litequant
