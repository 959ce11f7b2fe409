// One element of every quantized operator of one operand, as TensorFlow Lite's reference kernels compute it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "kernels/affine.h"
#include "kernels/reciprocal.h"
#include "kernels/requantize.h"

namespace litequant::reference {

// RELU and its kin, QUANTIZE from integers: another scale and zero point, clamped.
struct Rescale {
  int32_t zero_in = 0;
  FixedMultiplier by;
  int32_t zero_out = 0;
  IntegerRange range;

  int32_t operator()(int32_t q) const {
    return clamp(wrapping_add(scale_accumulator(wrapping_subtract(q, zero_in), by), zero_out), range);
  }
};

// LEAKY_RELU. The multiplier of negatives has its sign apart.
struct QuantizedLeakyRelu {
  int32_t zero_in = 0;
  FixedMultiplier identity, alpha;
  bool alpha_is_negative = false;
  int32_t zero_out = 0;
  IntegerRange range;

  int32_t operator()(int32_t q) const {
    const int32_t value = q - zero_in;
    int32_t scaled = scale_accumulator(value, value >= 0 ? identity : alpha);
    if (value < 0 && alpha_is_negative) scaled = wrapping_subtract(0, scaled);
    return clamp(wrapping_add(scaled, zero_out), range);
  }
};

// PRELU: `alpha` is the second operand's stored value.
struct QuantizedPrelu {
  int32_t zero_in = 0, zero_alpha = 0;
  FixedMultiplier identity, product;
  int32_t zero_out = 0;
  IntegerRange range;

  int32_t operator()(int32_t q, int32_t alpha) const {
    const int32_t value = q - zero_in;
    const int32_t scaled = value >= 0 ? scale_accumulator(value, identity)
                                      : scale_accumulator(wrapping_multiply(value, alpha - zero_alpha), product);
    return clamp(wrapping_add(scaled, zero_out), range);
  }
};

// HARD_SWISH: x * clamp((x + 3) / 6, 0, 1) in 16 bits. `out` and `gate` are 16-bit multipliers: x in units of 1/128 of
// the input's scale to output steps, and to units of 3/32768.
struct QuantizedHardSwish {
  int32_t zero_in = 0;
  int16_t out_multiplier = 0;
  int out_shift = 0;  // not positive
  int16_t gate_multiplier = 0;
  int gate_shift = 0;
  int32_t zero_out = 0;
  IntegerRange range;

  int32_t operator()(int32_t q) const {
    const auto value = static_cast<int16_t>((q - zero_in) * 128);
    const int16_t on_output_scale = rounding_doubling_high_mul(value, out_multiplier);
    int16_t gate = value;
    if (gate_shift > 0) gate = shift_left(gate, gate_shift - 1);
    gate = rounding_doubling_high_mul(gate, gate_multiplier);
    if (gate_shift > 0) gate = shift_left(gate, 1);
    if (gate_shift < 0) gate = static_cast<int16_t>(rounding_divide_by_power_of_two(gate, std::min(-gate_shift, 31)));
    const int32_t unit = (gate + 32768) >> 1;  // of 32768
    const int32_t product = unit * on_output_scale / 32768;
    return clamp(rounding_divide_by_power_of_two(product, std::min(-out_shift, 31)) + zero_out, range);
  }

  // The upper half of a 31-bit multiplier, rounded.
  static int16_t upper_half(int32_t multiplier) {
    constexpr int32_t kHalf = 1 << 15;
    if (multiplier >= std::numeric_limits<int32_t>::max() - kHalf) return std::numeric_limits<int16_t>::max();
    return static_cast<int16_t>((multiplier + kHalf) >> 16);
  }

 private:
  static int16_t shift_left(int16_t x, int shift) {
    const int64_t wide = static_cast<int64_t>(x) << std::min(shift, 31);
    return static_cast<int16_t>(std::clamp<int64_t>(wide, -32768, 32767));
  }
};

// ABS; without rescaling when scales are equal.
struct QuantizedAbs {
  int32_t zero_in = 0;
  bool rescales = false;
  FixedMultiplier by;
  int32_t zero_out = 0;
  IntegerRange range;

  int32_t operator()(int32_t q) const {
    const int32_t magnitude = std::abs(q - zero_in);
    return clamp(wrapping_add(rescales ? scale_accumulator(magnitude, by) : magnitude, zero_out), range);
  }
};

// SQRT: truncated, not rounded. Negative values, which the reference refuses, count as 0.
struct QuantizedSqrt {
  Affine in, out;
  IntegerRange range;

  int32_t operator()(int32_t q) const {
    const float real = in.real(q);
    const float root = std::sqrt(real > 0 ? real : 0.0f) / out.scale;
    return clamp(wrapping_add(saturating_int(root), out.zero_point), range);
  }
};

// RSQRT by Newton's iteration on integers. Values of 0 or less give the largest result.
struct QuantizedRsqrt {
  int32_t zero_in = 0;
  FixedMultiplier by;  // of 1 / (sqrt(input scale) * output scale)
  int32_t zero_out = 0;
  IntegerRange range;

  int32_t operator()(int32_t q) const {
    const int32_t value = q - zero_in;
    if (value <= 0) return range.high;
    constexpr int kPlaces = 20;
    const FixedMultiplier root = inverse_square_root(value);
    const int32_t stepped = scale_accumulator(int32_t{1}, {root.multiplier, root.shift + kPlaces});
    const int32_t scaled = scale_accumulator(stepped, {by.multiplier, by.shift - kPlaces});
    return clamp(wrapping_add(scaled, zero_out), range);
  }
};

// NEG: the stored integer negated, modulo its type, whatever the zero point.
struct NegatedByte {
  int32_t operator()(int32_t q) const { return static_cast<int8_t>(-q); }
};

}  // namespace litequant::reference
