#include "runtime/session.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "model/strings.h"
#include "runtime/planner.h"
#include "runtime/run_state.h"

namespace litequant {

// A stage with the addresses of its steps, and the stages that have followed it, by the shapes of what the late node
// between them gave.
struct Session::StageState {
  struct Binding {
    std::vector<const std::byte*> inputs;
    std::vector<std::byte*> outputs;
  };
  struct Next {
    std::vector<Shape> shapes;
    std::unique_ptr<StageState> stage;
  };
  static constexpr size_t kMostNext = 8;  // shapes that are remembered

  Plan::Stage own;              // of all but the first, which is the plan's
  const Plan::Stage* stage = nullptr;
  std::vector<Binding> bindings;  // one per step
  uint64_t bound_at = 0;          // memory_version_ then
  std::optional<LateStep> late;   // as last compiled
  std::vector<Next> next;
};

Session::Session(std::shared_ptr<const Plan> plan) : Session(plan, std::make_shared<RunState>(plan->options())) {}

Session::Session(std::shared_ptr<const Plan> plan, std::shared_ptr<RunState> state)
    : own_state_(std::move(state)), state_(own_state_.get()), plan_(std::move(plan)) {
  start();
}

Session::Session(std::shared_ptr<const Plan> plan, RunState& state) : state_(&state), plan_(std::move(plan)) {
  start();
}

Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

void Session::start() {
  first_ = std::make_unique<StageState>();
  first_->stage = &plan_->first_stage();
  state_->strings.use(plan_->strings());
  arena_.grow(plan_->arena_bytes(), state_->memory);
  const size_t tensors = plan_->has_late_nodes() ? plan_->graph().tensors.size() : 0;
  kept_.resize(tensors);
  for (size_t i = 0; i < tensors; ++i) {
    const auto tensor = static_cast<int32_t>(i);
    slots_.push_back(plan_->slot(tensor));
    keep(tensor);
  }
  clear_variables();
}

void Session::run(const Observer& observer) {
  state_->operations = 0;
  state_->strings.end_run();
  run_stages(observer);
}

void Session::run_stages(const Observer& observer) {
  // What a broken run left may point to what is no more.
  for (size_t i = 0; is_unfinished_ && i < slots_.size(); ++i) slots_[i] = plan_->slot(static_cast<int32_t>(i));
  is_unfinished_ = true;
  if (observer) observer(*this, kBeginning);
  for (StageState* at = first_.get();; at = &next_stage(*at)) {
    enter(*at, observer);
    const auto& steps = at->stage->steps;
    for (size_t i = 0; i < steps.size(); ++i) {
      std::byte* const scratch = arena_.data() + steps[i].scratch_offset;
      steps[i].step.run(
          {.inputs = at->bindings[i].inputs, .outputs = at->bindings[i].outputs, .scratch_bytes = scratch});
      if (!observer) continue;
      last_ = {&steps[i].step, scratch};
      observer(*this, steps[i].node);
    }
    if (static_cast<size_t>(at->stage->end) == plan_->graph().nodes.size()) break;
    run_late_node(*at, observer);
    if (observer) observer(*this, at->stage->end);
  }
  is_unfinished_ = false;
}

// ---- Stages ---------------------------------------------------------------------------------------------------------

void Session::enter(StageState& at, const Observer& observer) {
  for (const auto& [tensor, slot] : at.stage->slots) {
    slots_[static_cast<size_t>(tensor)] = slot;
    keep(tensor);
  }
  state_->charge(at.stage->operations, *plan_, at.stage->steps.empty() ? at.stage->end : at.stage->steps[0].node);
  if (arena_.grow(at.stage->arena_bytes, state_->memory)) ++memory_version_;
  if (at.bound_at != memory_version_) bind(at);
  if (!observer) return;
  last_ = {};
  for (const int32_t node : at.stage->folded_nodes) observer(*this, node);
}

void Session::bind(StageState& at) {
  at.bindings.clear();
  for (const Plan::CompiledStep& step : at.stage->steps) {
    const Node& node = plan_->graph().nodes[static_cast<size_t>(step.node)];
    StageState::Binding& binding = at.bindings.emplace_back();
    for (const int32_t input : node.inputs) binding.inputs.push_back(address(input));
    for (const int32_t output : node.outputs) binding.outputs.push_back(address(output));
  }
  at.bound_at = memory_version_;
}

void Session::run_late_node(StageState& at, const Observer& observer) {
  const int32_t index = at.stage->end;
  const Node& node = plan_->graph().nodes[static_cast<size_t>(index)];
  last_ = {};
  state_->charge(RunState::kLateNode, *plan_, index);
  try {
    if (find_op(node)->runs_in_session) {
      run_in_session(index, observer);
    } else {
      run_late_step(at);
    }
  } catch (const Error& error) {
    const bool is_unsupported =
        error.code() == ErrorCode::unsupported_operator || error.code() == ErrorCode::unsupported_type;
    if (!plan_->options().skip_unsupported || !is_unsupported) throw;
    Planner(*plan_, slots_).leave_out(index);
  }
}

void Session::run_late_step(StageState& at) {
  const int32_t index = at.stage->end;
  const Node& node = plan_->graph().nodes[static_cast<size_t>(index)];
  Planner planner(*plan_, slots_);
  const bool is_same = at.late && std::all_of(at.late->values.begin(), at.late->values.end(), [&](const auto& value) {
                         return std::ranges::equal(value.bytes.bytes(), tensor(value.tensor));
                       });
  if (!is_same) {
    at.late.reset();
    at.late = planner.compile_late(index, [this](int32_t operand) { return tensor(operand); });
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoTensor) continue;
    planner.set_late_shape(index, node.outputs[i], slot(node.outputs[i]).type, at.late->shapes[i]);
    keep(node.outputs[i]);
  }
  state_->charge(at.late->operations, *plan_, index);
  late_scratch_.grow(at.late->step.scratch_bytes, state_->memory);
  std::vector<const std::byte*> inputs;
  std::vector<std::byte*> outputs;
  for (const int32_t input : node.inputs) inputs.push_back(address(input));
  for (const int32_t output : node.outputs) outputs.push_back(address(output));
  last_ = {&at.late->step, late_scratch_.data()};
  at.late->step.run({.inputs = inputs, .outputs = outputs, .scratch_bytes = late_scratch_.data()});
}

