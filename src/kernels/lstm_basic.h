// One step of TensorFlow Lite's BASIC LSTM: one matrix for all gates, over the input and the last activation side by
// side. Gates in the order input, update, forget, output. Source of the arithmetic: its reference kernels.
#pragma once

#include <cstdint>

#include "kernels/requantize.h"

namespace litequant {

// Weights [4 * units, inputs + units], bias [4 * units].
struct BasicLstmShape {
  int64_t batches = 1;
  int32_t inputs = 1, units = 1;

  int64_t depth() const { return int64_t{inputs} + units; }
};

// Outputs, and the last step's two that the next one reads (replaced at the end).
template <typename T, typename State>
struct BasicLstmStep {
  const T* input = nullptr;       // [batches, inputs]
  T* last_activation = nullptr;   // [batches, units]
  State* last_state = nullptr;    // [batches, units]
  T* activation = nullptr;        // [batches, units]
  State* state = nullptr;         // [batches, units]
  T* joined = nullptr;            // [batches, inputs + units]
  State* sums = nullptr;          // [batches, 4 * units]
};

void basic_lstm_step(const BasicLstmShape& shape, const float* weights, const float* bias,
                     const BasicLstmStep<float, float>& step);

// Data uint8 of scale 1/128 around 128, state int16 of 4 integer bits, sums int16 of 3.
struct BasicLstmScale {
  FixedMultiplier sums;
  int32_t weight_zero = 0;
};
void basic_lstm_step(const BasicLstmShape& shape, const uint8_t* weights, const int32_t* bias, BasicLstmScale scale,
                     const BasicLstmStep<uint8_t, int16_t>& step);

}  // namespace litequant
