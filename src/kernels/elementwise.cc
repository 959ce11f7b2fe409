#include "kernels/elementwise.h"

namespace litequant {

void map_bytes(const uint8_t* x, uint8_t* result, int64_t count, const uint8_t* table) {
  for (int64_t i = 0; i < count; ++i) result[i] = table[x[i]];
}

}  // namespace litequant
