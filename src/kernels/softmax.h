// SOFTMAX and LOG_SOFTMAX over the rows of a matrix [rows, depth].
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "kernels/lookup_table.h"
#include "kernels/requantize.h"

namespace litequant {

struct RowShape {
  int64_t rows = 0, depth = 0;
};

// Differences of stored values to exponents in Q5 (see kernels/reciprocal.h). Those below `least_difference` are
// beyond the format and count as an exponential of 0.
struct ExponentScale {
  FixedMultiplier by;
  int32_t least_difference = 0;  // <= 0
};
ExponentScale exponent_scale(double beta_times_scale);

// exp(-d * scale) in Q0 for differences d = 0 ... 255; 0 beyond the least difference.
using ExponentialTable = std::array<int32_t, 256>;
ExponentialTable exponential_table(const ExponentScale& scale);

// The two interpolated tables of the INT16 kernel: exp over [-10, 0], 1 / (1 + x) over [0, 1].
struct Int16SoftmaxTables {
  PieceTable exponential, reciprocal;
};
std::shared_ptr<const Int16SoftmaxTables> int16_softmax_tables();

// exp(beta (x - max)) / sum of them.
void softmax(RowShape shape, float beta, const float* input, float* output);
// x - max - log(sum of exp(x - max)).
void log_softmax(RowShape shape, const float* input, float* output);

// Output scale 2^-8 (8 bits) or 2^-16 (int16_t), zero point the least stored value. For int8_t and uint8_t input,
// int8_t, uint8_t and int16_t output. Sums of more than 4096 equal values wrap, as in the reference kernels.
template <typename In, typename Out>
void softmax(RowShape shape, const ExponentialTable& table, const In* input, Out* output);

// Output scale 2^-15, zero point 0; depth at most 65536. `by` is beta * input scale * 65535 / 10.
void softmax(RowShape shape, FixedMultiplier by, const Int16SoftmaxTables& tables, const int16_t* input,
             int16_t* output);

// Output scale 2^-4, zero point the greatest stored value. For int8_t and uint8_t. scale.by is at least 1.
template <typename T>
void log_softmax(RowShape shape, const ExponentScale& scale, const ExponentialTable& table, const T* input, T* output);

namespace reference {
// Without tables: every exponential is computed where it is needed.
template <typename In, typename Out>
void softmax(RowShape shape, const ExponentScale& scale, const In* input, Out* output);
}  // namespace reference

}  // namespace litequant
