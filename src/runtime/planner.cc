#include "runtime/planner.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

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

}  // namespace

std::shared_ptr<const Plan> Plan::make(std::shared_ptr<const Model> model, int32_t graph,
                                       std::span<const Shape> input_shapes, const PlanOptions& options) {
  if (graph < 0 || static_cast<size_t>(graph) >= model->graphs.size()) {
    fail(ErrorCode::bad_argument, text("there is no subgraph ", graph, "; the model has ", model->graphs.size()));
  }
  return Planner(std::move(model), graph, options).make(input_shapes);
}

Planner::Planner(std::shared_ptr<const Model> model, int32_t graph, const PlanOptions& options)
    : plan_(std::make_shared<Plan>()), options_(options) {
  plan_->model_ = std::move(model);
  plan_->graph_index_ = graph;
  plan_->slots_.resize(plan_->graph().tensors.size());
}

std::shared_ptr<const Plan> Planner::make(std::span<const Shape> input_shapes) {
  place_constants();
  place_inputs(input_shapes);
  const std::vector<bool> needed = find_needed_nodes();
  for (size_t node = 0; node < graph().nodes.size(); ++node) {
    if (!needed[node]) continue;
    if (options_.skip_unsupported) {
      compile_or_skip(static_cast<int32_t>(node));
    } else {
      compile_node(static_cast<int32_t>(node));
    }
  }
  place_memory();
  return std::move(plan_);
}

void Planner::place_constants() {
  for (size_t i = 0; i < graph().tensors.size(); ++i) {
    const Tensor& tensor = graph().tensors[i];
    Plan::Slot& slot = plan_->slots_[i];
    slot.type = tensor.type;
    slot.shape = tensor.shape;
    slot.value = plan_->model().constant(tensor);
    slot.is_constant = !slot.value.empty() && !tensor.is_variable;
    slot.bytes = slot.value.size();
    if (!tensor.is_variable) continue;
    // Nothing need write it before it is read.
    const auto bytes = bytes_of(slot.type, slot.shape);
    if (!bytes || !has_fixed_size(slot.type)) {
      fail(ErrorCode::unsupported_type,
           text("a variable of type ", data_type_name(slot.type), " and shape ", shape_text(slot.shape),
                " is not executed"),
           place_of_tensor(plan_->model(), plan_->graph_index_, static_cast<int32_t>(i)));
    }
    slot.bytes = *bytes;
  }
}

void Planner::place_inputs(std::span<const Shape> input_shapes) {
  const Graph& owner = graph();
  if (!input_shapes.empty() && input_shapes.size() != owner.inputs.size()) {
    fail(ErrorCode::shape_mismatch,
         text("the model has ", owner.inputs.size(), " inputs, ", input_shapes.size(), " shapes were given"));
  }
  for (size_t i = 0; i < owner.inputs.size(); ++i) {
    const int32_t index = owner.inputs[i];
    const Tensor& tensor = owner.tensors[static_cast<size_t>(index)];
    Plan::Slot& slot = plan_->slots_[static_cast<size_t>(index)];
    const Place place = place_of_tensor(plan_->model(), plan_->graph_index_, index);
    if (!has_fixed_size(tensor.type)) {
      fail(ErrorCode::unsupported_type, text("an input of type ", data_type_name(tensor.type), " is not executed"),
           place);
    }
    if (!input_shapes.empty()) {
      const Shape& wanted = input_shapes[i];
      if (wanted.rank() != tensor.shape.rank() && tensor.shape.rank() != 0) {
        fail(ErrorCode::shape_mismatch,
             text("needs ", tensor.shape.rank(), " dimensions ", shape_text(tensor.shape), ", given ",
                  shape_text(wanted)),
             place);
      }
      slot.shape = wanted;
    }
    const auto bytes = bytes_of(slot.type, slot.shape);
    if (!bytes) fail(ErrorCode::shape_mismatch, text("the shape ", shape_text(slot.shape), " cannot be held"), place);
    slot.bytes = *bytes;
    slot.is_constant = false;
  }
}

