// Which nodes compute in integers.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "model/operator_facts.h"
#include "quantize/passes/cell_form.h"
#include "quantize/passes/design.h"
#include "quantize/passes/table_form.h"

namespace litequant {
namespace {

constexpr int64_t kActivationRelu6 = 3;  // the last of the fused activations that integer kernels know

bool holds(std::span<const NodeReference> nodes, int32_t graph, int32_t node) {
  return std::find(nodes.begin(), nodes.end(), NodeReference{graph, node}) != nodes.end();
}

const Tensor* tensor_at(const Graph& graph, int32_t index) {
  return index == kNoTensor ? nullptr : &graph.tensors[static_cast<size_t>(index)];
}

bool touches_floats(const Graph& graph, const Node& node) {
  const auto is_float = [&](int32_t index) {
    const Tensor* tensor = tensor_at(graph, index);
    return tensor != nullptr && tensor->type == DataType::float32;
  };
  return std::any_of(node.inputs.begin(), node.inputs.end(), is_float) ||
         std::any_of(node.outputs.begin(), node.outputs.end(), is_float);
}

// One bias value per channel of the weights.
bool bias_fits(const Graph& graph, const Node& node, const QuantRule& rule, const Tensor& bias) {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (rule.role(i) != Role::weight || rule.weight_axis < 0) continue;
    const Tensor* weights = tensor_at(graph, node.inputs[i]);
    return weights != nullptr && weights->shape.rank() > rule.weight_axis &&
           bias.shape.count() == weights->shape[rule.weight_axis];
  }
  return true;
}

bool has_constant_divisor(const Model& model, const Graph& graph, const Node& node) {
  const Tensor* divisor = node.has_input(1) ? tensor_at(graph, node.inputs[1]) : nullptr;
  return divisor != nullptr && model.is_constant(*divisor);
}

}  // namespace

std::string obstacle(const Model& model, const Graph& graph, const Node& node, DataType type) {
  const OpDef* row = find_op(node);
  // In int16 a stored 0 stands for a divisor of 0, in int8 for any.
  if (node.op == OpCode::div && (type == DataType::int8 || has_constant_divisor(model, graph, node))) {
    return "TensorFlow Lite's integer kernel fails wherever a stored divisor is 0";
  }
  if (row == nullptr || !(row->quant.int8 || row->quant.int16)) return "no integer kernel exists";
  if (type == DataType::int8 && !row->quant.int8) return "no kernel for int8 exists";
  if (type == DataType::int16 && !row->quant.int16) return "no kernel for int16 activations exists";
  const QuantRule& rule = row->quant;
  if (rule.cell_form != CellForm::none) return cell_obstacle(model, graph, node);
  if (node.options.integer("fused_activation_function") > kActivationRelu6) {
    return "its fused activation has no integer form";
  }
  if (node.op == OpCode::softmax && node.options.real("beta") < 0) return "its beta is negative";
  size_t real_operands = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* tensor = tensor_at(graph, node.inputs[i]);
    if (tensor == nullptr) continue;
    Role role = role_of(model, graph, node, *row, i);
    // Only the int8 kernels take activations for weights.
    if (type == DataType::int16 && role == Role::data) role = rule.role(i);
    const bool is_float = tensor->type == DataType::float32;
    if (tensor->is_variable) return "it keeps a float state from one run to the next";
    if (role == Role::none) {
      if (is_float) return text("its operand ", i, " has no integer form");
      continue;
    }
    if (!is_float) return text("its operand ", i, " is ", data_type_name(tensor->type), " already");
    if (tensor->sparsity) return "its weights are stored sparse";
    const bool is_constant = model.is_constant(*tensor);
    if (role == Role::weight && !is_constant) return "its weights are computed at run time";
    if (role == Role::weight && tensor->shape.rank() <= rule.weight_axis) return "its weights lack an axis of channels";
    if (role == Role::bias && !is_constant) return "its bias is computed at run time";
    if (role == Role::bias && !bias_fits(graph, node, rule, *tensor)) return "its bias does not fit its weights";
    ++real_operands;
  }
  if (real_operands == 0) return "it makes floats of other types";
  for (const int32_t output : node.outputs) {
    const Tensor* tensor = tensor_at(graph, output);
    if (tensor != nullptr && tensor->type == DataType::float32 && rule.output == OutputRule::none) {
      return "its result has no integer form";
    }
  }
  return "";
}

