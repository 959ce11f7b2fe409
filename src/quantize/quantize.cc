#include "quantize/quantize.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "quantize/passes/design.h"
#include "quantize/passes/take_alternatives.h"
#include "quantize/prove.h"
#include "quantize/targets.h"

namespace litequant {
namespace {

[[noreturn]] void refuse_uncalibrated(const Model& model, int32_t graph) {
  std::string name = text("subgraph ", graph);
  for (const Signature& signature : model.signatures) {
    if (signature.graph == static_cast<uint32_t>(graph)) name += text(" (signature ", quoted(signature.key), ")");
  }
  fail(ErrorCode::empty_dataset, text(name, " was not calibrated, no sample was given for it"), {},
       "calibrate every signature of the model");
}

void list_float_nodes(const Model& model, const GraphDesign& design, std::vector<FloatNode>& list) {
  for (size_t n = 0; n < design.reason.size(); ++n) {
    if (design.reason[n].empty()) continue;
    const Node& node = model.graphs[static_cast<size_t>(design.graph_index)].nodes[n];
    list.push_back({{design.graph_index, design.origin[n]}, std::string(operator_name(node)), design.reason[n]});
  }
}

void make_integers(Model& model, const Model& original, const Recipe& wanted, const Statistics& statistics,
                   std::vector<FloatNode>* left_in_float) {
  Extended extended = extend(original);
  fold_half_constants(extended.model);
  fuse_activations(extended.model, wanted);
  Rewritten rewritten = take_alternatives(std::move(extended), original, wanted, statistics);
  model = std::move(rewritten.model);
  const Recipe& recipe = rewritten.recipe;
  std::vector<GraphDesign> designs;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    designs.emplace_back(model.graphs[g], static_cast<int32_t>(g));
    designs.back().origin = rewritten.origin[g];
    choose_nodes(model, recipe, designs.back());
  }
  for (GraphDesign& design : designs) {
    // A graph without any sample is an error of the caller's, told below.
    if (statistics.samples(design.graph_index) == 0) continue;
    leave_uncalibrated(model, statistics, design);
    if (recipe.mode == Mode::int8 && io_of(recipe) == DataType::float32) spare_mixed_ranges(model, statistics, design);
  }
  if (is_integer_only(recipe.mode)) refuse_float_nodes(model, recipe, designs);
  const std::vector<bool> is_entry = entry_graphs(model);
  for (const GraphDesign& design : designs) {
    const bool has_integers = design.has_integers(DataType::int8) || design.has_integers(DataType::int16);
    if (has_integers && statistics.samples(design.graph_index) == 0) refuse_uncalibrated(model, design.graph_index);
  }
  for (GraphDesign& design : designs) {
    if (left_in_float != nullptr) list_float_nodes(model, design, *left_in_float);
    if (!is_entry[static_cast<size_t>(design.graph_index)]) continue;
    for (const DataType type : {DataType::int8, DataType::int16}) {
      assign_parameters(model, recipe, statistics, type, design);
    }
    write_integers(model, recipe, design);
  }
}

}  // namespace

bool needs_statistics(Mode mode) { return mode != Mode::dynamic && mode != Mode::float16; }

Model quantize(const Model& original, const Recipe& wanted, const Statistics* statistics,
               std::vector<FloatNode>* left_in_float, const PlanOptions& limits) {
  const Recipe recipe = recipe_for_target(wanted);
  check_recipe(recipe);
  check_static_shapes(original, recipe.target);
  if (needs_statistics(recipe.mode)) {
    if (statistics == nullptr || statistics->samples() == 0) {
      fail(ErrorCode::empty_dataset, text("mode ", mode_name(recipe.mode), " needs calibration, no sample was given"),
           {}, "give samples of what the model will see; modes dynamic and float16 need none");
    }
    statistics->check_model(original);
  }

  Model model = original;
  if (recipe.mode == Mode::dynamic) fold_half_constants(model);
  switch (recipe.mode) {
    case Mode::dynamic: quantize_weights_only(model, recipe); break;
    case Mode::float16: halve_constants(model, recipe); break;
    default: make_integers(model, original, recipe, *statistics, left_in_float); break;
  }
  drop_dead_nodes(model);
  update_metadata(model, recipe);
  drop_unused(model);

  prove(model, original, recipe, limits);
  return model;
}

}  // namespace litequant
