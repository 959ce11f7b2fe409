// Whether this engine's dot product of bytes is exact for all eight bits of both operands.
//
// WebAssembly leaves open what i32x4.relaxed_dot_i8x16_i7x16_add does with the eighth bit of its second operand. With
// AVX-VNNI it is an unsigned byte and nothing saturates; with ARM's sdot a signed one; with SSSE3 sums of two saturate
// at 16 bits, and some engines' baseline compilers forget the accumulator. Running it tells.
#pragma once

#include <cstdint>

namespace litequant {

enum class ByteDot : uint8_t {
  inexact,           // products are made of 16-bit values instead
  exact_unsigned,    // of bytes 0..255 by weights -128..127
  exact_signed,      // of bytes -128..127 by such weights
};

// Asked once: an engine must not be asked again after it has compiled better, when a kernel may not yet have been.
ByteDot byte_dot();

}  // namespace litequant