bool is_real_value(const Model& model, const Tensor& tensor) {
  return tensor.type == DataType::float32 && !model.is_constant(tensor) && !tensor.is_variable;
}

bool is_real_constant(const Model& model, const Tensor& tensor) {
  return tensor.type == DataType::float32 && model.is_constant(tensor) && !tensor.is_variable;
}

Role role_of(const Model& model, const Graph& graph, const Node& node, const OpDef& row, size_t operand) {
  const Role role = row.quant.role(operand);
  // FULLY_CONNECTED subtracts the zero point of its weights, so they may be any activation.
  if (role == Role::weight && node.op == OpCode::fully_connected && node.has_input(operand) &&
      is_real_value(model, graph.tensors[static_cast<size_t>(node.inputs[operand])])) {
    return Role::data;
  }
  return role;
}

int channel_axis(const Recipe& recipe, const Node& node, const OpDef& row) {
  const bool has_channels =
      recipe.weights == WeightGranularity::per_channel ||
      (recipe.weights == WeightGranularity::per_tensor_dense && node.op != OpCode::fully_connected);
  return has_channels ? row.quant.weight_axis : -1;
}

bool is_bridge(const Model& model, const Graph& graph, const Node& node) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == kNoTensor) return false;
  const Tensor& from = graph.tensors[static_cast<size_t>(node.inputs[0])];
  const Tensor& to = graph.tensors[static_cast<size_t>(node.outputs[0])];
  const auto is_int8 = [&](const Tensor& tensor) {
    return tensor.type == DataType::int8 && tensor.quantization.scale.size() == 1 && !model.is_constant(tensor);
  };
  if (node.op == OpCode::dequantize) return is_int8(from) && is_real_value(model, to);
  if (node.op == OpCode::quantize) return is_real_value(model, from) && is_int8(to);
  return false;
}

std::vector<bool> inner_graphs(const Model& model) {
  std::vector<bool> is_inner(model.graphs.size(), true);
  if (!is_inner.empty()) is_inner[0] = false;
  for (const Signature& signature : model.signatures) is_inner[signature.graph] = false;
  for (const Graph& graph : model.graphs) {
    for (const Node& node : graph.nodes) {
      for (const auto& [field, called] : referenced_graphs(node)) is_inner[static_cast<size_t>(called)] = true;
    }
  }
  return is_inner;
}

OutputRule output_rule(const QuantRule& rule, DataType type) {
  return type == DataType::int16 && rule.same_in_int16 ? OutputRule::same : rule.output;
}

Activations::Activations(const Graph& graph)
    : value(graph.tensors.size()), produced(graph.tensors.size()), tied(graph.nodes.size()) {}

GraphDesign::GraphDesign(const Graph& graph, int32_t index)
    : graph_index(index),
      links(graph),
      is_needed(needed_nodes(graph)),
      node_type(graph.nodes.size(), DataType::float32),
      reason(graph.nodes.size()),
      warning(graph.nodes.size()),
      table(graph.nodes.size()),
      int8(graph),
      int16(graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) origin.push_back(static_cast<int32_t>(n));
}

bool GraphDesign::has_integers(DataType type) const {
  return std::find(node_type.begin(), node_type.end(), type) != node_type.end();
}

void choose_nodes(const Model& model, const Recipe& recipe, GraphDesign& design) {
  const Graph& graph = model.graphs[static_cast<size_t>(design.graph_index)];
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!design.is_needed[n] || !touches_floats(graph, node) || is_bridge(model, graph, node)) continue;
    std::string& reason = design.reason[n];
    const bool wants_int16 = holds(recipe.keep_int16, design.graph_index, static_cast<int32_t>(n));
    const DataType type = is_int16(recipe.mode) || wants_int16 ? DataType::int16 : DataType::int8;
    if (holds(recipe.keep_float, design.graph_index, static_cast<int32_t>(n))) {
      reason = "the recipe keeps it in float";
    } else {
      reason = obstacle(model, graph, node, type);
      if (!reason.empty() && type == DataType::int8) design.table[n] = table_operand(model, graph, node);
      if (design.table[n]) reason.clear();
      if (!reason.empty() && wants_int16) {
        fail(ErrorCode::refused, {"the recipe keeps this operator in int16, but ", reason},
             place_of(model, design.graph_index, static_cast<int32_t>(n)),
             {"keep it in float, or leave it to the mode"});
      }
    }
    if (reason.empty()) design.node_type[n] = type;
  }
}

