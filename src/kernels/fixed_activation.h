// Logistic function and hyperbolic tangent of 16-bit fixed-point numbers. Source of the arithmetic: gemmlowp's
// fixed-point library. "Qk" is an int16 of k integer bits: value = stored * 2^(k - 15).
#pragma once

#include <cstdint>

namespace litequant {

// Of a number in Q3; the result in Q0.
int16_t logistic_q3(int16_t x);

// Of a number in Qk, k in [0, 6]; the result in Q0.
int16_t tanh_fixed(int16_t x, int integer_bits);

}  // namespace litequant
