#include "quantize/dequantize.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "format/verify.h"
#include "ops/op_def.h"
#include "quantize/passes/design.h"
#include "runtime/plan.h"

namespace litequant {
namespace {

bool stands_for_reals(const Tensor& tensor) {
  const bool is_integer = is_quantizable_integer(tensor.type) || tensor.type == DataType::int32 ||
                          tensor.type == DataType::int64 || tensor.type == DataType::int4;
  return is_integer && (tensor.quantization.is_quantized() || !tensor.quantization.details.table().empty());
}

template <typename T>
std::vector<double> widened(std::span<const T> values) {
  return {values.begin(), values.end()};
}

// Two to a byte, the first in the lower half.
std::vector<double> unpacked(std::span<const uint8_t> bytes, int64_t count) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    const int nibble = (bytes[static_cast<size_t>(i / 2)] >> (i % 2 * 4)) & 15;
    values.push_back(nibble < 8 ? nibble : nibble - 16);
  }
  return values;
}

class Dequantizer {
 public:
  Dequantizer(Model& model, size_t graph) : model_(model), index_(static_cast<int32_t>(graph)) {}

  // Whether anything changed.
  bool run() {
    bool is_changed = false;
    const std::vector<Tensor> before = graph().tensors;
    for (size_t t = 0; t < graph().tensors.size(); ++t) is_changed = turn(static_cast<int32_t>(t)) || is_changed;
    if (is_changed) {
      keep_stored_integers(before);
      drop_conversions();
      for (size_t n = 0; n < graph().nodes.size(); ++n) restate(static_cast<int32_t>(n));
    }
    return is_changed;
  }

 private:
  Graph& graph() { return model_.graphs[static_cast<size_t>(index_)]; }
  Tensor& tensor(int32_t t) { return graph().tensors[static_cast<size_t>(t)]; }

  [[noreturn]] void refuse(int32_t t, std::string_view why) {
    fail(ErrorCode::refused, {"this tensor cannot become float: ", why}, place_of_tensor(model_, index_, t));
  }

  bool turn(int32_t t) {
    Tensor& changed = tensor(t);
    if (!stands_for_reals(changed)) return false;
    // These begin at real zero, as a float state does (see Session::reset).
    const bool begins_at_zero =
        changed.type == DataType::int8 ||
        (changed.type == DataType::int16 && changed.quantization.zero_point == std::vector<int64_t>{0});
    if (changed.is_variable && !begins_at_zero) refuse(t, "it is a state that does not begin at zero");
    if (changed.sparsity) refuse(t, "it is stored sparse");
    if (!changed.quantization.details.table().empty()) refuse(t, "its scheme is blockwise or custom");
    if (changed.external_buffer != 0) refuse(t, "its values lie in another file");
    if (model_.is_constant(changed)) changed.buffer = model_.add_buffer(Buffer::of(real_values(t)));
    changed.type = DataType::float32;
    changed.quantization = {};
    return true;
  }

  std::vector<double> stored_values(const Tensor& stored) const {
    switch (stored.type) {
      case DataType::int8: return widened(model_.constant_as<int8_t>(stored));
      case DataType::uint8: return widened(model_.constant_as<uint8_t>(stored));
      case DataType::int16: return widened(model_.constant_as<int16_t>(stored));
      case DataType::int32: return widened(model_.constant_as<int32_t>(stored));
      case DataType::int4: return unpacked(model_.constant_as<uint8_t>(stored), stored.shape.count());
      default: {
        const auto values = model_.constant_as<int64_t>(stored);
        std::vector<double> wide;
        for (const int64_t value : values) wide.push_back(static_cast<double>(value));
        return wide;
      }
    }
  }

  std::vector<float> real_values(int32_t t) {
    const Tensor& stored = tensor(t);
    const Quantization& quantization = stored.quantization;
    const size_t channels = quantization.scale.size();
    const int64_t inner = channels > 1 ? stored.shape.count(quantization.axis + 1, stored.shape.rank()) : 1;
    const std::vector<double> integers = stored_values(stored);
    std::vector<float> values(integers.size());
    for (size_t i = 0; i < integers.size(); ++i) {
      const size_t channel = channels > 1 ? i / static_cast<size_t>(inner) % channels : 0;
      const auto zero = channel < quantization.zero_point.size() ? quantization.zero_point[channel] : 0;
      values[i] = static_cast<float>(static_cast<double>(quantization.scale[channel]) *
                                     (integers[i] - static_cast<double>(zero)));
    }
    return values;
  }

  bool is_conversion(const Node& node) {
    if (node.op != OpCode::quantize && node.op != OpCode::dequantize) return false;
    if (node.inputs.size() != 1 || node.outputs.size() != 1 || !node.has_input(0)) return false;
    return tensor(node.inputs[0]).type == DataType::float32 && tensor(node.outputs[0]).type == DataType::float32;
  }

