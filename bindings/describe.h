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

// ModelDescription without `byteLength` and class names, which the caller adds.
std::string describe_model(const Model& model);

// ModeDescription: what quantize would do with this recipe. Throws BAD_ARGUMENT where the recipe is none.
std::string describe_recipe(const Model& model, const Recipe& recipe);

// {"inputs": [...], "outputs": [...]}: [{"type", "shape"}] in the order of the graph's inputs and outputs.
std::string describe_plan(const Plan& plan);

}  // namespace litequant
