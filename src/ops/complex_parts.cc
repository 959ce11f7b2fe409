// REAL, IMAG and COMPLEX_ABS: of complex numbers the real part, the imaginary part, the magnitude.
#include <algorithm>
#include <cmath>

#include "ops/unary_step.h"

namespace litequant {
namespace {

template <typename T>
T real_part(T re, T) {
  return re;
}
template <typename T>
T imaginary_part(T, T im) {
  return im;
}
// Without overflow between.
template <typename T>
T magnitude(T re, T im) {
  const double a = std::abs(static_cast<double>(re)), b = std::abs(static_cast<double>(im));
  const double greater = std::max(a, b), lesser = std::min(a, b);
  if (std::isinf(greater)) return static_cast<T>(greater);
  if (!(greater > 0)) return static_cast<T>(a + b);  // zeros and NaN
  const double ratio = lesser / greater;
  return static_cast<T>(greater * std::sqrt(1 + ratio * ratio));
}

template <typename T, T (*kPart)(T, T)>
Step step_of(const NodeView& node) {
  return {.run = [count = node.input(0).shape.count()](const Frame& frame) {
    const T* input = frame.in<T>(0);
    T* output = frame.out<T>();
    for (int64_t i = 0; i < count; ++i) output[i] = kPart(input[2 * i], input[2 * i + 1]);
  }};
}

template <float (*kFloat)(float, float), double (*kDouble)(double, double)>
Step compile(const NodeView& node, const CompileOptions&) {
  const bool is_single = node.input(0).type == DataType::complex64;
  if (node.output(0).type != (is_single ? DataType::float32 : DataType::float64)) node.fail_type();
  return is_single ? step_of<float, kFloat>(node) : step_of<double, kDouble>(node);
}

constexpr OpDef row(OpCode code, Step (*compile_part)(const NodeView&, const CompileOptions&)) {
  return {.code = code,
          .types = types(DataType::complex64, DataType::complex128),
          .infer = infer_same_shape,
          .compile = compile_part,
          .quant = {.output = OutputRule::free},
          .version = version_one};
}

}  // namespace

extern const OpDef kReal, kImag, kComplexAbs;
const OpDef kReal = row(OpCode::real, compile<real_part<float>, real_part<double>>);
const OpDef kImag = row(OpCode::imag, compile<imaginary_part<float>, imaginary_part<double>>);
const OpDef kComplexAbs = row(OpCode::complex_abs, compile<magnitude<float>, magnitude<double>>);

}  // namespace litequant
