#include "format/verify.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "format/verify_tensor.h"
#include "model/operator_facts.h"

namespace litequant {
namespace {

Place place_of_graph(int32_t graph) {
  return Place{.graph = graph, .node = -1, .operator_name = {}, .name = {}, .is_tensor = false};
}

// "2 inputs", "2 to 3 inputs", "1 input or more"
std::string count_text(uint8_t least, uint8_t most, std::string_view what) {
  const std::string_view plural = (most == OperatorFacts::kAny ? least : most) == 1 ? "" : "s";
  if (least == most) return text(int{least}, " ", what, plural);
  if (most == OperatorFacts::kAny) return text(int{least}, " ", what, plural, " or more");
  return text(int{least}, " to ", int{most}, " ", what, plural);
}

// One graph: its tensors, then its nodes in the order they run.
class GraphCheck {
 public:
  GraphCheck(const Model& model, int32_t index)
      : model_(model), index_(index), graph_(model.graphs[static_cast<size_t>(index)]) {}

  void run() {
    for (size_t t = 0; t < graph_.tensors.size(); ++t) verify_storage(model_, index_, static_cast<int32_t>(t));
    for (size_t t = 0; t < graph_.tensors.size(); ++t) verify_quantization(model_, index_, static_cast<int32_t>(t));
    sources();
    for (size_t n = 0; n < graph_.nodes.size(); ++n) node(static_cast<int32_t>(n));
    for (const int32_t output : graph_.outputs) {
      if (state_of(output) == State::unknown) {
        fail(ErrorCode::bad_model, {"graph output ", tensor_text(output), " is made by no node"},
             place_of_graph(index_));
      }
    }
  }

 private:
  // Where a tensor's value comes from, as far as the nodes before have told.
  enum class State : uint8_t { unknown, constant, graph_input, variable, made };

  State& state_of(int32_t tensor) { return states_[static_cast<size_t>(tensor)]; }
  bool is_tensor(int32_t index) const { return index >= 0 && static_cast<size_t>(index) < graph_.tensors.size(); }

  std::string tensor_text(int32_t index) const {
    return text(index, " ", quoted(graph_.tensors[static_cast<size_t>(index)].name));
  }

  void sources() {
    states_.assign(graph_.tensors.size(), State::unknown);
    for (size_t t = 0; t < graph_.tensors.size(); ++t) {
      const Tensor& tensor = graph_.tensors[t];
      // A constant without elements has no bytes to show.
      if (model_.is_constant(tensor) || tensor.external_buffer != 0 || tensor.shape.count() == 0) {
        states_[t] = State::constant;
      }
      if (tensor.is_variable) states_[t] = State::variable;
    }
    for (const int32_t input : graph_.inputs) {
      if (!is_tensor(input)) fail_index("graph input", input);
      // It may have data: a value that is overwritten before each run.
      state_of(input) = State::graph_input;
    }
    for (const int32_t output : graph_.outputs) {
      if (!is_tensor(output)) fail_index("graph output", output);
    }
  }

  [[noreturn]] void fail_index(std::string_view what, int32_t index) const {
    fail(ErrorCode::bad_model, {what, " is tensor ", index, ", but there are ", graph_.tensors.size()},
         place_of_graph(index_));
  }

  [[noreturn]] void fail_node(int32_t index, TextParts parts) const {
    fail(ErrorCode::bad_model, parts, place_of(model_, index_, index));
  }

  void node(int32_t index) {
    const Node& node = graph_.nodes[static_cast<size_t>(index)];
    operands(index, node);
    options(index, node);
    calls(index, node);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int32_t input = node.inputs[i];
      if (input != kNoTensor && state_of(input) == State::unknown) {
        fail_node(index, {"input ", i, " is tensor ", tensor_text(input), ", which no earlier node makes"});
      }
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const int32_t output = node.outputs[i];
      const auto what = [&] { return text("output ", i, " is tensor ", tensor_text(output), ", which "); };
      const Tensor& tensor = graph_.tensors[static_cast<size_t>(output)];
      if (model_.is_constant(tensor) || tensor.external_buffer != 0) fail_node(index, {what(), "is a constant"});
      if (state_of(output) == State::graph_input) fail_node(index, {what(), "is an input of the graph"});
      if (state_of(output) == State::made) fail_node(index, {what(), "another output or node makes already"});
      state_of(output) = State::made;
    }
  }

