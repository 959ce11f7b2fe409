// One element of every operator of two quantized operands, as TensorFlow Lite's reference kernels compute it. The
// multipliers come from ops/, which derives them from scales.
#pragma once

#include <cstdint>

#include "kernels/reciprocal.h"
#include "kernels/requantize.h"

namespace litequant::reference {

// An operand brought to a common scale: (q - zero_point) * 2^left * by.
struct ScaledOperand {
  int32_t zero_point = 0;
  int left = 0;
  FixedMultiplier by;

  int32_t operator()(int32_t q) const { return scale_accumulator(wrapping_shift_left(q - zero_point, left), by); }
};

// Where a result goes: scaled, moved to the zero point, clamped by type and fused activation.
struct ScaledResult {
  FixedMultiplier by;
  int32_t zero_point = 0;
  IntegerRange range;

  int32_t operator()(int32_t accumulator) const {
    return clamp(wrapping_add(scale_accumulator(accumulator, by), zero_point), range);
  }
};

// ADD; SUB with `subtract`.
struct QuantizedSum {
  ScaledOperand a, b;
  ScaledResult result;
  bool subtract = false;

  int32_t operator()(int32_t qa, int32_t qb) const {
    return result(subtract ? wrapping_subtract(a(qa), b(qb)) : wrapping_add(a(qa), b(qb)));
  }
};

// ADD and SUB of int16 whose three scales are powers of two: rounding shifts to the right alone, saturated to 16 bits.
struct QuantizedShiftedSum {
  int shift_a = 0, shift_b = 0;  // in [0, 31]
  IntegerRange range;
  bool subtract = false;

  int32_t operator()(int32_t qa, int32_t qb) const {
    const int32_t a = rounding_divide_by_power_of_two(qa, shift_a);
    const int32_t b = rounding_divide_by_power_of_two(qb, shift_b);
    return clamp(clamp(subtract ? a - b : a + b, range_of<int16_t>()), range);
  }
};

struct QuantizedProduct {
  int32_t zero_a = 0, zero_b = 0;
  ScaledResult result;

  int32_t operator()(int32_t qa, int32_t qb) const { return result(wrapping_multiply(qa - zero_a, qb - zero_b)); }
};

struct QuantizedSquaredDifference {
  ScaledOperand a, b;
  ScaledResult result;

  int32_t operator()(int32_t qa, int32_t qb) const {
    const int32_t difference = wrapping_subtract(a(qa), b(qb));
    return result(wrapping_multiply(difference, difference));
  }
};

// DIV: a normalized numerator times the reciprocal of the denominator. Division by zero and quotients that vanish give
// what x86 gives there, where TensorFlow Lite's result is formally undefined.
struct QuantizedQuotient {
  int32_t zero_a = 0, zero_b = 0;
  FixedMultiplier by;  // of the quotient; without the shifts of the operands
  int32_t zero_point = 0;
  IntegerRange range;

  int32_t operator()(int32_t qa, int32_t qb) const {
    int32_t a = qa - zero_a, b = qb - zero_b;
    if (b < 0) {
      a = -a;
      b = -b;
    }
    const Reciprocal reciprocal = reciprocal_of(b, 31);
    const int headroom = leading_sign_bits(a);
    const int32_t quotient = rounding_doubling_high_mul(wrapping_shift_left(a, headroom), reciprocal.value);
    const int32_t scaled = rounding_doubling_high_mul(quotient, by.multiplier);
    const int right = reciprocal.exponent + headroom - by.shift;
    return clamp(wrapping_add(divide(scaled, right), zero_point), range);
  }

 private:
  static int32_t divide(int32_t x, int right) {
    if (right < 0) return wrapping_shift_left(x, -right < 31 ? -right : 31);
    if (right < 32) return rounding_divide_by_power_of_two(x, right);
    const int32_t threshold = x < 0 ? 0 : -1;
    return (x >> (right & 31)) + (x > threshold ? 1 : 0);
  }
};

}  // namespace litequant::reference
