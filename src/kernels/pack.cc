#include "kernels/pack.h"

#include <algorithm>

#include "kernels/simd.h"

namespace litequant {

template <typename Row, typename T>
void pack_weights(const WeightMatrix& matrix, const T* weights, int32_t zero_point, PackedWeight<Row>* packed) {
  constexpr int kSize = kBundle<Row>;
  const int64_t segment = matrix.depth / matrix.segments(), padded = padded_depth<Row>(segment);
  std::fill_n(packed, matrix.packed<Row>(), PackedWeight<Row>{0});
  for (int64_t column = 0; column < matrix.columns; ++column) {
    const T* from = weights + column * matrix.column_stride;
    PackedWeight<Row>* to =
        packed + (column / kTileColumns) * matrix.bundles<Row>() * kSize * kTileColumns + column % kTileColumns * kSize;
    for (int64_t first = 0; first < matrix.depth; first += segment) {
      for (int64_t k = 0; k < segment; ++k) {
        const int64_t place = matrix.places == nullptr ? k : matrix.places[k];
        to[place / kSize * kSize * kTileColumns + place % kSize] =
            static_cast<PackedWeight<Row>>(from[(first + k) * matrix.depth_stride] - zero_point);
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
void RowForm<int16_t>::fill(const T* from, int64_t count, int16_t* to) const {
  const simd::Vector zero = wasm_i16x8_splat(static_cast<int16_t>(zero_point));
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) simd::store(to + i, wasm_i16x8_sub(simd::load_widened(from + i), zero));
  for (; i < count; ++i) to[i] = one(from[i]);
}

void RowForm<uint8_t>::fill(const int8_t* from, int64_t count, uint8_t* to) const {
  const simd::Vector flips = wasm_i8x16_splat(static_cast<int8_t>(flip));
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) simd::store(to + i, wasm_v128_xor(simd::load(from + i), flips));
  for (; i < count; ++i) to[i] = one(from[i]);
}

template void pack_weights<int16_t>(const WeightMatrix&, const int8_t*, int32_t, int16_t*);
template void pack_weights<int16_t>(const WeightMatrix&, const uint8_t*, int32_t, int16_t*);
template void RowForm<int16_t>::fill(const int8_t*, int64_t, int16_t*) const;
template void RowForm<int16_t>::fill(const uint8_t*, int64_t, int16_t*) const;
template void RowForm<int16_t>::fill(const int16_t*, int64_t, int16_t*) const;
#if LITEQUANT_BYTE_DOT
template void pack_weights<uint8_t>(const WeightMatrix&, const int8_t*, int32_t, int8_t*);
#endif

}  // namespace litequant
