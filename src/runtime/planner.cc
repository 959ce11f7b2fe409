#include "runtime/planner.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "model/operator_facts.h"
#include "model/sparsity.h"

namespace litequant {
namespace {

constexpr int32_t kNoGraphNode = -1;

bool has_fixed_size(DataType type) { return bits_per_element(type) > 0; }

// Bytes of a tensor; nothing when a dimension is negative or elements or bytes are more than 31 bits count: sizes are
// 32 bits wide in WebAssembly.
std::optional<size_t> bytes_of(DataType type, const Shape& shape) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  int64_t count = 1;
  for (const int32_t dim : shape) {
    if (dim < 0) return std::nullopt;
    count *= dim;
    if (count > kMost) return std::nullopt;
  }
  const int64_t bytes = (count * bits_per_element(type) + 7) / 8;
  return bytes > kMost ? std::nullopt : std::optional(static_cast<size_t>(bytes));
}

// A handle of a variable is its number.
constexpr size_t kResourceBytes = sizeof(int32_t);

// The same, of what a run can hold: handles, too.
std::optional<size_t> held_bytes(DataType type, const Shape& shape) {
  if (type == DataType::resource) return kResourceBytes;
  return has_fixed_size(type) ? bytes_of(type, shape) : std::nullopt;
}

// Every graph that a run of `first` may reach has operators that are executed: told before the run, not in its midst.
void check_called_graphs(const Model& model, int32_t first) {
  std::vector<bool> is_seen(model.graphs.size(), false);
  std::vector<int32_t> open = {first};
  is_seen[static_cast<size_t>(first)] = true;
  while (!open.empty()) {
    const int32_t graph = open.back();
    open.pop_back();
    const auto& nodes = model.graphs[static_cast<size_t>(graph)].nodes;
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (graph != first && find_op(nodes[n]) == nullptr) {
        fail(ErrorCode::unsupported_operator, {"the operator ", operator_name(nodes[n]), " is not executed"},
             place_of(model, graph, static_cast<int32_t>(n)));
      }
      for (const auto& [field, called] : referenced_graphs(nodes[n])) {
        if (called < 0 || static_cast<size_t>(called) >= is_seen.size() || is_seen[static_cast<size_t>(called)])
          continue;
        is_seen[static_cast<size_t>(called)] = true;
        open.push_back(static_cast<int32_t>(called));
      }
    }
  }
}

// Nodes whose result some graph output needs (all of them when every tensor is kept).
std::vector<bool> find_needed_nodes(const Graph& graph, int32_t needed_from, bool all) {
  if (all) return std::vector<bool>(graph.nodes.size(), true);
  std::vector<bool> wanted(graph.tensors.size(), false);
  for (const int32_t output : graph.outputs) wanted[static_cast<size_t>(output)] = true;
  std::vector<bool> needed(graph.nodes.size(), false);
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const OpDef* row = find_op(node);
    needed[i] = row == nullptr || !row->is_pure || static_cast<int64_t>(i) >= needed_from;
    for (const int32_t output : node.outputs) {
      if (output != kNoTensor && wanted[static_cast<size_t>(output)]) needed[i] = true;
    }
    if (!needed[i]) continue;
    for (const int32_t input : node.inputs) {
      if (input != kNoTensor) wanted[static_cast<size_t>(input)] = true;
    }
  }
  return needed;
}

// Per tensor the last needed node that reads it; beyond all nodes for graph outputs and where all tensors are kept.
std::vector<int32_t> find_last_uses(const Graph& graph, const std::vector<bool>& needed, bool all) {
  const auto end = static_cast<int32_t>(graph.nodes.size());
  std::vector<int32_t> last(graph.tensors.size(), all ? end : kNoGraphNode);
  for (int32_t i = 0; i < end; ++i) {
    if (all || !needed[static_cast<size_t>(i)]) continue;
    for (const int32_t input : graph.nodes[static_cast<size_t>(i)].inputs) {
      if (input != kNoTensor) last[static_cast<size_t>(input)] = i;
    }
  }
  for (const int32_t output : graph.outputs) last[static_cast<size_t>(output)] = end;
  return last;
}

}  // namespace

