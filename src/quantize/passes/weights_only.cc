// dynamic: int8 weights under float activations, which the kernels quantize as they come; or the weight-only form.
#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "quantize/passes/constant_store.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

constexpr std::string_view kTablesWithAsymmetricInputs[] = {"FullyConnectedOptions",
                                                            "BatchMatMulOptions",
                                                            "SVDFOptions",
                                                            "RNNOptions",
                                                            "SequenceRNNOptions",
                                                            "BidirectionalSequenceRNNOptions",
                                                            "LSTMOptions",
                                                            "UnidirectionalSequenceLSTMOptions",
                                                            "BidirectionalSequenceLSTMOptions"};

bool kept(const Recipe& recipe, int32_t graph, size_t node) {
  const NodeReference here{graph, static_cast<int32_t>(node)};
  return std::find(recipe.keep_float.begin(), recipe.keep_float.end(), here) != recipe.keep_float.end();
}

// Of a recurrent cell: all of its weights, which together have that many elements, or none.
std::vector<size_t> cell_weights(const Model& model, const Graph& graph, const Node& node, const OpDef& row,
                                 int64_t least_elements) {
  if (node.op == OpCode::lstm && node.inputs.size() == 5) return {};  // the BASIC kernel
  std::vector<size_t> weights;
  int64_t elements = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.has_input(i)) continue;
    const Tensor& tensor = graph.tensors[static_cast<size_t>(node.inputs[i])];
    if (i == 0 && !is_real_value(model, tensor)) return {};  // hybrid kernels take float activations only
    if ((row.quant.cell_weights >> i & 1) == 0) continue;
    const bool is_diagonal = node.options.flag("diagonal_recurrent_tensors");
    if (!is_real_constant(model, tensor) || tensor.sparsity || is_diagonal) return {};
    weights.push_back(i);
    elements += tensor.shape.count();
  }
  return elements >= least_elements ? weights : std::vector<size_t>();
}

}  // namespace

std::vector<size_t> hybrid_weights(const Model& model, const Graph& graph, const Node& node, const OpDef& row,
                                   int64_t least_elements) {
  if (row.quant.cell_weights != 0) return cell_weights(model, graph, node, row, least_elements);
  std::vector<size_t> weights;
  bool has_role = false;
  for (size_t i = 0; i < node.inputs.size(); ++i) has_role = has_role || row.quant.role(i) == Role::weight;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.has_input(i)) continue;
    const Tensor& tensor = graph.tensors[static_cast<size_t>(node.inputs[i])];
    const Role role = row.quant.role(i);
    const bool is_data = role == Role::data && (has_role || i == 0);
    if (is_data && !is_real_value(model, tensor)) return {};  // hybrid kernels take float activations only
    // A product of two activations has a constant in place of weights.
    const bool is_weight = has_role ? role == Role::weight : role == Role::data && i > 0;
    if (!is_weight) continue;
    const bool is_eligible = is_real_constant(model, tensor) && !tensor.sparsity &&
                             tensor.shape.count() >= least_elements && tensor.shape.rank() > row.quant.weight_axis;
    if (!is_eligible) return {};  // a cell with some of its weights in float has no kernel
    weights.push_back(i);
  }
  return weights;
}

