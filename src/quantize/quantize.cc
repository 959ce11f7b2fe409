#include "quantize/quantize.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "quantize/passes/cell_form.h"
#include "quantize/passes/choose_integers.h"
#include "quantize/prove.h"
#include "quantize/targets.h"

namespace litequant {
namespace {

[[noreturn]] void refuse_uncalibrated(const Model& model, int32_t graph) {
  std::string name = text("subgraph ", graph);
  for (const Signature& signature : model.signatures) {
    if (signature.graph == static_cast<uint32_t>(graph)) name += text(" (signature ", quoted(signature.key), ")");
  }
  fail(ErrorCode::empty_dataset, {name, " was not calibrated, no sample was given for it"}, {},
       {"calibrate every signature of the model"});
}

// Where `notes` of a graph's nodes say something.
void list_notes(const Model& model, const GraphDesign& design, std::span<const std::string> notes,
                std::vector<NodeNote>& list) {
  for (size_t n = 0; n < notes.size(); ++n) {
    if (notes[n].empty()) continue;
    const Node& node = model.graphs[static_cast<size_t>(design.graph_index)].nodes[n];
    list.push_back({{design.graph_index, design.origin[n]}, std::string(operator_name(node)), notes[n]});
  }
}

// Ranges that neither calibration nor the model itself tells.
void refuse_uncovered(const Model& model, const Recipe& recipe, const GraphDesign& design) {
  const Graph& graph = model.graphs[static_cast<size_t>(design.graph_index)];
  const auto need = [&](int32_t t, DataType type) {
    if (t == kNoTensor || !is_real_value(model, graph.tensors[static_cast<size_t>(t)])) return;
    if (design.of(type).value[static_cast<size_t>(t)]) return;
    fail(ErrorCode::empty_dataset, {"no sample was given, and the model prescribes no range for this tensor"},
         place_of_tensor(model, design.graph_index, t), {"give samples of what the model will see"});
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!design.is_integer(static_cast<int32_t>(n))) continue;
    for (const int32_t t : graph.nodes[n].inputs) need(t, design.node_type[n]);
    for (const int32_t t : graph.nodes[n].outputs) need(t, design.node_type[n]);
    if (cell_form(graph.nodes[n]) == CellForm::none) continue;
    std::string inner = cell_range_obstacle(graph, graph.nodes[n], design.inner_ranges);
    if (inner.empty()) continue;
    fail(ErrorCode::empty_dataset, {"no sample was given, and ", inner},
         place_of(model, design.graph_index, static_cast<int32_t>(n)), {"give samples of what the model will see"});
  }
  if (io_of(recipe) == DataType::float32) return;
  for (const int32_t t : graph.inputs) need(t, is_int16(recipe.mode) ? DataType::int16 : DataType::int8);
}

// Why operators cannot be integers whatever the recipe says, by their numbers in the model that was given.
using Unfit = std::map<std::pair<int32_t, int32_t>, std::string>;

void explain_unfit(const Unfit& unfit, GraphDesign& design) {
  for (size_t n = 0; n < design.reason.size(); ++n) {
    const auto found = unfit.find({design.graph_index, design.origin[n]});
    if (found != unfit.end() && !design.reason[n].empty()) design.reason[n] = found->second;
  }
}

IntegerDesign design_integers(const Model& original, const Recipe& wanted, const Unfit& unfit,
                              const Statistics& statistics) {
  IntegerDesign made = choose_integers(original, wanted, statistics);
  const Model& model = made.model;
  const Recipe& recipe = made.recipe;
  for (GraphDesign& design : made.graphs) explain_unfit(unfit, design);
  const std::vector<bool> is_inner = inner_graphs(model);
  for (GraphDesign& design : made.graphs) {
    // A graph without any sample is covered by what the model prescribes, or an error of the caller's, told below; but
    // those that others run have none of their own.
    if (statistics.samples(design.graph_index) == 0 && !is_inner[static_cast<size_t>(design.graph_index)]) continue;
    leave_uncalibrated(model, statistics, design);
    spare_mixed_ranges(model, recipe, statistics, design);
  }
  if (is_integer_only(recipe.mode)) refuse_float_nodes(model, recipe, made.graphs);
  for (GraphDesign& design : made.graphs) {
    const bool has_integers = design.has_integers(DataType::int8) || design.has_integers(DataType::int16);
    const bool is_calibrated =
        statistics.samples(design.graph_index) > 0 || is_inner[static_cast<size_t>(design.graph_index)];
    if (has_integers && !is_calibrated && design.prescribed.empty()) refuse_uncalibrated(model, design.graph_index);
    for (const DataType type : {DataType::int8, DataType::int16}) {
      assign_parameters(model, recipe, statistics, type, design);
    }
    if (has_integers && !is_calibrated) refuse_uncovered(model, recipe, design);
  }
  return made;
}

[[noreturn]] void fail_unproved(const UnfitNode& fault) {
  fail(ErrorCode::internal, {"the quantized model does not run: ", fault.reason}, fault.place,
       {"please report this model"});
}

void clean_up(Model& model, const Recipe& recipe) {
  update_metadata(model, recipe);
  drop_unused(model);
}

// Quantizes until the result is proved: an operator that no integer kernel takes with the scales that calibration gave
// (a product of scales of 1e20, say) is told by the proof alone, and stays in float.
Quantized make_integers(const Model& original, Recipe recipe, const Statistics& statistics, const PlanOptions& limits) {
  Unfit unfit;
  for (;;) {
    IntegerDesign made = design_integers(original, recipe, unfit, statistics);
    std::vector<NodeNote> left_in_float, warnings;
    std::vector<std::vector<int32_t>> origins(made.graphs.size());  // per graph and node written
    for (size_t g = 0; g < made.graphs.size(); ++g) {
      list_notes(made.model, made.graphs[g], made.graphs[g].reason, left_in_float);
      list_notes(made.model, made.graphs[g], made.graphs[g].warning, warnings);
      origins[g] = write_integers(made.model, made.recipe, made.graphs[g]);
    }
    drop_dead_nodes(made.model, &origins);
    clean_up(made.model, recipe);
    Proved proved = prove(made.model, original, recipe, limits);
    const std::optional<UnfitNode>& fault = proved.fault;
    if (!fault) {
      return {std::move(made.model), std::move(proved.file), std::move(left_in_float), std::move(warnings)};
    }
    const NodeReference place = {fault->place.graph, fault->place.node};
    if (place.node < 0) fail_unproved(*fault);
    const int32_t node = origins[static_cast<size_t>(place.graph)][static_cast<size_t>(place.node)];
    if (node == kNoNode || !unfit.emplace(std::pair(place.graph, node), fault->reason).second) fail_unproved(*fault);
    recipe.keep_float.push_back({place.graph, node});
    std::erase(recipe.keep_int16, NodeReference{place.graph, node});
  }
}

bool prescribes_ranges(const Model& model) {
  Model copy = model;
  const auto prescribed = obey_prescriptions(copy, true);
  return std::any_of(prescribed.begin(), prescribed.end(), [](const Prescriptions& graph) { return !graph.empty(); });
}

}  // namespace

