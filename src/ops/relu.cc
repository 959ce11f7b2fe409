// RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1.
#include <cmath>
#include <limits>

#include "kernels/reference/activation.h"
#include "ops/quantized_operand.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

constexpr float kUnbounded = std::numeric_limits<float>::infinity();

enum class Kind { relu, relu6, relu_n1_to_1, relu_0_to_1 };

constexpr FloatRange limits(Kind kind) {
  switch (kind) {
    case Kind::relu6: return {0, 6};
    case Kind::relu_n1_to_1: return {-1, 1};
    case Kind::relu_0_to_1: return {0, 1};
    default: return {0, kUnbounded};
  }
}

template <Kind kKind>
Step compile_relu(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  constexpr FloatRange kLimits = limits(kKind);
  const DataType type = node.input(0).type;
  if (type == DataType::float32) {
    return unary_step<float, float>(node, [](float x) {
      const float above = x < kLimits.low ? kLimits.low : x;
      return above > kLimits.high ? kLimits.high : above;
    });
  }
  const Affine in = affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  const IntegerRange whole = stored_range(type);
  const IntegerRange range = {quantize(kLimits.low, out, whole),
                              kLimits.high == kUnbounded ? whole.high : quantize(kLimits.high, out, whole)};
  return stored_step(node, reference::Rescale{.zero_in = in.zero_point,
                                              .by = multiplier_of(node, in.scale / out.scale),
                                              .zero_out = out.zero_point,
                                              .range = range});
}

int version_relu(const NodeView& node) {
  if (node.input(0).type == DataType::int16) return 3;
  return node.input(0).type == DataType::int8 || node.input(0).type == DataType::uint8 ? 2 : 1;
}

constexpr QuantRule rule(bool int16) {
  return {.roles = {Role::data}, .output = OutputRule::free, .int8 = true, .int16 = int16};
}

}  // namespace

extern const OpDef kRelu, kRelu6, kReluN1To1, kRelu0To1;
const OpDef kRelu = {.code = OpCode::relu,
                     .types = kFloatAndInt16,
                     .infer = infer_same_shape,
                     .compile = compile_relu<Kind::relu>,
                     .quant = rule(true),
                     .version = version_relu};
const OpDef kRelu6 = {.code = OpCode::relu6,
                      .types = kFloatAndInt16,
                      .infer = infer_same_shape,
                      .compile = compile_relu<Kind::relu6>,
                      .quant = rule(true),
                      .version = version_by_type<2, 3>};
const OpDef kReluN1To1 = {.code = OpCode::relu_n1_to_1,
                          .types = kFloatAndInt8,
                          .infer = infer_same_shape,
                          .compile = compile_relu<Kind::relu_n1_to_1>,
                          .quant = rule(false),
                          .version = version_one};
const OpDef kRelu0To1 = {.code = OpCode::relu_0_to_1,
                         .types = kFloatAndInt8,
                         .infer = infer_same_shape,
                         .compile = compile_relu<Kind::relu_0_to_1>,
                         .quant = rule(false),
                         .version = version_one};

}  // namespace litequant
