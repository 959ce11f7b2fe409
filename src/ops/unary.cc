// Real functions of one operand. A row names the function; stored integers go through tables made of it.
#include <cmath>
#include <limits>

#include "kernels/float_functions.h"
#include "kernels/math.h"
#include "kernels/reference/activation.h"
#include "ops/quantized_operand.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

using Real = float (*)(float);

// ---- The functions --------------------------------------------------------------------------------------------------

// In the order of float operations that the reference's tables are made with.
float logistic(float x) { return 1.0f / (1.0f + math::exp(-x)); }

float elu(float x) { return x < 0 ? math::expm1(x) : x; }

float gelu(float x) {
  constexpr float kRootHalf = 0.70710678118654752440f;
  return 0.5f * x * math::erfc(-kRootHalf * x);
}

float gelu_by_tanh(float x) {
  constexpr float kRootTwoOverPi = 0.79788456080286535588f;
  return 0.5f * x * (1.0f + math::tanh(kRootTwoOverPi * (x + 0.044715f * x * x * x)));
}

float absolute(float x) { return std::fabs(x); }
float negated(float x) { return -x; }
float square(float x) { return x * x; }
float square_root(float x) { return std::sqrt(x); }
float inverse_root(float x) { return 1.0f / std::sqrt(x); }
float floor_of(float x) { return std::floor(x); }
float ceiling_of(float x) { return std::ceil(x); }
float rounded_to_even(float x) { return std::nearbyint(x); }
float sign_of(float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; }

// ---- Steps ----------------------------------------------------------------------------------------------------------

template <Real kReal>
Step float_step(const NodeView& node) {
  return unary_step<float, float>(node, [](float x) { return kReal(x); });
}

// INT8 and UINT8: a byte per stored value. INT16: linear pieces.
template <typename AnyReal>
Step table_step(const NodeView& node, const AnyReal& real) {
  const DataType type = node.input(0).type;
  const Affine in = affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  if (type == DataType::int16) {
    const PieceTable table = make_piece_table<float>(real, in.scale, in.zero_point, out.scale, out.zero_point);
    return unary_step<int16_t, int16_t>(node, [table](int16_t q) { return look_up(table, q); });
  }
  return stored_step(node,
                     [=, range = stored_range(type)](int32_t q) { return stored_result(real, q, in, out, range); });
}

// Float alone.
template <Real kReal>
Step compile_float(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  if (node.input(0).type != DataType::float32) node.fail_type();
  return float_step<kReal>(node);
}

bool is_half(DataType type) { return type == DataType::float16 || type == DataType::bfloat16; }

// Float, and halves through it.
template <Real kReal>
Step compile_floats(const NodeView& node, const CompileOptions& options) {
  if (!is_half(node.input(0).type)) return compile_float<kReal>(node, options);
  require_result_of_same_type(node);
  return half_step<kReal>(node);
}

using Fast = void (*)(const float* x, float* result, int64_t count);

// Float, at speed by `kFast`, and tables of the same function (or of `kTable`, where the reference's tables differ in
// last bits).
template <Real kReal, Fast kFast, Real kTable = kReal>
Step compile_with_tables(const NodeView& node, const CompileOptions& options) {
  require_result_of_same_type(node);
  if (is_half(node.input(0).type)) return half_step<kReal>(node);
  if (node.input(0).type != DataType::float32) return table_step(node, kTable);
  if (options.kernels == KernelSet::reference) return float_step<kReal>(node);
  return {.run = [count = node.input(0).shape.count()](const Frame& frame) {
    kFast(frame.in<float>(0), frame.out<float>(), count);
  }};
}

// The reference takes only the prescribed scale and zero point for the result.
void require_output(const NodeView& node, float scale, int32_t zero_point) {
  const Affine out = affine_of(node, node.output(0), "the output");
  node.require(out.scale == scale && out.zero_point == zero_point, "the output of ",
               data_type_name(node.output(0).type), " must have scale ", scale, " and zero point ", zero_point,
               ", found ", out.scale, " and ", out.zero_point);
}

Step compile_logistic(const NodeView& node, const CompileOptions& options) {
  switch (node.output(0).type) {
    case DataType::int8: require_output(node, 1.0f / 256, -128); break;
    case DataType::uint8: require_output(node, 1.0f / 256, 0); break;
    case DataType::int16: {
      require_result_of_same_type(node);
      require_output(node, 1.0f / 32768, 0);
      const Affine in = affine_of(node, node.input(0), "the input");
      require_symmetric_int16(node, node.input(0), in, "the input");
      return unary_step<int16_t, int16_t>(
          node, [input = logistic_input(in.scale, false)](int16_t q) { return logistic_int16(q, input); });
    }
    default: break;
  }
  return compile_with_tables<math::logistic, logistic_elements, logistic>(node, options);
}