std::shared_ptr<const Plan> Plan::make(std::shared_ptr<const Model> model, int32_t graph,
                                       std::span<const Shape> input_shapes, const PlanOptions& options) {
  return Planner::make_plan(std::move(model), graph, input_shapes, options, false);
}

std::shared_ptr<const Plan> Plan::make_called(std::shared_ptr<const Model> model, int32_t graph,
                                              std::span<const Shape> input_shapes, const PlanOptions& options) {
  return Planner::make_plan(std::move(model), graph, input_shapes, options, true);
}

Planner::Planner(const Plan& plan, std::vector<Plan::Slot>& slots) : plan_(plan), slots_(slots) {}

std::shared_ptr<const Plan> Planner::make_plan(std::shared_ptr<const Model> model, int32_t graph,
                                               std::span<const Shape> input_shapes, const PlanOptions& options,
                                               bool is_called) {
  if (graph < 0 || static_cast<size_t>(graph) >= model->graphs.size()) {
    fail(ErrorCode::bad_argument, {"there is no subgraph ", graph, "; the model has ", model->graphs.size()});
  }
  const auto plan = std::make_shared<Plan>();
  plan->model_ = with_dense_constants(std::move(model), options.memory_limit);
  plan->graph_index_ = graph;
  plan->options_ = options;
  const Graph& owner = plan->graph();
  const auto index = static_cast<size_t>(graph);
  const int32_t needed_from =
      index < options.needed_from.size() ? options.needed_from[index] : std::numeric_limits<int32_t>::max();
  plan->is_needed_ = find_needed_nodes(owner, needed_from, options.keep_all_tensors);
  plan->last_use_ = find_last_uses(owner, plan->is_needed_, options.keep_all_tensors);
  plan->slots_.resize(owner.tensors.size());
  if (!is_called && !options.skip_unsupported) check_called_graphs(plan->model(), graph);

  Planner planner(*plan, plan->slots_);
  planner.place_constants();
  plan->strings_ = std::make_shared<const ConstantStrings>(plan->model_);
  for (size_t i = 0; i < owner.tensors.size(); ++i) {
    Plan::Slot& slot = plan->slots_[i];
    if (slot.type != DataType::string || !slot.is_constant) continue;
    slot.value = plan->string_numbers_.emplace_back(plan->strings_->numbers(owner.tensors[i])).bytes();
    slot.bytes = slot.value.size();
    if (slot.bytes != bytes_of(slot.type, slot.shape)) {
      fail(ErrorCode::bad_model, {"holds other strings than its shape says"},
           place_of_tensor(plan->model(), graph, static_cast<int32_t>(i)));
    }
  }
  planner.place_inputs(input_shapes, is_called);
  plan->first_ = planner.make_stage(0);
  for (size_t node = static_cast<size_t>(plan->first_.end); node < owner.nodes.size(); ++node) {
    if (!plan->is_needed_[node]) continue;
    for (const int32_t output : owner.nodes[node].outputs) {
      if (output != kNoTensor) plan->slots_[static_cast<size_t>(output)].is_open = true;
    }
  }
  return plan;
}

Plan::Stage Planner::make_stage(int32_t first_node) {
  const auto node_count = static_cast<int32_t>(graph().nodes.size());
  Plan::Stage stage;
  int32_t node = first_node;
  for (; node < node_count; ++node) {
    if (!plan_.is_needed_[static_cast<size_t>(node)]) continue;
    const Outcome outcome = plan_node(node, stage);
    if (outcome == Outcome::late) break;
    if (outcome == Outcome::left_out) leave_out(node);
  }
  stage.end = node;
  place_memory(first_node, stage);
  if (first_node == 0) return stage;
  for (node = first_node; node < stage.end; ++node) {
    if (!plan_.is_needed_[static_cast<size_t>(node)]) continue;
    for (const int32_t output : graph().nodes[static_cast<size_t>(node)].outputs) {
      if (output != kNoTensor) stage.slots.emplace_back(output, slot(output));
    }
  }
  return stage;
}

