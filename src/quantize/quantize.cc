#include "quantize/quantize.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
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

[[noreturn]] void fail_unproved(const UnfitNode& fault) {
  fail(ErrorCode::internal, text("the quantized model does not run: ", fault.reason), fault.place,
       "please report this model");
}

// Why operators cannot be integers whatever the recipe says, by their numbers in the model that was given.
using Unfit = std::map<std::pair<int32_t, int32_t>, std::string>;

void explain_unfit(const Unfit& unfit, GraphDesign& design) {
  for (size_t n = 0; n < design.reason.size(); ++n) {
    const auto found = unfit.find({design.graph_index, design.origin[n]});
    if (found != unfit.end() && !design.reason[n].empty()) design.reason[n] = found->second;
  }
}

// Per graph and node of the result: the node of `original`, as write_integers says; empty for graphs left alone.
using Origins = std::vector<std::vector<int32_t>>;

Origins make_integers(Model& model, const Model& original, const Recipe& wanted, const Unfit& unfit,
                      const Statistics& statistics, std::vector<FloatNode>& left_in_float) {
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
    explain_unfit(unfit, designs.back());
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
  Origins origins(model.graphs.size());
  for (GraphDesign& design : designs) {
    list_float_nodes(model, design, left_in_float);
    if (!is_entry[static_cast<size_t>(design.graph_index)]) continue;
    for (const DataType type : {DataType::int8, DataType::int16}) {
      assign_parameters(model, recipe, statistics, type, design);
    }
    origins[static_cast<size_t>(design.graph_index)] = write_integers(model, recipe, design);
  }
  return origins;
}

// Quantizes until the result is proved: an operator that no integer kernel takes with the scales that calibration gave
// (a product of scales of 1e20, say) is told by the proof alone, and stays in float.
Model proved_integers(const Model& original, Recipe recipe, const Statistics& statistics,
                      std::vector<FloatNode>* left_in_float, const PlanOptions& limits) {
  Unfit unfit;
  for (;;) {
    Model model = original;
    std::vector<FloatNode> float_nodes;
    Origins origins = make_integers(model, original, recipe, unfit, statistics, float_nodes);
    drop_dead_nodes(model, &origins);
    update_metadata(model, recipe);
    drop_unused(model);
    const std::optional<UnfitNode> fault = prove(model, original, recipe, limits);
    if (!fault) {
      if (left_in_float != nullptr) *left_in_float = std::move(float_nodes);
      return model;
    }
    const Place& place = fault->place;
    const auto& of_graph = place.graph < 0 ? std::vector<int32_t>() : origins[static_cast<size_t>(place.graph)];
    const int32_t node = place.node < 0 || of_graph.empty() ? kNoNode : of_graph[static_cast<size_t>(place.node)];
    const bool is_new = node != kNoNode && unfit.emplace(std::pair(place.graph, node), fault->reason).second;
    if (!is_new) fail_unproved(*fault);
    recipe.keep_float.push_back({place.graph, node});
    std::erase(recipe.keep_int16, NodeReference{place.graph, node});
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

  if (needs_statistics(recipe.mode)) return proved_integers(original, recipe, *statistics, left_in_float, limits);
  Model model = original;
  if (recipe.mode == Mode::dynamic) {
    fold_half_constants(model);
    quantize_weights_only(model, recipe);
  } else {
    halve_constants(model, recipe);
  }
  drop_dead_nodes(model);
  update_metadata(model, recipe);
  drop_unused(model);
  if (const auto fault = prove(model, original, recipe, limits)) fail_unproved(*fault);
  return model;
}

}  // namespace litequant
