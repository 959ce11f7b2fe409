// What the operators of the LSTM family are compiled to.
#pragma once

#include "ops/dense_layer.h"
#include "ops/lstm_operands.h"

namespace litequant {

// One direction of an LSTM over a sequence, with float data (its weights float or int8).
struct LstmDirection {
  LstmOperands operands;
  SequenceShape sequence;
  bool is_backward = false;
  // Where its rows of outputs lie: output number, elements of a row, first of its own in the row.
  size_t output = 0;
  int64_t output_row = 0, output_first = 0;
};

// Adds its working memory to `layout` and gives what runs it. Checks the form of its operands.
// `extremes`: where in the working memory an LstmExtremes of each run lies, or null for none.
StepFunction float_lstm(const NodeView& node, const LstmDirection& direction, ScratchLayout& layout,
                        size_t* extremes = nullptr);

// One direction with int8 data and int16 cell state.
StepFunction integer_lstm(const NodeView& node, const LstmDirection& direction, ScratchLayout& layout);

// LSTM with int8 data, int16 cell state and int8 products: the form with 12 intermediates.
StepFunction byte_gates_lstm(const NodeView& node, const LstmOperands& operands, ScratchLayout& layout);

}  // namespace litequant
