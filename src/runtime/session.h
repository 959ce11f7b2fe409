// A session: a plan with its memory, and what lives from one run to the next. Not to be used by two threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/block.h"
#include "runtime/plan.h"

namespace litequant {

struct RunState;

class Session {
 public:
  explicit Session(std::shared_ptr<const Plan> plan);
  // Shares variables, and what CALL_ONCE has run, with the sessions that have this state: of the same model, in the
  // same PlanOptions.
  Session(std::shared_ptr<const Plan> plan, std::shared_ptr<RunState> state);
  // Of a graph that another runs; `state` is shared by all of them and outlives them.
  Session(std::shared_ptr<const Plan> plan, RunState& state);
  Session(Session&&) noexcept;
  ~Session();

  const Plan& plan() const { return *plan_; }

  // Called for each graph that runs, the session's own and those that its nodes run: first with kBeginning, when its
  // inputs are there, then after each step (and for what was computed in advance) with the node's index; its outputs
  // can be read then, from the session that is handed over.
  using Observer = std::function<void(const Session& session, int32_t node)>;
  static constexpr int32_t kBeginning = -1;

  // Runs every step. Inputs must have been written through `input`. What depends on computed values is checked here, so
  // it can fail as making a plan can (BAD_MODEL, UNSUPPORTED_TYPE, TOO_LARGE, OUT_OF_MEMORY); the session may be run
  // again.
  void run(const Observer& observer = nullptr);

  // Variables, shared ones too, are as they were before the first run: real zero, or not there.
  void reset();

  // The bytes of graph input `i` (its slot's shape and type), to be asked for and written before each run.
  std::span<std::byte> input(size_t i);
  // The bytes of graph output `i`, valid until the next run. Its shape is its slot's, which runs may change.
  std::span<const std::byte> output(size_t i) const;
  // The same of strings, which tensors hold as numbers, as the format stores them (model/strings.h): SHAPE_MISMATCH
  // where they are malformed or not as many as the input has elements; OUT_OF_MEMORY where a result's would take more
  // than the plan's limit.
  void set_strings(size_t i, std::span<const std::byte> stored);
  std::vector<std::byte> strings(int32_t tensor) const;

  // Any tensor: valid right after its step, or until the next run with PlanOptions::keep_all_tensors.
  std::span<const std::byte> tensor(int32_t index) const;
  // Within an observer: of the step that ran last, the ranges that it measured, and its working memory, where they lie.
  std::span<const InnerRange> inner_ranges() const;
  std::span<const std::byte> scratch() const;
  // What the last run found of a tensor; before the first, what the plan knows.
  const Plan::Slot& slot(int32_t tensor) const {
    return slots_.empty() ? plan_->slot(tensor) : slots_[static_cast<size_t>(tensor)];
  }

 private:
  struct StageState;
  struct Value {
    DataType type;
    Shape shape;
    std::span<const std::byte> bytes;
  };

  // ---- session.cc: stages and memory
  void start();
  void clear_variables();
  void run_stages(const Observer& observer);
  void enter(StageState& at, const Observer& observer);
  void bind(StageState& at);
  void run_late_node(StageState& at, const Observer& observer);
  void run_late_step(StageState& at);
  StageState& next_stage(StageState& at);
  void keep(int32_t tensor);
  std::byte* address(int32_t tensor) const;

  // ---- control_flow.cc: nodes that the session itself executes
  void run_in_session(int32_t node, const Observer& observer);
  void run_if(int32_t node, const Observer& observer);
  void run_while(int32_t node, const Observer& observer);
  void call_once(int32_t node, const Observer& observer);
  // Runs a graph for a node; its session's outputs are valid until it runs again.
  Session& call(int32_t node, int64_t graph, std::span<const Value> operands, const Observer& observer);
  Session& session_for(int32_t node, int32_t graph, std::span<const Value> operands);
  Value value_of(int32_t tensor) const;
  std::vector<Value> operands_of(int32_t node, size_t first) const;
  Value output_of(const Session& called, int32_t node, size_t i) const;
  bool decision(int32_t node, const Value& value) const;
  void set_result(int32_t node, size_t i, const Value& value);

  // ---- variables.cc
  void make_handle(int32_t node);
  void read_variable(int32_t node);
  void assign_variable(int32_t node);

  std::shared_ptr<RunState> own_state_;  // of a session that no other runs
  RunState* state_;
  std::shared_ptr<const Plan> plan_;
  std::vector<Plan::Slot> slots_;  // what the run has found so far; empty without late nodes: the plan's
  std::vector<Block> kept_;  // per tensor, likewise
  Block arena_, late_scratch_;
  uint64_t memory_version_ = 1;  // counts moves of memory: bindings of an earlier one are stale
  struct {
    const Step* step = nullptr;
    const std::byte* scratch = nullptr;
  } last_;  // where an observer looks
  bool is_unfinished_ = false;  // a run began that did not end
  std::unique_ptr<StageState> first_;
};

}  // namespace litequant
