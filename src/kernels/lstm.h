// One step of a float LSTM cell, its weights float or int8. Source of the arithmetic: TensorFlow Lite's lstm_eval.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/recurrent.h"

namespace litequant {

struct LstmSizes {
  int32_t inputs = 0, auxiliary = 0, cells = 0, outputs = 0;
};

inline constexpr size_t kInputGate = 0, kForgetGate = 1, kCellGate = 2, kOutputGate = 3;

// gate = activation(input + auxiliary + recurrent products + peephole * cell state + bias); with layer normalisation
// the sum without its bias is normalised over the cells, multiplied by the coefficients, and the bias added then. Null:
// the part is absent.
struct LstmGate {
  CellWeights input, auxiliary, recurrent;
  const float* recurrent_diagonal = nullptr;  // [cells], in place of `recurrent`
  const float* peephole = nullptr;  // [cells]
  const float* norm = nullptr;  // [cells]
  const float* bias = nullptr;  // [cells]
};

struct LstmCell {
  LstmSizes sizes;
  std::array<LstmGate, 4> gates;
  bool is_coupled = false;  // the input gate is 1 - forget gate
  CellWeights projection;  // [outputs, cells]
  const float* projection_bias = nullptr;  // [outputs]
  Activation activation = Activation::tanh;
  float cell_clip = 0, projection_clip = 0;  // 0: none
  bool is_asymmetric = false;  // activations quantized with a zero point
};

// Least and greatest value of what calibration looks at: the sums of each gate (before normalisation), the hidden
// values and the cell state.
struct LstmExtremes {
  struct Pair {
    float least, greatest;
  };
  std::array<Pair, 4> sums;
  Pair hidden, cell_state;
};

struct LstmScratch {
  std::array<float*, 4> gates = {};  // [batches, cells] each
  CellRowsScratch input, auxiliary, state, hidden;  // empty without int8 weights
  LstmExtremes* extremes = nullptr;  // widened by each step, or null
};

// Rows of one time step.
struct LstmRows {
  int64_t batches = 0;
  const float* input = nullptr;
  int64_t input_stride = 0;
  const float* auxiliary = nullptr;
  int64_t auxiliary_stride = 0;
};

// Updates both states, contiguous: [batches, outputs] and [batches, cells].
void lstm_step(const LstmCell& cell, const LstmRows& rows, float* output_state, float* cell_state,
               const LstmScratch& scratch);

}  // namespace litequant
