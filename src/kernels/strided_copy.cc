#include "kernels/strided_copy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace litequant {
namespace {

bool is_dense(const CopyAxis& axis) { return axis.from_stride == 1 && axis.to_stride == 1; }

// Whether every position of the copy stays a multiple of `factor`.
bool divides_all(int64_t factor, const StridedCopy& copy) {
  if (copy.from_start % factor != 0 || copy.to_start % factor != 0) return false;
  for (size_t a = 0; a + 1 < copy.axes.size(); ++a) {
    if (copy.axes[a].from_stride % factor != 0 || copy.axes[a].to_stride % factor != 0) return false;
  }
  return true;
}

// A dense innermost run of 2, 4, 8 or 16 bytes becomes one element: small channel counts then move in one load.
void widen_elements(StridedCopy& copy) {
  if (copy.axes.size() < 2 || !is_dense(copy.axes.back())) return;
  const int64_t run = copy.axes.back().count;
  const int64_t bytes = run * static_cast<int64_t>(copy.element_bytes);
  if (bytes != 2 && bytes != 4 && bytes != 8 && bytes != 16) return;
  if (!divides_all(run, copy)) return;
  copy.axes.pop_back();
  copy.from_start /= run;
  copy.to_start /= run;
  for (CopyAxis& axis : copy.axes) {
    axis.from_stride /= run;
    axis.to_stride /= run;
  }
  copy.element_bytes = static_cast<size_t>(bytes);
}

template <size_t kBytes>
void copy_row(const std::byte* from, std::byte* to, int64_t count, int64_t from_stride, int64_t to_stride) {
  const int64_t from_step = from_stride * static_cast<int64_t>(kBytes);
  const int64_t to_step = to_stride * static_cast<int64_t>(kBytes);
  for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * to_step, from + i * from_step, kBytes);
}

// The two innermost axes, of which neither side is dense along the same one: in tiles, so that every cache line that is
// fetched is used whole.
template <size_t kBytes>
void copy_plane(const std::byte* from, std::byte* to, const CopyAxis& outer, const CopyAxis& inner) {
  constexpr int64_t kTile = 16;
  constexpr auto kElement = static_cast<int64_t>(kBytes);
  for (int64_t i = 0; i < outer.count; i += kTile) {
    const int64_t i_end = std::min(i + kTile, outer.count);
    for (int64_t j = 0; j < inner.count; j += kTile) {
      const int64_t columns = std::min(kTile, inner.count - j);
      for (int64_t row = i; row < i_end; ++row) {
        copy_row<kBytes>(from + (row * outer.from_stride + j * inner.from_stride) * kElement,
                         to + (row * outer.to_stride + j * inner.to_stride) * kElement, columns, inner.from_stride,
                         inner.to_stride);
      }
    }
  }
}

template <size_t kBytes>
void copy_elements(const StridedCopy& copy, const std::byte* from, std::byte* to) {
  constexpr auto kElement = static_cast<int64_t>(kBytes);
  const size_t rank = copy.axes.size();
  if (rank == 0) {
    std::memcpy(to, from, kBytes);
    return;
  }
  const CopyAxis& inner = copy.axes.back();
  const bool dense = is_dense(inner);
  const bool plane = !dense && rank >= 2;
  const size_t looped = rank - (plane ? 2 : 1);
  std::array<int64_t, kMaxLongAxes> index{};
  for (;;) {
    if (dense) {
      std::memcpy(to, from, static_cast<size_t>(inner.count) * kBytes);
    } else if (plane) {
      copy_plane<kBytes>(from, to, copy.axes[rank - 2], inner);
    } else {
      copy_row<kBytes>(from, to, inner.count, inner.from_stride, inner.to_stride);
    }
    size_t a = looped;
    for (; a > 0; --a) {
      const CopyAxis& axis = copy.axes[a - 1];
      from += axis.from_stride * kElement;
      to += axis.to_stride * kElement;
      if (++index[a - 1] < axis.count) break;
      from -= axis.from_stride * axis.count * kElement;
      to -= axis.to_stride * axis.count * kElement;
      index[a - 1] = 0;
    }
    if (a == 0) return;
  }
}

}  // namespace

StridedCopy without_short_axes(const StridedCopy& copy) {
  StridedCopy result = copy;
  result.axes.clear();
  for (const CopyAxis& axis : copy.axes) {
    if (axis.count == 0) {
      result.axes = {CopyAxis{.count = 0}};
      return result;
    }
    if (axis.count > 1) result.axes.push_back(axis);
  }
  return result;
}

StridedCopy simplified(const StridedCopy& copy) {
  StridedCopy result = without_short_axes(copy);
  auto& axes = result.axes;
  if (axes.size() == 1 && axes[0].count == 0) return result;
  // Written in ascending order; the order of the loops is free, since no element is written twice.
  std::sort(axes.begin(), axes.end(), [](const CopyAxis& a, const CopyAxis& b) { return a.to_stride > b.to_stride; });
  std::vector<CopyAxis> merged;
  for (const CopyAxis& axis : axes) {
    if (!merged.empty()) {
      CopyAxis& last = merged.back();
      if (last.from_stride == axis.from_stride * axis.count && last.to_stride == axis.to_stride * axis.count) {
        last = {last.count * axis.count, axis.from_stride, axis.to_stride};
        continue;
      }
    }
    merged.push_back(axis);
  }
  axes = std::move(merged);
  widen_elements(result);
  // A transpose: the axis that is dense in the source goes next to the one that is dense in the result.
  if (axes.size() > 2 && !is_dense(axes.back())) {
    const auto dense_source =
        std::find_if(axes.begin(), axes.end() - 1, [](const CopyAxis& axis) { return axis.from_stride == 1; });
    if (dense_source != axes.end() - 1) std::rotate(dense_source, dense_source + 1, axes.end() - 1);
  }
  return result;
}

void copy_strided(const StridedCopy& copy, const std::byte* from, std::byte* to) {
  if (copy.axes.size() == 1 && copy.axes[0].count == 0) return;
  const auto bytes = static_cast<int64_t>(copy.element_bytes);
  from += copy.from_start * bytes;
  to += copy.to_start * bytes;
  switch (copy.element_bytes) {
    case 1: return copy_elements<1>(copy, from, to);
    case 2: return copy_elements<2>(copy, from, to);
    case 4: return copy_elements<4>(copy, from, to);
    case 8: return copy_elements<8>(copy, from, to);
    case 16: return copy_elements<16>(copy, from, to);
    default: return;  // no element type has another size
  }
}

void fill_elements(std::byte* to, int64_t count, const std::byte* value, size_t element_bytes) {
  if (count <= 0) return;
  if (element_bytes == 1) {
    std::memset(to, std::to_integer<int>(*value), static_cast<size_t>(count));
    return;
  }
  // Doubles what is filled already.
  const size_t bytes = static_cast<size_t>(count) * element_bytes;
  std::memcpy(to, value, element_bytes);
  for (size_t done = element_bytes; done < bytes;) {
    const size_t more = std::min(done, bytes - done);
    std::memcpy(to + done, to, more);
    done += more;
  }
}

}  // namespace litequant
