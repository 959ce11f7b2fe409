// Weights and working memory of float recurrent cells (LSTM, RNN, SVDF), checked once.
#pragma once

#include "kernels/recurrent.h"
#include "ops/dense_layer.h"

namespace litequant {

// Weights [units, depth], float or int8 with one scale and zero point 0, of the expected shape; the address comes with
// each run. `what` ("its weights") is for messages.
CellWeights cell_weights(const NodeView& node, size_t operand, std::string_view what, int32_t units, int32_t depth);

// An operand [count] of floats; its bytes are there when it is a constant.
void require_float_vector(const NodeView& node, size_t operand, std::string_view what, int32_t count);

// A constant holds as many bytes as its shape needs.
void require_whole_constant(const NodeView& node, const Operand& operand, std::string_view what);

// OpDef::operations of recurrent cells: every weight meets every row of the input, every bias stands for a cell.
double cell_operations(const NodeView& node);

// Working memory for rows that are quantized on the fly.
struct CellRowsLayout {
  size_t quantized = 0, scales = 0, row = 0;  // offsets
  bool is_used = false;

  CellRowsScratch at(const Frame& frame) const;
};
// Nothing is added for float weights.
CellRowsLayout add_cell_rows(ScratchLayout& layout, DataType weights, int64_t batches, int32_t depth);

}  // namespace litequant
