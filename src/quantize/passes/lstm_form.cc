#include "quantize/passes/lstm_form.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/text.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

// Operand numbers; gates in the order input, forget, cell, output.
constexpr size_t kInputWeights = 1, kRecurrentWeights = 5, kPeephole = 9, kBias = 12, kProjection = 16,
                 kProjectionBias = 17, kOutputState = 18, kNorm = 20;
constexpr std::array<int, 4> kPeepholeOfGate = {0, 1, -1, 2};
constexpr size_t kIntermediates = 5, kHidden = 4;
constexpr int64_t kActivationTanh = 4;

const Tensor& tensor_at(const Graph& graph, int32_t index) { return graph.tensors[static_cast<size_t>(index)]; }

bool has_norm(const Node& node) { return node.has_input(kNorm + 1); }

// Intermediates whose ranges the form needs.
std::vector<size_t> ranged_intermediates(const Node& node) {
  std::vector<size_t> needed;
  for (size_t gate = 0; gate < 4; ++gate) {
    if (has_norm(node) && node.has_input(kInputWeights + gate)) needed.push_back(gate);
  }
  if (node.has_input(kProjection)) needed.push_back(kHidden);
  return needed;
}

float magnitude(Range range) { return std::max(std::abs(range.min), std::abs(range.max)); }

// The cell state holds at least its range in 16 bits: 2^k of 32768, k >= 0 the smallest that does.
int cell_exponent(Range range) {
  int exponent = 0;
  while (exponent < 31 && std::ldexp(1.0, exponent) < double{magnitude(range)}) ++exponent;
  return exponent - 15;
}

class Writer {
 public:
  Writer(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters parameters,
         const InnerRanges& ranges)
      : model_(model), graph_(graph), constants_(constants), node_(node), parameters_(parameters), ranges_(ranges) {}

  void write() {
    write_intermediates();
    for (size_t gate = 0; gate < 4; ++gate) {
      if (node_.has_input(kInputWeights + gate)) write_gate(gate);
    }
    if (node_.has_input(kProjection)) {
      write_weights(kProjection, kProjectionBias, hidden_.scale);
    }
    set_tensor(node_.inputs[kOutputState], DataType::int8, parameters_.output);
    const float cell_scale = std::ldexp(1.0f, cell_exponent(ranges_.at(node_.inputs[kLstmCellState])));
    set_tensor(node_.inputs[kLstmCellState], DataType::int16, {cell_scale, 0});
  }

 private:
  std::vector<Tensor>& tensors() { return model_.graphs[static_cast<size_t>(graph_)].tensors; }
  std::span<const float> values(size_t operand) { return finite_constant(model_, graph_, node_.inputs[operand]); }

  void set_tensor(int32_t index, DataType type, Parameters parameters) {
    Tensor& tensor = tensors()[static_cast<size_t>(index)];
    tensor.type = type;
    tensor.quantization = per_tensor(parameters);
    tensor.has_quantization = true;
  }

  void write_intermediates() {
    hidden_ = parameters_.output;
    if (node_.has_input(kProjection)) {
      const Range range = ranges_.at(node_.intermediates[kHidden]);
      hidden_ = activation_parameters(range.min, range.max);
    }
    if (node_.intermediates.size() != kIntermediates) {
      node_.intermediates.clear();
      const std::string name = tensors()[static_cast<size_t>(node_.outputs[0])].name;
      for (size_t i = 0; i < kIntermediates; ++i) {
        Tensor made;
        made.name = text(name, "_intermediate_", i);
        made.shape = {0};
        tensors().push_back(std::move(made));
        node_.intermediates.push_back(static_cast<int32_t>(tensors().size() - 1));
      }
    }
    for (size_t gate = 0; gate < 4; ++gate) {
      float scale = 1.0f / 4096;
      const auto range = ranges_.find(node_.intermediates[gate]);
      if (has_norm(node_) && range != ranges_.end()) {
        scale = int16_parameters(range->second.min, range->second.max).scale;
      }
      set_tensor(node_.intermediates[gate], DataType::int16, {scale, 0});
    }
    set_tensor(node_.intermediates[kHidden], DataType::int8, hidden_);
  }

  // Weights and the bias, if there is one, of their product with data of this scale.
  void write_weights(size_t weights, size_t bias, float data_scale) {
    const auto real = values(weights);
    const ChannelLayout layout = channel_layout(tensor_at(graph(), node_.inputs[weights]).shape.dims(), -1);
    std::vector<float> scale = weight_scales(real, layout);
    if (bias != kNoBias && node_.has_input(bias)) {
      const auto real_bias = values(bias);
      std::vector<float> bias_scale = bias_scales(real_bias, data_scale, scale);
      write_bias(bias, real_bias, std::move(bias_scale));
    }
    QuantizedWeights quantized{scale, quantize_weights(real, layout, scale)};
    node_.inputs[weights] = constants_.add_weights(node_.inputs[weights], std::move(quantized), 0);
  }

