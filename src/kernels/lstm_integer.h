// One step of an LSTM cell with int8 data and states of int8 (output) and int16 (cell). Source of the arithmetic:
// TensorFlow Lite's lstm_eval, the form that it calls 8x8_16.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/lstm.h"
#include "kernels/requantize.h"

namespace litequant {

// Pre-activations are int16 of 3 integer bits; with layer normalisation, of the gate's own scale until normalised.
// Null: the part is absent.
struct IntegerLstmGate {
  const int8_t* input = nullptr;      // [cells, inputs]
  const int8_t* recurrent = nullptr;  // [cells, outputs]
  const int32_t* bias = nullptr;      // [cells]; with `norm` it is added after that
  const int16_t* peephole = nullptr;  // [cells]
  const int16_t* norm = nullptr;      // [cells]
  FixedMultiplier input_scale, recurrent_scale, peephole_scale, norm_scale;
  int32_t least_variance = 1;  // with `norm`
};

struct IntegerLstmCell {
  LstmSizes sizes;
  std::array<IntegerLstmGate, 4> gates;
  bool is_coupled = false;  // the input gate is 1 - forget gate
  int32_t input_zero = 0, output_zero = 0;
  int cell_exponent = -11;  // the cell state's scale is 2^exponent, in [-15, -9]
  int16_t cell_clip = 0;    // 0: none
  // Without a projection the hidden values are the outputs.
  FixedMultiplier hidden_scale;
  int32_t hidden_zero = 0;
  const int8_t* projection = nullptr;        // [outputs, cells]
  const int32_t* projection_bias = nullptr;  // [outputs]
  FixedMultiplier projection_scale;
  int8_t projection_clip = 0;  // 0: none
  // The reference multiplies peephole weights over rows of `outputs` values, not `cells`: with a projection, of several
  // batches one after another when they lie together.
  bool is_peephole_flat = false;
};

struct IntegerLstmScratch {
  std::array<int16_t*, 4> gates = {};  // [batches, cells] each
  int16_t* input = nullptr;  // [batches, inputs], without the zero point
  int16_t* state = nullptr;  // [batches, outputs], without the zero point
  int16_t* hidden = nullptr;  // [batches, cells]
};

// cell state = forget * cell state + input * update. Gates in 2^-15; `input` null: 1 - forget.
struct CellStateUpdate {
  const int16_t* input = nullptr;
  const int16_t* forget = nullptr;
  const int16_t* update = nullptr;
  int cell_exponent = 0;  // the cell state's scale is 2^exponent
  int16_t clip = 0;  // 0: none
};
void update_cell_state(const CellStateUpdate& of, int64_t count, int16_t* cell_state);

// Updates both states, contiguous: [batches, outputs] and [batches, cells].
void lstm_step(const IntegerLstmCell& cell, int64_t batches, const int8_t* input, int64_t input_stride,
               int8_t* output_state, int16_t* cell_state, const IntegerLstmScratch& scratch);

}  // namespace litequant
