#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "runtime/planner.h"

namespace litequant {
namespace {

int64_t aligned_bytes(const Lifetime& tensor) {
  constexpr int64_t kAlignment = 64;
  return (static_cast<int64_t>(tensor.bytes) + kAlignment - 1) / kAlignment * kAlignment;
}

// Each in turn in the lowest gap that fits.
int64_t place_in_order(std::span<Lifetime> lifetimes, std::span<const size_t> order) {
  int64_t total = 0;
  std::vector<const Lifetime*> placed;  // by offset
  for (const size_t index : order) {
    Lifetime& tensor = lifetimes[index];
    const int64_t bytes = aligned_bytes(tensor);
    int64_t offset = 0;
    for (const Lifetime* other : placed) {
      if (other->last < tensor.first || tensor.last < other->first) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + aligned_bytes(*other));
    }
    tensor.offset = offset;
    total = std::max(total, offset + bytes);
    const auto position = std::upper_bound(placed.begin(), placed.end(), offset,
                                           [](int64_t value, const Lifetime* other) { return value < other->offset; });
    placed.insert(position, &tensor);
  }
  return total;
}

// The most bytes that live while each of these does.
std::vector<int64_t> bytes_around(std::span<const Lifetime> lifetimes) {
  int32_t least = INT32_MAX, greatest = INT32_MIN;
  for (const Lifetime& tensor : lifetimes) {
    least = std::min(least, tensor.first);
    greatest = std::max(greatest, tensor.last);
  }
  std::vector<int64_t> alive(lifetimes.empty() ? 0 : static_cast<size_t>(greatest - least) + 2);  // per step
  for (const Lifetime& tensor : lifetimes) {
    alive[static_cast<size_t>(tensor.first - least)] += aligned_bytes(tensor);
    alive[static_cast<size_t>(tensor.last - least) + 1] -= aligned_bytes(tensor);
  }
  std::partial_sum(alive.begin(), alive.end(), alive.begin());
  std::vector<int64_t> around;
  for (const Lifetime& tensor : lifetimes) {
    around.push_back(
        *std::max_element(alive.begin() + (tensor.first - least), alive.begin() + (tensor.last - least + 1)));
  }
  return around;
}

}  // namespace

int64_t place_lifetimes(std::span<Lifetime> lifetimes) {
  // A round takes as long as the square of their number: as many as loading a model does not show, one at least.
  const auto count = static_cast<uint64_t>(lifetimes.size());
  const uint64_t rounds = std::clamp<uint64_t>((uint64_t{1} << 22) / (count * count + 1), 1, 50);
  const std::vector<int64_t> around = bytes_around(lifetimes);
  const int64_t bound = around.empty() ? 0 : *std::max_element(around.begin(), around.end());
  const int64_t enough = bound + bound / 100;
  std::vector<size_t> by_size(lifetimes.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  const auto is_larger = [&](size_t a, size_t b) {
    return lifetimes[a].bytes != lifetimes[b].bytes ? lifetimes[a].bytes > lifetimes[b].bytes : a < b;
  };
  std::sort(by_size.begin(), by_size.end(), is_larger);
  std::vector<size_t> by_crowd = by_size;
  std::sort(by_crowd.begin(), by_crowd.end(),
            [&](size_t a, size_t b) { return around[a] != around[b] ? around[a] > around[b] : is_larger(a, b); });

  std::vector<size_t> best;
  int64_t least = INT64_MAX;
  for (std::vector<size_t>* start : {&by_size, &by_crowd}) {
    std::vector<size_t>& order = *start;
    for (uint64_t round = 0; round < rounds && least > enough; ++round) {
      const int64_t total = place_in_order(lifetimes, order);
      if (total < least) {
        least = total;
        best = order;
      }
      // What reaches highest gets the first choice.
      const auto highest = std::find_if(order.begin(), order.end(), [&](size_t i) {
        return lifetimes[i].offset + aligned_bytes(lifetimes[i]) == total;
      });
      if (highest != order.end()) std::rotate(order.begin(), highest, highest + 1);
    }
  }
  return place_in_order(lifetimes, best);
}

}  // namespace litequant
