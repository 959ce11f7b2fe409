// The last thing that quantization does: what was made is tried before anybody gets it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/model.h"
#include "quantize/recipe.h"
#include "runtime/plan.h"

namespace litequant {

// Saves the model, loads what was written, and checks of what came back:
// - every operator that computes with int8 or int16 activations has a kernel for them in TensorFlow Lite (its row says
//   so), and no operator mixes float activations with integer ones other than the mode's own way;
// - an `-only` mode holds no float operator, but for a custom operator at the end of the graph;
// - a float16 constant is read by DEQUANTIZE alone;
// - it runs, once, on zeros, wherever the float model can be run at all.
// What the original held in integers already is the original's own promise and passes.
// Throws INTERNAL naming the operator: a file that breaks its promise is never given out. An operator that no kernel
// takes with the scales it has is returned instead, for it may be written otherwise.
// `limits` bound what its plans may take; where the result alone passes them: TOO_LARGE or OUT_OF_MEMORY.
struct UnfitNode {
  Place place;  // in the quantized model
  std::string reason;
};
struct Proved {
  std::optional<UnfitNode> fault;
  std::vector<std::byte> file;  // what was proved, to give out where there is no fault
};
Proved prove(const Model& quantized, const Model& original, const Recipe& recipe, const PlanOptions& limits);

}  // namespace litequant
