// Which operators an integer mode computes in integers, by the model alone: what `describe` says before anything runs
// and what the quantizer begins with.
#pragma once

#include <vector>

#include "quantize/passes/design.h"

namespace litequant {

// What is to become of every node, before any is rewritten.
struct IntegerDesign {
  Model model;  // with alternatives in place, in float
  Recipe recipe;  // its nodes are those of `model`
  std::vector<GraphDesign> graphs;
};

// Prescriptions obeyed, activations fused, alternatives taken, nodes chosen. Graphs without samples in `statistics`
// take the alternatives that samples could rule out.
IntegerDesign choose_integers(const Model& original, const Recipe& recipe, const Statistics& statistics);

}  // namespace litequant
