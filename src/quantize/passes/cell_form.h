// The integer forms of recurrent cells, which the roles of their operands do not tell: which nodes can take theirs, and
// how it is written.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/model.h"
#include "ops/op_def.h"
#include "quantize/parameters.h"
#include "quantize/passes/constant_store.h"
#include "quantize/statistics.h"

namespace litequant {

// Ranges of variables and intermediates, by tensor.
using InnerRanges = std::map<int32_t, Range>;

struct CellParameters {
  Parameters input, output;
};

// The form of a node's operator; none: it is no cell, or has no integer form.
CellForm cell_form(const Node& node);

// Whether the cell advances one step a run when its input has this shape. What its states reach then shows only over
// several runs.
bool takes_one_step(const Node& node, const Shape& input);

// Why this node cannot take its form; empty when it can.
std::string cell_obstacle(const Model& model, const Graph& graph, const Node& node);

// Why these ranges do not allow the form; empty when they do.
std::string cell_range_obstacle(const Graph& graph, const Node& node, const InnerRanges& ranges);

// Gives `node` its integer operands; its input and output are the caller's. The states' tensors are changed in place.
void write_cell(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters parameters,
                const InnerRanges& ranges);

}  // namespace litequant
