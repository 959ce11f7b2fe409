#include "quantize/passes/table_form.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "quantize/passes/design.h"
#include "runtime/session.h"

namespace litequant {
namespace {

constexpr OpCode kFunctions[] = {
    OpCode::sin,
    OpCode::cos,
    OpCode::floor,
    OpCode::ceil,
    OpCode::round,
    OpCode::sign,
    OpCode::pow,
    OpCode::div,
    OpCode::floor_div,
    OpCode::floor_mod,
    OpCode::square,
    OpCode::sqrt,
    OpCode::rsqrt,
    OpCode::exp,
    OpCode::log,
    OpCode::elu,
    OpCode::gelu,
    OpCode::abs,
    OpCode::neg,
    OpCode::relu_0_to_1,
    OpCode::hard_swish,
    OpCode::relu_n1_to_1,
    OpCode::squared_difference,
};

constexpr int32_t kStoredValues = 256;

}  // namespace

std::optional<size_t> table_operand(const Model& model, const Graph& graph, const Node& node) {
  if (std::find(std::begin(kFunctions), std::end(kFunctions), node.op) == std::end(kFunctions)) return std::nullopt;
  if (find_op(node) == nullptr || node.outputs.size() != 1 || node.outputs[0] == kNoTensor) return std::nullopt;
  std::optional<size_t> found;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoTensor) return std::nullopt;
    const Tensor& tensor = graph.tensors[static_cast<size_t>(node.inputs[i])];
    if (tensor.sparsity) return std::nullopt;
    if (is_real_value(model, tensor)) {
      if (found) return std::nullopt;
      found = i;
    } else if (!is_real_constant(model, tensor) || tensor.shape.count() != 1) {
      return std::nullopt;
    }
  }
  if (!found) return std::nullopt;
  const Tensor& result = graph.tensors[static_cast<size_t>(node.outputs[0])];
  const int rank = graph.tensors[static_cast<size_t>(node.inputs[*found])].shape.rank();
  if (result.type != DataType::float32) return std::nullopt;
  for (const int32_t input : node.inputs) {
    if (graph.tensors[static_cast<size_t>(input)].shape.rank() > rank) return std::nullopt;  // it would add axes
  }
  return found;
}

std::vector<int8_t> table_of(const Model& model, const Graph& graph, const Node& node, size_t operand, Parameters in,
                             Parameters out) {
  Model single;
  Graph& only = single.graphs.emplace_back();
  Node& function = only.nodes.emplace_back(node);
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    Tensor tensor = graph.tensors[static_cast<size_t>(node.inputs[i])];
    tensor.shape_signature.reset();
    // The operand may be held as integers by now.
    tensor.type = DataType::float32;
    tensor.quantization = {};
    tensor.has_quantization = false;
    if (i == operand) {
      tensor.shape = {kStoredValues};
      only.inputs = {static_cast<int32_t>(i)};
    } else {
      tensor.shape = {1};
      tensor.buffer = single.add_buffer(model.buffers[tensor.buffer]);
    }
    function.inputs[i] = static_cast<int32_t>(i);
    only.tensors.push_back(std::move(tensor));
  }
  Tensor result;
  result.name = "result";
  result.shape = {kStoredValues};
  only.outputs = function.outputs = {static_cast<int32_t>(only.tensors.size())};
  only.tensors.push_back(std::move(result));

  Session session(Plan::make(std::make_shared<const Model>(std::move(single)), 0, {},
                             {.kernels = KernelSet::reference, .reproducible = true}));
  std::array<float, kStoredValues> reals;
  for (int32_t q = -128; q < 128; ++q) {
    reals[static_cast<size_t>(q + 128)] = in.scale * static_cast<float>(q - in.zero_point);
  }
  std::memcpy(session.input(0).data(), reals.data(), sizeof(reals));
  session.run();
  std::memcpy(reals.data(), session.output(0).data(), sizeof(reals));
  for (float& real : reals) {
    constexpr float kMost = std::numeric_limits<float>::max();
    real = std::isnan(real) ? 0 : std::clamp(real, -kMost, kMost);
  }
  return quantize_values(reals, out);
}

}  // namespace litequant
