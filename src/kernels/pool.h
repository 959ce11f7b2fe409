// Average, maximum and root of the mean square over windows of an image [batches, height, width, channels]. Padding is
// never counted.
#pragma once

#include <cstdint>

#include "kernels/requantize.h"
#include "kernels/window.h"

namespace litequant {

struct PoolShape {
  int32_t batches = 1, channels = 1;
  Window window;
};

namespace reference {
// Average: float sums in order of rows, columns; integers are the mean of the stored values, halves away from zero.
void average_pool(const PoolShape& shape, FloatRange range, const float* input, float* output);
template <typename T>  // int8_t, uint8_t, int16_t
void average_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output);
void max_pool(const PoolShape& shape, FloatRange range, const float* input, float* output);
template <typename T>
void max_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output);
void l2_pool(const PoolShape& shape, FloatRange range, const float* input, float* output);
}  // namespace reference

// The same results, blocks of channels at a time.
void average_pool(const PoolShape& shape, FloatRange range, const float* input, float* output);
template <typename T>
void average_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output);
void max_pool(const PoolShape& shape, FloatRange range, const float* input, float* output);
template <typename T>
void max_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output);

// The most positions of a window that lie inside the image; sums of stored values must fit 32 bits.
int64_t most_positions(const Window& window);

}  // namespace litequant
