#include <algorithm>
#include <numeric>
#include <vector>

#include "runtime/planner.h"

namespace litequant {

int64_t place_lifetimes(std::span<Lifetime> lifetimes) {
  constexpr int64_t kAlignment = 64;
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return lifetimes[a].bytes != lifetimes[b].bytes ? lifetimes[a].bytes > lifetimes[b].bytes : a < b;
  });

  int64_t total = 0;
  std::vector<const Lifetime*> placed;  // by offset
  for (const size_t index : order) {
    Lifetime& tensor = lifetimes[index];
    const auto bytes = (static_cast<int64_t>(tensor.bytes) + kAlignment - 1) / kAlignment * kAlignment;
    int64_t offset = 0;
    for (const Lifetime* other : placed) {
      if (other->last < tensor.first || tensor.last < other->first) continue;
      if (offset + bytes <= other->offset) break;
      const auto other_bytes = (static_cast<int64_t>(other->bytes) + kAlignment - 1) / kAlignment * kAlignment;
      offset = std::max(offset, other->offset + other_bytes);
    }
    tensor.offset = offset;
    total = std::max(total, offset + bytes);
    const auto position = std::upper_bound(placed.begin(), placed.end(), offset,
                                           [](int64_t value, const Lifetime* other) { return value < other->offset; });
    placed.insert(position, &tensor);
  }
  return total;
}

}  // namespace litequant
