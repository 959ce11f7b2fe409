// Operands of the optimized matrix products, rearranged for them.
//
// Weights lie in tiles of 8 columns. Integer weights: int16 [tiles][pairs][8][2], zero point subtracted, two successive
// depths side by side for the 16-bit dot product. Float weights: [tiles][depth][8]. What lies beyond the last column or
// depth is zero.
#pragma once

#include <cstdint>

namespace litequant {

inline constexpr int kTileColumns = 8;

inline int64_t tile_count(int64_t columns) { return (columns + kTileColumns - 1) / kTileColumns; }
inline int64_t pair_count(int64_t depth) { return (depth + 1) / 2; }
// Elements of a packed matrix.
inline int64_t packed_int16_size(int64_t columns, int64_t depth) {
  return tile_count(columns) * pair_count(depth) * 2 * kTileColumns;
}
inline int64_t packed_float_size(int64_t columns, int64_t depth) { return tile_count(columns) * depth * kTileColumns; }

// The matrix to pack: element (column, depth) is at weights[column * column_stride + depth * depth_stride].
// Depthwise weights [taps, channels] are one with the channels as columns and the taps as depth.
// Integer weights are padded by a zero after every `segment` depths when that is odd; 0: the depth is one segment.
struct WeightMatrix {
  int64_t columns = 0, depth = 0;
  int64_t column_stride = 1, depth_stride = 1;
  int64_t segment = 0;
  const int8_t* places = nullptr;  // where each depth lies in a packed segment; null: in order

  int64_t segments() const { return segment == 0 ? 1 : depth / segment; }
  int64_t pairs() const { return segments() * pair_count(depth / segments()); }
  int64_t packed_int16_size() const { return tile_count(columns) * pairs() * 2 * kTileColumns; }
};

template <typename T>  // int8_t, uint8_t
void pack_weights(const WeightMatrix& matrix, const T* weights, int32_t zero_point, int16_t* packed);
void pack_weights(const WeightMatrix& matrix, const float* weights, float* packed);

// Activations to 16 bits, zero point subtracted. T: int8_t, uint8_t, int16_t (whose zero point is 0).
template <typename T>
void centre(const T* from, int64_t count, int32_t zero_point, int16_t* to);
// Floats have no zero point: a copy.
void centre(const float* from, int64_t count, int32_t zero_point, float* to);

}  // namespace litequant
