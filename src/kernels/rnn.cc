#include "kernels/rnn.h"

#include <algorithm>

namespace litequant {

void rnn_step(const RnnCell& cell, int64_t batches, const CellRows& input, const CellRows& auxiliary,
              const CellRows& recurrent, float* state, float* sums) {
  const int32_t units = cell.units();
  for (int64_t b = 0; b < batches; ++b) std::copy_n(cell.bias, units, sums + b * units);
  add_product(cell.input, input, batches, sums, units);
  add_product(cell.auxiliary, auxiliary, batches, sums, units);
  add_product(cell.recurrent, recurrent, batches, sums, units);
  apply_activation(cell.activation, sums, batches * units);
  std::copy_n(sums, batches * units, state);
}

}  // namespace litequant
