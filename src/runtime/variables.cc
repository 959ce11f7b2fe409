// Resource variables: VAR_HANDLE gives the number of a name, under which READ_VARIABLE and ASSIGN_VARIABLE find it, in
// whatever graph they stand. A handle passes through graphs as any tensor does.
#include <cstring>
#include <utility>

#include "base/text.h"
#include "runtime/run_state.h"
#include "runtime/session.h"

namespace litequant {
namespace {

Variable& variable_of(RunState& state, const Plan& plan, int32_t node, DataType type,
                      std::span<const std::byte> handle) {
  int32_t number = -1;
  if (type == DataType::resource && handle.size() == sizeof(number)) {
    std::memcpy(&number, handle.data(), sizeof(number));
  }
  if (number < 0 || static_cast<size_t>(number) >= state.variables.size()) {
    fail(ErrorCode::bad_model, {"its first operand is not a variable's handle"},
         place_of(plan.model(), plan.graph_index(), node));
  }
  return state.variables[static_cast<size_t>(number)];
}

}  // namespace

void Session::make_handle(int32_t index) {
  const Options& options = plan_->graph().nodes[static_cast<size_t>(index)].options;
  const auto next = static_cast<int32_t>(state_->variables.size());
  const std::string name(options.string("shared_name"));
  const auto [found, is_new] =
      state_->variable_numbers.try_emplace({std::string(options.string("container")), name}, next);
  if (is_new) state_->variables.emplace_back().name = name;
  set_result(index, 0, {DataType::resource, {}, std::as_bytes(std::span(&found->second, 1))});
}

void Session::read_variable(int32_t index) {
  const Value handle = operands_of(index, 0)[0];
  const Variable& variable = variable_of(*state_, *plan_, index, handle.type, handle.bytes);
  if (!variable.is_set) {
    fail(ErrorCode::bad_model, {"reads the variable ", quoted(variable.name), ", which nothing has written"},
         place_of(plan_->model(), plan_->graph_index(), index));
  }
  set_result(index, 0, {variable.type, variable.shape, {variable.memory.data(), variable.bytes}});
}

void Session::assign_variable(int32_t index) {
  const std::vector<Value> operands = operands_of(index, 0);
  Variable& variable = variable_of(*state_, *plan_, index, operands[0].type, operands[0].bytes);
  const Value& value = operands[1];
  if (value.type == DataType::string) {  // TensorFlow Lite's process ends when such a variable is read
    fail(ErrorCode::unsupported_type, {"variables of strings are not executed"},
         place_of(plan_->model(), plan_->graph_index(), index));
  }
  variable.memory.grow(value.bytes.size(), state_->memory);
  if (!value.bytes.empty()) std::memcpy(variable.memory.data(), value.bytes.data(), value.bytes.size());
  variable.is_set = true;
  variable.type = value.type;
  variable.shape = value.shape;
  variable.bytes = value.bytes.size();
}

}  // namespace litequant
