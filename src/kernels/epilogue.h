// How the optimized kernels' int32 accumulators become results: bit for bit what kernels/dense.h defines, 8 columns at
// a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/dense.h"
#include "kernels/hybrid.h"
#include "kernels/pack.h"

namespace litequant {

// Columns in tiles of 8; each group of a grouped convolution begins a tile of its own.
struct ColumnTiles {
  int64_t groups = 1, group_columns = 1;

  int64_t tiles_per_group() const { return tile_count(group_columns); }
  int64_t tiles() const { return groups * tiles_per_group(); }
  int64_t first_column(int64_t tile) const {
    return tile / tiles_per_group() * group_columns + tile % tiles_per_group() * kTileColumns;
  }
  int width(int64_t tile) const {
    const int64_t left = group_columns - tile % tiles_per_group() * kTileColumns;
    return static_cast<int>(left < kTileColumns ? left : kTileColumns);
  }
};

// [columns] to [tiles][8], what lies beyond a tile's columns being `rest`.
template <typename T>
void spread_over_tiles(const ColumnTiles& tiles, const T* columns, T rest, T* spread) {
  for (int64_t tile = 0; tile < tiles.tiles(); ++tile) {
    for (int i = 0; i < kTileColumns; ++i) {
      *spread++ = i < tiles.width(tile) ? columns[tiles.first_column(tile) + i] : rest;
    }
  }
}

// Takes accumulators [rows][8] of one tile of columns for the rows from `first_row`.
class Epilogue {
 public:
  virtual ~Epilogue() = default;
  virtual void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const = 0;
};

// Where results go: element (row, column) to output[row * row_stride + column].
template <typename T>
struct OutputMatrix {
  T* output = nullptr;
  int64_t row_stride = 0;
};

// Constants of the exact fixed-point scaling without 64-bit shifts. With X = x * 2^s and s + n = S for every column of
// a tile (x the accumulator with bias, m the multiplier, n its right shift >= 1), the two roundings are
//   r = (high32(X * m) + 2^(S-2) + sign(x) * 2^(s-2)) >> (S-1)
// as long as X fits in 32 bits, which `bounds` proves. Tiles where it does not are scaled one by one.
class FixedTiles {
 public:
  // `bounds` [columns]: the largest magnitude each accumulator with its bias can have, in any order of additions.
  FixedTiles(const FixedScale& scale, const ColumnTiles& tiles, std::span<const int64_t> bounds);

 private:
  template <typename T>
  friend class FixedEpilogue;
  struct Tile {
    int32_t multiplier[kTileColumns] = {}, power[kTileColumns] = {};  // m, 2^s
    int32_t positive[kTileColumns] = {}, negative[kTileColumns] = {};  // addend above zero; what less below it
    int shift = 0;                                                     // S; 0: one by one
  };
  std::vector<Tile> tiles_;
};

// int8, uint8 and int16 results by fixed point.
template <typename T>
class FixedEpilogue final : public Epilogue {
 public:
  // `bias` [tiles][8].
  FixedEpilogue(const ColumnTiles& columns, const FixedScale& scale, const FixedTiles& tiles, const int32_t* bias,
                OutputMatrix<T> target)
      : columns_(columns), scale_(scale), tiles_(tiles), bias_(bias), target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  template <int kShift>
  void finish_shifted(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const;

  const ColumnTiles& columns_;
  const FixedScale& scale_;
  const FixedTiles& tiles_;
  const int32_t* bias_;
  OutputMatrix<T> target_;
};

// int8, uint8 and int16 results by a double, as FULLY_CONNECTED does.
template <typename T>
class RealEpilogue final : public Epilogue {
 public:
  // `factors` and `bias` [tiles][8].
  RealEpilogue(const ColumnTiles& columns, const RealScale& scale, const double* factors, const int32_t* bias,
               OutputMatrix<T> target)
      : columns_(columns), scale_(scale), factors_(factors), bias_(bias), target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  const ColumnTiles& columns_;
  const RealScale& scale_;
  const double* factors_;
  const int32_t* bias_;
  OutputMatrix<T> target_;
};

// int16 results whose bias is added in 64 bits; `Scale` is FixedScale or RealScale. `bias` [columns] or null.
template <typename Scale>
class WideEpilogue final : public Epilogue {
 public:
  WideEpilogue(const ColumnTiles& columns, const Scale& scale, const int64_t* bias, OutputMatrix<int16_t> target)
      : columns_(columns), scale_(scale), bias_(bias), target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  const ColumnTiles& columns_;
  const Scale& scale_;
  const int64_t* bias_;
  OutputMatrix<int16_t> target_;
};

// Float results of activations quantized on the fly. `row_scales[row * row_scale_stride]` belongs to each row (stride
// 0: one for all); `weight_scales` and `bias` [tiles][8].
class HybridEpilogue final : public Epilogue {
 public:
  HybridEpilogue(const ColumnTiles& columns, const HybridScale& scale, const float* weight_scales, const float* bias,
                 const DynamicScale* row_scales, int64_t row_scale_stride, OutputMatrix<float> target)
      : columns_(columns),
        scale_(scale),
        weight_scales_(weight_scales),
        bias_(bias),
        row_scales_(row_scales),
        row_scale_stride_(row_scale_stride),
        target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  const ColumnTiles& columns_;
  const HybridScale& scale_;
  const float* weight_scales_;
  const float* bias_;
  const DynamicScale* row_scales_;
  int64_t row_scale_stride_;
  OutputMatrix<float> target_;
};

// The accumulators themselves.
class RawEpilogue final : public Epilogue {
 public:
  RawEpilogue(const ColumnTiles& columns, OutputMatrix<int32_t> target) : columns_(columns), target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  const ColumnTiles& columns_;
  OutputMatrix<int32_t> target_;
};

}  // namespace litequant