Session::StageState& Session::next_stage(StageState& at) {
  std::vector<Shape> shapes;
  for (const int32_t output : plan_->graph().nodes[static_cast<size_t>(at.stage->end)].outputs) {
    if (output == kNoTensor) continue;
    shapes.push_back(slot(output).is_missing ? Shape{-1} : slot(output).shape);
  }
  for (const StageState::Next& next : at.next) {
    if (next.shapes == shapes) return *next.stage;
  }
  auto made = std::make_unique<StageState>();
  made->own = Planner(*plan_, slots_).make_stage(at.stage->end + 1);
  made->stage = &made->own;
  state_->charge(RunState::kPlannedNode * static_cast<double>(made->own.end - at.stage->end), *plan_, at.stage->end);
  if (at.next.size() == StageState::kMostNext) at.next.erase(at.next.begin());
  return *at.next.emplace_back(StageState::Next{std::move(shapes), std::move(made)}).stage;
}

// ---- Memory ---------------------------------------------------------------------------------------------------------

void Session::keep(int32_t tensor) {
  const Plan::Slot& kept = slots_[static_cast<size_t>(tensor)];
  if (kept.is_kept && kept_[static_cast<size_t>(tensor)].grow(kept.bytes, state_->memory)) ++memory_version_;
}

std::byte* Session::address(int32_t tensor) const {
  if (tensor == kNoTensor) return nullptr;
  const Plan::Slot& known = slot(tensor);
  if (known.is_constant) return const_cast<std::byte*>(known.value.data());  // read only: no step writes a constant
  if (known.is_kept) return kept_[static_cast<size_t>(tensor)].data();
  return known.offset < 0 ? nullptr : arena_.data() + known.offset;
}

