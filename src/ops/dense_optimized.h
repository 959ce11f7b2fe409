// A dense operator with packed weights: what is prepared once, what each run needs, and which epilogue ends it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include "kernels/epilogue.h"
#include "kernels/gemm_float.h"
#include "kernels/pack.h"
#include "kernels/simd.h"
#include "ops/dense_layer.h"

namespace litequant {

// The matrices that the weights consist of: one per group of a convolution, one per batch of BATCH_MATMUL.
struct WeightMatrices {
  WeightMatrix matrix;
  int64_t count = 1;
  int64_t stride = 0;  // elements from one to the next
  bool may_be_bytes = true;
  std::function<std::vector<int8_t>(const int8_t*)> pack_bytes = {};  // in an order of its own; null: by pack_weights
};

class PackedDense {
 public:
  // Nothing when the optimized kernels cannot hold this layer's accumulators (int16 by int16, or sums beyond 32 bits):
  // the plain loops then serve. `scratch` gains what a run needs. `columns` are the tiles of all groups together.
  static std::optional<PackedDense> make(const DenseLayer& layer, const WeightMatrices& weights,
                                         const ColumnTiles& columns, ScratchLayout& scratch);

  const DenseLayer& layer() const { return layer_; }
  bool is_float() const { return layer_.kind == DenseKind::float32; }

  // Whether products are made of bytes: the engine's dot product is exact and the weights are constant and symmetric.
  bool is_bytes() const { return !byte_weights_.empty(); }
  // Elements of the working memory for rows take as many bytes.
  size_t row_bytes() const { return is_bytes() ? sizeof(uint8_t) : sizeof(int16_t); }

  // The 16-bit weights of matrix 0, packed now when they are not constant; null where products are made of bytes. All
  // matrices lie one after another.
  const int16_t* integer_weights(const Frame& frame) const;
  // Calls `product(form, packed)` with the form of the rows and the weights of matrix 0: `integers` or bytes. `Image`
  // is the type of the activations.
  template <typename Image, typename Product>
  void multiply_with(const int16_t* integers, const Image*, int32_t zero_point, const Product& product) const {
    if constexpr (LITEQUANT_BYTE_DOT && std::is_same_v<Image, int8_t>) {
      if (is_bytes()) return product(byte_form(zero_point), byte_weights_.data());
    }
    product(RowForm<int16_t>{zero_point}, integers);
  }
  const float* float_weights(const Frame& frame) const;
  FloatEpilogue float_epilogue(const Frame& frame) const {
    return {.bias = layer_.has_bias ? frame.in<float>(layer_.bias) : nullptr, .range = layer_.float_range};
  }

  // Prepares a bias that is not constant; once per run, before `finish_with`.
  void prepare(const Frame& frame) const;

  // Calls `product(epilogue)` with the epilogue that writes to element `first_output`, rows `row_stride` elements
  // apart. Hybrid: row r has the scale row_scales[r * row_scale_stride].
  struct Target {
    int64_t first_output = 0, row_stride = 0;
    const DynamicScale* row_scales = nullptr;
    int64_t row_scale_stride = 0;
  };
  template <typename Product>
  void finish_with(const Frame& frame, const Target& target, const Product& product) const;

 private:
  PackedDense(const DenseLayer& layer, const WeightMatrices& weights, const ColumnTiles& columns)
      : layer_(layer), weights_(weights), columns_(columns) {}

  RowForm<uint8_t> byte_form(int32_t zero_point) const {
    const auto flip = static_cast<uint8_t>(byte_shift_);
    return {.flip = flip, .padding = static_cast<uint8_t>(static_cast<uint8_t>(zero_point) ^ flip)};
  }
  bool may_use_bytes() const;
  int64_t matrix_size() const;
  void pack_integers(const std::byte* weights, int16_t* packed) const;
  void pack_bytes(const int8_t* weights);
  void pack_floats(const float* weights, float* packed) const;
  // Of each channel's weights, zero point subtracted.
  struct WeightSums {
    std::vector<int32_t> sums;
    std::vector<int64_t> magnitudes;
    std::vector<int32_t> largest;  // magnitude of one
  };
  WeightSums weight_sums() const;
  template <typename T>
  void add_weight_sums(const T* weights, WeightSums& found) const;
  void correct_bias(int32_t* spread) const;
  void spread_constants();
  void make_fixed_tiles(const WeightSums& sums);
  void make_wide_tiles(const std::vector<int64_t>& sums);
  void scale_weights(int16_t* packed) const;

