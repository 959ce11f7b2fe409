#include "quantize/passes/links.h"

namespace litequant {

Links::Links(const Graph& graph)
    : producer(graph.tensors.size(), kNoNode),
      uses(graph.tensors.size()),
      output_uses(graph.tensors.size(), 0),
      is_graph_input(graph.tensors.size(), false) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoTensor) continue;
      uses[static_cast<size_t>(node.inputs[i])].push_back({static_cast<int32_t>(n), static_cast<int32_t>(i)});
    }
    for (const int32_t output : node.outputs) {
      if (output != kNoTensor) producer[static_cast<size_t>(output)] = static_cast<int32_t>(n);
    }
  }
  for (const int32_t output : graph.outputs) ++output_uses[static_cast<size_t>(output)];
  for (const int32_t input : graph.inputs) is_graph_input[static_cast<size_t>(input)] = true;
}

}  // namespace litequant
