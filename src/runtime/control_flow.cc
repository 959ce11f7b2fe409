// IF, WHILE and calls: nodes that run other graphs. Each such graph has a session of its own, kept by the RunState per
// set of input shapes; what goes in and comes out is copied.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "runtime/planner.h"
#include "runtime/run_state.h"
#include "runtime/session.h"

namespace litequant {
namespace {

constexpr int kDeepestCall = 64;      // as the verifier allows
constexpr size_t kSessionsOfGraph = 4;  // one per set of shapes

// Counts how deep calls nest while it lives.
class Depth {
 public:
  explicit Depth(int& depth) : depth_(depth) { ++depth_; }
  ~Depth() { --depth_; }
  Depth(const Depth&) = delete;

 private:
  int& depth_;
};

bool has_variables(const Graph& graph) {
  return std::any_of(graph.tensors.begin(), graph.tensors.end(), [](const Tensor& t) { return t.is_variable; });
}

}  // namespace

void RunState::charge(double work, const Plan& plan, int32_t node) {
  operations += work;
  if (operations <= limit) return;
  fail(ErrorCode::too_large,
       {"takes more than ", static_cast<int64_t>(limit), " operations in one run, which is the limit; each time that ",
        "it runs a subgraph counts ", static_cast<int64_t>(kCall)},
       place_of(plan.model(), plan.graph_index(), node),
       {"Does a loop never end? Else give smaller inputs where their shapes are free."});
}

void Session::run_in_session(int32_t index, const Observer& observer) {
  const Node& node = plan_->graph().nodes[static_cast<size_t>(index)];
  const auto call_graph = [&](std::string_view field) {
    const Session& called = call(index, node.options.integer(field), operands_of(index, 0), observer);
    for (size_t i = 0; i < node.outputs.size(); ++i) set_result(index, i, output_of(called, index, i));
  };
  switch (node.op) {
    case OpCode::if_: return run_if(index, observer);
    case OpCode::while_: return run_while(index, observer);
    case OpCode::call: return call_graph("subgraph");
    case OpCode::stablehlo_composite: return call_graph("decomposition_subgraph_index");
    case OpCode::call_once: return call_once(index, observer);
    case OpCode::var_handle: return make_handle(index);
    case OpCode::read_variable: return read_variable(index);
    case OpCode::assign_variable: return assign_variable(index);
    default:
      fail(ErrorCode::internal, {"the session does not execute ", operator_name(node)},
           place_of(plan_->model(), plan_->graph_index(), index));
  }
}

void Session::run_if(int32_t index, const Observer& observer) {
  const Node& node = plan_->graph().nodes[static_cast<size_t>(index)];
  const bool is_true = decision(index, operands_of(index, 0)[0]);
  const int64_t graph = node.options.integer(is_true ? "then_subgraph_index" : "else_subgraph_index");
  const std::vector<Value> operands = operands_of(index, 1);
  const Session& called = call(index, graph, operands, observer);
  for (size_t i = 0; i < node.outputs.size(); ++i) set_result(index, i, output_of(called, index, i));
}

void Session::run_while(int32_t index, const Observer& observer) {
  const Node& node = plan_->graph().nodes[static_cast<size_t>(index)];
  const int64_t condition = node.options.integer("cond_subgraph_index");
  const int64_t body = node.options.integer("body_subgraph_index");
  // The values carried from one turn to the next, in memory of their own: a graph's results may lie where its inputs
  // do.
  std::vector<Value> carried = operands_of(index, 0);
  std::vector<Block> memory(carried.size());
  const auto carry = [&](size_t i, Value value) {
    memory[i].grow(value.bytes.size(), state_->memory);
    if (!value.bytes.empty()) std::memcpy(memory[i].data(), value.bytes.data(), value.bytes.size());
    value.bytes = {memory[i].data(), value.bytes.size()};
    carried[i] = std::move(value);
  };
  for (size_t i = 0; i < carried.size(); ++i) carry(i, carried[i]);
  while (decision(index, output_of(call(index, condition, carried, observer), index, 0))) {
    const Session& called = call(index, body, carried, observer);
    for (size_t i = 0; i < carried.size(); ++i) carry(i, output_of(called, index, i));
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) set_result(index, i, carried[i]);
}

void Session::call_once(int32_t index, const Observer& observer) {
  const int64_t graph = plan_->graph().nodes[static_cast<size_t>(index)].options.integer("init_subgraph_index");
  if (state_->initialised.contains(static_cast<int32_t>(graph))) return;
  call(index, graph, {}, observer);
  state_->initialised.insert(static_cast<int32_t>(graph));
}

Session& Session::call(int32_t node, int64_t graph, std::span<const Value> operands, const Observer& observer) {
  state_->charge(RunState::kCall, *plan_, node);
  const Depth depth(state_->depth);
  if (state_->depth > kDeepestCall) {
    fail(ErrorCode::bad_model, {"calls of subgraphs nest deeper than ", kDeepestCall},
         place_of(plan_->model(), plan_->graph_index(), node));
  }
  Session& called = session_for(node, static_cast<int32_t>(graph), operands);
  for (size_t i = 0; i < operands.size(); ++i) {
    const auto target = called.input(i);
    const Value& value = operands[i];
    const DataType type = called.slot(called.plan().graph().inputs[i]).type;
    if (type != value.type || target.size() != value.bytes.size()) {
      fail(ErrorCode::bad_model,
           {"gives ", data_type_name(value.type), " ", shape_text(value.shape), " to input ", i, " of subgraph ", graph,
            ", which is ", data_type_name(type)},
           place_of(plan_->model(), plan_->graph_index(), node));
    }
    if (!target.empty()) std::memcpy(target.data(), value.bytes.data(), target.size());
  }
  called.run_stages(observer);
  return called;
}

Session& Session::session_for(int32_t node, int32_t graph, std::span<const Value> operands) {
  std::vector<std::unique_ptr<Session>>& sessions = state_->called[graph];
  const auto fits = [&](const std::unique_ptr<Session>& session) {
    const std::vector<int32_t>& inputs = session->plan().graph().inputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (session->plan().slot(inputs[i]).shape != operands[i].shape) return false;
    }
    return true;
  };
  const auto found = std::find_if(sessions.rbegin(), sessions.rend(), fits);
  if (found != sessions.rend()) {
    std::rotate(found.base() - 1, found.base(), sessions.end());
    return *sessions.back();
  }
  std::vector<Shape> shapes;
  for (const Value& operand : operands) shapes.push_back(operand.shape);
  // Variables begin anew when shapes change, as in TensorFlow Lite.
  const bool keeps_one = has_variables(plan_->model().graphs[static_cast<size_t>(graph)]);
  if (sessions.size() >= (keeps_one ? 1 : kSessionsOfGraph)) sessions.erase(sessions.begin());
  const auto plan = Plan::make_called(plan_->shared_model(), graph, shapes, plan_->options());
  state_->charge(RunState::kPlannedNode * static_cast<double>(plan->first_stage().end), *plan_, node);
  return *sessions.emplace_back(std::make_unique<Session>(plan, *state_));
}