namespace {

// Also what is so close to 0 that int16 stores 0 for it.
bool divisor_may_be_zero(const Statistics& statistics, const GraphDesign& design, const Node& node) {
  const auto range = statistics.range(design.graph_index, node.inputs[1]);
  if (!range || (range->min <= 0 && range->max >= 0)) return true;
  const float ends[] = {std::abs(range->min), std::abs(range->max)};
  return std::min(ends[0], ends[1]) < std::max(ends[0], ends[1]) / 32767;
}

}  // namespace

void leave_uncalibrated(const Model& model, const Statistics& statistics, GraphDesign& design) {
  const Graph& graph = model.graphs[static_cast<size_t>(design.graph_index)];
  for (const Node& node : graph.nodes) {
    const auto take = [&](int32_t tensor) {
      if (tensor == kNoTensor) return;
      if (const auto range = statistics.range(design.graph_index, tensor)) design.inner_ranges[tensor] = *range;
    };
    for (const int32_t input : node.inputs) {
      if (input != kNoTensor && graph.tensors[static_cast<size_t>(input)].is_variable) take(input);
    }
    for (const int32_t intermediate : node.intermediates) take(intermediate);
  }
  const auto is_unknown = [&](int32_t tensor) {
    return tensor != kNoTensor && is_real_value(model, graph.tensors[static_cast<size_t>(tensor)]) &&
           !statistics.range(design.graph_index, tensor) && design.prescribed.value(tensor) == nullptr &&
           design.prescribed.record(tensor) == nullptr;
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!design.is_integer(static_cast<int32_t>(n))) continue;
    if (cell_form(node) != CellForm::none) {
      std::string reason = cell_range_obstacle(graph, node, design.inner_ranges);
      if (!reason.empty()) {
        design.node_type[n] = DataType::float32;
        design.reason[n] = std::move(reason);
        continue;
      }
    }
    const bool is_known = std::none_of(node.inputs.begin(), node.inputs.end(), is_unknown) &&
                          std::none_of(node.outputs.begin(), node.outputs.end(), is_unknown);
    const bool divides_by_zero = node.op == OpCode::div && divisor_may_be_zero(statistics, design, node);
    if (is_known && !divides_by_zero) continue;
    design.node_type[n] = DataType::float32;
    design.table[n].reset();
    design.reason[n] =
        is_known ? "its divisor may be 0, where TensorFlow Lite's integer kernel fails"
                 : "calibration cannot reach it: it holds no elements, follows an operator that is not executed, or "
                   "lies in a branch or loop that no sample took";
  }
}

bool may_stay_float(const Graph& graph, const GraphDesign& design, int32_t node) {
  const Node& use = graph.nodes[static_cast<size_t>(node)];
  return use.op == OpCode::custom && std::all_of(use.outputs.begin(), use.outputs.end(), [&](int32_t output) {
           return output == kNoTensor || design.links.uses[static_cast<size_t>(output)].empty();
         });
}

void refuse_float_nodes(const Model& model, const Recipe& recipe, std::span<const GraphDesign> designs) {
  std::string message;
  size_t count = 0;
  Place first;
  for (const GraphDesign& design : designs) {
    const Graph& graph = model.graphs[static_cast<size_t>(design.graph_index)];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      if (design.reason[n].empty() || may_stay_float(graph, design, static_cast<int32_t>(n))) continue;
      if (count++ > 0) message += "; ";
      message += text("operator ", design.origin[n], " (", operator_name(graph.nodes[n]), ") of subgraph ",
                      design.graph_index, ": ", design.reason[n]);
    }
  }
  if (count == 0) return;
  fail(ErrorCode::refused,
       {"mode ", mode_name(recipe.mode), " would leave ", count, count == 1 ? " operator" : " operators",
        " in float: ", message},
       {},
       {"mode ", is_int16(recipe.mode) ? "int16x8" : "int8", " keeps ", count == 1 ? "it" : "them",
        " in float between DEQUANTIZE and QUANTIZE"});
}

}  // namespace litequant