std::vector<bool> Planner::find_needed_nodes() const {
  const Graph& owner = graph();
  if (options_.keep_all_tensors) return std::vector<bool>(owner.nodes.size(), true);
  std::vector<bool> wanted(owner.tensors.size(), false);
  for (const int32_t output : owner.outputs) wanted[static_cast<size_t>(output)] = true;
  std::vector<bool> needed(owner.nodes.size(), false);
  for (size_t i = owner.nodes.size(); i-- > 0;) {
    const Node& node = owner.nodes[i];
    const OpDef* row = find_op(node);
    needed[i] = row == nullptr || !row->is_pure || static_cast<int64_t>(i) >= options_.needed_from;
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

NodeView Planner::view_of(int32_t node) const {
  NodeView view(plan_->model(), plan_->graph_index_, node);
  const Node& use = view.node();
  for (size_t i = 0; i < use.inputs.size(); ++i) {
    if (use.inputs[i] == kNoTensor) continue;
    const Plan::Slot& slot = plan_->slots_[static_cast<size_t>(use.inputs[i])];
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
  Plan::Slot& slot = plan_->slots_[static_cast<size_t>(tensor)];
  if (!has_fixed_size(slot.type)) {
    view.fail(ErrorCode::unsupported_type, text("a result of type ", data_type_name(slot.type), " is not executed"));
  }
  if (graph().tensors[static_cast<size_t>(tensor)].is_variable && shape != slot.shape) {
    view.fail(ErrorCode::bad_model,
              text("writes the shape ", shape_text(shape), " into a variable of the shape ", shape_text(slot.shape)));
  }
  const auto bytes = bytes_of(slot.type, shape);
  if (!bytes) view.fail(ErrorCode::too_large, text("its result would have the shape ", shape_text(shape)));
  slot.shape = shape;
  slot.bytes = *bytes;
}

void Planner::compile_or_skip(int32_t index) {
  is_missing_.resize(graph().tensors.size(), false);
  const Node& node = graph().nodes[static_cast<size_t>(index)];
  bool is_missing = std::any_of(node.inputs.begin(), node.inputs.end(), [&](int32_t input) {
    return input != kNoTensor && is_missing_[static_cast<size_t>(input)];
  });
  if (!is_missing) {
    try {
      compile_node(index);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported_operator && error.code() != ErrorCode::unsupported_type) throw;
      is_missing = true;
    }
  }
  if (!is_missing) return;
  for (const int32_t output : node.outputs) {
    if (output == kNoTensor) continue;
    is_missing_[static_cast<size_t>(output)] = true;
    plan_->slots_[static_cast<size_t>(output)].bytes = 0;
  }
}

void Planner::compile_node(int32_t index) {
  NodeView view = view_of(index);
  const OpDef* row = find_op(view.node());
  if (row == nullptr) {
    view.fail(ErrorCode::unsupported_operator, text("the operator ", operator_name(view.node()), " is not executed"));
  }
  // Steps read their operands blindly: the bytes must be there, and lie as the shape says.
  for (size_t i = 0; i < view.input_count(); ++i) {
    if (!view.has_input(i)) continue;
    const Tensor& tensor = *view.input(i).tensor;
    if (tensor.sparsity && view.input(i).has_value) {
      view.fail(ErrorCode::unsupported_operator, text("input ", i, " is stored sparse, which is not executed"));
    }
    if (tensor.external_buffer != 0) {
      view.fail(ErrorCode::unsupported_operator, text("input ", i, " lies in another file, which is not read"));
    }
  }
  const auto data_operand = static_cast<size_t>(row->data_operand);
  if (view.has_input(data_operand)) {
    const auto type = static_cast<int>(view.input(data_operand).type);
    if ((row->types >> type & 1u) == 0) view.fail_type();
  }

  const std::vector<Shape> shapes = row->infer(view);
  const Node& use = view.node();
  if (shapes.size() != use.outputs.size()) {
    view.fail(ErrorCode::bad_model, text("has ", use.outputs.size(), " outputs, needs ", shapes.size()));
  }
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (use.outputs[i] == kNoTensor) continue;
    set_shape(view, use.outputs[i], shapes[i]);
    view.mutable_output(i).shape = shapes[i];
  }

  charge(*row, view);
  Step step = row->compile(view, {.kernels = options_.kernels, .reproducible = options_.reproducible});
  bool all_known = row->is_pure;
  for (size_t i = 0; i < view.input_count(); ++i) {
    all_known = all_known && (!view.has_input(i) || view.input(i).has_value);
  }
  if (all_known || row->needs_only_shapes) {
    fold(step, view);
  } else {
    plan_->steps_.push_back({.node = index, .step = std::move(step)});
  }
}

void Planner::charge(const OpDef& row, const NodeView& view) {
  const double operations = operations_of(row, view);
  operations_ += operations;
  if (operations_ <= options_.operation_limit) return;
  // Shown as whole numbers while they are short.
  const auto number = [](double value) { return value < 1e15 ? text(static_cast<int64_t>(value)) : text(value); };
  view.fail(ErrorCode::too_large,
            text("takes about ", number(operations), " multiply-adds or visits of elements, which makes ",
                 number(operations_), " with the nodes before it; the limit is ", number(options_.operation_limit)),
            "Check the shapes of its operands; give smaller input shapes where they are free.");
}

void Planner::fold(const Step& step, const NodeView& view) {
  const Node& use = view.node();
  std::vector<const std::byte*> inputs;
  for (size_t i = 0; i < use.inputs.size(); ++i) {
    inputs.push_back(view.has_input(i) ? view.input(i).constant.data() : nullptr);
  }
  // A file of a few bytes can ask for gigabytes of constants (FILL, RANGE).
  uint64_t total = step.scratch_bytes;
  for (const Buffer& earlier : plan_->folded_) total += earlier.size();
  for (const int32_t output : use.outputs) {
    if (output != kNoTensor) total += plan_->slots_[static_cast<size_t>(output)].bytes;
  }
  if (total > static_cast<uint64_t>(options_.memory_limit)) {
    view.fail(ErrorCode::too_large,
              text("constants computed from others need ", total, " bytes, the limit is ", options_.memory_limit));
  }
  // 16 bytes beyond each result, so that it has an address even when it has no elements.
  std::vector<Buffer> results;
  std::vector<std::byte*> outputs;
  for (const int32_t output : use.outputs) {
    const size_t bytes = output == kNoTensor ? 0 : plan_->slots_[static_cast<size_t>(output)].bytes;
    const std::vector<std::byte> zeros(bytes + 16);
    results.push_back(Buffer::copy_of(zeros));
    outputs.push_back(const_cast<std::byte*>(results.back().bytes().data()));
  }
  const Buffer scratch = Buffer::copy_of(std::vector<std::byte>(step.scratch_bytes + 16));
  step.run({.inputs = inputs, .outputs = outputs, .scratch_bytes = const_cast<std::byte*>(scratch.bytes().data())});
  for (size_t i = 0; i < use.outputs.size(); ++i) {
    if (use.outputs[i] == kNoTensor) continue;
    Plan::Slot& slot = plan_->slots_[static_cast<size_t>(use.outputs[i])];
    slot.value = results[i].bytes().first(slot.bytes);
    slot.is_constant = true;
    plan_->folded_.push_back(std::move(results[i]));
  }
}

void Planner::place_memory() {
  const Graph& owner = graph();
  const auto last_step = static_cast<int32_t>(plan_->steps_.size());
  std::vector<Lifetime> lifetimes(owner.tensors.size());
  std::vector<bool> used(owner.tensors.size(), false);
  const auto touch = [&](int32_t tensor, int32_t step) {
    if (tensor == kNoTensor || plan_->slots_[static_cast<size_t>(tensor)].is_constant) return;
    if (!is_missing_.empty() && is_missing_[static_cast<size_t>(tensor)]) return;
    Lifetime& lifetime = lifetimes[static_cast<size_t>(tensor)];
    if (!used[static_cast<size_t>(tensor)]) {
      used[static_cast<size_t>(tensor)] = true;
      lifetime = {.bytes = plan_->slots_[static_cast<size_t>(tensor)].bytes, .first = step, .last = step, .offset = -1};
    }
    lifetime.first = std::min(lifetime.first, step);
    lifetime.last = std::max(lifetime.last, step);
  };

  for (const int32_t input : owner.inputs) touch(input, kNoGraphNode);
  size_t scratch_bytes = 0;
  for (int32_t i = 0; i < last_step; ++i) {
    const auto& [index, step] = plan_->steps_[static_cast<size_t>(i)];
    const Node& node = owner.nodes[static_cast<size_t>(index)];
    for (const int32_t input : node.inputs) touch(input, i);
    for (const int32_t output : node.outputs) touch(output, i);
    scratch_bytes = std::max(scratch_bytes, step.scratch_bytes);
  }
  for (const int32_t output : owner.outputs) touch(output, last_step);

  std::vector<Lifetime> placed;
  std::vector<size_t> tensors;
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    if (!used[i]) continue;
    Lifetime lifetime = lifetimes[i];
    // A result nobody reads still needs an address; variables and inspected tensors live throughout.
    lifetime.bytes = std::max<size_t>(lifetime.bytes, 1);
    if (options_.keep_all_tensors || owner.tensors[i].is_variable) {
      lifetime.first = kNoGraphNode;
      lifetime.last = last_step;
    }
    placed.push_back(lifetime);
    tensors.push_back(i);
  }
  const int64_t bytes = place_lifetimes(placed);
  for (size_t i = 0; i < placed.size(); ++i) plan_->slots_[tensors[i]].offset = placed[i].offset;

  const int64_t total = bytes + static_cast<int64_t>(scratch_bytes) + 64;
  if (total > options_.memory_limit) {
    fail(ErrorCode::out_of_memory,
         text("running this model needs ", total, " bytes of working memory, the limit is ", options_.memory_limit));
  }
  plan_->scratch_offset_ = static_cast<size_t>(bytes);
  plan_->arena_bytes_ = static_cast<size_t>(total);
}

}  // namespace litequant
