// int8 functions of one value as a table of 256 results, for operators without an int8 kernel.
//
// Written as CAST to int32, ADD 128, GATHER from a constant of 256 bytes, which run wherever TensorFlow Lite does. The
// table is our float kernel's own results, rounded once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/model.h"
#include "quantize/parameters.h"

namespace litequant {

// The operand that the node is an element-wise function of, all others being constants of one element; nothing where
// the node is no such function.
std::optional<size_t> table_operand(const Model& model, const Graph& graph, const Node& node);

// The result for each stored value, -128 first. NaN (a value out of the function's domain) becomes the zero point.
std::vector<int8_t> table_of(const Model& model, const Graph& graph, const Node& node, size_t operand, Parameters in,
                             Parameters out);

}  // namespace litequant
