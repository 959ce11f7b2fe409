#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/load.h"
#include "runtime/plan.h"
#include "runtime/planner.h"
#include "support/files.h"

namespace litequant {
namespace {

int64_t whole_lines(size_t bytes) { return static_cast<int64_t>(bytes + 63) / 64 * 64; }

// The most bytes that are alive at one step, of `steps` steps and before and after them.
int64_t most_alive(std::span<const Lifetime> lifetimes, int32_t steps) {
  int64_t most = 0;
  for (int32_t at = -1; at <= steps; ++at) {
    int64_t alive = 0;
    for (const Lifetime& tensor : lifetimes) {
      if (tensor.first <= at && at <= tensor.last) alive += whole_lines(tensor.bytes);
    }
    most = std::max(most, alive);
  }
  return most;
}

// What lies in a plan's arena: tensors from the step that makes them to the last that reads them, and each step's own
// working memory.
std::vector<Lifetime> lifetimes_in(const Plan& plan) {
  const Graph& graph = plan.graph();
  const auto end = static_cast<int32_t>(plan.steps().size());
  std::vector<Lifetime> found(graph.tensors.size(), {.first = end + 1, .last = -2});
  const auto touch = [&](int32_t tensor, int32_t step) {
    if (tensor == kNoTensor || plan.slot(tensor).offset < 0) return;
    Lifetime& lifetime = found[static_cast<size_t>(tensor)];
    const bool is_variable = graph.tensors[static_cast<size_t>(tensor)].is_variable;
    lifetime.bytes = plan.slot(tensor).bytes;
    lifetime.first = is_variable ? -1 : std::min(lifetime.first, step);
    lifetime.last = is_variable ? end : std::max(lifetime.last, step);
  };
  for (const int32_t input : graph.inputs) touch(input, -1);
  for (int32_t i = 0; i < end; ++i) {
    const Plan::CompiledStep& step = plan.steps()[static_cast<size_t>(i)];
    const Node& node = graph.nodes[static_cast<size_t>(step.node)];
    for (const int32_t input : node.inputs) touch(input, i);
    for (const int32_t output : node.outputs) touch(output, i);
    found.push_back({.bytes = step.step.scratch_bytes, .first = i, .last = i});
  }
  for (const int32_t output : graph.outputs) touch(output, end);
  return found;
}

// No two tensors that live at once may overlap, and the plan cannot be smaller than what lives at one step.
TEST(PlaceLifetimes, NeverOverlapsAndStaysNearTheLowerBound) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> lifetimes(60);
    int32_t step = 0;
    for (Lifetime& tensor : lifetimes) {
      tensor.bytes = random() % 5000;
      tensor.first = step++;
      tensor.last = tensor.first + static_cast<int32_t>(1 + random() % 6);
    }
    const int64_t total = place_lifetimes(lifetimes);
    const int64_t bound = most_alive(lifetimes, step);
    EXPECT_GE(total, bound);
    EXPECT_LE(total, bound * 3 / 2);
    for (size_t a = 0; a < lifetimes.size(); ++a) {
      EXPECT_EQ(lifetimes[a].offset % 64, 0);
      EXPECT_LE(lifetimes[a].offset + static_cast<int64_t>(lifetimes[a].bytes), total);
      for (size_t b = 0; b < a; ++b) {
        if (lifetimes[a].last < lifetimes[b].first || lifetimes[b].last < lifetimes[a].first) continue;
        const bool apart = lifetimes[a].offset + static_cast<int64_t>(lifetimes[a].bytes) <= lifetimes[b].offset ||
                           lifetimes[b].offset + static_cast<int64_t>(lifetimes[b].bytes) <= lifetimes[a].offset;
        EXPECT_TRUE(apart || lifetimes[a].bytes == 0 || lifetimes[b].bytes == 0);
      }
    }
  }
}

TEST(PlaceLifetimes, ComesWithin5PercentOfTheLowerBoundOnRealModels) {
  LITEQUANT_NEEDS_SHARED();
  size_t planned = 0;
  for (const auto& path : test::files_below(test::shared_folder() / "zoo", ".tflite")) {
    SCOPED_TRACE(path.string());
    std::shared_ptr<const Plan> plan;
    try {
      const auto file = test::read_file(path);
      plan = Plan::make(load_model(file), 0, {}, {});
    } catch (const Error&) {
      continue;  // not a file for this runtime: other tests list which
    }
    const auto bound = static_cast<double>(most_alive(lifetimes_in(*plan), static_cast<int32_t>(plan->steps().size())));
    EXPECT_LE(static_cast<double>(plan->arena_bytes()), bound * 1.05 + 64);
    RecordProperty(path.filename().string(),
                   std::to_string(plan->arena_bytes()) + " of at least " + std::to_string(static_cast<int64_t>(bound)));
    ++planned;
  }
  EXPECT_GT(planned, 20u);
}

}  // namespace
}  // namespace litequant
