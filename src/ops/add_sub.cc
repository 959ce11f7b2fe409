// ADD and SUB.
#include <cmath>

#include "kernels/elementwise_int8.h"
#include "kernels/math.h"
#include "kernels/reference/arithmetic.h"
#include "ops/binary.h"
#include "ops/quantized_operand.h"
#include "ops/window.h"

namespace litequant {
namespace {

// The exponent when `scale` is a power of two, as near as the reference asks for.
std::optional<int> power_of_two_exponent(float scale) {
  if (!(scale > 0)) return std::nullopt;
  const double exact = math::log(static_cast<double>(scale)) / math::log(2.0);
  const double nearest = std::round(exact);
  if (std::fabs(exact - nearest) >= 1e-3) return std::nullopt;
  return static_cast<int>(nearest);
}

bool has_power_of_two_scales(const NodeView& node) {
  if (!node.options().flag("pot_scale_int16", true)) return false;
  for (const Operand* operand : {&node.input(0), &node.input(1), &node.output(0)}) {
    if (!operand->is_quantized() || !power_of_two_exponent(operand->scale())) return false;
  }
  return true;
}

template <bool kSubtract>
Step shifted_int16_step(const NodeView& node, const CompileOptions& options, IntegerRange range) {
  const int a = *power_of_two_exponent(node.input(0).scale());
  const int b = *power_of_two_exponent(node.input(1).scale());
  const int out = *power_of_two_exponent(node.output(0).scale());
  node.require(a <= out && b <= out && (a == out || b == out),
               "power-of-two scales of INT16: the result's must be the larger of the operands'");
  const reference::QuantizedShiftedSum sum = {
      .shift_a = std::min(out - a, 31), .shift_b = std::min(out - b, 31), .range = range, .subtract = kSubtract};
  return binary_step<int16_t, int16_t>(node, options, sum);
}

reference::QuantizedSum quantized_sum(const NodeView& node, const Affine& a, const Affine& b, const Affine& out,
                                      IntegerRange range, bool subtract) {
  // Both operands in units of twice the larger scale, shifted left as far as 32 bits allow.
  const int left = node.input(0).type == DataType::int16 ? 15 : 20;
  const double common = 2 * std::fmax(static_cast<double>(a.scale), static_cast<double>(b.scale));
  node.require(common > 0, "the scales of both inputs are 0");
  const double back = common / (std::ldexp(1.0, left) * static_cast<double>(out.scale));
  return {.a = {a.zero_point, left, multiplier_of(node, a.scale / common)},
          .b = {b.zero_point, left, multiplier_of(node, b.scale / common)},
          .result = {multiplier_of(node, back), out.zero_point, range},
          .subtract = subtract};
}

template <typename T, bool kSubtract>
Step quantized_step(const NodeView& node, const CompileOptions& options) {
  const Affine a = affine_of(node, node.input(0), "input 0");
  const Affine b = affine_of(node, node.input(1), "input 1");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  const IntegerRange range = activation_range(fused_activation(node), out.scale, out.zero_point, range_of<T>());
  if constexpr (sizeof(T) == 2) {
    require_symmetric_int16(node, node.input(0), a, "input 0");
    require_symmetric_int16(node, node.input(1), b, "input 1");
    require_symmetric_int16(node, node.output(0), out, "the output");
    if (has_power_of_two_scales(node)) return shifted_int16_step<kSubtract>(node, options, range);
  }
  const reference::QuantizedSum sum = quantized_sum(node, a, b, out, range, kSubtract);
  if constexpr (sizeof(T) == 1) {
    if (options.kernels == KernelSet::optimized && infer_broadcast(node)[0].count() >= kWorthProving) {
      const double sign = kSubtract ? -1 : 1;
      const auto pair = Int8PairKernel<T>::sum(sum, a.scale / static_cast<double>(out.scale),
                                               sign * b.scale / static_cast<double>(out.scale));
      return {.run = [walk = walk_of(node), pair](const Frame& frame) {
        pair.run(walk, frame.in<T>(0), frame.in<T>(1), frame.out<T>());
      }};
    }
  }
  return binary_step<T, T>(node, options, sum);
}

template <bool kSubtract>
Step float_step(const NodeView& node, const CompileOptions& options) {
  const FloatRange range = activation_range(fused_activation(node));
  if (fused_activation(node) == Activation::none) {
    return binary_step<float, float>(node, options, [](float a, float b) { return kSubtract ? a - b : a + b; });
  }
  return binary_step<float, float>(node, options, [range](float a, float b) {
    const float sum = kSubtract ? a - b : a + b;
    const float above = sum < range.low ? range.low : sum;
    return above > range.high ? range.high : above;
  });
}

template <typename T, bool kSubtract>
Step whole_number_step(const NodeView& node, const CompileOptions& options) {
  const auto range = whole_number_range<T>(fused_activation(node));
  return binary_step<T, T>(node, options, [range](T a, T b) {
    using Unsigned = std::make_unsigned_t<T>;
    const auto ua = static_cast<Unsigned>(a), ub = static_cast<Unsigned>(b);
    return std::clamp(static_cast<T>(kSubtract ? ua - ub : ua + ub), range.low, range.high);
  });
}

template <bool kSubtract>
Step compile_sum(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return float_step<kSubtract>(node, options);
    case DataType::int8: return quantized_step<int8_t, kSubtract>(node, options);
    case DataType::uint8: return quantized_step<uint8_t, kSubtract>(node, options);
    case DataType::int16:
      return node.input(0).is_quantized() ? quantized_step<int16_t, kSubtract>(node, options)
                                          : whole_number_step<int16_t, kSubtract>(node, options);
    case DataType::int32: return whole_number_step<int32_t, kSubtract>(node, options);
    case DataType::int64: return whole_number_step<int64_t, kSubtract>(node, options);
    default: node.fail_type();
  }
}

int version_add(const NodeView& node) {
  const Operand& a = node.input(0);
  switch (a.type) {
    case DataType::float16: return 6;
    case DataType::int64: return 4;
    case DataType::int16: return !a.is_quantized() ? 5 : node.options().flag("pot_scale_int16", true) ? 1 : 3;
    case DataType::int8: return 2;
    default: return 1;
  }
}

int version_sub(const NodeView& node) {
  const Operand& a = node.input(0);
  if (a.type == DataType::int16 && a.is_quantized() && !node.options().flag("pot_scale_int16", true)) return 5;
  if (a.type == DataType::int64) return 4;
  if (broadcast_rank(node) > 4) return 3;
  return a.type == DataType::int8 ? 2 : 1;
}

constexpr TypeSet kTypes = kFloatAndInt16 | types(DataType::int32, DataType::int64);
constexpr QuantRule kOwnRange = {
    .roles = {Role::data, Role::data}, .output = OutputRule::free, .int8 = true, .int16 = true};

}  // namespace

extern const OpDef kAdd, kSub;
const OpDef kAdd = {.code = OpCode::add,
                    .types = kTypes,
                    .infer = infer_broadcast,
                    .compile = compile_sum<false>,
                    .quant = kOwnRange,
                    .version = version_add};
const OpDef kSub = {.code = OpCode::sub,
                    .types = kTypes,
                    .infer = infer_broadcast,
                    .compile = compile_sum<true>,
                    .quant = kOwnRange,
                    .version = version_sub};

}  // namespace litequant
