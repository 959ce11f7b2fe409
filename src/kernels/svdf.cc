#include "kernels/svdf.h"

#include <algorithm>

namespace litequant {
namespace {

// Makes room for the newest of each filter.
template <typename T>
void forget_oldest(const SvdfShape& shape, T* state) {
  std::copy(state + 1, state + shape.batches * shape.filters * shape.memory, state);
}

}  // namespace

void svdf(const FloatSvdf& svdf, const CellRows& rows, float* state, float* products, float* output) {
  const SvdfShape& shape = svdf.shape;
  const int64_t count = shape.batches * shape.filters, memory = shape.memory;
  forget_oldest(shape, state);
  std::fill_n(products, count, 0.0f);
  add_product(svdf.features, rows, shape.batches, products, shape.filters);
  for (int64_t i = 0; i < count; ++i) {
    state[i * memory + memory - 1] = products[i];
    products[i] = dot(svdf.time + i % shape.filters * memory, state + i * memory, memory);
  }
  const int32_t units = shape.units();
  for (int64_t i = 0; i < shape.batches * units; ++i) {
    float sum = 0;
    for (int32_t r = 0; r < shape.rank; ++r) sum += products[i * shape.rank + r];
    output[i] = svdf.bias == nullptr ? sum : sum + svdf.bias[i % units];
  }
  apply_activation(svdf.activation, output, shape.batches * units);
}

void svdf(const IntegerSvdf& svdf, const int8_t* input, int16_t* state, int16_t* row, int8_t* output) {
  const SvdfShape& shape = svdf.shape;
  const int64_t memory = shape.memory;
  forget_oldest(shape, state);
  for (int64_t b = 0; b < shape.batches; ++b) {
    for (int32_t k = 0; k < shape.inputs; ++k) {
      row[k] = static_cast<int16_t>(input[b * shape.inputs + k] - svdf.input_zero);
    }
    int16_t* own_state = state + b * shape.filters * memory;
    for (int32_t f = 0; f < shape.filters; ++f) {
      const int32_t product = dot(svdf.features + int64_t{f} * shape.inputs, row, shape.inputs);
      own_state[f * memory + memory - 1] =
          static_cast<int16_t>(std::clamp(scale_accumulator(product, svdf.state_scale), -32768, 32767));
    }
    for (int32_t unit = 0; unit < shape.units(); ++unit) {
      int32_t sum = svdf.bias == nullptr ? 0 : svdf.bias[unit];
      const int64_t first = int64_t{unit} * shape.rank * memory;
      for (int64_t k = first; k < first + shape.rank * memory; ++k) {
        sum = wrapping_add(sum, int32_t{svdf.time[k]} * own_state[k]);
      }
      const int64_t result = int64_t{scale_accumulator(sum, svdf.output_scale)} + svdf.output_zero;
      output[b * shape.units() + unit] = static_cast<int8_t>(std::clamp<int64_t>(result, -128, 127));
    }
  }
}

}  // namespace litequant