std::span<std::byte> Session::input(size_t i) {
  const int32_t tensor = plan_->graph().inputs[i];
  return {address(tensor), slot(tensor).bytes};
}

void Session::set_strings(size_t i, std::span<const std::byte> stored) {
  const int32_t tensor = plan_->graph().inputs[i];
  const auto wanted = input(i).size() / sizeof(StringNumber);
  const auto strings = strings_in(stored);
  if (!strings || strings->size() != wanted) {
    fail(ErrorCode::shape_mismatch,
         {strings ? text(strings->size(), " strings were given, the shape ", shape_text(slot(tensor).shape), " has ",
                         wanted)
                  : std::string("the strings that were given are malformed")},
         place_of_tensor(plan_->model(), plan_->graph_index(), tensor));
  }
  std::vector<StringNumber> numbers;
  numbers.reserve(wanted);
  for (const std::string_view one : *strings) numbers.push_back(state_->strings.add(one));
  if (wanted != 0) std::memcpy(input(i).data(), numbers.data(), wanted * sizeof(StringNumber));
}

std::vector<std::byte> Session::strings(int32_t tensor) const {
  const auto held = this->tensor(tensor);
  std::vector<std::string_view> strings;
  int64_t bytes = 0;
  for (size_t at = 0; at + sizeof(StringNumber) <= held.size(); at += sizeof(StringNumber)) {
    StringNumber number;
    std::memcpy(&number, held.data() + at, sizeof number);
    strings.push_back(state_->strings[number]);
    bytes += static_cast<int64_t>(strings.back().size() + sizeof(int32_t));
  }
  const int64_t limit = std::min<int64_t>(plan_->options().memory_limit, std::numeric_limits<int32_t>::max());
  if (bytes > limit) {
    fail(ErrorCode::out_of_memory, {"its strings take ", bytes, " bytes, the limit is ", limit},
         place_of_tensor(plan_->model(), plan_->graph_index(), tensor));
  }
  return stored_strings(strings);
}

std::span<const std::byte> Session::output(size_t i) const { return tensor(plan_->graph().outputs[i]); }

std::span<const std::byte> Session::tensor(int32_t index) const {
  const Plan::Slot& known = slot(index);
  if (known.is_constant) return known.value;
  const std::byte* start = known.is_open ? nullptr : address(index);
  return start == nullptr ? std::span<const std::byte>() : std::span(start, known.bytes);
}

std::span<const InnerRange> Session::inner_ranges() const {
  return last_.step == nullptr ? std::span<const InnerRange>() : last_.step->inner_ranges;
}

std::span<const std::byte> Session::scratch() const {
  return last_.step == nullptr ? std::span<const std::byte>() : std::span(last_.scratch, last_.step->scratch_bytes);
}

void Session::reset() {
  for (const auto& [graph, sessions] : state_->called) {
    for (const auto& session : sessions) session->clear_variables();
  }
  state_->initialised.clear();
  for (Variable& variable : state_->variables) variable.is_set = false;
  clear_variables();
}

void Session::clear_variables() {
  const std::vector<Tensor>& tensors = plan_->graph().tensors;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].is_variable) continue;
    const auto tensor = static_cast<int32_t>(i);
    std::byte* const start = address(tensor);
    if (start == nullptr) continue;
    // As TensorFlow Lite does: other types start with zero bytes whatever their zero point.
    const std::vector<int64_t>& zeros = tensors[i].quantization.zero_point;
    const bool has_zero_point = slot(tensor).type == DataType::int8 && !zeros.empty();
    std::memset(start, has_zero_point ? static_cast<int8_t>(zeros[0]) : 0, slot(tensor).bytes);
  }
}

}  // namespace litequant
