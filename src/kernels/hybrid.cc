#include "kernels/hybrid.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/extremes.h"
#include "kernels/requantize.h"
#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

DynamicScale all_zero(std::span<const float> values, int8_t* quantized) {
  std::memset(quantized, 0, values.size());
  return {};
}

// clamp(offset + round(value * inverse)), halves away from zero, to int8 from `low` on.
struct Rounding {
  float inverse;
  int32_t offset, low;
};

// Steps beyond which every offset gives the same end of the range.
constexpr float kFarSteps = 1024;

void quantize_rounded(std::span<const float> values, Rounding by, int8_t* quantized) {
  // The largest float below a half: truncating after it is added rounds halves away from zero, exactly.
  const Vector almost_half = wasm_f32x4_splat(0x1.fffffep-2f), sign = wasm_f32x4_splat(-0.0f);
  const Vector inverse = wasm_f32x4_splat(by.inverse), far = wasm_f32x4_splat(kFarSteps);
  const Vector offset = wasm_i32x4_splat(by.offset), low = wasm_i32x4_splat(by.low);
  const auto four = [&](const float* from) {
    const Vector steps = wasm_f32x4_mul(simd::load(from), inverse);
    const Vector rounded = wasm_f32x4_add(steps, wasm_v128_or(almost_half, wasm_v128_and(steps, sign)));
    const Vector near = wasm_f32x4_pmin(wasm_f32x4_pmax(rounded, wasm_f32x4_neg(far)), far);
    // What is above 127 is cut when it is narrowed.
    return wasm_i32x4_max(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(near), offset), low);
  };
  size_t i = 0;
  for (; i + 16 <= values.size(); i += 16) {
    const float* from = values.data() + i;
    simd::store(quantized + i, wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(four(from), four(from + 4)),
                                                       wasm_i16x8_narrow_i32x4(four(from + 8), four(from + 12))));
  }
  for (; i < values.size(); ++i) {
    const float steps = values[i] * by.inverse;
    const int32_t whole = saturating_int(std::clamp(std::round(steps), -kFarSteps, kFarSteps));
    quantized[i] = static_cast<int8_t>(std::clamp(by.offset + whole, by.low, 127));
  }
}

}  // namespace

DynamicScale quantize_symmetric(std::span<const float> values, int8_t* quantized) {
  const Extremes found = extremes_of(values, 0);
  const float largest = std::max(-found.least, found.greatest);
  if (largest == 0) return all_zero(values, quantized);
  quantize_rounded(values, {.inverse = 127.0f / largest, .offset = 0, .low = -127}, quantized);
  return {.scale = largest / 127.0f, .zero_point = 0};
}

DynamicScale quantize_asymmetric(std::span<const float> values, int8_t* quantized) {
  const auto [least, greatest] = extremes_of(values, 0);
  if (least == greatest) return all_zero(values, quantized);
  // The width is a float, as in the kernels of TensorFlow Lite that run on ARM and x86; its portable ones, which
  // neither runs, take it in double and add the zero point before they round.
  const double scale = static_cast<double>(greatest - least) / 255.0;
  // The zero point follows from the end of the range that it represents with the smaller error.
  const double from_least = -128.0 - least / scale;
  const double from_greatest = 127.0 - greatest / scale;
  const double least_error = 128.0 + std::abs(least / scale);
  const double greatest_error = 127.0 + std::abs(greatest / scale);
  const double nearer = least_error < greatest_error ? from_least : from_greatest;
  const int32_t zero_point = std::clamp(saturating_int(std::round(nearer)), -128, 127);

  const auto stored_scale = static_cast<float>(scale);
  const float inverse = stored_scale == 0 ? 0 : 1.0f / stored_scale;
  quantize_rounded(values, {.inverse = inverse, .offset = zero_point, .low = -128}, quantized);
  return {.scale = stored_scale, .zero_point = zero_point};
}

}  // namespace litequant
