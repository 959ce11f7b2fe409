#include "quantize/prove.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "format/load.h"
#include "format/save.h"
#include "ops/op_def.h"
#include "runtime/session.h"

namespace litequant {
namespace {

class Proof {
 public:
  Proof(const Model& model, const Model& original, const Recipe& recipe) : model_(model), recipe_(recipe) {
    for (const Graph& graph : original.graphs) {
      for (const Tensor& tensor : graph.tensors) {
        if (is_integer_value(tensor)) integers_before_.insert(tensor.name);
      }
    }
  }

  void check_graph(size_t g) {
    const Graph& graph = model_.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      graph_ = static_cast<int32_t>(g);
      node_ = static_cast<int32_t>(n);
      check_node(graph, graph.nodes[n]);
    }
  }

 private:
  static bool is_integer_value(const Tensor& tensor) {
    return tensor.quantization.is_quantized() &&
           (tensor.type == DataType::int8 || tensor.type == DataType::int16 || tensor.type == DataType::uint8);
  }

  // What a node computes with, its constants aside.
  struct Activations {
    bool floats = false, int8 = false, int16 = false, ours = false;
    bool is_theirs = false;  // it has integer constants of the original, or makes integers that the original had
  };
  Activations activations_of(const Graph& graph, const Node& node) const {
    Activations found;
    bool is_result = false;
    const auto look = [&](int32_t index) {
      if (index == kNoTensor) return;
      const Tensor& tensor = graph.tensors[static_cast<size_t>(index)];
      const bool is_theirs = is_integer_value(tensor) && integers_before_.contains(tensor.name);
      found.is_theirs |= is_theirs && (is_result || model_.is_constant(tensor));
      if (model_.is_constant(tensor)) return;
      // The states of an integer cell have types of their own, which its kernel has checked.
      if (tensor.is_variable && tensor.type != DataType::float32) return;
      found.floats |= tensor.type == DataType::float32;
      if (!is_integer_value(tensor)) return;
      found.int8 |= tensor.type == DataType::int8;
      found.int16 |= tensor.type == DataType::int16;
      found.ours |= !is_theirs;
    };
    std::for_each(node.inputs.begin(), node.inputs.end(), look);
    is_result = true;
    std::for_each(node.outputs.begin(), node.outputs.end(), look);
    return found;
  }

  void check_node(const Graph& graph, const Node& node) {
    const bool converts = node.op == OpCode::quantize || node.op == OpCode::dequantize;
    if (!converts) check_halves(graph, node);
    const Activations found = activations_of(graph, node);
    if (is_integer_only(recipe_.mode) && found.floats && !converts && node.op != OpCode::custom) {
      broken("it computes in float");
    }
    // CAST reads the stored integers themselves, as the index of a table.
    if (converts || node.op == OpCode::cast || !found.ours) return;
    if (found.floats) broken("it mixes float and integer activations");
    // We rewrite no node that came in integers: an LSTM of the older form, say, whose result the graph now gives.
    if (found.is_theirs) return;
    const OpDef* row = find_op(node);
    if (found.int8 && (row == nullptr || !row->quant.int8)) broken("it has no kernel for int8");
    if (found.int16 && (row == nullptr || !row->quant.int16)) broken("it has no kernel for int16 activations");
  }

  void check_halves(const Graph& graph, const Node& node) {
    for (const int32_t input : node.inputs) {
      if (input == kNoTensor || recipe_.mode != Mode::float16) continue;
      const Tensor& tensor = graph.tensors[static_cast<size_t>(input)];
      const bool ours = model_.is_constant(tensor) && tensor.type == DataType::float16;
      // CAST and its like read halves of the original's.
      if (ours && find_op(node) != nullptr && find_op(node)->quant.role(0) != Role::none) broken("it reads float16");
    }
  }

  [[noreturn]] void broken(std::string_view what) const {
    fail(ErrorCode::internal, {"the quantized model breaks the promise of mode ", mode_name(recipe_.mode), ": ", what},
         place_of(model_, graph_, node_), {"please report this model"});
  }

  const Model& model_;
  const Recipe& recipe_;
  std::set<std::string> integers_before_;
  int32_t graph_ = 0, node_ = 0;
};

void run_on_zeros(const std::shared_ptr<const Model>& model, int32_t graph, const PlanOptions& limits) {
  Session session(Plan::make(model, graph, {}, limits));
  for (size_t i = 0; i < session.plan().graph().inputs.size(); ++i) {
    const auto bytes = session.input(i);
    std::memset(bytes.data(), 0, bytes.size());
  }
  session.run();
}

// The message without the place before it.
std::string detail_of(const Error& error) {
  const std::string place = place_text(error.place());
  return place.empty() ? error.message() : error.message().substr(place.size() + 2);
}

bool runs_on_zeros(const Model& model, int32_t graph, const PlanOptions& limits) {
  try {
    run_on_zeros(std::make_shared<const Model>(model), graph, limits);
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace

Proved prove(const Model& quantized, const Model& original, const Recipe& recipe, const PlanOptions& limits) {
  Proved proved{std::nullopt, save_model(quantized)};
  const std::shared_ptr<const Model> written = load_model(proved.file);
  Proof proof(*written, original, recipe);
  for (size_t g = 0; g < written->graphs.size(); ++g) {
    proof.check_graph(g);
    const auto graph = static_cast<int32_t>(g);
    try {
      run_on_zeros(written, graph, limits);
    } catch (const Error& error) {
      // The float model may hold operators that are kept but not executed, not fit the memory, or not bear zeros.
      if (!runs_on_zeros(original, graph, limits)) continue;
      if (error.code() == ErrorCode::too_large || error.code() == ErrorCode::out_of_memory) throw;
      proved.fault = UnfitNode{error.place(), detail_of(error)};
      return proved;
    }
  }
  return proved;
}

}  // namespace litequant
