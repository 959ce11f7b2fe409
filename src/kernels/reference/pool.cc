#include "kernels/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace litequant::reference {
namespace {

// output[b, y, x, c] = finish(all input values of the window, their number); `add` folds one value in.
template <typename Accumulator, typename T, typename Add, typename Finish>
void pool(const PoolShape& shape, const T* input, T* output, Accumulator start, Add add, Finish finish) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.channels;
  for (int32_t b = 0; b < shape.batches; ++b) {
    const T* image = input + b * int64_t{height.input} * width.input * channels;
    for (int32_t y = 0; y < height.output; ++y) {
      for (int32_t x = 0; x < width.output; ++x) {
        for (int64_t c = 0; c < channels; ++c) {
          Accumulator sum = start;
          int32_t count = 0;
          for (int32_t i = height.first_inside(y); i < height.end_inside(y); ++i) {
            for (int32_t j = width.first_inside(x); j < width.end_inside(x); ++j) {
              const int64_t row = height.start(y) + i, column = width.start(x) + j;
              sum = add(sum, image[(row * width.input + column) * channels + c]);
              ++count;
            }
          }
          *output++ = finish(sum, count);
        }
      }
    }
  }
}

}  // namespace

void average_pool(const PoolShape& shape, FloatRange range, const float* input, float* output) {
  pool(
      shape, input, output, 0.0f, [](float sum, float value) { return sum + value; },
      [&](float sum, int32_t count) { return std::clamp(sum / static_cast<float>(count), range.low, range.high); });
}

template <typename T>
void average_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output) {
  pool(
      shape, input, output, int32_t{0}, [](int32_t sum, T value) { return sum + value; },
      [&](int32_t sum, int32_t count) {
        if (count == 0) return static_cast<T>(clamp(0, range));
        const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
        return static_cast<T>(clamp(mean, range));
      });
}

void max_pool(const PoolShape& shape, FloatRange range, const float* input, float* output) {
  pool(
      shape, input, output, std::numeric_limits<float>::lowest(),
      [](float best, float value) { return std::max(best, value); },
      [&](float best, int32_t) { return std::clamp(best, range.low, range.high); });
}

template <typename T>
void max_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output) {
  pool(
      shape, input, output, std::numeric_limits<T>::lowest(), [](T best, T value) { return std::max(best, value); },
      [&](T best, int32_t) { return static_cast<T>(clamp(best, range)); });
}

void l2_pool(const PoolShape& shape, FloatRange range, const float* input, float* output) {
  pool(
      shape, input, output, 0.0f, [](float sum, float value) { return sum + value * value; },
      [&](float sum, int32_t count) {
        return std::clamp(std::sqrt(sum / static_cast<float>(count)), range.low, range.high);
      });
}

template void average_pool(const PoolShape&, IntegerRange, const int8_t*, int8_t*);
template void average_pool(const PoolShape&, IntegerRange, const uint8_t*, uint8_t*);
template void average_pool(const PoolShape&, IntegerRange, const int16_t*, int16_t*);
template void max_pool(const PoolShape&, IntegerRange, const int8_t*, int8_t*);
template void max_pool(const PoolShape&, IntegerRange, const uint8_t*, uint8_t*);
template void max_pool(const PoolShape&, IntegerRange, const int16_t*, int16_t*);

}  // namespace litequant::reference
