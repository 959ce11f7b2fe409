// Windows that slide over an image: convolutions and pools. Plain numbers, already checked (ops/window.h makes them).
#pragma once

#include <algorithm>
#include <cstdint>

namespace litequant {

// One axis. Output position `o` sees input positions o * stride - pad + i * dilation for i in [0, window); those
// outside [0, input) are padding. Everything but `pad` is at least 1, and no product of these numbers overflows 32
// bits.
struct WindowAxis {
  int32_t input = 1, output = 1;
  int32_t window = 1, stride = 1, dilation = 1;
  int32_t pad = 0;  // before the first input; what lies behind the last follows from the rest

  int32_t start(int32_t o) const { return o * stride - pad; }
  // The part [first, end) of the window at output `o` that lies inside the input; empty when first >= end.
  int32_t first_inside(int32_t o) const {
    const int32_t before = -start(o);
    return before <= 0 ? 0 : (before + dilation - 1) / dilation;
  }
  int32_t end_inside(int32_t o) const {
    const int32_t left = input - start(o);
    return left <= 0 ? 0 : std::min(window, (left + dilation - 1) / dilation);
  }
};

struct Window {
  WindowAxis height, width;
};

}  // namespace litequant