constexpr auto compile_exp = compile_with_tables<math::exp, exp_elements>;
constexpr auto compile_elu = compile_with_tables<elu, elu_elements>;

Step compile_tanh(const NodeView& node, const CompileOptions& options) {
  if (node.output(0).type != DataType::int16) return compile_with_tables<math::tanh, tanh_elements>(node, options);
  require_result_of_same_type(node);
  require_output(node, 1.0f / 32768, 0);
  const Affine in = affine_of(node, node.input(0), "the input");
  require_symmetric_int16(node, node.input(0), in, "the input");
  return unary_step<int16_t, int16_t>(
      node, [input = logistic_input(in.scale, true)](int16_t q) { return tanh_int16(q, input); });
}

Step compile_log(const NodeView& node, const CompileOptions& options) {
  if (node.input(0).type == DataType::float32) return compile_float<math::log>(node, options);
  require_result_of_same_type(node);
  // The smallest result where there is none.
  const Affine out = affine_of(node, node.output(0), "the output");
  const float smallest = out.real(stored_range(node.output(0).type).low);
  return table_step(node, [smallest](float x) { return x <= 0 ? smallest : math::log(x); });
}

Step compile_gelu(const NodeView& node, const CompileOptions& options) {
  return node.options().flag("approximate") ? compile_with_tables<gelu_by_tanh, gelu_by_tanh_elements>(node, options)
                                            : compile_with_tables<gelu, gelu_elements>(node, options);
}

Step compile_sqrt(const NodeView& node, const CompileOptions& options) {
  if (node.input(0).type == DataType::float32) return compile_float<square_root>(node, options);
  require_result_of_same_type(node);
  return stored_step(node, reference::QuantizedSqrt{.in = affine_of(node, node.input(0), "the input"),
                                                    .out = divisor_affine_of(node, node.output(0), "the output"),
                                                    .range = stored_range(node.output(0).type)});
}

Step compile_rsqrt(const NodeView& node, const CompileOptions& options) {
  if (node.input(0).type == DataType::float32) return compile_float<inverse_root>(node, options);
  require_result_of_same_type(node);
  const Affine in = divisor_affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  if (node.input(0).type == DataType::int16) {
    const float largest = out.real(range_of<int16_t>().high);
    return table_step(node, [largest](float x) { return x <= 0 ? largest : inverse_root(x); });
  }
  const float real = 1.0f / (std::sqrt(in.scale) * out.scale);
  return stored_step(node, reference::QuantizedRsqrt{.zero_in = in.zero_point,
                                                     .by = multiplier_of(node, real),
                                                     .zero_out = out.zero_point,
                                                     .range = stored_range(node.output(0).type)});
}

template <typename T>
T wrapping_negative(T x) {
  return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));
}

Step compile_abs(const NodeView& node, const CompileOptions& options) {
  require_result_of_same_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return compile_float<absolute>(node, options);
    case DataType::int32:
      return unary_step<int32_t, int32_t>(node, [](int32_t x) { return x < 0 ? wrapping_subtract(0, x) : x; });
    case DataType::int16:
      if (node.input(0).is_quantized()) break;
      return unary_step<int16_t, int16_t>(node, [](int16_t x) { return x < 0 ? wrapping_negative(x) : x; });
    default: break;
  }
  const Affine in = affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  return stored_step(node, reference::QuantizedAbs{.zero_in = in.zero_point,
                                                   .rescales = in.scale != out.scale,
                                                   .by = multiplier_of(node, in.scale / out.scale),
                                                   .zero_out = out.zero_point,
                                                   .range = stored_range(node.output(0).type)});
}

Step compile_neg(const NodeView& node, const CompileOptions& options) {
  require_result_of_same_type(node);
  switch (node.input(0).type) {
    case DataType::int8: return stored_step(node, reference::NegatedByte{});
    case DataType::int16: return unary_step<int16_t, int16_t>(node, wrapping_negative<int16_t>);
    case DataType::int32: return unary_step<int32_t, int32_t>(node, wrapping_negative<int32_t>);
    case DataType::int64: return unary_step<int64_t, int64_t>(node, wrapping_negative<int64_t>);
    default: return compile_floats<negated>(node, options);
  }
}

Step compile_sign(const NodeView& node, const CompileOptions& options) {
  require_result_of_same_type(node);
  if (node.input(0).type == DataType::int32) {
    return unary_step<int32_t, int32_t>(node, [](int32_t x) { return (x > 0) - (x < 0); });
  }
  if (node.input(0).type == DataType::float64) {
    return unary_step<double, double>(node, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; });
  }
  return compile_float<sign_of>(node, options);
}

// ---- Versions and rules ---------------------------------------------------------------------------------------------

int version_abs(const NodeView& node) {
  const Operand& x = node.input(0);
  if (x.type == DataType::int32) return 5;
  if (x.type == DataType::int16) return x.is_quantized() ? 3 : 4;
  return x.type == DataType::int8 || x.type == DataType::uint8 ? 2 : 1;
}

