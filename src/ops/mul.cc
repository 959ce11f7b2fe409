// MUL.
#include <algorithm>
#include <array>
#include <bit>

#include "kernels/elementwise_int8.h"
#include "kernels/reference/arithmetic.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"
#include "ops/window.h"

namespace litequant {
namespace {

template <typename T>
Step quantized_step(const NodeView& node, const CompileOptions& options) {
  const Affine a = affine_of(node, node.input(0), "input 0");
  const Affine b = affine_of(node, node.input(1), "input 1");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  require_symmetric_int16(node, node.input(0), a, "input 0");
  require_symmetric_int16(node, node.input(1), b, "input 1");
  require_symmetric_int16(node, node.output(0), out, "the output");
  const float real = a.scale * b.scale / out.scale;  // in float, as the reference forms it
  const reference::QuantizedProduct product = {
      .zero_a = a.zero_point,
      .zero_b = b.zero_point,
      .result = {multiplier_of(node, real), out.zero_point,
                 activation_range(fused_activation(node), out.scale, out.zero_point, range_of<T>())}};
  if constexpr (sizeof(T) == 1) {
    if (options.kernels == KernelSet::optimized && infer_broadcast(node)[0].count() >= kWorthProving) {
      return {.run = [walk = walk_of(node), pair = Int8PairKernel<T>::product(product, real)](const Frame& frame) {
        pair.run(walk, frame.in<T>(0), frame.in<T>(1), frame.out<T>());
      }};
    }
  }
  return binary_step<T, T>(node, options, product);
}

Step float_step(const NodeView& node, const CompileOptions& options) {
  const FloatRange range = activation_range(fused_activation(node));
  if (fused_activation(node) == Activation::none) {
    return binary_step<float, float>(node, options, [](float a, float b) { return a * b; });
  }
  return binary_step<float, float>(node, options, [range](float a, float b) {
    const float above = a * b < range.low ? range.low : a * b;
    return above > range.high ? range.high : above;
  });
}

template <typename T>
Step whole_number_step(const NodeView& node, const CompileOptions& options) {
  return binary_step<T, T>(node, options, [range = whole_number_range<T>(fused_activation(node))](T a, T b) {
    return std::clamp(static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b)), range.low, range.high);
  });
}

// The reference's limit of -1 is the greatest number here, so that RELU_N1_TO_1 gives 1 throughout.
Step unsigned_step(const NodeView& node, const CompileOptions& options) {
  constexpr uint32_t kGreatest = std::numeric_limits<uint32_t>::max();
  const Activation activation = fused_activation(node);
  const uint32_t lowest = activation == Activation::relu_n1_to_1 ? kGreatest : 0;
  const uint32_t highest = activation == Activation::relu6 ? 6 : activation == Activation::relu_n1_to_1 ? 1 : kGreatest;
  return binary_step<uint32_t, uint32_t>(
      node, options, [lowest, highest](uint32_t a, uint32_t b) { return std::min(std::max(a * b, lowest), highest); });
}

// A complex number is as long as an INT64, which is how operands that broadcast are walked.
struct ComplexProduct {
  uint64_t operator()(uint64_t a, uint64_t b) const {
    const auto [a_re, a_im] = std::bit_cast<std::array<float, 2>>(a);
    const auto [b_re, b_im] = std::bit_cast<std::array<float, 2>>(b);
    return std::bit_cast<uint64_t>(std::array<float, 2>{a_re * b_re - a_im * b_im, a_re * b_im + a_im * b_re});
  }
};

Step complex_step(const NodeView& node, const CompileOptions& options) {
  if (fused_activation(node) != Activation::none) {
    node.fail(ErrorCode::unsupported_operator, {"an activation of complex numbers is not executed"});
  }
  return binary_step<uint64_t, uint64_t>(node, options, ComplexProduct());
}

Step compile_mul(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return float_step(node, options);
    case DataType::int8: return quantized_step<int8_t>(node, options);
    case DataType::uint8: return quantized_step<uint8_t>(node, options);
    case DataType::int16:
      return node.input(0).is_quantized() ? quantized_step<int16_t>(node, options)
                                          : whole_number_step<int16_t>(node, options);
    case DataType::int32: return whole_number_step<int32_t>(node, options);
    case DataType::int64: return whole_number_step<int64_t>(node, options);
    case DataType::uint32: return unsigned_step(node, options);
    case DataType::complex64: return complex_step(node, options);
    default: node.fail_type();
  }
}

int version_mul(const NodeView& node) {
  const Operand& a = node.input(0);
  const Operand& b = node.input(1);
  const Operand& out = node.output(0);
  switch (a.type) {
    case DataType::float16: return 8;
    case DataType::complex64: return 6;
    case DataType::uint32: return 7;
    case DataType::int64: return 5;
    case DataType::int16: return a.is_quantized() ? 4 : 7;
    case DataType::int8:
    case DataType::uint8:
      if (a.is_quantized() && b.is_quantized() && out.is_quantized() && a.scale() * b.scale() / out.scale() >= 1)
        return 3;
      return a.type == DataType::int8 ? 2 : 1;
    default: return 1;
  }
}

}  // namespace

extern const OpDef kMul;
const OpDef kMul = {
    .code = OpCode::mul,
    .types = kFloatAndInt16 | types(DataType::int32, DataType::int64, DataType::uint32, DataType::complex64),
    .infer = infer_broadcast,
    .compile = compile_mul,
    .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free, .int8 = true, .int16 = true},
    .version = version_mul};

}  // namespace litequant
