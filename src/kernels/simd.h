// The 128-bit vocabulary of the optimized kernels: WebAssembly's own names, in every build. The only file that knows
// variants: simd (baseline), relaxed, and native, where SIMDe supplies the same functions.
//
// V8 rebuilds a vector constant at each use, so kernels load their constants from memory.
#pragma once

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
#endif

#include <cstdint>

// Builds that can have the dot product of bytes (kernels/byte_dot.h): not the baseline, which has no such instruction.
#if defined(__wasm_relaxed_simd__) || !defined(__wasm_simd128__)
#define LITEQUANT_BYTE_DOT 1
#else
#define LITEQUANT_BYTE_DOT 0
#endif

namespace litequant::simd {

using Vector = v128_t;

inline Vector load(const void* from) { return wasm_v128_load(from); }
inline void store(void* to, Vector value) { wasm_v128_store(to, value); }

// 8 values widened to 16 bits.
inline Vector load_widened(const int8_t* from) { return wasm_i16x8_load8x8(from); }
inline Vector load_widened(const uint8_t* from) { return wasm_u16x8_load8x8(from); }
inline Vector load_widened(const int16_t* from) { return wasm_v128_load(from); }

// Whether the build has a fused multiply-add; engines have it where the processor does.
#if defined(__wasm_relaxed_simd__)
inline constexpr bool kHasFused = true;
#else
inline constexpr bool kHasFused = false;
#endif

// Lane-wise a * b + sum. Fused only where asked and where the build has it: one rounding instead of two, so the result
// then depends on the build.
template <bool kMayFuse>
inline Vector multiply_add(Vector a, Vector b, Vector sum) {
#if defined(__wasm_relaxed_simd__)
  if constexpr (kMayFuse) return wasm_f32x4_relaxed_madd(a, b, sum);
#endif
  return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
}

// a0 b0 a1 b1 a2 b2 a3 b3 of 16-bit lanes, and the same of the upper halves.
inline Vector interleave_low(Vector a, Vector b) { return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline Vector interleave_high(Vector a, Vector b) { return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }

// sum + the products of four neighbouring bytes, signed `weights` by `rows`. What the eighth bit of `rows` means, and
// whether sums of two saturate, the engine decides: kernels/byte_dot.h asks it.
#if defined(__wasm_relaxed_simd__)
inline Vector dot_bytes(Vector weights, Vector rows, Vector sum) {
  return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(weights, rows, sum);
}
#elif LITEQUANT_BYTE_DOT
// Natively one of the three kinds of engine is acted, so that each path can be tested.
enum class ByteDotActed : uint8_t { saturating, exact_unsigned, exact_signed };
inline ByteDotActed byte_dot_acted = ByteDotActed::saturating;
Vector dot_bytes(Vector weights, Vector rows, Vector sum);
#endif

// The upper 32 bits of the four 64-bit products.
inline Vector multiply_high(Vector a, Vector b) {
  return wasm_i32x4_shuffle(wasm_i64x2_extmul_low_i32x4(a, b), wasm_i64x2_extmul_high_i32x4(a, b), 1, 3, 5, 7);
}

}  // namespace litequant::simd
