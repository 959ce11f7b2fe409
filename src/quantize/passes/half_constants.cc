// float16: constants in half precision, each behind a DEQUANTIZE; and the way back.
#include <algorithm>
#include <bit>
#include <map>

#include "base/half.h"
#include "quantize/passes/constant_store.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

constexpr uint16_t kHalfInfinity = 0x7c00;

// Nothing when a value lies beyond what half precision holds.
std::optional<std::vector<uint16_t>> halves_of(std::span<const float> values) {
  std::vector<uint16_t> halves(values.size());
  bool overflows = false;
  for (size_t i = 0; i < values.size(); ++i) {
    halves[i] = float_to_half(values[i]);
    overflows = overflows || (halves[i] & 0x7fffu) >= kHalfInfinity;
  }
  if (overflows) return std::nullopt;
  return halves;
}

bool kept(const Recipe& recipe, int32_t graph, size_t node) {
  const NodeReference here{graph, static_cast<int32_t>(node)};
  return std::find(recipe.keep_float.begin(), recipe.keep_float.end(), here) != recipe.keep_float.end();
}

}  // namespace

void halve_constants(Model& model, const Recipe& recipe) {
  const OpDef* dequantize_row = nullptr;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const auto graph_index = static_cast<int32_t>(g);
    ConstantStore constants(model, graph_index);
    std::map<int32_t, int32_t> replaced;  // float constant -> result of its DEQUANTIZE, or itself when it stays
    std::vector<Node> dequantizes;
    for (size_t n = 0; n < model.graphs[g].nodes.size(); ++n) {
      if (kept(recipe, graph_index, n)) continue;
      for (size_t i = 0; i < model.graphs[g].nodes[n].inputs.size(); ++i) {
        const int32_t t = model.graphs[g].nodes[n].inputs[i];
        if (t == kNoTensor) continue;
        const Tensor source = model.graphs[g].tensors[static_cast<size_t>(t)];
        if (!is_real_constant(model, source) || source.sparsity) continue;
        if (source.shape.count() < recipe.float16_minimum_elements) continue;
        if (!replaced.contains(t)) {
          replaced[t] = t;
          if (const auto halves = halves_of(finite_constant(model, graph_index, t))) {
            const int32_t half = constants.add(t, DataType::float16, Buffer::of(*halves), {});
            Tensor result = source;
            result.buffer = 0;
            result.external_buffer = 0;
            model.graphs[g].tensors.push_back(std::move(result));
            replaced[t] = static_cast<int32_t>(model.graphs[g].tensors.size() - 1);
            Node& node = dequantizes.emplace_back();
            node.op = OpCode::dequantize;
            node.inputs = {half};
            node.outputs = {replaced[t]};
          }
        }
        model.graphs[g].nodes[n].inputs[i] = replaced[t];
      }
    }
    const size_t added = dequantizes.size();
    auto& nodes = model.graphs[g].nodes;
    nodes.insert(nodes.begin(), std::make_move_iterator(dequantizes.begin()),
                 std::make_move_iterator(dequantizes.end()));
    for (size_t n = 0; n < added; ++n) {
      if (dequantize_row == nullptr) dequantize_row = find_op(nodes[n]);
      if (dequantize_row == nullptr) continue;
      nodes[n].version = dequantize_row->version(NodeView(model, graph_index, static_cast<int32_t>(n)));
    }
  }
}

void fold_half_constants(Model& model) {
  for (Graph& graph : model.graphs) {
    std::map<int32_t, int32_t> folded;  // result of a DEQUANTIZE -> float32 constant
    for (const Node& node : graph.nodes) {
      if (node.op != OpCode::dequantize || node.inputs.size() != 1 || node.outputs.size() != 1) continue;
      if (node.inputs[0] == kNoTensor || node.outputs[0] == kNoTensor) continue;
      const Tensor& half = graph.tensors[static_cast<size_t>(node.inputs[0])];
      const Tensor& result = graph.tensors[static_cast<size_t>(node.outputs[0])];
      if (half.type != DataType::float16 || half.sparsity || result.type != DataType::float32) continue;
      const auto halves = model.constant_as<uint16_t>(half);
      if (halves.empty() || half.is_variable) continue;
      std::vector<float> values(halves.size());
      std::transform(halves.begin(), halves.end(), values.begin(), half_to_float);
      Tensor constant = half;
      constant.name = result.name;
      constant.type = DataType::float32;
      constant.buffer = model.add_buffer(Buffer::of(values));
      constant.external_buffer = 0;
      folded[node.outputs[0]] = static_cast<int32_t>(graph.tensors.size());
      graph.tensors.push_back(std::move(constant));
    }
    for (Node& node : graph.nodes) {
      for (int32_t& input : node.inputs) {
        const auto found = folded.find(input);
        if (found != folded.end()) input = found->second;
      }
    }
  }
}

}  // namespace litequant