  void operands(int32_t index, const Node& node) const {
    const OperatorFacts* facts = find_operator_facts(node.op);
    if (node.op == OpCode::custom && node.custom_code.empty())
      fail_node(index, {"is a custom operator without a name"});
    if (node.version < 1) fail_node(index, {"is of version ", node.version, "; versions begin at 1"});
    const auto check_count = [&](size_t count, uint8_t least, uint8_t most, std::string_view what) {
      if (count >= least && (most == OperatorFacts::kAny || count <= most)) return;
      fail_node(index, {"has ", count, " ", what, "s; it takes ", count_text(least, most, what)});
    };
    if (facts != nullptr) {
      check_count(node.inputs.size(), facts->least_inputs, facts->most_inputs, "input");
      check_count(node.outputs.size(), facts->least_outputs, facts->most_outputs, "output");
    }
    const bool is_short_lstm = node.op == OpCode::lstm && node.inputs.size() == 5;  // all of its operands are needed
    const bool is_lstm = node.op == OpCode::lstm || node.op == OpCode::unidirectional_sequence_lstm;
    if (is_lstm && !is_short_lstm && node.inputs.size() != 20 && node.inputs.size() != 24) {
      fail_node(index, {"has ", node.inputs.size(), " inputs; it takes 20 or 24"});
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int32_t input = node.inputs[i];
      if (input == kNoTensor) {
        if (facts == nullptr || (facts->may_be_absent(i) && !is_short_lstm)) continue;
        fail_node(index, {"input ", i, " is absent, but the operator needs it"});
      }
      if (!is_tensor(input)) {
        fail_node(index, {"input ", i, " is tensor ", input, ", but there are ", graph_.tensors.size()});
      }
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (is_tensor(node.outputs[i])) continue;
      fail_node(index, {"output ", i, " is tensor ", node.outputs[i], ", but there are ", graph_.tensors.size()});
    }
    for (size_t i = 0; i < node.intermediates.size(); ++i) {
      const int32_t intermediate = node.intermediates[i];
      if (intermediate == kNoTensor || is_tensor(intermediate)) continue;
      fail_node(index, {"intermediate ", i, " is tensor ", intermediate, ", but there are ", graph_.tensors.size()});
    }
    const size_t marks = node.mutating_variable_inputs.size();
    if (marks != 0 && marks != node.inputs.size()) {
      fail_node(index, {"has ", node.inputs.size(), " inputs, but ", marks, " marks of mutating inputs"});
    }
  }

  void options(int32_t index, const Node& node) const {
    const OperatorFacts* facts = find_operator_facts(node.op);
    if (facts == nullptr) return;
    if (node.options.empty()) {
      if (facts->needs_options) fail_node(index, {"has no ", facts->options, ", without which it means nothing"});
      return;
    }
    if (facts->options == nullptr) fail_node(index, {"has ", node.options.table(), "; it takes no options"});
    if (node.options.table() != facts->options) {
      fail_node(index, {"has ", node.options.table(), "; it takes ", facts->options});
    }
  }

  // Graphs that the node runs exist and take and give what it passes.
  void calls(int32_t index, const Node& node) const {
    for (const auto& [field, graph] : referenced_graphs(node)) {
      if (graph < 0 || static_cast<uint64_t>(graph) >= model_.graphs.size()) {
        fail_node(index, {field, " is ", graph, ", but there are ", model_.graphs.size(), " subgraphs"});
      }
      const Graph& called = model_.graphs[static_cast<size_t>(graph)];
      std::optional<size_t> inputs, outputs;
      switch (node.op) {
        case OpCode::if_:
          inputs = node.inputs.size() - 1;
          outputs = node.outputs.size();
          break;
        case OpCode::while_:
        case OpCode::stablehlo_while:
          if (node.outputs.size() != node.inputs.size()) {
            fail_node(index, {"has ", node.inputs.size(), " inputs, but ", node.outputs.size(), " outputs"});
          }
          inputs = node.inputs.size();
          outputs = field == "cond_subgraph_index" ? 1 : node.outputs.size();
          break;
        case OpCode::call_once: inputs = outputs = 0; break;
        case OpCode::call:
        case OpCode::stablehlo_composite:
          inputs = node.inputs.size();
          outputs = node.outputs.size();
          break;
        default: break;
      }
      if ((inputs && called.inputs.size() != *inputs) || (outputs && called.outputs.size() != *outputs)) {
        fail_node(index, {field, " is subgraph ", graph, ", which has ", called.inputs.size(), " inputs and ",
                          called.outputs.size(), " outputs; ", *inputs, " and ", *outputs, " are needed"});
      }
    }
  }

