// One step of a plain recurrent cell with float data: state = activation(input + auxiliary + recurrent products +
// bias). Source of the arithmetic: TensorFlow Lite's RnnBatchStep.
#pragma once

#include <cstdint>

#include "kernels/recurrent.h"

namespace litequant {

struct RnnCell {
  CellWeights input, auxiliary, recurrent;  // `auxiliary` may be absent
  const float* bias = nullptr;              // [units]
  Activation activation = Activation::none;

  int32_t units() const { return input.units; }
};

// state [batches, units] is replaced; `sums` of the same size is working memory.
void rnn_step(const RnnCell& cell, int64_t batches, const CellRows& input, const CellRows& auxiliary,
              const CellRows& recurrent, float* state, float* sums);

}  // namespace litequant
