// Leaves in the model only what something refers to.
#include <algorithm>
#include <map>
#include <string_view>

#include "quantize/passes/design.h"

namespace litequant {
namespace {

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

  std::vector<int32_t> moved(graph.tensors.size(), kNoTensor);
  std::vector<Tensor> tensors;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (!is_used[t]) continue;
    moved[t] = static_cast<int32_t>(tensors.size());
    tensors.push_back(std::move(graph.tensors[t]));
  }
  graph.tensors = std::move(tensors);
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

std::string_view characters_of(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.bytes().data()), buffer.size()};
}

void drop_unused_buffers(Model& model) {
  std::vector<bool> is_used(model.buffers.size(), false);
  std::vector<bool> is_shared(model.buffers.size(), false);  // by content, with a constant of the same bytes
  is_used[0] = true;
  for (Graph& graph : model.graphs) {
    const Links links(graph);
    for (size_t t = 0; t < graph.tensors.size(); ++t) {
      Tensor& tensor = graph.tensors[t];
      // What is computed or given needs no buffer of its own; a constant without elements does.
      const bool is_filled = links.producer[t] != kNoNode || links.is_graph_input[t];
      if (is_filled && tensor.external_buffer == 0 && model.buffers[tensor.buffer].empty()) tensor.buffer = 0;
      is_used[tensor.buffer] = true;
      if (!tensor.is_variable && !model.buffers[tensor.buffer].empty()) is_shared[tensor.buffer] = true;
    }
  }
  const auto in_range = [&](int64_t buffer) { return buffer >= 0 && static_cast<size_t>(buffer) < model.buffers.size(); };
  for (const Metadata& entry : model.metadata) is_used[entry.buffer] = true;
  for (const int32_t buffer : model.metadata_buffer) {
    if (in_range(buffer)) is_used[static_cast<size_t>(buffer)] = true;
  }

  std::vector<uint32_t> moved(model.buffers.size(), 0);
  std::vector<Buffer> buffers;
  std::map<std::string_view, uint32_t> known;  // views of the old buffers' bytes
  for (size_t b = 0; b < model.buffers.size(); ++b) {
    if (!is_used[b]) continue;
    if (is_shared[b]) {
      const auto [place, is_new] = known.emplace(characters_of(model.buffers[b]), static_cast<uint32_t>(buffers.size()));
      moved[b] = place->second;
      if (!is_new) continue;
    }
    moved[b] = static_cast<uint32_t>(buffers.size());
    buffers.push_back(model.buffers[b]);
  }
  model.buffers = std::move(buffers);
  for (Graph& graph : model.graphs) {
    for (Tensor& tensor : graph.tensors) tensor.buffer = moved[tensor.buffer];
  }
  for (Metadata& entry : model.metadata) entry.buffer = moved[entry.buffer];
  for (int32_t& buffer : model.metadata_buffer) {
    if (in_range(buffer)) buffer = static_cast<int32_t>(moved[static_cast<size_t>(buffer)]);
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
    is_needed[n] = row == nullptr || !row->is_pure ||
                   std::any_of(node.outputs.begin(), node.outputs.end(), [&](int32_t output) {
                     return output != kNoTensor && is_wanted[static_cast<size_t>(output)];
                   });
    if (!is_needed[n]) continue;
    for (const int32_t input : node.inputs) {
      if (input != kNoTensor) is_wanted[static_cast<size_t>(input)] = true;
    }
  }
  return is_needed;
}

void drop_dead_nodes(Model& model) {
  for (Graph& graph : model.graphs) {
    const std::vector<bool> is_needed = needed_nodes(graph);
    size_t n = 0;
    std::erase_if(graph.nodes, [&](const Node&) { return !is_needed[n++]; });
  }
}

void drop_unused(Model& model) {
  for (size_t g = 0; g < model.graphs.size(); ++g) drop_unused_tensors(model, g);
  drop_unused_buffers(model);
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
