// Operators said by others: what to compute where the format has no integer kernel for an operator itself.
//
// A replacement is written in float. Its results inside have ranges of their own, so calibration computes them beside
// the model's own tensors; `quantize` then takes the replacement where the operator would stay in float and every
// operator of the replacement has a kernel.
#pragma once

#include <cstdint>
#include <vector>

#include "model/model.h"

namespace litequant {

// One node and what can stand in its place.
struct Alternative {
  int32_t graph = 0, node = 0;
  std::vector<Node> nodes;         // in execution order; the last write the results of the node replaced
  std::vector<int32_t> inside;     // tensors that only the replacement has
};

struct Extended {
  Model model;  // the original with the tensors of all alternatives appended; its nodes are the original's
  std::vector<Alternative> alternatives;  // in node order
};

// Same model, same tensors: statistics of one call hold for every other.
Extended extend(const Model& model);

}  // namespace litequant
