#include "ops/dense_optimized.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace litequant {
namespace {

constexpr int64_t kUnknownBound = std::numeric_limits<int64_t>::max();

bool is_uint8(const DenseLayer& layer) { return layer.kind == DenseKind::uint8; }

// The largest magnitude of an activation without its zero point.
int64_t largest_activation(const DenseLayer& layer) {
  switch (layer.kind) {
    case DenseKind::int8: return std::max(127 - layer.data_zero, layer.data_zero + 128);
    case DenseKind::uint8: return std::max(255 - layer.data_zero, layer.data_zero);
    case DenseKind::int16: return 32768;
    default: return 255;  // hybrid
  }
}

int64_t largest_weight(const DenseLayer& layer) {
  return is_uint8(layer) ? std::max(255 - layer.weight_zero, layer.weight_zero) : 128 + std::abs(layer.weight_zero);
}

template <typename T>
std::vector<T> spread(const ColumnTiles& columns, const T* values, T rest) {
  std::vector<T> result(static_cast<size_t>(columns.tiles() * kTileColumns));
  spread_over_tiles(columns, values, rest, result.data());
  return result;
}

}  // namespace

std::optional<PackedDense> PackedDense::make(const DenseLayer& layer, const WeightMatrices& weights,
                                             const ColumnTiles& columns, ScratchLayout& scratch) {
  if (layer.kind == DenseKind::int16_both) return std::nullopt;
  PackedDense dense(layer, weights, columns);
  const int64_t size = dense.matrix_size() * weights.count;
  const bool is_constant = !layer.constant_weights.empty();
  if (!is_constant) {
    dense.weights_scratch_ = scratch.add(size, dense.is_float() ? sizeof(float) : sizeof(int16_t));
  } else if (dense.is_float()) {
    dense.float_weights_.resize(static_cast<size_t>(size));
    dense.pack_floats(reinterpret_cast<const float*>(layer.constant_weights.data()), dense.float_weights_.data());
  } else {
    dense.integer_weights_.resize(static_cast<size_t>(size));
    dense.pack_integers(layer.constant_weights.data(), dense.integer_weights_.data());
  }
  if (dense.is_float()) return dense;

  const auto [sums, largest] = dense.weight_magnitudes();
  if (layer.wide_accumulator) {
    const int64_t limit = std::numeric_limits<int32_t>::max() / largest_activation(layer);
    for (const int64_t sum : sums) {
      if (sum > limit) return std::nullopt;
    }
  }
  if (layer.has_bias && (layer.constant_bias.empty() || layer.wide_accumulator)) {
    dense.bias_scratch_ = scratch.add(columns.tiles() * kTileColumns, sizeof(int64_t));
  }
  dense.spread_constants();
  if (!layer.fixed_scale.multipliers.empty()) {
    layer.wide_accumulator ? dense.make_wide_tiles(sums) : dense.make_fixed_tiles(sums, largest);
  }
  return dense;
}

int64_t PackedDense::matrix_size() const {
  const WeightMatrix& matrix = weights_.matrix;
  return is_float() ? packed_float_size(matrix.columns, matrix.depth) : matrix.packed_int16_size();
}

void PackedDense::pack_integers(const std::byte* weights, int16_t* packed) const {
  for (int64_t i = 0; i < weights_.count; ++i) {
    if (is_uint8(layer_)) {
      const auto* from = reinterpret_cast<const uint8_t*>(weights) + i * weights_.stride;
      pack_weights(weights_.matrix, from, layer_.weight_zero, packed + i * matrix_size());
    } else {
      const auto* from = reinterpret_cast<const int8_t*>(weights) + i * weights_.stride;
      pack_weights(weights_.matrix, from, layer_.weight_zero, packed + i * matrix_size());
    }
  }
}

void PackedDense::pack_floats(const float* weights, float* packed) const {
  for (int64_t i = 0; i < weights_.count; ++i) {
    pack_weights(weights_.matrix, weights + i * weights_.stride, packed + i * matrix_size());
  }
}

void PackedDense::make_fixed_tiles(const std::vector<int64_t>& sums, const std::vector<int32_t>& largest) {
  std::vector<int64_t> bounds;
  for (size_t i = 0; i < sums.size(); ++i) {
    int64_t bound = sums[i] * largest_activation(layer_);
    if (layer_.has_bias) {
      const bool is_known = !layer_.constant_bias.empty();
      bound = is_known ? bound + std::abs(int64_t{reinterpret_cast<const int32_t*>(layer_.constant_bias.data())[i]})
                       : kUnknownBound;
    }
    bounds.push_back(bound);
  }
  fixed_.emplace(layer_.fixed_scale, columns_, bounds, largest);
  if (!bias_.empty()) fixed_->set_bias(bias_);
  if (!integer_weights_.empty()) scale_weights(integer_weights_.data());
}

void PackedDense::make_wide_tiles(const std::vector<int64_t>& sums) {
  if (layer_.has_bias && layer_.constant_bias.empty()) return;
  std::vector<int64_t> bias(sums.size(), 0), bounds;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (layer_.has_bias) {
      bias[i] = layer_.bias_type == DataType::int64
                    ? reinterpret_cast<const int64_t*>(layer_.constant_bias.data())[i]
                    : int64_t{reinterpret_cast<const int32_t*>(layer_.constant_bias.data())[i]};
    }
    // A bias so large that the sum could overflow is beyond every bound anyway.
    const bool is_small = std::abs(bias[i] / 2) < std::numeric_limits<int32_t>::max();
    bounds.push_back(is_small ? sums[i] * largest_activation(layer_) + std::abs(bias[i]) : kUnknownBound);
  }
  wide_.emplace(layer_.fixed_scale, columns_, bias, bounds);
}

