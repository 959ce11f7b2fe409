// A session: a plan with its memory. Not to be used by two threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/plan.h"

namespace litequant {

class Session {
 public:
  explicit Session(std::shared_ptr<const Plan> plan);

  const Plan& plan() const { return *plan_; }

  // Called after each step with the node's index; its outputs can be read then.
  using Observer = std::function<void(int32_t node)>;

  // Runs every step. Inputs must have been written through `input`.
  void run(const Observer& observer = nullptr);

  // Gives variables the value that they have before the first run: real zero.
  void reset_variables();

  // The bytes of graph input `i` (its slot's shape and type), to be written before each run.
  std::span<std::byte> input(size_t i);
  // The bytes of graph output `i`, valid until the next run.
  std::span<const std::byte> output(size_t i) const;
  // The working memory of the step that ran last.
  std::span<const std::byte> scratch() const;
  // Any tensor: valid right after its step, or until the next run with PlanOptions::keep_all_tensors.
  std::span<const std::byte> tensor(int32_t index) const;

 private:
  struct Binding {
    std::vector<const std::byte*> inputs;
    std::vector<std::byte*> outputs;
  };
  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<std::byte[], void (*)(std::byte*)> arena_;
  std::vector<Binding> bindings_;  // one per step
};

}  // namespace litequant
