// Puts alternatives in the place of operators without an integer kernel.
#pragma once

#include <cstdint>
#include <vector>

#include "quantize/alternatives.h"
#include "quantize/recipe.h"
#include "quantize/statistics.h"

namespace litequant {

// The model with alternatives in place. Tensors have the numbers of the extended model.
struct Rewritten {
  Model model;
  Recipe recipe;                             // its node references are to this model
  std::vector<std::vector<int32_t>> origin;  // per graph and node: the node of the original
};

// `extended.model` may have been changed since, so long as its nodes kept their numbers.
Rewritten take_alternatives(Extended extended, const Model& original, const Recipe& recipe,
                            const Statistics& statistics);

}  // namespace litequant
