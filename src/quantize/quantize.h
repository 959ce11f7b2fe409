// A float model to a quantized one: the list of passes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/model.h"
#include "quantize/recipe.h"
#include "quantize/statistics.h"
#include "runtime/plan.h"

namespace litequant {

// What is to be said of an operator of the float model.
struct NodeNote {
  NodeReference node;
  std::string operator_name;
  std::string reason;
};

// The same model, recipe and statistics give the same model, byte for byte once saved. `statistics` may be null where
// none are needed (see needs_statistics). What a quantization-aware model prescribes counts for more than they do.
// Names, signatures, order of inputs and outputs and metadata are kept; parts that are quantized already are left
// alone. The result is proved: saved, loaded, held to the mode's promise and run once (see prove.h).
//
// Throws BAD_ARGUMENT (recipe, or statistics of another model), EMPTY_DATASET (statistics missing), NONFINITE_WEIGHT,
// REFUSED (int8-only with operators that stay in float: one message names them all).
//
// `limits`: those of the plans that prove the result; TOO_LARGE or OUT_OF_MEMORY where it alone passes them.
struct Quantized {
  Model model;
  std::vector<std::byte> file;  // the bytes that were proved: the file to give out
  // Of the integer modes, numbered as in the model given: float operators that stay as they are, and why; operators
  // that compute in integers and lose more by it than the mode suggests.
  std::vector<NodeNote> left_in_float, warnings;
};
Quantized quantize_to_file(const Model& model, const Recipe& recipe, const Statistics* statistics,
                           const PlanOptions& limits = {});

// The model alone; `left_in_float` may be null.
Model quantize(const Model& model, const Recipe& recipe, const Statistics* statistics,
               std::vector<NodeNote>* left_in_float = nullptr, const PlanOptions& limits = {});

bool needs_statistics(Mode mode);
// Also false where quantization-aware training prescribes every range that the mode needs.
bool needs_statistics(const Model& model, const Recipe& recipe);

}  // namespace litequant
