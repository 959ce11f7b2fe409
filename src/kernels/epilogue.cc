#include "kernels/epilogue.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/finish_fixed.h"
#include "kernels/float_scale.h"
#include "kernels/simd.h"

namespace litequant {
namespace {

using simd::Vector;

constexpr int kFewestPowers = 2, kMostPowers = 8;

// Whether the short form is right for a column; n from 5 to 11.
bool is_short(FixedMultiplier by, int64_t bound) {
  const int power = kFixedShift + by.shift;
  return power >= kFewestPowers && power <= kMostPowers && by.shift <= -1 &&
         bound <= std::numeric_limits<int32_t>::max() >> power;
}
// Whether weights can be multiplied for it.
bool holds_power(FixedMultiplier by, int32_t largest_weight) {
  return largest_weight <= std::numeric_limits<int16_t>::max() >> (kFixedShift + by.shift);
}

// Whether every accumulator within the bound scales to 0: below 0.2 neither of the two roundings can reach 1.
bool scales_to_zero(FixedMultiplier by, int64_t bound) {
  return std::ldexp(static_cast<double>(by.multiplier) * static_cast<double>(bound), by.shift - 31) < 0.2;
}

// Results that are clamped to the 256 stored values from the zero point up.
bool is_byte_relu(const FixedScale& scale) {
  return scale.range.low == scale.zero_point && scale.range.high == scale.zero_point + 255;
}

// Sets the float form of a tile that has the short form, if it is proved for all its columns.
void prove_floats(const FixedScale& scale, const ColumnTiles& tiles, int64_t index, std::span<const int64_t> bounds,
                  FixedTile& tile) {
  for (int i = 0; i < kTileColumns; ++i) {
    FloatScale floats;  // of a dead column
    if (tile.multiplier[i] != 0) {
      const auto column = static_cast<size_t>(tiles.first_column(index) + i);
      const auto proved = prove_float_scale(scale.multipliers[column], tile.exponent[i], bounds[column]);
      if (!proved) return;
      floats = *proved;
    }
    tile.centre[i] = floats.centre;
    tile.factor[i] = floats.factor;
    tile.offset[i] = floats.offset;
  }
  std::fill_n(tile.rounder, 4, kFloatRounder);
  tile.is_float = true;
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

FixedTiles::FixedTiles(const FixedScale& scale, const ColumnTiles& tiles, std::span<const int64_t> bounds,
                       std::span<const int32_t> largest_weights)
    : tiles_(static_cast<size_t>(tiles.tiles())), wide_(tiles_.size()) {
  const bool multiplies_weights = !largest_weights.empty();
  for (int64_t index = 0; index < tiles.tiles(); ++index) {
    FixedTile& tile = tiles_[static_cast<size_t>(index)];
    Wide& wide = wide_[static_cast<size_t>(index)];
    tile.is_shifted = true;
    for (int i = 0; i < kTileColumns; ++i) {
      const bool is_used = i < tiles.width(index);
      const auto column = static_cast<size_t>(tiles.first_column(index) + i);
      const FixedMultiplier by = is_used ? scale.multipliers[column] : FixedMultiplier{};
      // A bound that could wrap proves nothing.
      const int64_t bound = is_used ? bounds[column] : 0;
      const bool is_zero = bound <= std::numeric_limits<int32_t>::max() && scales_to_zero(by, bound);
      tile.is_shifted = tile.is_shifted && (is_zero || is_short(by, bound)) &&
                        (is_zero || !multiplies_weights || holds_power(by, largest_weights[column]));
      const int power = is_zero ? kFewestPowers : kFixedShift + by.shift;
      if (tile.is_shifted) {
        tile.exponent[i] = is_zero || !multiplies_weights ? 0 : power;
        tile.power[i] = is_zero || multiplies_weights ? 1 : int32_t{1} << power;
        tile.multiplier[i] = is_zero ? 0 : by.multiplier;
        tile.positive[i] = (int32_t{1} << (kFixedShift - 2)) + (int32_t{1} << (power - 2));
        tile.negative[i] = int32_t{1} << (power - 1);
      }
      const int right = std::min(std::max(-by.shift, 0), 31);
      wide.left[i] = static_cast<int32_t>(uint32_t{1} << std::max(by.shift, 0));
      wide.multiplier[i] = by.multiplier;
      wide.right[i] = static_cast<int32_t>(uint32_t{1} << (31 - right));
      wide.below[i] = right > 0 ? -1 : 0;
      wide.half[i] = right > 0 ? int64_t{1} << 30 : 0;
    }
    if (!tile.is_shifted) tile = {};
    if (tile.is_shifted && is_byte_relu(scale)) prove_floats(scale, tiles, index, bounds, tile);
  }
}

void FixedTiles::scale_weights(int64_t first_tile, int64_t tiles, int64_t pairs, int16_t* packed) const {
  for (int64_t index = first_tile; index < first_tile + tiles; ++index) {
    const FixedTile& tile = tiles_[static_cast<size_t>(index)];
    for (int64_t p = 0; tile.is_shifted && p < pairs; ++p) {
      for (int i = 0; i < 2 * kTileColumns; ++i) {
        packed[p * 2 * kTileColumns + i] =
            static_cast<int16_t>(packed[p * 2 * kTileColumns + i] * (1 << tile.exponent[i / 2]));
      }
    }
    packed += pairs * 2 * kTileColumns;
  }
}

void FixedTiles::set_bias(std::span<const int32_t> spread) {
  for (size_t index = 0; index < tiles_.size(); ++index) {
    FixedTile& tile = tiles_[index];
    for (size_t i = 0; tile.is_shifted && i < kTileColumns; ++i) {
      tile.start[i] = wrapping_shift_left(spread[index * kTileColumns + i], tile.exponent[i]);
      tile.float_start[i] = wrapping_subtract(tile.start[i], tile.centre[i]);
    }
  }
}

template <typename T>
FusedTile FixedEpilogue<T>::fused(int64_t tile) const {
  const FixedTile& constants = tiles_.tile(tile);
  if constexpr (sizeof(T) == 1) {
    if (constants.is_shifted && columns_.width(tile) == kTileColumns) {
      const int shift = std::is_same_v<T, uint8_t> ? 128 : 0;
      return {.tile = &constants,
              .start = constants.is_float ? constants.float_start : constants.start,
              .output = reinterpret_cast<int8_t*>(target_.output + columns_.first_column(tile)),
              .row_stride = target_.row_stride,
              .zero_point = static_cast<int16_t>(scale_.zero_point - shift),
              .low = static_cast<int16_t>(scale_.range.low - shift),
              .high = static_cast<int16_t>(scale_.range.high - shift),
              .flip = static_cast<uint8_t>(shift)};
    }
  }
  return {};
}

template <typename T>
void FixedEpilogue<T>::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const int width = columns_.width(tile);
  T* to = target_.output + first_row * target_.row_stride + columns_.first_column(tile);
  const IntegerStore store(scale_.zero_point, scale_.range);
  const FixedTile& constants = tiles_.tile(tile);
  if (constants.is_shifted) {
    const auto scaled = [&](int half, const int32_t* from) {
      const Vector sum = wasm_i32x4_add(simd::load(from + half), simd::load(constants.start + half));
      return finish_fixed<true>(wasm_i32x4_mul(sum, simd::load(constants.power + half)), constants, half);
    };
    for (int row = 0; row < rows; ++row) {
      store.put(scaled(0, accumulators), scaled(4, accumulators), to, width);
      accumulators += kTileColumns;
      to += target_.row_stride;
    }
    return;
  }
  const FixedTiles::Wide& wide = tiles_.wide_[static_cast<size_t>(tile)];
  const int32_t* bias = bias_ + tile * kTileColumns;
  const Vector nudge = wasm_i64x2_splat(int64_t{1} << 30);
  // The upper halves of twice the sums.
  const auto upper = [](Vector low, Vector high) {
    return wasm_i32x4_shuffle(wasm_i64x2_add(low, low), wasm_i64x2_add(high, high), 1, 3, 5, 7);
  };
  const auto scaled = [&](int half, const int32_t* from) {
    const Vector sum = wasm_i32x4_add(simd::load(from + half), simd::load(bias + half));
    const Vector x = wasm_i32x4_mul(sum, simd::load(wide.left + half));
    const Vector m = simd::load(wide.multiplier + half);
    const Vector y = upper(wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, m), nudge),
                           wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, m), nudge));
    // Below zero one less; where nothing is shifted 2^31 is negative, and so is what it multiplies.
    const Vector has_shift = simd::load(wide.below + half), no_shift = wasm_v128_not(has_shift);
    Vector z = wasm_i32x4_add(y, wasm_v128_and(wasm_i32x4_shr(y, 31), has_shift));
    z = wasm_i32x4_sub(wasm_v128_xor(z, no_shift), no_shift);
    const Vector by = simd::load(wide.right + half);
    return upper(wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(z, by), simd::load(wide.half + half)),
                 wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(z, by), simd::load(wide.half + half + 2)));
  };
  for (int row = 0; row < rows; ++row) {
    store.put(scaled(0, accumulators), scaled(4, accumulators), to, width);
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

namespace {

// The multiplier and the right shift of scale_accumulator(int64_t, ...).
int32_t multiplier_int16(FixedMultiplier by) {
  return by.multiplier < 0x7fff0000 ? (by.multiplier + (1 << 15)) >> 16 : 0x7fff;
}
int total_shift(FixedMultiplier by) { return 15 - by.shift; }

}  // namespace

WideTiles::WideTiles(const FixedScale& scale, const ColumnTiles& tiles, std::span<const int64_t> bias,
                     std::span<const int64_t> bounds)
    : tiles_(static_cast<size_t>(tiles.tiles())) {
  constexpr int kRight = 33, kMostLeft = 16;
  for (int64_t index = 0; index < tiles.tiles(); ++index) {
    Tile tile = {.is_short = true};
    for (int i = 0; i < tiles.width(index); ++i) {
      const auto column = static_cast<size_t>(tiles.first_column(index) + i);
      const FixedMultiplier by = scale.multipliers[column];
      if (by.multiplier == 0) continue;
      const int left = kRight - total_shift(by);
      tile.is_short =
          tile.is_short && left >= 0 && left <= kMostLeft && bounds[column] <= std::numeric_limits<int32_t>::max();
      if (!tile.is_short) break;
      tile.start[i] = static_cast<int32_t>(bias[column]);
      tile.multiplier[i] = multiplier_int16(by) << left;
    }
    if (tile.is_short) tiles_[static_cast<size_t>(index)] = tile;
  }
}

template <typename Scale>
void WideEpilogue<Scale>::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const int width = columns_.width(tile);
  const int64_t first_column = columns_.first_column(tile);
  int16_t* to = target_.output + first_row * target_.row_stride + first_column;
  if (tiles_ != nullptr && tiles_->tile(tile).is_short) {
    const WideTiles::Tile& constants = tiles_->tile(tile);
    const IntegerStore store(scale_.zero_point, scale_.range);
    const Vector one = wasm_i32x4_splat(1);
    const auto scaled = [&](int half, const int32_t* from) {
      const Vector x = wasm_i32x4_add(simd::load(from + half), simd::load(constants.start + half));
      return wasm_i32x4_shr(wasm_i32x4_add(simd::multiply_high(x, simd::load(constants.multiplier + half)), one), 1);
    };
    for (int row = 0; row < rows; ++row) {
      store.put(scaled(0, accumulators), scaled(4, accumulators), to, width);
      accumulators += kTileColumns;
      to += target_.row_stride;
    }
    return;
  }
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

// Constants are values: through pointers they would be loaded again after every store of a float.
template <bool kWeightFirst, bool kHasBias, bool kHasSums>
void HybridEpilogue::finish_tile(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const int width = columns_.width(tile);
  float* to = target_.output + first_row * target_.row_stride + columns_.first_column(tile);
  const auto pair = [&](const auto* of, bool is_there) {
    const auto* from = is_there ? of + tile * kTileColumns : of;
    return is_there ? std::pair(simd::load(from), simd::load(from + 4)) : std::pair<Vector, Vector>();
  };
  const auto [scale_low, scale_high] = pair(weight_scales_, true);
  const auto [bias_low, bias_high] = pair(bias_, kHasBias);
  const auto [sums_low, sums_high] = pair(correction_.weight_sums, kHasSums);
  const Vector low = wasm_f32x4_splat(scale_.range.low), high = wasm_f32x4_splat(scale_.range.high);
  for (int row = 0; row < rows; ++row) {
    const DynamicScale& dynamic = row_scales_[(first_row + row) * row_scale_stride_];
    const Vector row_scale = wasm_f32x4_splat(dynamic.scale);
    const Vector excess = wasm_i32x4_splat(dynamic.zero_point + correction_.shift);
    const auto real = [&](Vector whole, Vector sums, Vector weight_scale, Vector bias) {
      if constexpr (kHasSums) whole = wasm_i32x4_sub(whole, wasm_i32x4_mul(excess, sums));
      const Vector sum = wasm_f32x4_convert_i32x4(whole);
      Vector value = kWeightFirst ? wasm_f32x4_mul(wasm_f32x4_mul(sum, weight_scale), row_scale)
                                  : wasm_f32x4_mul(sum, wasm_f32x4_mul(weight_scale, row_scale));
      if constexpr (kHasBias) value = wasm_f32x4_add(value, bias);
      return wasm_f32x4_pmin(wasm_f32x4_pmax(value, low), high);
    };
    const Vector first = real(simd::load(accumulators), sums_low, scale_low, bias_low);
    const Vector second = real(simd::load(accumulators + 4), sums_high, scale_high, bias_high);
    if (width == kTileColumns) {
      simd::store(to, first);
      simd::store(to + 4, second);
    } else {
      alignas(16) float stored[kTileColumns];
      simd::store(stored, first);
      simd::store(stored + 4, second);
      std::copy_n(stored, width, to);
    }
    accumulators += kTileColumns;
    to += target_.row_stride;
  }
}

void HybridEpilogue::finish(int64_t tile, int64_t first_row, int rows, const int32_t* accumulators) const {
  const auto with = [](bool value, const auto& f) { value ? f(std::true_type()) : f(std::false_type()); };
  with(scale_.weight_first, [&](auto weight_first) {
    with(bias_ != nullptr, [&](auto has_bias) {
      with(correction_.weight_sums != nullptr, [&](auto has_sums) {
        finish_tile<weight_first, has_bias, LITEQUANT_BYTE_DOT && has_sums>(tile, first_row, rows, accumulators);
      });
    });
  });
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
