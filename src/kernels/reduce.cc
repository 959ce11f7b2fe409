#include "kernels/reduce.h"

#include "kernels/reduce_ops.h"

namespace litequant {

Reduction make_reduction(const std::vector<int32_t>& dims, const std::vector<bool>& is_reduced) {
  Reduction loops;
  for (size_t a = 0; a < dims.size(); ++a) {
    (is_reduced[a] ? loops.elements : loops.results) *= dims[a];
  }
  if (loops.elements == 0 || loops.results == 0) return loops;
  int64_t stride = 1;
  std::vector<LoopAxis>* last = nullptr;  // the list that the axis inside this one went to
  for (size_t a = dims.size(); a-- > 0; stride *= dims[a]) {
    if (dims[a] == 1) continue;
    std::vector<LoopAxis>& axes = is_reduced[a] ? loops.reduced : loops.kept;
    if (last == &axes) {
      axes.back().count *= dims[a];
    } else {
      axes.push_back({dims[a], stride});
      last = &axes;
    }
  }
  std::reverse(loops.kept.begin(), loops.kept.end());
  std::reverse(loops.reduced.begin(), loops.reduced.end());
  return loops;
}

template <typename Input, typename Sum>
void add_rows(const Input* rows, int64_t count, int64_t stride, int64_t columns, Sum* __restrict sums) {
  for (; count > 0; --count, rows += stride) {
    for (int64_t c = 0; c < columns; ++c) sums[c] = wrapping_sum<Sum>(sums[c], rows[c]);
  }
}

template void add_rows(const float*, int64_t, int64_t, int64_t, float*);
template void add_rows(const int8_t*, int64_t, int64_t, int64_t, int32_t*);
template void add_rows(const uint8_t*, int64_t, int64_t, int64_t, int32_t*);
template void add_rows(const int16_t*, int64_t, int64_t, int64_t, int32_t*);

}  // namespace litequant
