#include "kernels/epilogue.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

// The compiled values of S. A right shift n fits when 2 <= S - n.
constexpr int kShifts[] = {13, 9, 17, 22};
constexpr int kFewestPowers = 2;

// The S that suits all columns of a tile, or 0. `is_zero[i]`: the column's results are its zero point whatever the
// input.
int common_shift(std::span<const FixedMultiplier> multipliers, std::span<const int64_t> bounds,
                 std::span<const bool> is_zero) {
  for (const int shift : kShifts) {
    bool fits = true;
    for (size_t i = 0; i < multipliers.size(); ++i) {
      if (is_zero[i]) continue;
      const int right = -multipliers[i].shift;
      const int power = shift - right;
      fits = fits && right >= 1 && power >= kFewestPowers && power < 31 &&
             bounds[i] <= std::numeric_limits<int32_t>::max() >> power;
    }
    if (fits) return shift;
  }
  return 0;
}

// Whether every accumulator within the bound scales to 0: below 0.2 neither of the two roundings can reach 1.
bool scales_to_zero(FixedMultiplier by, int64_t bound) {
  return std::ldexp(static_cast<double>(by.multiplier) * static_cast<double>(bound), by.shift - 31) < 0.2;
}

// Zero point and clamp for two vectors of 4 results, to 8 stored integers.
struct IntegerStore {
  explicit IntegerStore(int32_t zero_point, IntegerRange range)
      : zero(wasm_i16x8_splat(static_cast<int16_t>(zero_point))),
        low(wasm_i16x8_splat(static_cast<int16_t>(range.low))),
        high(wasm_i16x8_splat(static_cast<int16_t>(range.high))) {}

  // Saturating steps are exact: |zero point| <= 255 and the clamp lies within 16 bits.
  Vector narrow(Vector first, Vector second) const {
    const Vector sum = wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(first, second), zero);
    return wasm_i16x8_min(wasm_i16x8_max(sum, low), high);
  }

  void put(Vector first, Vector second, int8_t* to, int width) const {
    const Vector values = narrow(first, second);
    put_bytes(wasm_i8x16_narrow_i16x8(values, values), to, static_cast<size_t>(width));
  }
  void put(Vector first, Vector second, uint8_t* to, int width) const {
    const Vector values = narrow(first, second);
    put_bytes(wasm_u8x16_narrow_i16x8(values, values), to, static_cast<size_t>(width));
  }
  void put(Vector first, Vector second, int16_t* to, int width) const {
    const Vector values = narrow(first, second);
    if (width == kTileColumns) {
      simd::store(to, values);
    } else {
      put_part(values, to, static_cast<size_t>(width) * sizeof(int16_t));
    }
  }

  static void put_bytes(Vector values, void* to, size_t bytes) {
    if (bytes == kTileColumns) {
      wasm_v128_store64_lane(to, values, 0);
    } else {
      put_part(values, to, bytes);
    }
  }
  static void put_part(Vector values, void* to, size_t bytes) {
    alignas(16) std::byte stored[16];
    simd::store(stored, values);
    std::memcpy(to, stored, bytes);
  }

  Vector zero, low, high;
};

}  // namespace

FixedTiles::FixedTiles(const FixedScale& scale, const ColumnTiles& tiles, std::span<const int64_t> bounds)
    : tiles_(static_cast<size_t>(tiles.tiles())) {
  for (int64_t index = 0; index < tiles.tiles(); ++index) {
    Tile& tile = tiles_[static_cast<size_t>(index)];
    const auto first = static_cast<size_t>(tiles.first_column(index));
    const auto width = static_cast<size_t>(tiles.width(index));
    const auto multipliers = std::span(scale.multipliers).subspan(first, width);
    const auto own_bounds = bounds.subspan(first, width);
    bool is_zero[kTileColumns] = {};
    for (size_t i = 0; i < width; ++i) {
      // A bound that could wrap proves nothing.
      is_zero[i] =
          own_bounds[i] <= std::numeric_limits<int32_t>::max() && scales_to_zero(multipliers[i], own_bounds[i]);
    }
    tile.shift = common_shift(multipliers, own_bounds, std::span(is_zero, width));
    if (tile.shift == 0) continue;
    for (size_t i = 0; i < kTileColumns; ++i) {
      const bool is_used = i < width && !is_zero[i];
      const int power = is_used ? tile.shift + multipliers[i].shift : kFewestPowers;
      tile.multiplier[i] = is_used ? multipliers[i].multiplier : 0;
      tile.power[i] = is_used ? int32_t{1} << power : 0;
      tile.positive[i] = (int32_t{1} << (tile.shift - 2)) + (int32_t{1} << (power - 2));
      tile.negative[i] = int32_t{1} << (power - 1);
    }
  }
}