void Planner::place_constants() {
  for (size_t i = 0; i < graph().tensors.size(); ++i) {
    const Tensor& tensor = graph().tensors[i];
    Plan::Slot& slot = slots_[i];
    slot.type = tensor.type;
    slot.shape = tensor.shape;
    slot.value = plan_.model().constant(tensor);
    slot.is_constant = !slot.value.empty() && !tensor.is_variable;
    slot.bytes = slot.value.size();
    if (!tensor.is_variable) continue;
    // Nothing need write it before it is read.
    const auto bytes = bytes_of(slot.type, slot.shape);
    if (!bytes || !has_fixed_size(slot.type) || slot.type == DataType::string) {
      fail(
          ErrorCode::unsupported_type,
          {"a variable of type ", data_type_name(slot.type), " and shape ", shape_text(slot.shape), " is not executed"},
          place_of_tensor(plan_.model(), plan_.graph_index(), static_cast<int32_t>(i)));
    }
    slot.bytes = *bytes;
  }
}

void Planner::place_inputs(std::span<const Shape> input_shapes, bool is_called) {
  const Graph& owner = graph();
  if ((is_called || !input_shapes.empty()) && input_shapes.size() != owner.inputs.size()) {
    fail(ErrorCode::shape_mismatch,
         {"the model has ", owner.inputs.size(), " inputs, ", input_shapes.size(), " shapes were given"});
  }
  for (size_t i = 0; i < owner.inputs.size(); ++i) {
    const int32_t index = owner.inputs[i];
    const Tensor& tensor = owner.tensors[static_cast<size_t>(index)];
    Plan::Slot& slot = slots_[static_cast<size_t>(index)];
    const Place place = place_of_tensor(plan_.model(), plan_.graph_index(), index);
    if (!has_fixed_size(tensor.type) && !(is_called && tensor.type == DataType::resource)) {
      fail(ErrorCode::unsupported_type, {"an input of type ", data_type_name(tensor.type), " is not executed"}, place);
    }
    if (!input_shapes.empty()) {
      const Shape& wanted = input_shapes[i];
      if (!is_called && wanted.rank() != tensor.shape.rank() && tensor.shape.rank() != 0) {
        fail(ErrorCode::shape_mismatch,
             {"needs ", tensor.shape.rank(), " dimensions ", shape_text(tensor.shape), ", given ", shape_text(wanted)},
             place);
      }
      slot.shape = wanted;
    }
    const auto bytes = held_bytes(slot.type, slot.shape);
    if (!bytes) fail(ErrorCode::shape_mismatch, {"the shape ", shape_text(slot.shape), " cannot be held"}, place);
    slot.bytes = *bytes;
    slot.is_constant = false;
  }
}

NodeView Planner::view_of(int32_t node) const {
  NodeView view(plan_.model(), plan_.graph_index(), node);
  const Node& use = view.node();
  for (size_t i = 0; i < use.inputs.size(); ++i) {
    if (use.inputs[i] == kNoTensor) continue;
    const Plan::Slot& slot = this->slot(use.inputs[i]);
    Operand& operand = view.mutable_input(i);
    operand.shape = slot.shape;
    operand.constant = slot.is_constant ? slot.value : std::span<const std::byte>();
    operand.has_value = slot.is_constant;
  }
  for (size_t i = 0; i < use.outputs.size(); ++i) {
    Operand& operand = view.mutable_output(i);
    operand.constant = {};
    operand.has_value = false;
  }
  return view;
}

void Planner::set_shape(const NodeView& view, int32_t tensor, const Shape& shape) {
  const Tensor& stated = graph().tensors[static_cast<size_t>(tensor)];
  if (!has_fixed_size(stated.type)) {
    view.fail(ErrorCode::unsupported_type, {"a result of type ", data_type_name(stated.type), " is not executed"});
  }
  if (stated.is_variable && shape != stated.shape) {
    view.fail(ErrorCode::bad_model,
              {"writes the shape ", shape_text(shape), " into a variable of the shape ", shape_text(stated.shape)});
  }
  const auto bytes = bytes_of(stated.type, shape);
  if (!bytes) view.fail(ErrorCode::too_large, {"its result would have the shape ", shape_text(shape)});
  const bool is_kept = slot(tensor).is_kept && stated.is_variable;
  slot(tensor) = {.type = stated.type, .shape = shape, .bytes = *bytes, .is_kept = is_kept};
}