  void replace(int32_t from, int32_t to) {
    for (Node& node : graph().nodes) {
      std::replace(node.inputs.begin(), node.inputs.end(), from, to);
      std::replace(node.outputs.begin(), node.outputs.end(), from, to);
    }
    std::replace(graph().outputs.begin(), graph().outputs.end(), from, to);
    for (Signature& signature : model_.signatures) {
      if (signature.graph != static_cast<uint32_t>(index_)) continue;
      for (auto& entry : signature.outputs) {
        if (entry.tensor == static_cast<uint32_t>(from)) entry.tensor = static_cast<uint32_t>(to);
      }
    }
  }

  // A conversion of floats to floats does nothing: its result is its operand. Names of outputs are kept.
  void drop_conversions() {
    auto& nodes = graph().nodes;
    for (size_t n = 0; n < nodes.size();) {
      if (!is_conversion(nodes[n])) {
        ++n;
        continue;
      }
      const int32_t from = nodes[n].inputs[0], to = nodes[n].outputs[0];
      nodes.erase(nodes.begin() + static_cast<ptrdiff_t>(n));
      const auto& outputs = graph().outputs;
      const bool is_output = std::find(outputs.begin(), outputs.end(), to) != outputs.end();
      const bool is_made = std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
        return std::find(node.outputs.begin(), node.outputs.end(), from) != node.outputs.end();
      });
      const bool is_other_output = std::find(outputs.begin(), outputs.end(), from) != outputs.end();
      if (is_output && is_made && !is_other_output) {
        replace(from, to);
      } else {
        replace(to, from);
      }
    }
  }

  // CAST takes the stored integers of its operand for numbers (the index of a table of results, say), so they stay.
  void keep_stored_integers(std::span<const Tensor> before) {
    std::vector<Node> nodes = std::move(graph().nodes);
    graph().nodes.clear();
    for (Node& node : nodes) {
      if (node.op == OpCode::cast && node.has_input(0) && node.outputs.size() == 1) {
        const int32_t read = node.inputs[0], written = node.outputs[0];
        if (stands_for_reals(before[static_cast<size_t>(written)])) refuse(written, "CAST makes its stored integers");
        const Tensor& stored = before[static_cast<size_t>(read)];
        if (stands_for_reals(stored)) {
          if (!is_quantizable_integer(stored.type)) refuse(read, "CAST reads its stored integers");
          graph().tensors.push_back(stored);
          node.inputs[0] = static_cast<int32_t>(graph().tensors.size() - 1);
          if (!model_.is_constant(stored)) {
            Node& quantize = graph().nodes.emplace_back();
            quantize.op = OpCode::quantize;
            quantize.inputs = {read};
            quantize.outputs = {node.inputs[0]};
          }
        }
      }
      graph().nodes.push_back(std::move(node));
    }
  }

  // Versions and options that belonged to the integer kernels.
  void restate(int32_t n) {
    Node& node = graph().nodes[static_cast<size_t>(n)];
    for (const std::string_view flag : {"asymmetric_quantize_inputs", "quantized_bias_type"}) {
      if (node.options.has(flag)) node.options.set(flag, int64_t{0});
    }
    if (const OpDef* row = find_op(node)) node.version = row->version(NodeView(model_, index_, n));
  }

  Model& model_;
  int32_t index_;
};

size_t tensor_count(const Model& model) {
  size_t count = 0;
  for (const Graph& graph : model.graphs) count += graph.tensors.size();
  return count;
}

// What the plan of the integer model knew to run, the float model must too.
void check_it_runs(const Model& floats, const Model& original) {
  const auto plan = [](const Model& model, size_t g) {
    Plan::make(std::make_shared<const Model>(model), static_cast<int32_t>(g), {}, {});
  };
  for (size_t g = 0; g < floats.graphs.size(); ++g) {
    try {
      plan(floats, g);
    } catch (const Error& error) {
      try {
        plan(original, g);
      } catch (const Error&) {
        continue;  // it holds operators that are kept but not executed
      }
      fail(ErrorCode::refused, {"the model has no float form: ", error.message()});
    }
  }
}

}  // namespace

Model dequantize(const Model& original) {
  Model model = original;
  fold_half_constants(model);
  // Each folded constant is a new tensor.
  bool is_changed = tensor_count(model) != tensor_count(original);
  for (size_t g = 0; g < model.graphs.size(); ++g) is_changed = Dequantizer(model, g).run() || is_changed;
  if (!is_changed) fail(ErrorCode::refused, {"there is nothing to do: the model holds no quantized tensor"});
  drop_dead_nodes(model);
  update_metadata(model, {});
  drop_unused(model);
  verify_model(model);
  check_it_runs(model, original);
  return model;
}

}  // namespace litequant