bool needs_statistics(Mode mode) { return mode != Mode::dynamic && mode != Mode::float16; }

bool needs_statistics(const Model& model, const Recipe& recipe) {
  if (!needs_statistics(recipe.mode)) return false;
  if (!prescribes_ranges(model)) return true;
  try {
    design_integers(model, recipe, {}, Statistics(model));
  } catch (const Error&) {
    return true;
  }
  return false;
}

Quantized quantize_to_file(const Model& original, const Recipe& wanted, const Statistics* statistics,
                           const PlanOptions& limits) {
  const Recipe recipe = recipe_for_target(wanted);
  check_recipe(recipe);
  check_static_shapes(original, recipe.target);
  std::optional<Statistics> none;
  if (needs_statistics(recipe.mode)) {
    const bool has_samples = statistics != nullptr && statistics->samples() > 0;
    if (!has_samples && prescribes_ranges(original)) {
      statistics = &none.emplace(original);
    } else if (!has_samples) {
      fail(ErrorCode::empty_dataset, {"mode ", mode_name(recipe.mode), " needs calibration, no sample was given"}, {},
           {"give samples of what the model will see; modes dynamic and float16 need none"});
    }
    statistics->check_model(original);
  }

  if (needs_statistics(recipe.mode)) return make_integers(original, recipe, *statistics, limits);
  Model model = original;
  if (recipe.mode == Mode::dynamic) {
    fold_half_constants(model);
    quantize_weights_only(model, recipe, obey_prescriptions(model, false));
  } else {
    obey_prescriptions(model, false);
    halve_constants(model, recipe);
  }
  drop_dead_nodes(model);
  clean_up(model, recipe);
  Proved proved = prove(model, original, recipe, limits);
  if (proved.fault) fail_unproved(*proved.fault);
  return {std::move(model), std::move(proved.file), {}, {}};
}

Model quantize(const Model& model, const Recipe& recipe, const Statistics* statistics,
               std::vector<NodeNote>* left_in_float, const PlanOptions& limits) {
  Quantized made = quantize_to_file(model, recipe, statistics, limits);
  if (left_in_float != nullptr) *left_in_float = std::move(made.left_in_float);
  return std::move(made.model);
}

}  // namespace litequant