void Planner::set_late_shape(int32_t node, int32_t tensor, DataType type, const Shape& shape) {
  const NodeView view(plan_.model(), plan_.graph_index(), node);
  const Tensor& stated = graph().tensors[static_cast<size_t>(tensor)];
  if (stated.type != type) {
    view.fail(ErrorCode::bad_model, {"its result ", quoted(stated.name), " is ", data_type_name(type),
                                     " but stated as ", data_type_name(stated.type)});
  }
  if (type == DataType::resource) {
    slot(tensor) = {.type = type, .shape = shape, .bytes = kResourceBytes};
  } else {
    set_shape(view, tensor, shape);
  }
  slot(tensor).is_kept = true;
}

void Planner::leave_out(int32_t node) {
  for (const int32_t output : graph().nodes[static_cast<size_t>(node)].outputs) {
    if (output == kNoTensor) continue;
    const DataType type = slot(output).type;
    slot(output) = {.type = type, .is_missing = true};
  }
}

Planner::Outcome Planner::plan_node(int32_t index, Plan::Stage& stage) {
  const bool may_leave_out = plan_.options().skip_unsupported;
  const Node& node = graph().nodes[static_cast<size_t>(index)];
  if (may_leave_out && std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](int32_t input) { return input != kNoTensor && slot(input).is_missing; })) {
    return Outcome::left_out;
  }
  const OpDef* row = find_op(node);
  if (row != nullptr && row->runs_in_session) return Outcome::late;
  try {
    compile_node(index, stage);
  } catch (const ValueNotKnown&) {
    return Outcome::late;
  } catch (const Error& error) {
    const bool is_unsupported =
        error.code() == ErrorCode::unsupported_operator || error.code() == ErrorCode::unsupported_type;
    if (!may_leave_out || !is_unsupported) throw;
    return Outcome::left_out;
  }
  return Outcome::compiled;
}

namespace {

// The row, after what every operator needs of its operands.
const OpDef& checked_row(const NodeView& view) {
  const OpDef* row = find_op(view.node());
  if (row == nullptr) {
    view.fail(ErrorCode::unsupported_operator, {"the operator ", operator_name(view.node()), " is not executed"});
  }
  // Steps read their operands blindly: the bytes must be there, and lie as the shape says.
  for (size_t i = 0; i < view.input_count(); ++i) {
    if (!view.has_input(i)) continue;
    const Tensor& tensor = *view.input(i).tensor;
    if (tensor.sparsity && view.input(i).has_value && row->code != OpCode::densify) {
      view.fail(ErrorCode::unsupported_operator, {"input ", i, " is stored sparse, which is not executed"});
    }
    if (tensor.external_buffer != 0) {
      view.fail(ErrorCode::unsupported_operator, {"input ", i, " lies in another file, which is not read"});
    }
  }
  const auto data_operand = static_cast<size_t>(row->data_operand);
  if (view.has_input(data_operand)) {
    const auto type = static_cast<int>(view.input(data_operand).type);
    if ((row->types >> type & 1u) == 0) view.fail_type();
  }
  return *row;
}

std::vector<Shape> checked_shapes(const OpDef& row, const NodeView& view) {
  std::vector<Shape> shapes = row.infer(view);
  const size_t outputs = view.node().outputs.size();
  if (shapes.size() != outputs) {
    view.fail(ErrorCode::bad_model, {"has ", outputs, " outputs, needs ", shapes.size()});
  }
  return shapes;
}

}  // namespace