template <typename T>
template <int kShift>
void FixedEpilogue<T>::finish_shifted(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const FixedTiles::Tile& constants = tiles_.tiles_[static_cast<size_t>(tile)];
  const int width = columns_.width(tile);
  T* to = target_.output + first_row * target_.row_stride + columns_.first_column(tile);
  const IntegerStore store(scale_.zero_point, scale_.range);
  const int32_t* bias = bias_ + tile * kTileColumns;
  const auto scaled = [&](int half, const int32_t* from) {
    const Vector x = wasm_i32x4_mul(wasm_i32x4_add(simd::load(from + half), simd::load(bias + half)),
                                    simd::load(constants.power + half));
    const Vector below = wasm_v128_and(wasm_i32x4_shr(x, 31), simd::load(constants.negative + half));
    const Vector sum = wasm_i32x4_add(simd::multiply_high(x, simd::load(constants.multiplier + half)),
                                      simd::load(constants.positive + half));
    return wasm_i32x4_shr(wasm_i32x4_sub(sum, below), kShift - 1);
  };
  for (int row = 0; row < rows; ++row) {
    store.put(scaled(0, accumulators), scaled(4, accumulators), to, width);
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

template <typename T>
void FixedEpilogue<T>::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  switch (tiles_.tiles_[static_cast<size_t>(tile)].shift) {
    case kShifts[0]: return finish_shifted<kShifts[0]>(tile, first_row, rows, accumulators);
    case kShifts[1]: return finish_shifted<kShifts[1]>(tile, first_row, rows, accumulators);
    case kShifts[2]: return finish_shifted<kShifts[2]>(tile, first_row, rows, accumulators);
    case kShifts[3]: return finish_shifted<kShifts[3]>(tile, first_row, rows, accumulators);
    default: break;
  }
  const int width = columns_.width(tile);
  const int64_t first_column = columns_.first_column(tile);
  T* to = target_.output + first_row * target_.row_stride + first_column;
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < width; ++i) {
      const int32_t sum = wrapping_add(accumulators[i], bias_[tile * kTileColumns + i]);
      to[i] = static_cast<T>(scale_.apply(sum, static_cast<size_t>(first_column + i)));
    }
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

template <typename T>
void RealEpilogue<T>::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const int width = columns_.width(tile);
  T* to = target_.output + first_row * target_.row_stride + columns_.first_column(tile);
  const IntegerStore store(scale_.zero_point, scale_.range);
  const int32_t* bias = bias_ + tile * kTileColumns;
  const double* factors = factors_ + tile * kTileColumns;
  // Rounding half away from zero: add the largest double below 1/2 with the sign of the value, cut off the fraction.
  // The sum reaches the next integer exactly when the fraction is at least 1/2.
  const Vector half = wasm_f64x2_splat(std::nextafter(0.5, 0.0));
  const Vector sign = wasm_f64x2_splat(-0.0);
  const auto rounded = [&](Vector pair, const double* by) {
    const Vector real = wasm_f64x2_mul(wasm_f64x2_convert_low_i32x4(pair), simd::load(by));
    const Vector nudge = wasm_v128_or(half, wasm_v128_and(real, sign));
    return wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_add(real, nudge));
  };
  const auto scaled = [&](int offset) {
    const Vector sum = wasm_i32x4_add(simd::load(accumulators + offset), simd::load(bias + offset));
    return wasm_i32x4_shuffle(rounded(sum, factors + offset),
                              rounded(wasm_i32x4_shuffle(sum, sum, 2, 3, 2, 3), factors + offset + 2), 0, 1, 4, 5);
  };
  for (int row = 0; row < rows; ++row) {
    store.put(scaled(0), scaled(4), to, width);
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

template <typename Scale>
void WideEpilogue<Scale>::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const int width = columns_.width(tile);
  const int64_t first_column = columns_.first_column(tile);
  int16_t* to = target_.output + first_row * target_.row_stride + first_column;
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < width; ++i) {
      const int64_t bias = bias_ == nullptr ? 0 : bias_[first_column + i];
      const auto sum =
          static_cast<int64_t>(static_cast<uint64_t>(int64_t{accumulators[i]}) + static_cast<uint64_t>(bias));
      to[i] = static_cast<int16_t>(scale_.apply(sum, static_cast<size_t>(first_column + i)));
    }
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

void HybridEpilogue::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const int width = columns_.width(tile);
  float* to = target_.output + first_row * target_.row_stride + columns_.first_column(tile);
  const float* weight_scales = weight_scales_ + tile * kTileColumns;
  const float* bias = bias_ == nullptr ? nullptr : bias_ + tile * kTileColumns;
  const Vector low = wasm_f32x4_splat(scale_.range.low), high = wasm_f32x4_splat(scale_.range.high);
  for (int row = 0; row < rows; ++row) {
    const Vector row_scale = wasm_f32x4_splat(row_scales_[(first_row + row) * row_scale_stride_].scale);
    const auto real = [&](int half) {
      const Vector sum = wasm_f32x4_convert_i32x4(simd::load(accumulators + half));
      const Vector weight_scale = simd::load(weight_scales + half);
      Vector value = scale_.weight_first ? wasm_f32x4_mul(wasm_f32x4_mul(sum, weight_scale), row_scale)
                                         : wasm_f32x4_mul(sum, wasm_f32x4_mul(weight_scale, row_scale));
      if (bias != nullptr) value = wasm_f32x4_add(value, simd::load(bias + half));
      return wasm_f32x4_pmin(wasm_f32x4_pmax(value, low), high);
    };
    if (width == kTileColumns) {
      simd::store(to, real(0));
      simd::store(to + 4, real(4));
    } else {
      alignas(16) float stored[kTileColumns];
      simd::store(stored, real(0));
      simd::store(stored + 4, real(4));
      std::copy_n(stored, width, to);
    }
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

void RawEpilogue::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  int32_t* to = target_.output + first_row * target_.row_stride + columns_.first_column(tile);
  for (int row = 0; row < rows; ++row) {
    std::copy_n(accumulators, columns_.width(tile), to);
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

template class FixedEpilogue<int8_t>;
template class FixedEpilogue<uint8_t>;
template class FixedEpilogue<int16_t>;
template class RealEpilogue<int8_t>;
template class RealEpilogue<uint8_t>;
template class WideEpilogue<FixedScale>;
template class WideEpilogue<RealScale>;

}  // namespace litequant
