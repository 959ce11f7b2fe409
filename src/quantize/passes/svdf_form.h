// The integer form of SVDF, as TensorFlow's quantizer writes it: int8 data and feature weights, time weights in int16
// of which 10 bits are used (64 products with an int16 state fit 32 bits), an int16 state, an int32 bias.
#pragma once

#include <string>

#include "quantize/passes/cell_form.h"

namespace litequant {

inline constexpr size_t kSvdfState = 4;

// Why this node cannot take the form; empty when it can.
std::string svdf_obstacle(const Model& model, const Graph& graph, const Node& node);

// Why these ranges do not allow the form; empty when they do.
std::string svdf_range_obstacle(const Node& node, const InnerRanges& ranges);

// Gives `node` its integer operands; its input and output are the caller's. The state's tensor is changed in place.
void write_svdf(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters parameters,
                const InnerRanges& ranges);

}  // namespace litequant
