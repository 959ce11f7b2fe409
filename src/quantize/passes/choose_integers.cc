#include "quantize/passes/choose_integers.h"

#include <utility>

#include "quantize/passes/take_alternatives.h"

namespace litequant {

IntegerDesign choose_integers(const Model& original, const Recipe& recipe, const Statistics& statistics) {
  Extended extended = extend(original);
  fold_half_constants(extended.model);
  std::vector<Prescriptions> prescribed = obey_prescriptions(extended.model, true);
  fuse_activations(extended.model, recipe, prescribed);
  Rewritten rewritten = take_alternatives(std::move(extended), original, recipe, statistics);
  IntegerDesign made{std::move(rewritten.model), std::move(rewritten.recipe), {}};
  for (size_t g = 0; g < made.model.graphs.size(); ++g) {
    GraphDesign& design = made.graphs.emplace_back(made.model.graphs[g], static_cast<int32_t>(g));
    design.origin = rewritten.origin[g];
    design.prescribed = std::move(prescribed[g]);
    choose_nodes(made.model, made.recipe, design);
  }
  return made;
}

}  // namespace litequant