int version_gelu(const NodeView& node) {
  return node.input(0).type == DataType::int8 || node.input(0).type == DataType::uint8 ? 2 : 1;
}

int version_sign(const NodeView& node) { return node.input(0).type == DataType::int32 ? 2 : 1; }

constexpr TypeSet kFloat = types(DataType::float32), kInt32 = types(DataType::int32);

constexpr TypeSet kHalves = types(DataType::float16, DataType::bfloat16), kFloats = kFloat | kHalves;
constexpr TypeSet kNegTypes = kFloats | kInt32 | types(DataType::int8, DataType::int16, DataType::int64);
constexpr TypeSet kSignTypes = kFloat | kInt32 | types(DataType::float64);

constexpr QuantRule kFloatOnly = {.roles = {Role::data}, .output = OutputRule::free};
constexpr QuantRule kInt8Only = {.roles = {Role::data}, .output = OutputRule::free, .int8 = true};
constexpr QuantRule kBoth = {.roles = {Role::data}, .output = OutputRule::free, .int8 = true, .int16 = true};

constexpr QuantRule fixed(FixedOutput int8) {
  return {.roles = {Role::data},
          .output = OutputRule::fixed,
          .fixed_int8 = int8,
          .fixed_int16 = {1.0f / 32768, 0},
          .int8 = true,
          .int16 = true};
}

constexpr QuantRule kLogisticRange = fixed({1.0f / 256, -128});
constexpr QuantRule kTanhRange = fixed({1.0f / 128, 0});

using Compile = Step (*)(const NodeView&, const CompileOptions&);
using Version = int (*)(const NodeView&);

constexpr OpDef row(OpCode code, TypeSet types, Compile compile, QuantRule quant, Version version) {
  return {
      .code = code, .types = types, .infer = infer_same_shape, .compile = compile, .quant = quant, .version = version};
}

}  // namespace

// clang-format off
#define LITEQUANT_UNARY(name, ...) extern const OpDef name; const OpDef name = row(__VA_ARGS__);
LITEQUANT_UNARY(kLogistic, OpCode::logistic, kFloatAndInt16 | kHalves, compile_logistic, kLogisticRange, (version_by_type<2, 3>))
LITEQUANT_UNARY(kTanh, OpCode::tanh, kFloatAndInt16 | kHalves, compile_tanh, kTanhRange, (version_by_type<2, 3>))
LITEQUANT_UNARY(kExp, OpCode::exp, kFloatAndInt16, compile_exp, kBoth, (version_by_type<2, 2>))
LITEQUANT_UNARY(kLog, OpCode::log, kFloatAndInt16, compile_log, kBoth, (version_by_type<2, 2>))
LITEQUANT_UNARY(kElu, OpCode::elu, kFloatAndInt8, compile_elu, kInt8Only, version_one)
LITEQUANT_UNARY(kGelu, OpCode::gelu, kFloatAndInt16, compile_gelu, kBoth, version_gelu)
LITEQUANT_UNARY(kSqrt, OpCode::sqrt, kFloatAndInt16, compile_sqrt, kBoth, (version_by_type<2, 2>))
LITEQUANT_UNARY(kRsqrt, OpCode::rsqrt, kFloatAndInt16, compile_rsqrt, kBoth, (version_by_type<2, 3>))
LITEQUANT_UNARY(kAbs, OpCode::abs, kFloatAndInt16 | kInt32, compile_abs, kBoth, version_abs)
// NEG negates the stored integer, which is right for zero point 0 alone: it runs, but nothing is quantized for it.
LITEQUANT_UNARY(kNeg, OpCode::neg, kNegTypes, compile_neg, kFloatOnly, version_one)
LITEQUANT_UNARY(kSign, OpCode::sign, kSignTypes, compile_sign, kFloatOnly, version_sign)
LITEQUANT_UNARY(kSquare, OpCode::square, kFloat, compile_float<square>, kFloatOnly, version_one)
LITEQUANT_UNARY(kSin, OpCode::sin, kFloat, compile_float<math::sin>, kFloatOnly, version_one)
LITEQUANT_UNARY(kCos, OpCode::cos, kFloat, compile_float<math::cos>, kFloatOnly, version_one)
LITEQUANT_UNARY(kFloor, OpCode::floor, kFloats, compile_floats<floor_of>, kFloatOnly, version_one)
LITEQUANT_UNARY(kCeil, OpCode::ceil, kFloat, compile_float<ceiling_of>, kFloatOnly, version_one)
LITEQUANT_UNARY(kRound, OpCode::round, kFloats, compile_floats<rounded_to_even>, kFloatOnly, version_one)
#undef LITEQUANT_UNARY
// clang-format on

}  // namespace litequant
