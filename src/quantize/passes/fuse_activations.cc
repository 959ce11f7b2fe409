// RELU and its like into the operator before.
//
// A sum that a RELU follows is negative half of the time; written as int8 by itself it would spend half of its steps on
// what the RELU throws away. Fused, the steps cover what is left, and one operator and one tensor go. TensorFlow's
// converter does the same; bits of the float result do not change.
#include <algorithm>
#include <iterator>

#include "quantize/passes/design.h"

namespace litequant {
namespace {

constexpr OpCode kFusing[] = {OpCode::add,
                              OpCode::sub,
                              OpCode::mul,
                              OpCode::conv_2d,
                              OpCode::depthwise_conv_2d,
                              OpCode::average_pool_2d,
                              OpCode::fully_connected,
                              OpCode::max_pool_2d};

// The value of fused_activation_function; 0 for another operator.
int64_t as_fused(OpCode op) {
  switch (op) {
    case OpCode::relu: return 1;
    case OpCode::relu_n1_to_1: return 2;
    case OpCode::relu6: return 3;
    default: return 0;
  }
}

bool fuses(const Node& node) {
  return std::find(std::begin(kFusing), std::end(kFusing), node.op) != std::end(kFusing) && !node.options.empty() &&
         node.options.integer("fused_activation_function") == 0 && node.outputs.size() == 1;
}

bool is_chosen(const Recipe& recipe, int32_t graph, int32_t node) {
  const NodeReference here{graph, node};
  const auto holds = [&](const std::vector<NodeReference>& list) {
    return std::find(list.begin(), list.end(), here) != list.end();
  };
  return holds(recipe.keep_float) || holds(recipe.keep_int16);
}

}  // namespace

void fuse_activations(Model& model, const Recipe& recipe, std::span<const Prescriptions> prescribed) {
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    Graph& graph = model.graphs[g];
    const Links links(graph);
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      Node& activation = graph.nodes[n];
      if (as_fused(activation.op) == 0 || activation.inputs.size() != 1 || activation.outputs.size() != 1) continue;
      const int32_t between = activation.inputs[0];
      if (between == kNoTensor || !is_real_value(model, graph.tensors[static_cast<size_t>(between)])) continue;
      if (prescribed[g].value(between) != nullptr) continue;
      const int32_t producer = links.producer[static_cast<size_t>(between)];
      if (producer == kNoNode || !fuses(graph.nodes[static_cast<size_t>(producer)])) continue;
      if (links.uses[static_cast<size_t>(between)].size() != 1 || links.output_uses[static_cast<size_t>(between)] > 0) {
        continue;
      }
      const auto graph_index = static_cast<int32_t>(g);
      if (is_chosen(recipe, graph_index, producer) || is_chosen(recipe, graph_index, static_cast<int32_t>(n))) continue;
      // The activation's node becomes the fused one, so that nodes keep their numbers; the producer is dead now.
      Node fused = graph.nodes[static_cast<size_t>(producer)];
      fused.options.set("fused_activation_function", as_fused(activation.op));
      fused.outputs = activation.outputs;
      activation = std::move(fused);
    }
  }
}

}  // namespace litequant
