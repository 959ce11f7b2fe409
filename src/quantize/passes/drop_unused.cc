// Leaves in the model only what something refers to.
#include <algorithm>

#include "format/save.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

// Blockwise schemes keep their scales in tensors of their own: calls visit(index) with those, to be read or changed.
template <typename Visit>
void visit_parameter_tensors(Tensor& tensor, Visit visit) {
  Options& details = tensor.quantization.details;
  for (const std::string_view field : {"scales", "zero_points"}) {
    if (!details.has(field)) continue;
    const auto index = static_cast<int32_t>(details.integer(field));
    if (index >= 0) details.set(field, int64_t{visit(index)});
  }
}

void drop_unused_tensors(Model& model, size_t g) {
  Graph& graph = model.graphs[g];
  std::vector<bool> is_used(graph.tensors.size(), false);
  const auto use = [&](int32_t t) {
    if (t != kNoTensor) is_used[static_cast<size_t>(t)] = true;
  };
  const auto use_all = [&](const std::vector<int32_t>& tensors) { std::for_each(tensors.begin(), tensors.end(), use); };
  use_all(graph.inputs);
  use_all(graph.outputs);
  for (const Node& node : graph.nodes) {
    use_all(node.inputs);
    use_all(node.outputs);
    use_all(node.intermediates);
  }
  for (const Signature& signature : model.signatures) {
    if (signature.graph != g) continue;
    for (const auto& entry : signature.inputs) use(static_cast<int32_t>(entry.tensor));
    for (const auto& entry : signature.outputs) use(static_cast<int32_t>(entry.tensor));
  }

  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (!is_used[t]) continue;
    visit_parameter_tensors(graph.tensors[t], [&](int32_t parameters) {
      use(parameters);
      return parameters;
    });
  }

  std::vector<int32_t> moved(graph.tensors.size(), kNoTensor);
  std::vector<Tensor> tensors;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (!is_used[t]) continue;
    moved[t] = static_cast<int32_t>(tensors.size());
    tensors.push_back(std::move(graph.tensors[t]));
  }
  graph.tensors = std::move(tensors);
  for (Tensor& tensor : graph.tensors) {
    visit_parameter_tensors(tensor, [&](int32_t parameters) { return moved[static_cast<size_t>(parameters)]; });
  }
  const auto move_all = [&](std::vector<int32_t>& list) {
    for (int32_t& t : list) t = t == kNoTensor ? kNoTensor : moved[static_cast<size_t>(t)];
  };
  move_all(graph.inputs);
  move_all(graph.outputs);
  for (Node& node : graph.nodes) {
    move_all(node.inputs);
    move_all(node.outputs);
    move_all(node.intermediates);
  }
  for (Signature& signature : model.signatures) {
    if (signature.graph != g) continue;
    for (auto& entry : signature.inputs) entry.tensor = static_cast<uint32_t>(moved[entry.tensor]);
    for (auto& entry : signature.outputs) entry.tensor = static_cast<uint32_t>(moved[entry.tensor]);
  }
}

}  // namespace

std::vector<bool> needed_nodes(const Graph& graph) {
  std::vector<bool> is_wanted(graph.tensors.size(), false);
  for (const int32_t output : graph.outputs) is_wanted[static_cast<size_t>(output)] = true;
  std::vector<bool> is_needed(graph.nodes.size(), false);
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    const OpDef* row = find_op(node);
    is_needed[n] =
        row == nullptr || !row->is_pure || std::any_of(node.outputs.begin(), node.outputs.end(), [&](int32_t output) {
          return output != kNoTensor && is_wanted[static_cast<size_t>(output)];
        });
    if (!is_needed[n]) continue;
    for (const int32_t input : node.inputs) {
      if (input != kNoTensor) is_wanted[static_cast<size_t>(input)] = true;
    }
  }
  return is_needed;
}

void drop_dead_nodes(Model& model, std::vector<std::vector<int32_t>>* origins) {
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const std::vector<bool> is_needed = needed_nodes(model.graphs[g]);
    const auto erase_dead = [&](auto& list) {
      size_t n = 0;
      std::erase_if(list, [&](const auto&) { return !is_needed[n++]; });
    };
    erase_dead(model.graphs[g].nodes);
    if (origins != nullptr && !(*origins)[g].empty()) erase_dead((*origins)[g]);
  }
}

void drop_unused(Model& model) {
  for (size_t g = 0; g < model.graphs.size(); ++g) drop_unused_tensors(model, g);
  compact_buffers(model);
  std::erase_if(model.operator_codes, [&](const OperatorCode& code) {
    for (const Graph& graph : model.graphs) {
      for (const Node& node : graph.nodes) {
        if (code == OperatorCode{node.op, node.custom_code, node.version}) return false;
      }
    }
    return true;
  });
}

void update_metadata(Model& model, const Recipe& recipe) {
  // It says that constants were in half precision from the start, which integers were not.
  if (recipe.mode == Mode::float16) return;
  std::erase_if(model.metadata, [](const Metadata& entry) { return entry.name == "reduced_precision_support"; });
}

}  // namespace litequant
