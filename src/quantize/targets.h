// What a target asks of a recipe, and what of a finished model it will not run.
#pragma once

#include <string>
#include <vector>

#include "model/model.h"
#include "quantize/recipe.h"

namespace litequant {

// The recipe with what its target decides filled in: `tflite-old` and `micro` take FULLY_CONNECTED's weights per
// tensor. Throws BAD_ARGUMENT where target and mode exclude each other (edgetpu: int8-only; gpu: float16; micro: the
// integer modes, as it has neither hybrid kernels nor half precision; tflite-old: no 16x8).
Recipe recipe_for_target(const Recipe& recipe);

// A node of a model that the target will not run, and why.
struct TargetObstacle {
  NodeReference node;
  std::string reason;
};

// In order of the nodes. Sources: edgetpu, the compiler's published table of operators (others run on the host's
// processor); micro, the operators of tflite-micro's resolver. The limits that those tables set to single operands are
// not looked at.
std::vector<TargetObstacle> target_obstacles(const Model& model, Target target);

// Whether the target has this operator at all, in whatever type.
bool has_operator(Target target, const Node& node);

// Throws REFUSED naming the tensor when a shape is open that the target needs to know (edgetpu, micro).
void check_static_shapes(const Model& model, Target target);

}  // namespace litequant