  void write_bias(size_t operand, std::span<const float> real, std::vector<float> scale) {
    Buffer bytes = Buffer::of(quantize_bias(real, scale));
    node_.inputs[operand] =
        constants_.add(node_.inputs[operand], DataType::int32, std::move(bytes), symmetric(std::move(scale), 0));
  }

  Parameters write_int16(size_t operand) {
    const auto real = values(operand);
    const Range range = range_with_zero(real);
    const Parameters parameters = int16_parameters(range.min, range.max);
    node_.inputs[operand] = constants_.add_values(node_.inputs[operand], real, DataType::int16, parameters);
    return parameters;
  }

  void write_gate(size_t gate) {
    const size_t bias = kBias + gate;
    write_weights(kInputWeights + gate, has_norm(node_) ? kNoBias : bias, parameters_.input.scale);
    write_weights(kRecurrentWeights + gate, kNoBias, parameters_.output.scale);
    const int peephole = kPeepholeOfGate[gate];
    if (peephole >= 0 && node_.has_input(kPeephole + static_cast<size_t>(peephole))) {
      write_int16(kPeephole + static_cast<size_t>(peephole));
    }
    if (!has_norm(node_)) return;
    // Normalised values have 10 more bits when the bias is added.
    const Parameters norm = write_int16(kNorm + gate);
    write_bias(bias, values(bias), {std::ldexp(norm.scale, -10)});
  }

  const Graph& graph() const { return model_.graphs[static_cast<size_t>(graph_)]; }

  static constexpr size_t kNoBias = ~size_t{0};

  Model& model_;
  int32_t graph_;
  ConstantStore& constants_;
  Node& node_;
  CellParameters parameters_;
  const InnerRanges& ranges_;
  Parameters hidden_;
};

}  // namespace

std::string lstm_obstacle(const Model& model, const Graph& graph, const Node& node) {
  if (node.inputs.size() != 20 && node.inputs.size() != 24) return "the BASIC kernel has no integer form";
  if (node.options.integer("fused_activation_function") != kActivationTanh) {
    return "with another activation than tanh it has no integer form";
  }
  if (!node.has_input(0) || !is_real_value(model, tensor_at(graph, node.inputs[0]))) return "its input is a constant";
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (!node.has_input(i)) continue;
    const Tensor& tensor = tensor_at(graph, node.inputs[i]);
    if (i == kOutputState || i == kLstmCellState) {
      if (tensor.type != DataType::float32 || !tensor.is_variable) return "its states are no float variables";
      const Links links(graph);
      if (links.uses[static_cast<size_t>(node.inputs[i])].size() != 1) return "its states are shared with other nodes";
      continue;
    }
    if (!is_real_constant(model, tensor)) return text("its operand ", i, " is computed at run time, or no float");
    if (tensor.sparsity) return "its weights are stored sparse";
    const bool is_matrix = i < kPeephole || i == kProjection;
    if (is_matrix && tensor.shape.rank() != 2) return "diagonal recurrent weights have no integer form";
  }
  // The integer kernel steps through the cells by the number of outputs.
  const bool has_peephole = node.has_input(kPeephole + 2);
  if (has_peephole && node.has_input(kProjection)) {
    const Shape& projection = tensor_at(graph, node.inputs[kProjection]).shape;
    if (projection[0] != projection[1]) return "its peephole weights reach only some cells in the integer kernel";
  }
  for (const size_t i : ranged_intermediates(node)) {
    if (node.intermediates.size() != kIntermediates || node.intermediates[i] == kNoTensor ||
        tensor_at(graph, node.intermediates[i]).type != DataType::float32) {
      return "its projection or layer normalisation lists no intermediate tensors to calibrate";
    }
  }
  return "";
}

std::string lstm_range_obstacle(const Node& node, const InnerRanges& ranges) {
  const auto cell = ranges.find(node.inputs[kLstmCellState]);
  if (cell == ranges.end()) return "calibration has not seen its cell state";
  for (const size_t i : ranged_intermediates(node)) {
    if (!ranges.contains(node.intermediates[i])) return "calibration has not seen its intermediates";
  }
  constexpr int kLargestExponent = -9;  // what the kernel's tanh takes
  if (cell_exponent(cell->second) > kLargestExponent) {
    return text("its cell state reaches ", magnitude(cell->second), ", the integer kernel holds 64");
  }
  return "";
}

void write_lstm(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters parameters,
                const InnerRanges& ranges) {
  Writer(model, graph, constants, node, parameters, ranges).write();
}

}  // namespace litequant
