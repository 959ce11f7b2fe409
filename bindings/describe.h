// Descriptions as JSON text, shaped as bindings/types.ts says.
#pragma once

#include <string>
#include <vector>

#include "model/model.h"
#include "quantize/recipe.h"
#include "runtime/plan.h"

namespace litequant {

// "float32": element types as JavaScript spells them.
std::string type_text(DataType type);
// The inverse; BAD_ARGUMENT.
DataType type_of_text(std::string_view name);

// ModelDescription without `byteLength` and class names, which the caller adds. Thousands of scales, one per channel,
// would take longer to write and read as text than all else: where a tensor has several, its `quantization` says which
// of `channel_scales` are its own (`firstScale`, `channels`), and no `zeroPoint` where all are 0.
struct ModelDescription {
  std::string json;
  std::vector<float> channel_scales;
};
ModelDescription describe_model(const Model& model);

// Of each mode by its name, the ModeDescription of its recipe without further choices. Reads every constant.
std::string describe_modes(const Model& model);

// ModeDescription: what quantize would do with this recipe. Throws BAD_ARGUMENT where the recipe is none.
std::string describe_recipe(const Model& model, const Recipe& recipe);

// {"inputs": [...], "outputs": [...]}: [{"type", "shape"}] in the order of the graph's inputs and outputs.
std::string describe_plan(const Plan& plan);

}  // namespace litequant