void Planner::compile_node(int32_t index, Plan::Stage& stage) {
  NodeView view = view_of(index);
  const OpDef& row = checked_row(view);
  const std::vector<Shape> shapes = checked_shapes(row, view);
  const Node& use = view.node();
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (use.outputs[i] == kNoTensor) continue;
    set_shape(view, use.outputs[i], shapes[i]);
    view.mutable_output(i).shape = shapes[i];
  }

  charge(row, view, stage.operations);
  Step step = row.compile(view, {.kernels = plan_.options().kernels, .reproducible = plan_.options().reproducible});
  bool all_known = row.is_pure;
  for (size_t i = 0; i < view.input_count(); ++i) {
    all_known = all_known && (!view.has_input(i) || view.input(i).has_value);
  }
  if (all_known || row.needs_only_shapes) {
    fold(step, view, stage);
    stage.folded_nodes.push_back(index);
  } else {
    stage.steps.push_back({.node = index, .step = std::move(step)});
  }
}

void Planner::charge(const OpDef& row, const NodeView& view, double& sum) {
  const double operations = operations_of(row, view);
  sum += operations;
  const double limit = plan_.options().operation_limit;
  if (sum <= limit) return;
  // Shown as whole numbers while they are short.
  const auto number = [](double value) { return value < 1e15 ? text(static_cast<int64_t>(value)) : text(value); };
  view.fail(ErrorCode::too_large,
            {"takes about ", number(operations), " multiply-adds or visits of elements, which makes ", number(sum),
             " with the nodes before it; the limit is ", number(limit)},
            {"Check the shapes of its operands; give smaller input shapes where they are free."});
}

LateStep Planner::compile_late(int32_t index, const std::function<std::span<const std::byte>(int32_t)>& value_of) {
  NodeView view = view_of(index);
  const OpDef& row = checked_row(view);
  LateStep late;
  // Each turn makes one more value known.
  for (size_t turn = 0; turn <= view.input_count(); ++turn) {
    try {
      late.shapes = checked_shapes(row, view);
      for (size_t i = 0; i < late.shapes.size(); ++i) {
        if (view.node().outputs[i] == kNoTensor) continue;
        set_shape(view, view.node().outputs[i], late.shapes[i]);
        view.mutable_output(i).shape = late.shapes[i];
      }
      late.operations = 0;
      charge(row, view, late.operations);
      late.step = row.compile(view, {.kernels = plan_.options().kernels, .reproducible = plan_.options().reproducible});
      return late;
    } catch (const ValueNotKnown& needed) {
      const int32_t tensor = view.node().inputs[needed.input()];
      late.values.push_back({.tensor = tensor, .bytes = Buffer::copy_of(value_of(tensor))});
      Operand& operand = view.mutable_input(needed.input());
      operand.constant = late.values.back().bytes.bytes();
      operand.has_value = true;
    }
  }
  view.fail(ErrorCode::internal, {"asks for a value that it was given"});
}

void Planner::fold(const Step& step, const NodeView& view, Plan::Stage& stage) {
  const Node& use = view.node();
  std::vector<const std::byte*> inputs;
  for (size_t i = 0; i < use.inputs.size(); ++i) {
    inputs.push_back(view.has_input(i) ? view.input(i).constant.data() : nullptr);
  }
  // A file of a few bytes can ask for gigabytes of constants (FILL, RANGE).
  uint64_t total = step.scratch_bytes;
  for (const Buffer& earlier : stage.folded) total += earlier.size();
  for (const int32_t output : use.outputs) {
    if (output != kNoTensor) total += slot(output).bytes;
  }
  if (total > static_cast<uint64_t>(plan_.options().memory_limit)) {
    view.fail(ErrorCode::too_large,
              {"constants computed from others need ", total, " bytes, the limit is ", plan_.options().memory_limit});
  }
  // 16 bytes beyond each result, so that it has an address even when it has no elements.
  std::vector<Buffer> results;
  std::vector<std::byte*> outputs;
  for (const int32_t output : use.outputs) {
    const size_t bytes = output == kNoTensor ? 0 : slot(output).bytes;
    const std::vector<std::byte> zeros(bytes + 16);
    results.push_back(Buffer::copy_of(zeros));
    outputs.push_back(const_cast<std::byte*>(results.back().bytes().data()));
  }
  const Buffer scratch = Buffer::copy_of(std::vector<std::byte>(step.scratch_bytes + 16));
  step.run({.inputs = inputs, .outputs = outputs, .scratch_bytes = const_cast<std::byte*>(scratch.bytes().data())});
  for (size_t i = 0; i < use.outputs.size(); ++i) {
    if (use.outputs[i] == kNoTensor) continue;
    Plan::Slot& result = slot(use.outputs[i]);
    result.value = results[i].bytes().first(result.bytes);
    result.is_constant = true;
    stage.folded.push_back(std::move(results[i]));
  }
}

