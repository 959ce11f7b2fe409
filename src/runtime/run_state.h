// What a session shares with those of the graphs that its nodes run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/block.h"
#include "runtime/session.h"
#include "runtime/strings.h"

namespace litequant {

// A resource: made by VAR_HANDLE, written by ASSIGN_VARIABLE.
struct Variable {
  std::string name;  // for messages
  bool is_set = false;
  DataType type = DataType::float32;
  Shape shape;
  size_t bytes = 0;
  Block memory;
};

struct RunState {
  // In the unit of PlanOptions::operation_limit. A call is dear, so that the limit also bounds loops that do nothing.
  static constexpr double kCall = 1e6, kLateNode = 1e3, kPlannedNode = 1e5;

  explicit RunState(const PlanOptions& options) : memory(options.memory_limit), limit(options.operation_limit) {}

  // Counts work that a node asks for; throws TOO_LARGE beyond the limit.
  void charge(double work, const Plan& plan, int32_t node);

  MemoryBudget memory;
  RunStrings strings{memory};
  double limit, operations = 0;  // of this run
  int depth = 0;  // of calls
  std::map<std::pair<std::string, std::string>, int32_t> variable_numbers;  // by container and name
  std::vector<Variable> variables;
  std::set<int32_t> initialised;  // graphs that CALL_ONCE has run
  std::map<int32_t, std::vector<std::unique_ptr<Session>>> called;  // by graph; one per set of shapes, last used last
};

}  // namespace litequant
