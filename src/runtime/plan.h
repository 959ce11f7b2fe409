// A plan: one graph of a model, compiled to steps for given input shapes. Immutable; many sessions may share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "model/model.h"
#include "ops/op_def.h"

namespace litequant {

struct PlanOptions {
  KernelSet kernels = KernelSet::optimized;
  bool reproducible = false;      // see CompileOptions
  bool keep_all_tensors = false;  // every tensor keeps its own memory, so all can be read after a run
  // Nodes from this one on run although no output needs them.
  int32_t needed_from = std::numeric_limits<int32_t>::max();
  // Operators that are not executed, and what follows from them, are left out instead of failing; their results, graph
  // outputs among them, have no bytes.
  bool skip_unsupported = false;
  int64_t memory_limit = int64_t{1} << 31;  // bytes of arena beyond which the plan is refused
  // Multiply-adds and visits of elements, of one run together with what is computed in advance, beyond which the plan
  // is refused: a few hundred bytes can ask for years. 1e12 takes minutes; the models of the zoo take 1e7 to 1e10.
  double operation_limit = 1e12;
};

class Plan {
 public:
  // `input_shapes` are in graph-input order; empty takes the file's own shapes, an unknown dimension being 1.
  static std::shared_ptr<const Plan> make(std::shared_ptr<const Model> model, int32_t graph,
                                          std::span<const Shape> input_shapes, const PlanOptions& options);

  struct Slot {
    DataType type = DataType::float32;
    Shape shape;
    size_t bytes = 0;
    int64_t offset = -1;  // into the arena; -1: constant, or never needed
    std::span<const std::byte> value;  // of a constant, from the file or computed when the plan was made
    bool is_constant = false;
  };
  struct CompiledStep {
    int32_t node = 0;
    Step step;
  };

  const Model& model() const { return *model_; }
  const Graph& graph() const { return model_->graphs[static_cast<size_t>(graph_index_)]; }
  int32_t graph_index() const { return graph_index_; }
  const Slot& slot(int32_t tensor) const { return slots_[static_cast<size_t>(tensor)]; }
  std::span<const CompiledStep> steps() const { return steps_; }
  size_t arena_bytes() const { return arena_bytes_; }
  size_t scratch_offset() const { return scratch_offset_; }

 private:
  friend class Planner;
  std::shared_ptr<const Model> model_;
  int32_t graph_index_ = 0;
  std::vector<Slot> slots_;  // one per tensor
  std::vector<CompiledStep> steps_;
  std::vector<Buffer> folded_;  // values computed when the plan was made
  size_t arena_bytes_ = 0, scratch_offset_ = 0;
};

}  // namespace litequant