void PackedDense::scale_weights(int16_t* packed) const {
  if (!fixed_ || columns_.tiles() == 0) return;
  const int64_t tiles = tile_count(weights_.matrix.columns), pairs = weights_.matrix.pairs();
  for (int64_t i = 0; i < weights_.count; ++i) {
    // Groups have tiles of their own; the matrices of BATCH_MATMUL share them.
    fixed_->scale_weights(i * tiles % columns_.tiles(), tiles, pairs, packed + i * matrix_size());
  }
}

// Of each channel's weights the sum of their magnitudes and the largest; of the largest matrix where channels have
// several.
PackedDense::WeightMagnitudes PackedDense::weight_magnitudes() const {
  const auto channels = static_cast<size_t>(layer_.channels);
  const WeightMatrix& matrix = weights_.matrix;
  if (integer_weights_.empty()) {
    const int64_t most = largest_weight(layer_);
    return {.sums = std::vector<int64_t>(channels, matrix.depth * most),
            .largest = std::vector<int32_t>(channels, static_cast<int32_t>(most))};
  }
  WeightMagnitudes found = {.sums = std::vector<int64_t>(channels, 0), .largest = std::vector<int32_t>(channels, 0)};
  const int16_t* packed = integer_weights_.data();
  const auto pairs = static_cast<size_t>(matrix.pairs());
  for (int64_t i = 0; i < weights_.count; ++i) {
    // Groups lie one after another over the channels; the matrices of BATCH_MATMUL each cover all of them.
    const int64_t first = i * matrix.columns % layer_.channels;
    for (int64_t tile = 0; tile < tile_count(matrix.columns); ++tile) {
      int64_t sums[kTileColumns] = {};
      int32_t largest[kTileColumns] = {};
      for (size_t p = 0; p < pairs; ++p) {
        for (int lane = 0; lane < 2 * kTileColumns; ++lane) {
          const int32_t magnitude = std::abs(int32_t{*packed++});
          sums[lane / 2] += magnitude;
          largest[lane / 2] = std::max(largest[lane / 2], magnitude);
        }
      }
      const int64_t column = tile * kTileColumns;
      for (int64_t c = column; c < std::min(column + kTileColumns, matrix.columns); ++c) {
        const auto channel = static_cast<size_t>(first + c);
        found.sums[channel] = std::max(found.sums[channel], sums[c - column]);
        found.largest[channel] = std::max(found.largest[channel], largest[c - column]);
      }
    }
  }
  return found;
}

void PackedDense::spread_constants() {
  if (layer_.kind == DenseKind::hybrid) {
    weight_scales_ = spread(columns_, layer_.hybrid_scale.weight_scales.data(), 0.0f);
    if (!layer_.constant_bias.empty()) {
      float_bias_ = spread(columns_, reinterpret_cast<const float*>(layer_.constant_bias.data()), 0.0f);
    }
    return;
  }
  if (layer_.is_real_scale) factors_ = spread(columns_, layer_.real_scale.factors.data(), 0.0);
  if (!layer_.has_bias) {
    bias_.assign(static_cast<size_t>(columns_.tiles() * kTileColumns), 0);
  } else if (!layer_.constant_bias.empty() && layer_.bias_type == DataType::int32) {
    bias_ = spread(columns_, reinterpret_cast<const int32_t*>(layer_.constant_bias.data()), 0);
  }
}

const int16_t* PackedDense::integer_weights(const Frame& frame) const {
  if (!integer_weights_.empty()) return integer_weights_.data();
  auto* packed = reinterpret_cast<int16_t*>(frame.scratch_bytes + weights_scratch_);
  pack_integers(frame.in<std::byte>(layer_.weights), packed);
  scale_weights(packed);
  return packed;
}

const float* PackedDense::float_weights(const Frame& frame) const {
  if (!float_weights_.empty()) return float_weights_.data();
  auto* packed = reinterpret_cast<float*>(frame.scratch_bytes + weights_scratch_);
  pack_floats(frame.in<float>(layer_.weights), packed);
  return packed;
}

void PackedDense::prepare(const Frame& frame) const {
  if (!layer_.has_bias || is_float()) return;
  std::byte* target = frame.scratch_bytes + bias_scratch_;
  if (layer_.wide_accumulator) {
    if (layer_.bias_type == DataType::int64) return;
    auto* wide = reinterpret_cast<int64_t*>(target);
    std::copy_n(frame.in<int32_t>(layer_.bias), layer_.channels, wide);
  } else if (layer_.constant_bias.empty()) {
    if (layer_.kind == DenseKind::hybrid) {
      spread_over_tiles(columns_, frame.in<float>(layer_.bias), 0.0f, reinterpret_cast<float*>(target));
    } else {
      spread_over_tiles(columns_, frame.in<int32_t>(layer_.bias), 0, reinterpret_cast<int32_t*>(target));
    }
  }
}

}  // namespace litequant
