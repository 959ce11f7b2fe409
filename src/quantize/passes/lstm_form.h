// The integer form of LSTM nodes, as TensorFlow's quantizer writes it: int8 data and weights, the output state under
// the parameters of the output, an int16 cell state whose scale is a power of two, int32 biases; peephole weights and
// layer normalisation in int16, whose gates have the calibrated scales of the node's intermediates.
#pragma once

#include <string>

#include "quantize/passes/cell_form.h"

namespace litequant {

inline constexpr size_t kLstmCellState = 19;

// Why this node cannot take the form; empty when it can.
std::string lstm_obstacle(const Model& model, const Graph& graph, const Node& node);

// Why these ranges do not allow the form; empty when they do.
std::string lstm_range_obstacle(const Node& node, const InnerRanges& ranges);

// Gives `node` its integer operands; its input and output are the caller's. The states' tensors are changed in place.
void write_lstm(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters parameters,
                const InnerRanges& ranges);

}  // namespace litequant