// ---- What goes in and comes out -------------------------------------------------------------------------------------

Session::Value Session::value_of(int32_t tensor) const {
  return {.type = slot(tensor).type, .shape = slot(tensor).shape, .bytes = this->tensor(tensor)};
}

std::vector<Session::Value> Session::operands_of(int32_t index, size_t first) const {
  const Node& node = plan_->graph().nodes[static_cast<size_t>(index)];
  std::vector<Value> operands;
  for (size_t i = first; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoTensor) {
      fail(ErrorCode::bad_model, {"input ", i, " is needed and absent"},
           place_of(plan_->model(), plan_->graph_index(), index));
    }
    operands.push_back(value_of(node.inputs[i]));
  }
  return operands;
}

Session::Value Session::output_of(const Session& called, int32_t node, size_t i) const {
  const std::vector<int32_t>& outputs = called.plan().graph().outputs;
  if (called.slot(outputs[i]).is_missing) {
    fail(ErrorCode::unsupported_operator, {"output ", i, " of the subgraph that it runs was not computed"},
         place_of(plan_->model(), plan_->graph_index(), node));
  }
  return called.value_of(outputs[i]);
}

bool Session::decision(int32_t node, const Value& value) const {
  if (value.type != DataType::boolean || value.bytes.size() != 1) {
    fail(ErrorCode::bad_model,
         {"its condition must be one BOOL, found ", data_type_name(value.type), " ", shape_text(value.shape)},
         place_of(plan_->model(), plan_->graph_index(), node));
  }
  return value.bytes[0] != std::byte{0};
}

void Session::set_result(int32_t index, size_t i, const Value& value) {
  const int32_t tensor = plan_->graph().nodes[static_cast<size_t>(index)].outputs[i];
  if (tensor == kNoTensor) return;
  Planner(*plan_, slots_).set_late_shape(index, tensor, value.type, value.shape);
  keep(tensor);
  if (slot(tensor).bytes != value.bytes.size()) {
    fail(ErrorCode::bad_model, {"its result ", i, " was not computed"},
         place_of(plan_->model(), plan_->graph_index(), index));
  }
  if (!value.bytes.empty()) std::memcpy(address(tensor), value.bytes.data(), value.bytes.size());
}

}  // namespace litequant
