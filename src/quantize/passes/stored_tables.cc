// dynamic, of the tables that GATHER and GATHER_ND read from: they have no hybrid kernel, but move int8 as they move
// floats. So the table is int8, and what was gathered is made float again: of a vocabulary, the rows of one text.
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "quantize/passes/constant_store.h"
#include "quantize/passes/design.h"

namespace litequant {

bool reads_table(const Model& model, const Graph& graph, const Node& node, int64_t least_elements) {
  if (node.op != OpCode::gather && node.op != OpCode::gather_nd) return false;
  if (!node.has_input(0) || node.outputs.size() != 1 || node.outputs[0] == kNoTensor) return false;
  const Tensor& table = graph.tensors[static_cast<size_t>(node.inputs[0])];
  return is_real_constant(model, table) && !table.sparsity &&
         table.shape.count() >= std::max<int64_t>(least_elements, 1) &&
         graph.tensors[static_cast<size_t>(node.outputs[0])].type == DataType::float32;
}

void store_tables(Model& model, const Recipe& recipe, int32_t graph_index, ConstantStore& constants) {
  Graph& graph = model.graphs[static_cast<size_t>(graph_index)];
  std::vector<Node> before = std::move(graph.nodes);
  graph.nodes.clear();
  const auto set_version = [&] {
    Node& node = graph.nodes.back();
    const OpDef* row = find_op(node);
    const NodeView view(model, graph_index, static_cast<int32_t>(graph.nodes.size() - 1));
    node.version = std::max(node.version, row->version(view));
  };
  for (size_t n = 0; n < before.size(); ++n) {
    const NodeReference here{graph_index, static_cast<int32_t>(n)};
    const bool is_kept = std::find(recipe.keep_float.begin(), recipe.keep_float.end(), here) != recipe.keep_float.end();
    graph.nodes.push_back(std::move(before[n]));
    Node& node = graph.nodes.back();
    if (is_kept || !reads_table(model, graph, node, recipe.dynamic_minimum_elements)) continue;
    const int32_t table = node.inputs[0], result = node.outputs[0];
    const auto values = finite_constant(model, graph_index, table);
    const ChannelLayout whole = channel_layout(graph.tensors[static_cast<size_t>(table)].shape.dims(), -1);
    node.inputs[0] = constants.add_weights(table, quantize_hybrid_weights(values, whole), 0);

    Tensor gathered = graph.tensors[static_cast<size_t>(result)];
    gathered.name += "_int8";
    gathered.type = DataType::int8;
    gathered.quantization = graph.tensors[static_cast<size_t>(node.inputs[0])].quantization;
    gathered.has_quantization = true;
    graph.tensors.push_back(std::move(gathered));
    node.outputs[0] = static_cast<int32_t>(graph.tensors.size() - 1);
    set_version();
    Node restore;
    restore.op = OpCode::dequantize;
    restore.inputs = {graph.nodes.back().outputs[0]};
    restore.outputs = {result};
    graph.nodes.push_back(std::move(restore));
    set_version();
  }
}

}  // namespace litequant
