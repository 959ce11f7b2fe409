#include "ops/dense_optimized.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "kernels/byte_dot.h"

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

// Matrices that share columns (BATCH_MATMUL) would need corrections of their own.
bool PackedDense::may_use_bytes() const {
  const bool has_kind = layer_.kind == DenseKind::int8 || layer_.kind == DenseKind::hybrid;
  return has_kind && weights_.may_be_bytes && byte_dot() != ByteDot::inexact && !layer_.constant_weights.empty() &&
         layer_.weight_zero == 0 && !layer_.raw_output && weights_.count == columns_.groups;
}

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
  } else if (dense.may_use_bytes()) {
    dense.pack_bytes(reinterpret_cast<const int8_t*>(layer.constant_weights.data()));
    dense.weights_.pack_bytes = nullptr;  // what it refers to lives no longer than this call
  } else {
    dense.integer_weights_.resize(static_cast<size_t>(size));
    dense.pack_integers(layer.constant_weights.data(), dense.integer_weights_.data());
  }
  if (dense.is_float()) return dense;

  const WeightSums sums = dense.weight_sums();
  if (layer.wide_accumulator) {
    const int64_t limit = std::numeric_limits<int32_t>::max() / largest_activation(layer);
    for (const int64_t sum : sums.magnitudes) {
      if (sum > limit) return std::nullopt;
    }
  }
  if (dense.is_bytes()) dense.byte_sums_ = spread(columns, sums.sums.data(), 0);
  if (layer.has_bias && (layer.constant_bias.empty() || layer.wide_accumulator)) {
    dense.bias_scratch_ = scratch.add(columns.tiles() * kTileColumns, sizeof(int64_t));
  }
  dense.spread_constants();
  if (!layer.fixed_scale.multipliers.empty()) {
    layer.wide_accumulator ? dense.make_wide_tiles(sums.magnitudes) : dense.make_fixed_tiles(sums);
  }
  return dense;
}

int64_t PackedDense::matrix_size() const {
  const WeightMatrix& matrix = weights_.matrix;
  return is_float() ? packed_float_size(matrix.columns, matrix.depth) : matrix.packed<int16_t>();
}

void PackedDense::pack_integers(const std::byte* weights, int16_t* packed) const {
  for (int64_t i = 0; i < weights_.count; ++i) {
    if (is_uint8(layer_)) {
      const auto* from = reinterpret_cast<const uint8_t*>(weights) + i * weights_.stride;
      pack_weights<int16_t>(weights_.matrix, from, layer_.weight_zero, packed + i * matrix_size());
    } else {
      const auto* from = reinterpret_cast<const int8_t*>(weights) + i * weights_.stride;
      pack_weights<int16_t>(weights_.matrix, from, layer_.weight_zero, packed + i * matrix_size());
    }
  }
}

void PackedDense::pack_bytes(const int8_t* weights) {
#if LITEQUANT_BYTE_DOT
  byte_shift_ = byte_dot() == ByteDot::exact_unsigned ? 128 : 0;
  if (weights_.pack_bytes) {
    byte_weights_ = weights_.pack_bytes(weights);
    return;
  }
  const int64_t size = weights_.matrix.packed<uint8_t>();
  byte_weights_.resize(static_cast<size_t>(size * weights_.count));
  for (int64_t i = 0; i < weights_.count; ++i) {
    pack_weights<uint8_t>(weights_.matrix, weights + i * weights_.stride, 0, byte_weights_.data() + i * size);
  }
#else
  static_cast<void>(weights);
#endif
}

void PackedDense::pack_floats(const float* weights, float* packed) const {
  for (int64_t i = 0; i < weights_.count; ++i) {
    pack_weights(weights_.matrix, weights + i * weights_.stride, packed + i * matrix_size());
  }
}