namespace {

QuantizedWeights weights_of(const Prescriptions& prescribed, int32_t t, std::span<const float> values,
                            ChannelLayout layout, int axis) {
  if (auto scale = prescribed.weight_scales(t, axis, layout.channels)) {
    std::vector<int8_t> stored = quantize_weights_on(values, layout, *scale);
    return {std::move(*scale), std::move(stored)};
  }
  return quantize_hybrid_weights(values, layout);
}

// The older guide's form: every float constant that is worth it becomes int8 behind a DEQUANTIZE, and all operators
// compute in float. Weights have one scale per channel where their operator takes one, other constants one scale.
void store_weights_as_int8(Model& model, const Recipe& recipe, std::span<const Prescriptions> prescribed) {
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const auto graph_index = static_cast<int32_t>(g);
    ConstantStore constants(model, graph_index);
    std::map<int32_t, int32_t> results;  // int8 constant -> result of its DEQUANTIZE
    std::vector<Node> dequantizes;
    for (size_t n = 0; n < model.graphs[g].nodes.size(); ++n) {
      if (kept(recipe, graph_index, n)) continue;
      const OpDef* row = find_op(model.graphs[g].nodes[n]);
      for (size_t i = 0; i < model.graphs[g].nodes[n].inputs.size(); ++i) {
        const Node& node = model.graphs[g].nodes[n];
        if (!node.has_input(i) || (row != nullptr && row->quant.role(i) == Role::bias)) continue;
        const int32_t t = node.inputs[i];
        const Tensor source = model.graphs[g].tensors[static_cast<size_t>(t)];
        const bool is_worth_it = is_real_constant(model, source) && !source.sparsity &&
                                 source.shape.count() >= std::max<int64_t>(recipe.dynamic_minimum_elements, 1);
        if (!is_worth_it) continue;
        const bool is_weight = row != nullptr && row->quant.role(i) == Role::weight;
        const int axis = is_weight ? channel_axis(recipe, node, *row) : -1;
        const auto values = finite_constant(model, graph_index, t);
        const int fitting = axis < source.shape.rank() ? axis : -1;
        const ChannelLayout layout = channel_layout(source.shape.dims(), fitting);
        const int32_t stored =
            constants.add_weights(t, weights_of(prescribed[g], t, values, layout, fitting), std::max(axis, 0));
        if (!results.contains(stored)) {
          Tensor result = source;
          result.buffer = 0;
          result.external_buffer = 0;
          model.graphs[g].tensors.push_back(std::move(result));
          results[stored] = static_cast<int32_t>(model.graphs[g].tensors.size() - 1);
          Node& dequantize = dequantizes.emplace_back();
          dequantize.op = OpCode::dequantize;
          dequantize.inputs = {stored};
          dequantize.outputs = {results[stored]};
        }
        model.graphs[g].nodes[n].inputs[i] = results[stored];
      }
    }
    auto& nodes = model.graphs[g].nodes;
    const size_t added = dequantizes.size();
    nodes.insert(nodes.begin(), std::make_move_iterator(dequantizes.begin()),
                 std::make_move_iterator(dequantizes.end()));
    for (size_t n = 0; n < added; ++n) {
      if (const OpDef* row = find_op(nodes[n])) {
        nodes[n].version = row->version(NodeView(model, graph_index, static_cast<int32_t>(n)));
      }
    }
  }
}

}  // namespace

void quantize_weights_only(Model& model, const Recipe& recipe, std::span<const Prescriptions> prescribed) {
  if (recipe.weights_only_form) return store_weights_as_int8(model, recipe, prescribed);
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const auto graph_index = static_cast<int32_t>(g);
    ConstantStore constants(model, graph_index);
    for (size_t n = 0; n < model.graphs[g].nodes.size(); ++n) {
      const OpDef* row = find_op(model.graphs[g].nodes[n]);
      if (row == nullptr || !row->quant.hybrid || kept(recipe, graph_index, n)) continue;
      const auto weights =
          hybrid_weights(model, model.graphs[g], model.graphs[g].nodes[n], *row, recipe.dynamic_minimum_elements);
      if (weights.empty()) continue;
      for (const size_t operand : weights) {
        const int32_t t = model.graphs[g].nodes[n].inputs[operand];
        const auto values = finite_constant(model, graph_index, t);
        const int axis = channel_axis(recipe, model.graphs[g].nodes[n], *row);
        const ChannelLayout layout = channel_layout(model.graphs[g].tensors[static_cast<size_t>(t)].shape.dims(), axis);
        const int32_t quantized =
            constants.add_weights(t, weights_of(prescribed[g], t, values, layout, axis), row->quant.weight_axis);
        model.graphs[g].nodes[n].inputs[operand] = quantized;
      }
      Node& node = model.graphs[g].nodes[n];
      if (std::find(std::begin(kTablesWithAsymmetricInputs), std::end(kTablesWithAsymmetricInputs),
                    node.options.table()) != std::end(kTablesWithAsymmetricInputs)) {
        node.options.set("asymmetric_quantize_inputs", int64_t{1});
      }
      node.version = std::max(node.version, row->version(NodeView(model, graph_index, static_cast<int32_t>(n))));
    }
    store_tables(model, recipe, graph_index, constants);
  }
}

}  // namespace litequant
