#include "kernels/reduce.h"

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

}  // namespace litequant
