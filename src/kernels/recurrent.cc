#include "kernels/recurrent.h"

#include "kernels/float_functions.h"
#include "kernels/simd.h"

namespace litequant {

using simd::Vector;

float dot(const float* a, const float* b, int64_t count) {
  Vector even = wasm_f32x4_splat(0), odd = wasm_f32x4_splat(0);
  int64_t k = 0;
  for (; k + 8 <= count; k += 8) {
    even = simd::multiply_add<false>(simd::load(a + k), simd::load(b + k), even);
    odd = simd::multiply_add<false>(simd::load(a + k + 4), simd::load(b + k + 4), odd);
  }
  float lanes[4];
  simd::store(lanes, wasm_f32x4_add(even, odd));
  float sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
  for (; k < count; ++k) sum += a[k] * b[k];
  return sum;
}

int32_t dot(const int8_t* a, const int16_t* b, int64_t count) {
  Vector sums = wasm_i32x4_splat(0);
  int64_t k = 0;
  for (; k + 8 <= count; k += 8) {
    sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(simd::load_widened(a + k), simd::load(b + k)));
  }
  int32_t lanes[4];
  simd::store(lanes, sums);
  int32_t sum = wrapping_add(wrapping_add(lanes[0], lanes[1]), wrapping_add(lanes[2], lanes[3]));
  for (; k < count; ++k) sum = wrapping_add(sum, int32_t{a[k]} * b[k]);
  return sum;
}

CellRows cell_rows(const float* real, RowsShape shape, bool is_asymmetric, const CellRowsScratch& scratch) {
  CellRows rows = {.real = real, .stride = shape.stride, .quantized = scratch.quantized, .scales = scratch.scales};
  if (scratch.quantized == nullptr) return rows;
  for (int64_t r = 0; r < shape.count; ++r) {
    const std::span<const float> values(real + r * shape.stride, static_cast<size_t>(shape.depth));
    const DynamicScale scale =
        is_asymmetric ? quantize_asymmetric(values, scratch.row) : quantize_symmetric(values, scratch.row);
    scratch.scales[r] = scale;
    int16_t* to = scratch.quantized + r * shape.depth;
    for (int64_t k = 0; k < shape.depth; ++k) to[k] = static_cast<int16_t>(scratch.row[k] - scale.zero_point);
  }
  return rows;
}

void add_product(const CellWeights& weights, const CellRows& rows, int64_t count, float* sums, int64_t sums_stride) {
  if (!weights.is_given()) return;
  const int64_t depth = weights.depth;
  for (int32_t unit = 0; unit < weights.units; ++unit) {
    for (int64_t r = 0; r < count; ++r) {
      float& sum = sums[r * sums_stride + unit];
      if (weights.is_int8) {
        const int8_t* row = static_cast<const int8_t*>(weights.values) + unit * depth;
        const int32_t product = dot(row, rows.quantized + r * depth, depth);
        sum += static_cast<float>(product) * (rows.scales[r].scale * weights.scale);
      } else {
        const float* row = static_cast<const float*>(weights.values) + unit * depth;
        sum += dot(rows.real + r * rows.stride, row, depth);
      }
    }
  }
}

void apply_activation(Activation activation, float* values, int64_t count) {
  switch (activation) {
    case Activation::none: return;
    case Activation::tanh: tanh_elements(values, values, count); return;
    default: break;
  }
  const FloatRange range = activation_range(activation);
  for (int64_t i = 0; i < count; ++i) {
    const float value = values[i] < range.low ? range.low : values[i];
    values[i] = value > range.high ? range.high : value;
  }
}

}  // namespace litequant
