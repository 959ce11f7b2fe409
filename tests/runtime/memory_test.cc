#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "runtime/planner.h"

namespace litequant {
namespace {

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
    int64_t bound = 0;
    for (int32_t at = 0; at < step; ++at) {
      int64_t live = 0;
      for (const Lifetime& tensor : lifetimes) {
        if (tensor.first <= at && at <= tensor.last) live += static_cast<int64_t>(tensor.bytes + 63) / 64 * 64;
      }
      bound = std::max(bound, live);
    }
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

}  // namespace
}  // namespace litequant
