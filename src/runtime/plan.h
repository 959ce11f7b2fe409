// A plan: one graph of a model, compiled to steps for given input shapes. Immutable; many sessions may share it.
//
// Most graphs can be compiled whole: every shape follows from the input shapes and from constants. In the others some
// nodes are *late*: what they need is known only while the graph runs, because
//   - `infer` asks for the value of a computed operand (RESHAPE to a computed shape, TOPK_V2 with a computed k, WHERE,
//     whose result is as long as its operand has true elements), or
//   - it is the session itself that executes them (IF, WHILE, variables), with results of any shape.
// A late node ends a stage. The plan holds the first stage; the session runs it, executes the late node with the values
// then at hand, and has the next stage compiled for the shapes that came out, which it keeps for the next run. A graph
// without late nodes is one stage, and costs nothing of this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/model.h"
#include "ops/op_def.h"
#include "runtime/strings.h"

namespace litequant {

struct PlanOptions {
  KernelSet kernels = KernelSet::optimized;
  bool reproducible = false;  // see CompileOptions
  bool keep_all_tensors = false;  // every tensor keeps its own memory, so all can be read after a run
  // Per graph of the model: nodes from this one on run although no output needs them. Empty: none.
  std::vector<int32_t> needed_from = {};
  // Operators that are not executed, and what follows from them, are left out instead of failing; their results, graph
  // outputs among them, have no bytes.
  bool skip_unsupported = false;
  int64_t memory_limit = int64_t{1} << 31;  // bytes beyond which a plan, or a session with those it runs, is refused
  // Multiply-adds and visits of elements, of one run together with what is computed in advance, beyond which the plan
  // or the run is refused: a few hundred bytes can ask for years. 1e12 takes minutes; the models of the zoo take 1e7 to
  // 1e10. Running a graph from another counts 1e6, so 1e12 also bounds iterations.
  double operation_limit = 1e12;
};

class Plan {
 public:
  // `input_shapes` are in graph-input order; empty takes the file's own shapes, an unknown dimension being 1.
  static std::shared_ptr<const Plan> make(std::shared_ptr<const Model> model, int32_t graph,
                                          std::span<const Shape> input_shapes, const PlanOptions& options);
  // The same for a graph that a node of another runs: any shapes, and handles of variables among the inputs.
  static std::shared_ptr<const Plan> make_called(std::shared_ptr<const Model> model, int32_t graph,
                                                 std::span<const Shape> input_shapes, const PlanOptions& options);

  // What is known of a tensor.
  struct Slot {
    DataType type = DataType::float32;
    Shape shape = {};
    size_t bytes = 0;
    int64_t offset = -1;  // into the arena of its stage; -1: constant, kept, or never needed
    std::span<const std::byte> value = {};  // of a constant, from the file or computed when its stage was made
    bool is_constant = false;
    bool is_kept = false;  // has memory of its own: lives beyond the stage that makes it
    bool is_missing = false;  // what makes it was left out
    bool is_open = false;  // not known before some late node has run: `shape` is only what the file says
  };
  struct CompiledStep {
    int32_t node = 0;
    Step step;
    size_t scratch_offset = 0;  // into the arena
  };
  // The nodes from one late node (or the graph's beginning) to the next (or its end).
  struct Stage {
    int32_t end = 0;  // the late node after it, or the number of nodes
    std::vector<CompiledStep> steps;
    std::vector<int32_t> folded_nodes;  // computed when the stage was made
    std::vector<Buffer> folded;  // their values
    std::vector<std::pair<int32_t, Slot>> slots;  // what it makes known; of the first stage, in the plan itself
    size_t arena_bytes = 0;  // tensors and scratch of steps, by lifetimes
    double operations = 0;  // in the unit of PlanOptions::operation_limit
  };

  const Model& model() const { return *model_; }
  std::shared_ptr<const Model> shared_model() const { return model_; }
  const Graph& graph() const { return model_->graphs[static_cast<size_t>(graph_index_)]; }
  int32_t graph_index() const { return graph_index_; }
  const PlanOptions& options() const { return options_; }

  // The same in all plans of a model.
  const std::shared_ptr<const ConstantStrings>& strings() const { return strings_; }

  // As known before a run; Session::slot tells what a run found.
  const Slot& slot(int32_t tensor) const { return slots_[static_cast<size_t>(tensor)]; }
  const Stage& first_stage() const { return first_; }
  std::span<const CompiledStep> steps() const { return first_.steps; }  // of the first stage
  size_t arena_bytes() const { return first_.arena_bytes; }
  bool has_late_nodes() const { return static_cast<size_t>(first_.end) < graph().nodes.size(); }

 private:
  friend class Planner;
  std::shared_ptr<const Model> model_;
  int32_t graph_index_ = 0;
  PlanOptions options_;
  std::shared_ptr<const ConstantStrings> strings_;
  std::vector<Buffer> string_numbers_;  // values of the constants of strings
  std::vector<bool> is_needed_;  // per node
  std::vector<int32_t> last_use_;  // per tensor: the last node that reads it; beyond all nodes for graph outputs
  std::vector<Slot> slots_;  // per tensor
  Stage first_;
};

}  // namespace litequant
