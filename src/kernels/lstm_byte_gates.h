// One step of an LSTM cell with int8 data whose products are cut to int8 before a gate adds them. Source of the
// arithmetic: TensorFlow Lite's lstm_eval, the form that it calls 8x8_8. The gates are coupled, normalised over the
// cells and the hidden values projected, whatever else the operands say; normalisation and activations are computed in
// float and their results cut, not rounded, to 15 bits.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/lstm.h"
#include "kernels/requantize.h"

namespace litequant {

// gate = activation(norm(input product + recurrent product) * coefficients + bias), its sum in int16.
struct ByteGate {
  const int8_t* input = nullptr;      // [cells, inputs]
  const int8_t* recurrent = nullptr;  // [cells, outputs]
  const int16_t* norm = nullptr;      // [cells]
  const int32_t* bias = nullptr;      // [cells]
  FixedMultiplier input_scale, recurrent_scale;          // sums of products to int8
  FixedMultiplier input_sum_scale, recurrent_sum_scale;  // those to the gate's sum
  int32_t input_zero = 0, recurrent_zero = 0;            // of the products in int8
  float norm_scale = 0;                                  // of the coefficients; 2^-10 of it is the bias's
};

struct ByteGatesCell {
  LstmSizes sizes;
  std::array<ByteGate, 4> gates;  // that of the input is not used
  int32_t input_zero = 0, output_zero = 0;
  int16_t cell_clip = 0;                     // 0: none; the cell state's scale is 2^-15
  const int8_t* projection = nullptr;        // [outputs, cells]
  const int32_t* projection_bias = nullptr;  // [outputs]
  FixedMultiplier projection_scale;
  int8_t projection_clip = 0;  // 0: none
};

struct ByteGatesScratch {
  std::array<int16_t*, 4> gates = {};  // [batches, cells] each; that of the input is not used
  int16_t* input = nullptr;            // [batches, inputs], without the zero point
  int16_t* state = nullptr;            // [batches, outputs], without the zero point
};

// Updates both states: [batches, outputs] and [batches, cells].
void lstm_step(const ByteGatesCell& cell, int64_t batches, const int8_t* input, int8_t* output_state,
               int16_t* cell_state, const ByteGatesScratch& scratch);

}  // namespace litequant
