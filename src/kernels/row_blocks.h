// Rows in blocks whose sizes the compiler knows.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

namespace litequant {

// Calls f(std::integral_constant) with a count from 1 to kMost.
template <int kMost, typename Function>
inline void with_count(int count, const Function& f) {
  if constexpr (kMost > 1) {
    if (count < kMost) return with_count<kMost - 1>(count, f);
  }
  f(std::integral_constant<int, kMost>());
}

// Calls f(count, first) for blocks of rows, `count` being a std::integral_constant of at most kMost: blocks of `best`
// or a little more, the larger ones first, so that few rows end alone.
template <int kMost, typename Function>
inline void for_row_blocks(int rows, int best, const Function& f) {
  if (rows <= 0) return;
  const int blocks = std::max({rows / best, (rows + kMost - 1) / kMost, 1});
  const int size = rows / blocks, larger = rows % blocks;
  int r = 0;
  for (const auto& [count, times] : {std::pair(size + 1, larger), std::pair(size, blocks - larger)}) {
    with_count<kMost>(count, [&](auto rows_of_block) {
      for (int left = times; left > 0; --left) {
        f(rows_of_block, r);
        r += rows_of_block;
      }
    });
  }
}

}  // namespace litequant
