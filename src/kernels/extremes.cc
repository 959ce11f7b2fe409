#include "kernels/extremes.h"

#include <algorithm>

#include "kernels/simd.h"

namespace litequant {

using simd::Vector;

Extremes extremes_of(std::span<const float> values, float beside) {
  // As many as it takes not to wait for the comparison before.
  constexpr size_t kParts = 4;
  Vector least[kParts], greatest[kParts];
  std::fill_n(least, kParts, wasm_f32x4_splat(beside));
  std::fill_n(greatest, kParts, wasm_f32x4_splat(beside));
  size_t i = 0;
  for (; i + 4 * kParts <= values.size(); i += 4 * kParts) {
    for (size_t part = 0; part < kParts; ++part) {
      const Vector four = simd::load(values.data() + i + 4 * part);
      // Their first operand stays when the comparison fails.
      least[part] = wasm_f32x4_pmin(least[part], four);
      greatest[part] = wasm_f32x4_pmax(greatest[part], four);
    }
  }
  alignas(16) float low[4 * kParts], high[4 * kParts];
  for (size_t part = 0; part < kParts; ++part) {
    simd::store(low + 4 * part, least[part]);
    simd::store(high + 4 * part, greatest[part]);
  }
  Extremes found = {*std::min_element(low, low + 4 * kParts), *std::max_element(high, high + 4 * kParts)};
  for (; i < values.size(); ++i) {
    found.least = std::min(found.least, values[i]);
    found.greatest = std::max(found.greatest, values[i]);
  }
  return found;
}

}  // namespace litequant