  template <typename T>
  void finish_integer(const Frame& frame, const OutputMatrix<T>& target, const auto& product) const;
  template <typename T>
  const T* spread_bias(const Frame& frame, const std::vector<T>& constant) const {
    return constant.empty() ? reinterpret_cast<const T*>(frame.scratch_bytes + bias_scratch_) : constant.data();
  }

  DenseLayer layer_;
  WeightMatrices weights_;
  ColumnTiles columns_;
  std::vector<int16_t> integer_weights_;  // of constant weights
  std::vector<int8_t> byte_weights_;  // or these
  std::vector<int32_t> byte_sums_;  // [tiles][8], of bytes
  int32_t byte_shift_ = 0;  // what activations are too large by: 128 or 0
  std::vector<float> float_weights_;
  std::vector<int32_t> bias_;  // [tiles][8]; empty when known at run time only
  std::vector<float> float_bias_;
  std::vector<double> factors_;  // [tiles][8]
  std::vector<float> weight_scales_;  // [tiles][8]
  std::optional<FixedTiles> fixed_;
  std::optional<WideTiles> wide_;  // of 64-bit accumulators with a constant bias or none
  size_t weights_scratch_ = 0, bias_scratch_ = 0;
};

template <typename T>
void PackedDense::finish_integer(const Frame& frame, const OutputMatrix<T>& target, const auto& product) const {
  const int32_t* bias = spread_bias(frame, bias_);
  if constexpr (!std::is_same_v<T, int16_t>) {
    if (layer_.is_real_scale) {
      return product(RealEpilogue<T>(columns_, layer_.real_scale, factors_.data(), bias, target));
    }
  }
  product(FixedEpilogue<T>(columns_, layer_.fixed_scale, *fixed_, bias, target));
}

template <typename Product>
void PackedDense::finish_with(const Frame& frame, const Target& target, const Product& product) const {
  const auto output = [&]<typename T>(T) {
    return OutputMatrix<T>{.output = frame.out<T>() + target.first_output, .row_stride = target.row_stride};
  };
  if (layer_.kind == DenseKind::hybrid) {
    product(HybridEpilogue(
        columns_, layer_.hybrid_scale, weight_scales_.data(),
        layer_.has_bias ? spread_bias(frame, float_bias_) : nullptr, target.row_scales, target.row_scale_stride,
        {.weight_sums = is_bytes() ? byte_sums_.data() : nullptr, .shift = byte_shift_}, output(float{})));
  } else if (layer_.raw_output) {
    product(RawEpilogue(columns_, output(int32_t{})));
  } else if (layer_.kind == DenseKind::int8) {
    finish_integer(frame, output(int8_t{}), product);
  } else if (layer_.kind == DenseKind::uint8) {
    finish_integer(frame, output(uint8_t{}), product);
  } else if (!layer_.wide_accumulator) {
    finish_integer(frame, output(int16_t{}), product);
  } else {
    const int64_t* bias = nullptr;
    if (layer_.has_bias) {
      bias = layer_.bias_type == DataType::int64
                 ? frame.in<int64_t>(layer_.bias)
                 : reinterpret_cast<const int64_t*>(frame.scratch_bytes + bias_scratch_);
    }
    if (layer_.is_real_scale) {
      product(WideEpilogue<RealScale>(columns_, layer_.real_scale, nullptr, bias, output(int16_t{})));
    } else {
      product(
          WideEpilogue<FixedScale>(columns_, layer_.fixed_scale, wide_ ? &*wide_ : nullptr, bias, output(int16_t{})));
    }
  }
}

}  // namespace litequant
