#include "kernels/quantize.h"

#include <bit>

#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

// The largest float below a half: truncating after it is added rounds halves away from zero, exactly.
constexpr float kAlmostHalf = 0x1.fffffep-2f;
// Added to whole numbers below 2^22 it leaves them in the low bits.
constexpr float kRounder = 0x1.8p23f;

struct Constants {
  Constants(Affine as, IntegerRange range)
      : scale(wasm_f32x4_splat(as.scale)),
        almost_half(wasm_f32x4_splat(kAlmostHalf)),
        sign(wasm_f32x4_splat(-0.0f)),
        low(wasm_f32x4_splat(static_cast<float>(range.low - as.zero_point))),
        high(wasm_f32x4_splat(static_cast<float>(range.high - as.zero_point))),
        rounder(wasm_f32x4_splat(kRounder + static_cast<float>(as.zero_point))),
        rounder_bits(wasm_i32x4_splat(std::bit_cast<int32_t>(kRounder))) {}
  Vector scale, almost_half, sign, low, high, rounder, rounder_bits;
};

// Four stored values; NaN counts as 0, as the definition has it. A whole number becomes an integer by an addition that
// leaves it in the low bits: conversions that saturate take V8 eight instructions.
inline Vector quantize_four(const float* x, const Constants& c) {
  const Vector steps = wasm_f32x4_div(simd::load(x), c.scale);
  const Vector whole = wasm_f32x4_add(steps, wasm_v128_or(c.almost_half, wasm_v128_and(steps, c.sign)));
  // pmin and pmax give their first operand when the comparison with NaN fails.
  const Vector clamped = wasm_f32x4_pmin(wasm_f32x4_pmax(whole, c.low), c.high);
  const Vector known = wasm_v128_and(wasm_f32x4_trunc(clamped), wasm_f32x4_eq(clamped, clamped));
  return wasm_i32x4_sub(wasm_f32x4_add(known, c.rounder), c.rounder_bits);
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
