// Makes plans, stage by stage: shapes, constant folding, kernels, memory. Why stages: see plan.h.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/plan.h"

namespace litequant {

// A late node, compiled with the values that it asked for.
struct LateStep {
  struct Value {
    int32_t tensor = 0;
    Buffer bytes;
  };
  std::vector<Value> values;  // while these and the operands' shapes are the same, so is the rest
  std::vector<Shape> shapes;  // of the results
  Step step;
  double operations = 0;
};

class Planner {
 public:
  // `slots`: what is known so far, to which a stage adds what it makes known.
  Planner(const Plan& plan, std::vector<Plan::Slot>& slots);

  // A plan with its first stage. `is_called`: see Plan::make_called.
  static std::shared_ptr<const Plan> make_plan(std::shared_ptr<const Model> model, int32_t graph,
                                               std::span<const Shape> input_shapes, const PlanOptions& options,
                                               bool is_called);

  // From this node up to the next late one.
  Plan::Stage make_stage(int32_t first_node);

  // A late node that is an operator's; `value_of` gives the bytes of a tensor.
  LateStep compile_late(int32_t node, const std::function<std::span<const std::byte>(int32_t)>& value_of);

  // Marks the results of a node that is left out.
  void leave_out(int32_t node);
  // States what a late node's result turned out to be; it gets memory of its own.
  void set_late_shape(int32_t node, int32_t tensor, DataType type, const Shape& shape);

 private:
  enum class Outcome { compiled, left_out, late };

  void place_constants();
  void place_inputs(std::span<const Shape> input_shapes, bool is_called);
  Outcome plan_node(int32_t node, Plan::Stage& stage);
  void compile_node(int32_t node, Plan::Stage& stage);
  void charge(const OpDef& row, const NodeView& view, double& operations);
  void fold(const Step& step, const NodeView& view, Plan::Stage& stage);
  void place_memory(int32_t first_node, Plan::Stage& stage);

  NodeView view_of(int32_t node) const;
  void set_shape(const NodeView& view, int32_t tensor, const Shape& shape);
  Plan::Slot& slot(int32_t tensor) { return slots_[static_cast<size_t>(tensor)]; }
  const Plan::Slot& slot(int32_t tensor) const { return slots_[static_cast<size_t>(tensor)]; }
  const Graph& graph() const { return plan_.graph(); }

  const Plan& plan_;
  std::vector<Plan::Slot>& slots_;
};

// Lifetimes of tensors and of steps' working memory over the steps of a plan, inclusive.
struct Lifetime {
  size_t bytes = 0;
  int32_t first = 0, last = 0;  // step numbers
  int64_t offset = -1;          // the result
};

// Gives each an offset so that no two that live at once overlap, and returns the bytes needed in all. Offsets are
// multiples of 64. They are placed one after the other in the lowest gap that fits: the largest first, or those first
// that live when most does; then what reached highest moves to the front and all are placed again, until the sum is
// within 1 % of the most that lives at once. Every model of the zoo comes within 5 % (largest first alone: up to 43 %).
int64_t place_lifetimes(std::span<Lifetime> lifetimes);

}  // namespace litequant
