// Makes a Plan: shapes, constant folding, kernels, memory.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "runtime/plan.h"

namespace litequant {

// One use, then thrown away. The stages run in the order listed; each fills part of the plan.
class Planner {
 public:
  Planner(std::shared_ptr<const Model> model, int32_t graph, const PlanOptions& options);

  std::shared_ptr<const Plan> make(std::span<const Shape> input_shapes);

 private:
  void place_inputs(std::span<const Shape> input_shapes);
  void place_constants();
  // Nodes whose result some graph output needs (all of them when every tensor is kept).
  std::vector<bool> find_needed_nodes() const;
  void compile_node(int32_t node);
  // The same with PlanOptions::skip_unsupported.
  void compile_or_skip(int32_t node);
  void charge(const OpDef& row, const NodeView& view);
  void fold(const Step& step, const NodeView& view);
  void place_memory();

  NodeView view_of(int32_t node) const;
  void set_shape(const NodeView& view, int32_t tensor, const Shape& shape);
  const Graph& graph() const { return plan_->graph(); }

  std::shared_ptr<Plan> plan_;
  PlanOptions options_;
  std::vector<bool> is_missing_;  // per tensor: what makes it was left out
  double operations_ = 0;  // of the nodes so far
};

// Lifetimes of tensors over the steps of a plan, inclusive.
struct Lifetime {
  size_t bytes = 0;
  int32_t first = 0, last = 0;  // step numbers
  int64_t offset = -1;          // the result
};

// Gives each tensor an offset so that no two that live at once overlap: largest first, each in the lowest gap that
// fits. Returns the bytes needed in all. Offsets are multiples of 64.
int64_t place_lifetimes(std::span<Lifetime> lifetimes);

}  // namespace litequant