void PackedDense::make_fixed_tiles(const WeightSums& sums) {
  std::vector<int64_t> bounds;
  for (size_t i = 0; i < sums.magnitudes.size(); ++i) {
    int64_t bound = sums.magnitudes[i] * largest_activation(layer_);
    if (layer_.has_bias) {
      const bool is_known = !layer_.constant_bias.empty();
      bound = is_known ? bound + std::abs(int64_t{reinterpret_cast<const int32_t*>(layer_.constant_bias.data())[i]})
                       : kUnknownBound;
    }
    bounds.push_back(bound);
  }
  fixed_.emplace(layer_.fixed_scale, columns_, bounds, is_bytes() ? std::span<const int32_t>() : sums.largest);
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
  const int64_t tiles = tile_count(weights_.matrix.columns), pairs = weights_.matrix.bundles<int16_t>();
  for (int64_t i = 0; i < weights_.count; ++i) {
    // Groups have tiles of their own; the matrices of BATCH_MATMUL share them.
    fixed_->scale_weights(i * tiles % columns_.tiles(), tiles, pairs, packed + i * matrix_size());
  }
}

template <typename T>
void PackedDense::add_weight_sums(const T* weights, WeightSums& found) const {
  const WeightMatrix& matrix = weights_.matrix;
  for (int64_t i = 0; i < weights_.count; ++i) {
    // Groups lie one after another over the channels; the matrices of BATCH_MATMUL each cover all of them.
    const int64_t first = i * matrix.columns % layer_.channels;
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const T* from = weights + i * weights_.stride + column * matrix.column_stride;
      int32_t sum = 0, largest = 0;
      int64_t magnitudes = 0;
      for (int64_t k = 0; k < matrix.depth; ++k) {
        const int32_t weight = from[k * matrix.depth_stride] - layer_.weight_zero, magnitude = std::abs(weight);
        sum = wrapping_add(sum, weight);
        magnitudes += magnitude;
        largest = std::max(largest, magnitude);
      }
      const auto channel = static_cast<size_t>(first + column);
      found.sums[channel] = sum;
      found.magnitudes[channel] = std::max(found.magnitudes[channel], magnitudes);
      found.largest[channel] = std::max(found.largest[channel], largest);
    }
  }
}

// Of the largest matrix where channels have several.
PackedDense::WeightSums PackedDense::weight_sums() const {
  const auto channels = static_cast<size_t>(layer_.channels);
  WeightSums found = {.sums = std::vector<int32_t>(channels, 0),
                      .magnitudes = std::vector<int64_t>(channels, 0),
                      .largest = std::vector<int32_t>(channels, 0)};
  if (layer_.constant_weights.empty()) {
    const int64_t most = largest_weight(layer_);
    std::fill(found.magnitudes.begin(), found.magnitudes.end(), weights_.matrix.depth * most);
    std::fill(found.largest.begin(), found.largest.end(), static_cast<int32_t>(most));
  } else if (is_uint8(layer_)) {
    add_weight_sums(reinterpret_cast<const uint8_t*>(layer_.constant_weights.data()), found);
  } else {
    add_weight_sums(reinterpret_cast<const int8_t*>(layer_.constant_weights.data()), found);
  }
  return found;
}

// Biases of sums of bytes: what zero point and shift of the activations add to the sums is taken off.
void PackedDense::correct_bias(int32_t* spread) const {
  for (size_t i = 0; i < byte_sums_.size(); ++i) {
    const auto excess = static_cast<uint32_t>(byte_sums_[i]) * static_cast<uint32_t>(layer_.data_zero + byte_shift_);
    spread[i] = static_cast<int32_t>(static_cast<uint32_t>(spread[i]) - excess);
  }
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
  if (!bias_.empty()) correct_bias(bias_.data());
}

const int16_t* PackedDense::integer_weights(const Frame& frame) const {
  if (is_bytes()) return nullptr;
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
      auto* spread_bias = reinterpret_cast<int32_t*>(target);
      spread_over_tiles(columns_, frame.in<int32_t>(layer_.bias), 0, spread_bias);
      correct_bias(spread_bias);
    }
  }
}

}  // namespace litequant
