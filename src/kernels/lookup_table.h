// Functions of one stored value as tables, made once when a plan is made. Source of the arithmetic: TensorFlow Lite's
// look-up tables.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/affine.h"
#include "kernels/requantize.h"

namespace litequant {

// ---- 8 bits: one entry per stored value, at the index of its byte ---------------------------------------------------

using ByteTable = std::array<uint8_t, 256>;

// An operation on stored integers, a function object, behind one type of function.
using StoredFunction = int32_t (*)(const void* operation, int32_t q);
template <typename Operation>
int32_t stored_function(const void* operation, int32_t q) {
  return (*static_cast<const Operation*>(operation))(q);
}

// Its results for every value of INT8, or of UINT8.
ByteTable make_byte_table(bool is_signed, StoredFunction function, const void* operation);

// Stored result of a real function: scaled back by the inverse of the output's scale, in float. The reference's
// conversion of a huge real to an integer is undefined; here it saturates.
template <typename Real>
int32_t stored_result(const Real& real, int32_t q, Affine in, Affine out, IntegerRange range) {
  const float inverse = 1.0f / out.scale;
  const float steps = std::round(real(in.real(q)) * inverse);
  return clamp(saturating_int(steps + static_cast<float>(out.zero_point)), range);
}

// ---- 16 bits: 512 linear pieces over the whole range of stored values -----------------------------------------------

using PieceTable = std::array<int16_t, 513>;

// `Float` (float or double) is the precision in which the table is computed. Each piece is moved by half of its error
// in the middle.
template <typename Float, typename Real>
PieceTable make_piece_table(const Real& real, Float in_scale, int32_t in_zero, Float out_scale, int32_t out_zero) {
  const auto lowest = static_cast<Float>(-32768), highest = static_cast<Float>(32767);
  const Float in_min = in_scale * static_cast<Float>(-32768 - in_zero);
  const Float in_max = in_scale * static_cast<Float>(32767 - in_zero);
  const Float out_min = out_scale * static_cast<Float>(-32768 - out_zero);
  const Float out_max = out_scale * static_cast<Float>(32767 - out_zero);
  const Float step = (in_max - in_min) / 512;
  const Float half_step = step / 2;
  const Float to_stored = static_cast<Float>(65536) / (out_max - out_min);
  const auto entry = [&](Float stored) {
    return static_cast<int16_t>(saturating_int(std::clamp(stored, lowest, highest)));
  };
  PieceTable table;
  for (int i = 0; i < 512; ++i) {
    const Float x = in_min + static_cast<Float>(i) * step;
    const Float start = std::round(real(x) * to_stored);
    const Float middle = std::round(real(x + half_step) * to_stored);
    const Float end = real(in_min + static_cast<Float>(i + 1) * step) * to_stored;
    const Float bias = std::round((std::round((end + start) / 2) - middle) / 2);
    table[static_cast<size_t>(i)] = entry(start - bias);
  }
  table[512] = entry(std::round(real(in_max) * to_stored));
  return table;
}

inline int16_t look_up(const PieceTable& table, int16_t q) {
  const auto piece = static_cast<size_t>(256 + (q >> 7));
  const int32_t rise = static_cast<int16_t>(table[piece + 1] - table[piece]);
  return static_cast<int16_t>(table[piece] + ((rise * (q & 127) + 64) >> 7));
}

// ---- LOGISTIC and TANH of int16 -------------------------------------------------------------------------------------

// Brings the input to units of 1/12 of 2^-9 (LOGISTIC) or 2^-8 (TANH) before the table of logistic(k / 24) is read.
struct LogisticInput {
  int32_t multiplier = 0;
  int shift = 0;  // to the right
};

// `scale` is finite and not negative; a power of two within the range that needs no multiplier is taken exactly.
LogisticInput logistic_input(float scale, bool is_tanh);

int16_t logistic_int16(int16_t q, LogisticInput input);
int16_t tanh_int16(int16_t q, LogisticInput input);

}  // namespace litequant