void Planner::place_memory(int32_t first_node, Plan::Stage& stage) {
  const Graph& owner = graph();
  const bool keeps_all = plan_.options().keep_all_tensors;
  const bool is_whole = first_node == 0 && static_cast<size_t>(stage.end) == owner.nodes.size();
  // What lives beyond one of several stages has memory of its own.
  if (!is_whole && first_node == 0) {
    for (const int32_t input : owner.inputs) slot(input).is_kept = true;
    for (size_t i = 0; i < owner.tensors.size(); ++i) {
      if (owner.tensors[i].is_variable) slots_[i].is_kept = true;
    }
  }
  const auto last_step = static_cast<int32_t>(stage.steps.size());
  std::map<int32_t, Lifetime> lifetimes;  // by tensor
  const auto touch = [&](int32_t tensor, int32_t step) {
    if (tensor == kNoTensor) return;
    Plan::Slot& touched = slot(tensor);
    if (touched.is_constant || touched.is_missing || touched.is_kept) return;
    if (!is_whole && plan_.last_use_[static_cast<size_t>(tensor)] >= stage.end) {
      touched.is_kept = true;
      return;
    }
    // A result nobody reads still needs an address; variables and inspected tensors live throughout.
    const bool lives_throughout = keeps_all || owner.tensors[static_cast<size_t>(tensor)].is_variable;
    Lifetime& lifetime = lifetimes
                             .try_emplace(tensor, Lifetime{.bytes = std::max<size_t>(touched.bytes, 1),
                                                           .first = lives_throughout ? kNoGraphNode : step,
                                                           .last = lives_throughout ? last_step : step})
                             .first->second;
    lifetime.first = std::min(lifetime.first, step);
    lifetime.last = std::max(lifetime.last, step);
  };

  if (first_node == 0) {
    for (const int32_t input : owner.inputs) touch(input, kNoGraphNode);
  }
  for (int32_t i = 0; i < last_step; ++i) {
    const Node& node = owner.nodes[static_cast<size_t>(stage.steps[static_cast<size_t>(i)].node)];
    for (const int32_t input : node.inputs) touch(input, i);
    for (const int32_t output : node.outputs) touch(output, i);
  }
  if (is_whole) {
    for (const int32_t output : owner.outputs) touch(output, last_step);
  }

  std::vector<Lifetime> placed;
  for (const auto& [tensor, lifetime] : lifetimes) placed.push_back(lifetime);
  for (int32_t i = 0; i < last_step; ++i) {
    placed.push_back({.bytes = stage.steps[static_cast<size_t>(i)].step.scratch_bytes, .first = i, .last = i});
  }
  const int64_t total = place_lifetimes(placed) + 64;  // vectors may be read beyond the end of what is last
  size_t number = 0;
  for (const auto& [tensor, lifetime] : lifetimes) slot(tensor).offset = placed[number++].offset;
  for (Plan::CompiledStep& step : stage.steps) step.scratch_offset = static_cast<size_t>(placed[number++].offset);

  const int64_t limit = plan_.options().memory_limit;
  if (total > limit) {
    fail(ErrorCode::out_of_memory,
         {"running this model needs ", total, " bytes of working memory, the limit is ", limit});
  }
  stage.arena_bytes = static_cast<size_t>(total);
}

}  // namespace litequant
