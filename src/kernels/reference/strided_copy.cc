#include "kernels/strided_copy.h"

#include <array>
#include <cstring>

namespace litequant::reference {

void copy_strided(const StridedCopy& copy, const std::byte* from, std::byte* to) {
  const auto bytes = static_cast<int64_t>(copy.element_bytes);
  for (const CopyAxis& axis : copy.axes) {
    if (axis.count == 0) return;
  }
  from += copy.from_start * bytes;
  to += copy.to_start * bytes;
  std::array<int64_t, kMaxLongAxes> index{};
  for (;;) {
    int64_t from_offset = 0, to_offset = 0;
    for (size_t a = 0; a < copy.axes.size(); ++a) {
      from_offset += index[a] * copy.axes[a].from_stride;
      to_offset += index[a] * copy.axes[a].to_stride;
    }
    std::memcpy(to + to_offset * bytes, from + from_offset * bytes, copy.element_bytes);

    size_t a = copy.axes.size();
    while (a > 0 && ++index[a - 1] == copy.axes[a - 1].count) index[--a] = 0;
    if (a == 0) return;
  }
}

}  // namespace litequant::reference
