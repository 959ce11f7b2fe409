#include "quantize/passes/svdf_form.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include "base/text.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

constexpr size_t kFeatures = 1, kTime = 2, kBias = 3;
constexpr int64_t kActivationRelu = 1;
constexpr float kTimeSteps = 512;  // of the greatest magnitude

const Tensor& tensor_at(const Graph& graph, int32_t index) { return graph.tensors[static_cast<size_t>(index)]; }

std::vector<int16_t> quantized_time(std::span<const float> values, float scale) {
  std::vector<int16_t> stored;
  for (const float value : values) stored.push_back(static_cast<int16_t>(std::round(value / scale)));
  return stored;
}

std::vector<int32_t> quantized_bias(std::span<const float> values, float state_scale, float time_scale) {
  const float scale[] = {state_scale * time_scale};
  return quantize_bias(values, scale);
}

// Whether every unit's sum fits 32 bits whatever its states hold.
bool sums_fit(std::span<const int16_t> time, std::span<const int32_t> bias, size_t unit_weights) {
  for (size_t unit = 0; unit * unit_weights < time.size(); ++unit) {
    int64_t magnitude = 0;
    for (const int16_t weight : time.subspan(unit * unit_weights, unit_weights)) magnitude += std::abs(int{weight});
    const int64_t constant = unit < bias.size() ? std::abs(int64_t{bias[unit]}) : 0;
    if (magnitude * 32768 + constant > std::numeric_limits<int32_t>::max()) return false;
  }
  return true;
}

}  // namespace

std::string svdf_obstacle(const Model& model, const Graph& graph, const Node& node) {
  if (node.inputs.size() != 5) return "it has not the five operands of its kernel";
  if (node.options.integer("fused_activation_function") != kActivationRelu) {
    return "with another activation than RELU it has no integer form";
  }
  if (!node.has_input(0) || !is_real_value(model, tensor_at(graph, node.inputs[0]))) return "its input is a constant";
  for (const size_t i : {kFeatures, kTime, kBias}) {
    if (!node.has_input(i)) {
      if (i == kBias) continue;
      return text("its operand ", i, " is absent");
    }
    const Tensor& tensor = tensor_at(graph, node.inputs[i]);
    if (!is_real_constant(model, tensor)) return text("its operand ", i, " is computed at run time, or no float");
    if (tensor.sparsity) return "its weights are stored sparse";
  }
  if (tensor_at(graph, node.inputs[kTime]).shape.rank() != 2) return "its time weights have not two dimensions";
  if (!node.has_input(kSvdfState)) return "it has no state";
  const Tensor& state = tensor_at(graph, node.inputs[kSvdfState]);
  if (state.type != DataType::float32 || !state.is_variable) return "its state is no float variable";
  const Links links(graph);
  if (links.uses[static_cast<size_t>(node.inputs[kSvdfState])].size() != 1) {
    return "its state is shared with other nodes";
  }
  return "";
}

std::string svdf_range_obstacle(const Node& node, const InnerRanges& ranges) {
  return ranges.contains(node.inputs[kSvdfState]) ? "" : "calibration has not seen its state";
}

void write_svdf(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters,
                const InnerRanges& ranges) {
  const auto values = [&](size_t operand) { return finite_constant(model, graph, node.inputs[operand]); };
  const auto shape_of = [&](size_t operand) {
    return model.graphs[static_cast<size_t>(graph)].tensors[static_cast<size_t>(node.inputs[operand])].shape;
  };

  const auto features = values(kFeatures);
  const ChannelLayout layout = channel_layout(shape_of(kFeatures).dims(), -1);
  std::vector<float> feature_scale = weight_scales(features, layout);
  QuantizedWeights quantized{feature_scale, quantize_weights(features, layout, feature_scale)};

  const Range range = ranges.at(node.inputs[kSvdfState]);
  const Parameters state_parameters = int16_parameters(range.min, range.max);

  // As fine as TensorFlow's steps, or half as fine until no sum can overflow: its kernel does not look.
  const auto time = values(kTime);
  const Range ends = range_with_zero(time);
  const std::span<const float> bias = node.has_input(kBias) ? values(kBias) : std::span<const float>();
  const auto rank = static_cast<size_t>(std::max<int64_t>(node.options.integer("rank"), 1));
  const size_t unit_weights = rank * static_cast<size_t>(shape_of(kTime)[1]);
  Parameters time_parameters = {std::max({-ends.min, ends.max, 1e-6f}) / kTimeSteps, 0};
  std::vector<int16_t> stored_time = quantized_time(time, time_parameters.scale);
  std::vector<int32_t> stored_bias = quantized_bias(bias, state_parameters.scale, time_parameters.scale);
  while (time_parameters.scale * 1e6f < kTimeSteps && !sums_fit(stored_time, stored_bias, unit_weights)) {
    time_parameters.scale *= 2;
    stored_time = quantized_time(time, time_parameters.scale);
    stored_bias = quantized_bias(bias, state_parameters.scale, time_parameters.scale);
  }

  node.inputs[kFeatures] = constants.add_weights(node.inputs[kFeatures], std::move(quantized), 0);
  node.inputs[kTime] =
      constants.add(node.inputs[kTime], DataType::int16, Buffer::of(stored_time), per_tensor(time_parameters));
  if (node.has_input(kBias)) {
    node.inputs[kBias] = constants.add(node.inputs[kBias], DataType::int32, Buffer::of(stored_bias),
                                       symmetric({state_parameters.scale * time_parameters.scale}, 0));
  }
  Tensor& state = model.graphs[static_cast<size_t>(graph)].tensors[static_cast<size_t>(node.inputs[kSvdfState])];
  state.type = DataType::int16;
  state.quantization = per_tensor(state_parameters);
  state.has_quantization = true;
}

}  // namespace litequant