  const Model& model_;
  int32_t index_;
  const Graph& graph_;
  std::vector<State> states_;
};

struct Call {
  int32_t graph, node;  // that makes the call
  int32_t called;
};

// Names a call that closes a cycle. `is_done` marks graphs that no cycle leads to; at least one is not marked.
[[noreturn]] void fail_cycle(const Model& model, const std::vector<std::vector<Call>>& calls,
                             std::vector<bool> is_done) {
  // Graphs that lead to no cycle are done as well: those all of whose calls go to graphs that are done.
  std::vector<size_t> open_calls(calls.size(), 0), ready;
  std::vector<std::vector<size_t>> callers(calls.size());
  for (size_t g = 0; g < calls.size(); ++g) {
    if (is_done[g]) continue;
    for (const Call& call : calls[g]) {
      ++open_calls[g];  // what a graph calls that is not done is not done either
      callers[static_cast<size_t>(call.called)].push_back(g);
    }
    if (open_calls[g] == 0) ready.push_back(g);
  }
  while (!ready.empty()) {
    const size_t graph = ready.back();
    ready.pop_back();
    is_done[graph] = true;
    for (const size_t caller : callers[graph]) {
      if (--open_calls[caller] == 0) ready.push_back(caller);
    }
  }
  // From any other graph, calls to graphs that are not done go on for ever: they come back to one seen before.
  std::vector<bool> is_seen(calls.size(), false);
  size_t graph = static_cast<size_t>(std::find(is_done.begin(), is_done.end(), false) - is_done.begin());
  while (true) {
    is_seen[graph] = true;
    const Call& call = *std::find_if(calls[graph].begin(), calls[graph].end(),
                                     [&](const Call& c) { return !is_done[static_cast<size_t>(c.called)]; });
    graph = static_cast<size_t>(call.called);
    if (!is_seen[graph]) continue;
    fail(ErrorCode::bad_model,
         {"runs subgraph ", call.called, ", which in the end runs subgraph ", call.graph, " again: it would not end"},
         place_of(model, call.graph, call.node));
  }
}

// No graph runs itself, directly or through others, and calls do not nest deeper than a stack can bear.
void verify_calls(const Model& model) {
  constexpr int kDeepest = 64;
  const size_t graphs = model.graphs.size();
  std::vector<std::vector<Call>> calls(graphs);
  std::vector<int> callers(graphs, 0), depth(graphs, 0);
  for (size_t g = 0; g < graphs; ++g) {
    for (size_t n = 0; n < model.graphs[g].nodes.size(); ++n) {
      for (const auto& [field, called] : referenced_graphs(model.graphs[g].nodes[n])) {
        calls[g].push_back({static_cast<int32_t>(g), static_cast<int32_t>(n), static_cast<int32_t>(called)});
        ++callers[static_cast<size_t>(called)];
      }
    }
  }
  // Graphs all of whose callers are done.
  std::vector<size_t> ready;
  for (size_t g = 0; g < graphs; ++g) {
    if (callers[g] == 0) ready.push_back(g);
  }
  std::vector<bool> is_done(graphs, false);
  while (!ready.empty()) {
    const size_t graph = ready.back();
    ready.pop_back();
    is_done[graph] = true;
    for (const Call& call : calls[graph]) {
      const auto called = static_cast<size_t>(call.called);
      depth[called] = std::max(depth[called], depth[graph] + 1);
      if (depth[called] > kDeepest) {
        fail(ErrorCode::bad_model, {"calls of subgraphs nest deeper than ", kDeepest},
             place_of(model, call.graph, call.node));
      }
      if (--callers[called] == 0) ready.push_back(called);
    }
  }
  if (std::find(is_done.begin(), is_done.end(), false) != is_done.end()) fail_cycle(model, calls, std::move(is_done));
}

void verify_signatures(const Model& model) {
  for (const Signature& signature : model.signatures) {
    const auto name = [&] { return text("signature ", quoted(signature.key)); };
    if (signature.graph >= model.graphs.size()) {
      fail(ErrorCode::bad_model,
           {name(), " is of subgraph ", signature.graph, ", but there are ", model.graphs.size()});
    }
    const size_t tensors = model.graphs[signature.graph].tensors.size();
    for (const auto* entries : {&signature.inputs, &signature.outputs}) {
      for (const Signature::Entry& entry : *entries) {
        if (entry.tensor < tensors) continue;
        fail(ErrorCode::bad_model,
             {name(), ": ", entries == &signature.inputs ? "input " : "output ", quoted(entry.name), " is tensor ",
              entry.tensor, ", but there are ", tensors},
             place_of_graph(static_cast<int32_t>(signature.graph)));
      }
    }
  }
}

void verify_buffers(const Model& model) {
  if (model.buffers.empty() || !model.buffers[0].empty()) {
    fail(ErrorCode::bad_model, {"buffer 0 is not empty; it stands for tensors without data"});
  }
  for (const Metadata& entry : model.metadata) {
    if (entry.buffer < model.buffers.size()) continue;
    fail(ErrorCode::bad_model,
         {"metadata ", quoted(entry.name), " names buffer ", entry.buffer, ", but there are ", model.buffers.size()});
  }
  for (const int32_t buffer : model.metadata_buffer) {
    if (buffer >= 0 && static_cast<size_t>(buffer) < model.buffers.size()) continue;
    fail(ErrorCode::bad_model, {"the metadata list names buffer ", buffer, ", but there are ", model.buffers.size()});
  }
  for (const ExternalBuffer& buffer : model.external_buffers) {
    if (buffer.group < model.external_buffer_groups.size()) continue;
    fail(ErrorCode::bad_model, {"external buffer ", buffer.id, " names group ", buffer.group, ", but there are ",
                                model.external_buffer_groups.size()});
  }
}

}  // namespace

void verify_model(const Model& model) {
  if (model.version != 3) {
    fail(ErrorCode::bad_model, {"the model is of format version ", model.version, "; only version 3 is in use"});
  }
  if (model.graphs.empty()) fail(ErrorCode::bad_model, {"the model has no subgraph: there is nothing to run"});
  verify_buffers(model);
  for (size_t g = 0; g < model.graphs.size(); ++g) GraphCheck(model, static_cast<int32_t>(g)).run();
  verify_calls(model);
  verify_signatures(model);
}

}  // namespace litequant
