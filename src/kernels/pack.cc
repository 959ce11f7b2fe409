#include "kernels/pack.h"

#include <algorithm>
#include <cstring>

#include "kernels/simd.h"

namespace litequant {

template <typename T>
void pack_weights(const WeightMatrix& matrix, const T* weights, int32_t zero_point, int16_t* packed) {
  const int64_t segment = matrix.depth / matrix.segments(), padded = pair_count(segment) * 2;
  std::fill_n(packed, matrix.packed_int16_size(), int16_t{0});
  for (int64_t column = 0; column < matrix.columns; ++column) {
    const T* from = weights + column * matrix.column_stride;
    int16_t* to = packed + (column / kTileColumns) * matrix.pairs() * 2 * kTileColumns + column % kTileColumns * 2;
    for (int64_t first = 0; first < matrix.depth; first += segment) {
      for (int64_t k = 0; k < segment; ++k) {
        const int64_t place = matrix.places == nullptr ? k : matrix.places[k];
        to[place / 2 * 2 * kTileColumns + place % 2] =
            static_cast<int16_t>(from[(first + k) * matrix.depth_stride] - zero_point);
      }
      to += padded * kTileColumns;
    }
  }
}

void pack_weights(const WeightMatrix& matrix, const float* weights, float* packed) {
  for (int64_t first = 0; first < matrix.columns; first += kTileColumns) {
    const int64_t columns = std::min<int64_t>(kTileColumns, matrix.columns - first);
    for (int64_t k = 0; k < matrix.depth; ++k) {
      for (int64_t column = 0; column < columns; ++column) {
        packed[column] = weights[(first + column) * matrix.column_stride + k * matrix.depth_stride];
      }
      std::fill(packed + columns, packed + kTileColumns, 0.0f);
      packed += kTileColumns;
    }
  }
}

template <typename T>
void centre(const T* from, int64_t count, int32_t zero_point, int16_t* to) {
  const simd::Vector zero = wasm_i16x8_splat(static_cast<int16_t>(zero_point));
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) simd::store(to + i, wasm_i16x8_sub(simd::load_widened(from + i), zero));
  for (; i < count; ++i) to[i] = static_cast<int16_t>(from[i] - zero_point);
}

void centre(const float* from, int64_t count, int32_t, float* to) {
  std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
}

template void pack_weights(const WeightMatrix&, const int8_t*, int32_t, int16_t*);
template void pack_weights(const WeightMatrix&, const uint8_t*, int32_t, int16_t*);
template void centre(const int8_t*, int64_t, int32_t, int16_t*);
template void centre(const uint8_t*, int64_t, int32_t, int16_t*);
template void centre(const int16_t*, int64_t, int32_t, int16_t*);

}  // namespace litequant
