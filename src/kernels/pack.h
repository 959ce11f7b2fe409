// Operands of the optimized matrix products, rearranged for them.
//
// Integer products are made of bundles of successive depths: two 16-bit values for the 16-bit dot product, or four
// bytes for that of bytes where the engine's is exact (byte_dot.h). Rows hold int16_t or uint8_t accordingly, which is
// the parameter `Row` of all that follows. Packed weights lie in tiles of 8 columns, [tiles][bundles][8][2 or 4], as
// int16 with their zero point subtracted or as int8; float weights lie [tiles][depth][8]. What lies beyond the last
// column or depth is zero.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace litequant {

inline constexpr int kTileColumns = 8;

template <typename Row>
inline constexpr int kBundle = sizeof(Row) == 1 ? 4 : 2;
template <typename Row>
using PackedWeight = std::conditional_t<sizeof(Row) == 1, int8_t, int16_t>;

inline int64_t tile_count(int64_t columns) { return (columns + kTileColumns - 1) / kTileColumns; }
template <typename Row>
int64_t bundle_count(int64_t depth) {
  return (depth + kBundle<Row> - 1) / kBundle<Row>;
}
// Elements from one prepared row to the next.
template <typename Row>
int64_t padded_depth(int64_t depth) {
  return bundle_count<Row>(depth) * kBundle<Row>;
}
// Elements of a packed matrix.
template <typename Row>
int64_t packed_size(int64_t columns, int64_t depth) {
  return tile_count(columns) * padded_depth<Row>(depth) * kTileColumns;
}
inline int64_t packed_float_size(int64_t columns, int64_t depth) { return tile_count(columns) * depth * kTileColumns; }

// The matrix to pack: element (column, depth) is at weights[column * column_stride + depth * depth_stride].
// Depthwise weights [taps, channels] are one with the channels as columns and the taps as depth.
// Integer weights are padded by zeros to whole bundles after every `segment` depths; 0: the depth is one segment.
struct WeightMatrix {
  int64_t columns = 0, depth = 0;
  int64_t column_stride = 1, depth_stride = 1;
  int64_t segment = 0;
  const int8_t* places = nullptr;  // where each depth lies in a packed segment; null: in order

  int64_t segments() const { return segment == 0 ? 1 : depth / segment; }
  template <typename Row>
  int64_t bundles() const {
    return segments() * bundle_count<Row>(depth / segments());
  }
  template <typename Row>
  int64_t packed() const {  // elements
    return tile_count(columns) * bundles<Row>() * kBundle<Row> * kTileColumns;
  }
};

template <typename Row, typename T>  // T: int8_t, uint8_t; bytes: int8_t without a zero point
void pack_weights(const WeightMatrix& matrix, const T* weights, int32_t zero_point, PackedWeight<Row>* packed);
void pack_weights(const WeightMatrix& matrix, const float* weights, float* packed);

// ---- Rows of activations --------------------------------------------------------------------------------------------

// How stored activations become elements of rows.
template <typename Row>
struct RowForm;

// 16 bits, the zero point subtracted: padding is zero. Of int8_t, uint8_t, and int16_t (whose zero point is 0).
template <>
struct RowForm<int16_t> {
  int32_t zero_point = 0;
  static constexpr int16_t padding = 0;

  template <typename T>
  void fill(const T* from, int64_t count, int16_t* to) const;
  int16_t one(int32_t value) const { return static_cast<int16_t>(value - zero_point); }
};

// Bytes as the dot product reads them: bits are flipped to add or subtract 128. Zero points come into the sums later.
template <>
struct RowForm<uint8_t> {
  uint8_t flip = 0;  // 0x80 or 0
  uint8_t padding = 0;  // the zero point in this form

  void fill(const int8_t* from, int64_t count, uint8_t* to) const;
  uint8_t one(int32_t value) const { return static_cast<uint8_t>(static_cast<uint8_t>(value) ^ flip); }
};

// Floats as they are.
template <>
struct RowForm<float> {
  static constexpr float padding = 0;

  void fill(const float* from, int64_t count, float* to) const {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
  }
};

}  // namespace litequant
