#include "quantize/passes/take_alternatives.h"

#include <algorithm>
#include <map>
#include <utility>

#include "quantize/passes/design.h"
#include "quantize/passes/table_form.h"

namespace litequant {
namespace {

bool holds(std::span<const NodeReference> nodes, int32_t graph, int32_t node) {
  return std::find(nodes.begin(), nodes.end(), NodeReference{graph, node}) != nodes.end();
}

bool touches_floats(const Graph& graph, const Node& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](int32_t t) {
    return t != kNoTensor && graph.tensors[static_cast<size_t>(t)].type == DataType::float32;
  });
}

// The replacement reads what its node reads now.
void follow_operands(Alternative& alternative, const Node& before, const Node& now) {
  std::map<int32_t, int32_t> moved;
  for (size_t i = 0; i < before.inputs.size(); ++i) moved[before.inputs[i]] = now.inputs[i];
  for (Node& node : alternative.nodes) {
    for (int32_t& input : node.inputs) {
      if (const auto found = moved.find(input); found != moved.end()) input = found->second;
    }
  }
}

bool is_wanted(const Model& model, const Recipe& recipe, const Statistics& statistics, const Alternative& alternative) {
  const Graph& graph = model.graphs[static_cast<size_t>(alternative.graph)];
  const Node& node = graph.nodes[static_cast<size_t>(alternative.node)];
  if (holds(recipe.keep_float, alternative.graph, alternative.node)) return false;
  const bool in_int16 = is_int16(recipe.mode) || holds(recipe.keep_int16, alternative.graph, alternative.node);
  const DataType type = in_int16 ? DataType::int16 : DataType::int8;
  if (obstacle(model, graph, node, type).empty()) return false;
  // One table costs less than several operators, and rounds once.
  if (type == DataType::int8 && alternative.nodes.size() > 1 && table_operand(model, graph, node)) return false;
  for (const Node& replacement : alternative.nodes) {
    const bool has_table = type == DataType::int8 && table_operand(model, graph, replacement);
    if (touches_floats(graph, replacement) && !has_table && !obstacle(model, graph, replacement, type).empty()) {
      return false;
    }
  }
  if (statistics.samples(alternative.graph) == 0) return true;  // refused for that, later
  return std::all_of(alternative.inside.begin(), alternative.inside.end(),
                     [&](int32_t t) { return statistics.range(alternative.graph, t).has_value(); });
}

std::vector<NodeReference> renumbered(std::span<const NodeReference> references,
                                      const std::vector<std::vector<int32_t>>& origin) {
  std::vector<NodeReference> found;
  for (const NodeReference reference : references) {
    const auto& graph = origin[static_cast<size_t>(reference.graph)];
    for (size_t n = 0; n < graph.size(); ++n) {
      if (graph[n] == reference.node) found.push_back({reference.graph, static_cast<int32_t>(n)});
    }
  }
  return found;
}

}  // namespace

Rewritten take_alternatives(Extended extended, const Model& original, const Recipe& recipe,
                            const Statistics& statistics) {
  std::map<std::pair<int32_t, int32_t>, const Alternative*> taken;
  for (Alternative& alternative : extended.alternatives) {
    const auto g = static_cast<size_t>(alternative.graph), n = static_cast<size_t>(alternative.node);
    // An activation that has become the operator before it is no longer what the alternative says.
    if (original.graphs[g].nodes[n].op != extended.model.graphs[g].nodes[n].op) continue;
    follow_operands(alternative, original.graphs[g].nodes[n], extended.model.graphs[g].nodes[n]);
    if (is_wanted(extended.model, recipe, statistics, alternative)) {
      taken[{alternative.graph, alternative.node}] = &alternative;
    }
  }

  Rewritten rewritten{std::move(extended.model), recipe, {}};
  for (size_t g = 0; g < rewritten.model.graphs.size(); ++g) {
    std::vector<Node> nodes = std::move(rewritten.model.graphs[g].nodes);
    std::vector<Node>& placed = rewritten.model.graphs[g].nodes;
    placed.clear();
    std::vector<int32_t>& origin = rewritten.origin.emplace_back();
    for (size_t n = 0; n < nodes.size(); ++n) {
      const auto found = taken.find({static_cast<int32_t>(g), static_cast<int32_t>(n)});
      if (found == taken.end()) {
        placed.push_back(std::move(nodes[n]));
      } else {
        placed.insert(placed.end(), found->second->nodes.begin(), found->second->nodes.end());
      }
      origin.resize(placed.size(), static_cast<int32_t>(n));
    }
  }
  rewritten.recipe.keep_float = renumbered(recipe.keep_float, rewritten.origin);
  rewritten.recipe.keep_int16 = renumbered(recipe.keep_int16, rewritten.origin);
  return rewritten;
}

}  // namespace litequant
