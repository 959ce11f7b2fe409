#include "kernels/quantize.h"

#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

// The largest float below a half: truncating after it is added rounds halves away from zero, exactly.
constexpr float kAlmostHalf = 0x1.fffffep-2f;

struct Constants {
  Constants(Affine as, IntegerRange range)
      : scale(wasm_f32x4_splat(as.scale)),
        almost_half(wasm_f32x4_splat(kAlmostHalf)),
        sign(wasm_f32x4_splat(-0.0f)),
        low(wasm_f32x4_splat(static_cast<float>(range.low - as.zero_point))),
        high(wasm_f32x4_splat(static_cast<float>(range.high - as.zero_point))),
        zero_point(wasm_i32x4_splat(as.zero_point)) {}
  Vector scale, almost_half, sign, low, high, zero_point;
};

// Four stored values. Clamped before the conversion, which turns NaN into 0 as the definition does.
inline Vector quantize_four(const float* x, const Constants& c) {
  const Vector steps = wasm_f32x4_div(simd::load(x), c.scale);
  const Vector whole = wasm_f32x4_add(steps, wasm_v128_or(c.almost_half, wasm_v128_and(steps, c.sign)));
  // pmin and pmax give their first operand when the comparison with NaN fails.
  const Vector clamped = wasm_f32x4_pmin(wasm_f32x4_pmax(whole, c.low), c.high);
  return wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(clamped), c.zero_point);
}

inline void store_narrowed(int8_t* to, Vector first, Vector second) {
  simd::store(to, wasm_i8x16_narrow_i16x8(first, second));
}
inline void store_narrowed(uint8_t* to, Vector first, Vector second) {
  simd::store(to, wasm_u8x16_narrow_i16x8(first, second));
}
inline void store_narrowed(int16_t* to, Vector first, Vector second) {
  simd::store(to, first);
  simd::store(to + 8, second);
}

template <typename T>
void run(const float* x, T* result, int64_t count, Affine as) {
  const Constants c(as, range_of<T>());
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Vector first = wasm_i16x8_narrow_i32x4(quantize_four(x + i, c), quantize_four(x + i + 4, c));
    const Vector second = wasm_i16x8_narrow_i32x4(quantize_four(x + i + 8, c), quantize_four(x + i + 12, c));
    store_narrowed(result + i, first, second);
  }
  for (; i < count; ++i) result[i] = static_cast<T>(quantize(x[i], as, range_of<T>()));
}

}  // namespace

void quantize_elements(const float* x, int8_t* result, int64_t count, Affine as) { run(x, result, count, as); }
void quantize_elements(const float* x, uint8_t* result, int64_t count, Affine as) { run(x, result, count, as); }
void quantize_elements(const float* x, int16_t* result, int64_t count, Affine as) { run(x, result, count, as); }

}  // namespace litequant
