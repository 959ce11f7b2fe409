// MAXIMUM and MINIMUM: stored integers are compared as they are, so all scales are equal.
#include "ops/binary.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

template <typename T, bool kMaximum>
Step extremum_step(const NodeView& node, const CompileOptions& options) {
  return binary_step<T, T>(node, options, [](T a, T b) { return (kMaximum ? a > b : a < b) ? a : b; });
}

template <bool kMaximum>
Step half_extremum_step(const NodeView& node, const CompileOptions& options) {
  return binary_step<uint16_t, uint16_t>(node, options,
                                         [real = real_of_half(node.input(0).type)](uint16_t a, uint16_t b) {
                                           return (kMaximum ? real(a) > real(b) : real(a) < real(b)) ? a : b;
                                         });
}

template <bool kMaximum>
Step compile_extremum(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return extremum_step<float, kMaximum>(node, options);
    case DataType::int8: return extremum_step<int8_t, kMaximum>(node, options);
    case DataType::uint8: return extremum_step<uint8_t, kMaximum>(node, options);
    case DataType::int16: return extremum_step<int16_t, kMaximum>(node, options);
    case DataType::int32: return extremum_step<int32_t, kMaximum>(node, options);
    case DataType::int64: return extremum_step<int64_t, kMaximum>(node, options);
    case DataType::float16:
    case DataType::bfloat16: return half_extremum_step<kMaximum>(node, options);
    default: node.fail_type();
  }
}

int version_extremum(const NodeView& node) {
  if (node.input(0).type == DataType::int16) return 4;
  if (broadcast_rank(node) > 4) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

constexpr TypeSet kTypes =
    kFloatAndInt16 | types(DataType::int32, DataType::int64, DataType::float16, DataType::bfloat16);
constexpr QuantRule kTied = {
    .roles = {Role::data, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true};

}  // namespace

extern const OpDef kMaximum, kMinimum;
const OpDef kMaximum = {.code = OpCode::maximum,
                        .types = kTypes,
                        .infer = infer_broadcast,
                        .compile = compile_extremum<true>,
                        .quant = kTied,
                        .version = version_extremum};
const OpDef kMinimum = {.code = OpCode::minimum,
                        .types = kTypes,
                        .infer = infer_broadcast,
                        .compile = compile_extremum<false>,
                        .quant = kTied,
                        .version = version_extremum};

}  // namespace litequant
