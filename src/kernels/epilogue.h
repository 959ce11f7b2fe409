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

// Constants of the exact fixed-point scaling of one tile in one multiplication, without 64-bit shifts. With X = x * 2^s
// and s + n = kFixedShift for every column (x the accumulator with bias, m the multiplier, n its right shift >= 1), the
// two roundings are
//   r = (high32(X * m) + 2^(S-2) + sign(x) * 2^(s-2)) >> (S-1),   S = kFixedShift
// as long as X fits in 32 bits. The factor 2^s is in the weights (FixedTiles::scale_weights) and in `start`, or it
// multiplies the accumulators where weights are bytes.
inline constexpr int kFixedShift = 13;  // serves n from 5 to 11: all but odd channels of real models

struct FixedTile {
  int32_t start[kTileColumns] = {};  // the bias * 2^s
  int32_t multiplier[kTileColumns] = {};  // m
  int32_t positive[kTileColumns] = {}, negative[kTileColumns] = {};  // addend above zero; what less below it
  int32_t exponent[kTileColumns] = {};  // s where it is in the weights, else 0
  int32_t power[kTileColumns] = {};  // 2^s where it is not, else 1
  // The same by floats, where proved for all columns (float_scale.h).
  int32_t centre[kTileColumns] = {}, float_start[kTileColumns] = {};  // `start` less the centre
  float factor[kTileColumns] = {}, offset[kTileColumns] = {};
  float rounder[4] = {};  // a constant, which V8 would otherwise build anew at each use
  bool is_float = false;
  bool is_shifted = false;  // else the columns are scaled by FixedTiles::Wide, with their weights as they are
};

// With which a kernel makes 8-bit results of a tile while its accumulators are in registers; see finish_fixed.h.
struct FusedTile {
  const FixedTile* tile = nullptr;  // null: `finish` must be called
  const int32_t* start = nullptr;  // where accumulators begin
  int8_t* output = nullptr;  // of row 0, 8 columns
  int64_t row_stride = 0;
  // As of int8: of uint8 128 is subtracted, and `flip` puts it back.
  int16_t zero_point = 0, low = 0, high = 0;
  uint8_t flip = 0;
};

// Takes accumulators [rows][8] of one tile of columns for the rows from `first_row`.
class Epilogue {
 public:
  virtual ~Epilogue() = default;
  virtual void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const = 0;
  virtual FusedTile fused(int64_t) const { return {}; }
};

// Where results go: element (row, column) to output[row * row_stride + column].
template <typename T>
struct OutputMatrix {
  T* output = nullptr;
  int64_t row_stride = 0;
};

// Constants of the scaling of all tiles. Tiles for which the short form is not proved use the definition in 64 bits.
class FixedTiles {
 public:
  // `bounds` [columns]: the largest magnitude each accumulator with its bias can have, in any order of additions, and
  // beyond 31 bits where it is not known. `largest_weights` [columns]: the same of one weight, where the weights can be
  // multiplied; else none.
  FixedTiles(const FixedScale& scale, const ColumnTiles& tiles, std::span<const int64_t> bounds,
             std::span<const int32_t> largest_weights);

  // Multiplies packed weights (of `pairs` pairs of depths) of the tiles from `first_tile` by 2^s.
  void scale_weights(int64_t first_tile, int64_t tiles, int64_t pairs, int16_t* packed) const;
  // The bias [tiles][8] of the short form; nothing of the others, whose bias the epilogue is given.
  void set_bias(std::span<const int32_t> spread);

  const FixedTile& tile(int64_t i) const { return tiles_[static_cast<size_t>(i)]; }

 private:
  template <typename T>
  friend class FixedEpilogue;
  // The definition: x * left, doubled high half by m rounded, then nearest after n bits by a multiplication with
  // 2^(31-n).
  struct Wide {
    int32_t left[kTileColumns] = {}, multiplier[kTileColumns] = {}, right[kTileColumns] = {};
    int32_t below[kTileColumns] = {};  // all ones where n >= 1
    int64_t half[kTileColumns] = {};  // 2^30 where n >= 1
  };
  std::vector<FixedTile> tiles_;
  std::vector<Wide> wide_;
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
  FusedTile fused(int64_t tile) const override;

 private:
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

// Constants of the exact fixed-point scaling of 64-bit accumulators, for tiles where 32 bits hold them with their bias.
// With the 16-bit multiplier m shifted left by k so that its right shift t + k is 33, the one rounding is
//   r = (high32(x * (m << k)) + 1) >> 1.
class WideTiles {
 public:
  // `bias` and `bounds` [columns]: bounds of accumulator and bias together.
  WideTiles(const FixedScale& scale, const ColumnTiles& tiles, std::span<const int64_t> bias,
            std::span<const int64_t> bounds);

  struct Tile {
    int32_t start[kTileColumns] = {}, multiplier[kTileColumns] = {};
    bool is_short = false;
  };
  const Tile& tile(int64_t i) const { return tiles_[static_cast<size_t>(i)]; }

 private:
  std::vector<Tile> tiles_;
};

// int16 results whose bias is added in 64 bits; `Scale` is FixedScale or RealScale. `bias` [columns] or null; `tiles`
// or null.
template <typename Scale>
class WideEpilogue final : public Epilogue {
 public:
  WideEpilogue(const ColumnTiles& columns, const Scale& scale, const WideTiles* tiles, const int64_t* bias,
               OutputMatrix<int16_t> target)
      : columns_(columns), scale_(scale), tiles_(tiles), bias_(bias), target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  const ColumnTiles& columns_;
  const Scale& scale_;
  const WideTiles* tiles_;
  const int64_t* bias_;
  OutputMatrix<int16_t> target_;
};

// What products of bytes must be corrected by: activations are 128 too large where `shift` is 128.
struct ByteCorrection {
  const int32_t* weight_sums = nullptr;  // [tiles][8]; null: the products are those of centred values already
  int32_t shift = 0;
};

// Float results of activations quantized on the fly. `row_scales[row * row_scale_stride]` belongs to each row (stride
// 0: one for all); `weight_scales` and `bias` [tiles][8].
class HybridEpilogue final : public Epilogue {
 public:
  HybridEpilogue(const ColumnTiles& columns, const HybridScale& scale, const float* weight_scales, const float* bias,
                 const DynamicScale* row_scales, int64_t row_scale_stride, ByteCorrection correction,
                 OutputMatrix<float> target)
      : columns_(columns),
        scale_(scale),
        weight_scales_(weight_scales),
        bias_(bias),
        row_scales_(row_scales),
        row_scale_stride_(row_scale_stride),
        correction_(correction),
        target_(target) {}
  void finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const override;

 private:
  template <bool kWeightFirst, bool kHasBias, bool kHasSums>
  void finish_tile(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const;

  const ColumnTiles& columns_;
  const HybridScale& scale_;
  const float* weight_scales_;
  const float* bias_;
  const DynamicScale* row_scales_;
  int64_t row_scale_stride_;
  ByteCorrection correction_;
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
