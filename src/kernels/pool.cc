// Channels lie side by side, so a block of them is pooled at once; the inner loops have constant length and are left to
// the compiler's vectorizer.
#include "kernels/pool.h"

#include <algorithm>
#include <limits>

namespace litequant {
namespace {

constexpr int64_t kBlock = 32;

// The part of a window that lies inside the image.
struct Inside {
  const WindowAxis& height;
  const WindowAxis& width;
  int32_t y, x;
  int32_t first_row, rows, first_column, columns;

  Inside(const Window& window, int32_t output_y, int32_t output_x)
      : height(window.height), width(window.width), y(output_y), x(output_x) {
    const int32_t i = height.first_inside(y), j = width.first_inside(x);
    first_row = height.start(y) + i;
    first_column = width.start(x) + j;
    rows = std::max(height.end_inside(y) - i, 0);
    columns = std::max(width.end_inside(x) - j, 0);
  }
  int32_t count() const { return rows * columns; }
};

// Folds all positions of a block of `kChannels` channels (or `channels` where that is 0) into `sums`.
template <int64_t kChannels, typename Op, typename T>
void fold_block(const Inside& inside, const T* first, int64_t row_step, int64_t column_step, int64_t channels,
                typename Op::Accumulator* sums) {
  const int64_t count = kChannels != 0 ? kChannels : channels;
  for (int64_t c = 0; c < count; ++c) sums[c] = Op::start();
  for (int32_t i = 0; i < inside.rows; ++i, first += row_step) {
    const T* position = first;
    for (int32_t j = 0; j < inside.columns; ++j, position += column_step) {
      for (int64_t c = 0; c < count; ++c) sums[c] = Op::add(sums[c], position[c]);
    }
  }
}

// `finish(sums, positions, channels, output)` turns a block of accumulators into results.
template <typename Op, typename T, typename Finish>
void pool(const PoolShape& shape, const T* input, T* output, Finish finish) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.channels, row_step = width.input * channels;
  alignas(16) typename Op::Accumulator sums[kBlock];
  for (int32_t b = 0; b < shape.batches; ++b, input += height.input * row_step) {
    for (int32_t y = 0; y < height.output; ++y) {
      for (int32_t x = 0; x < width.output; ++x, output += channels) {
        const Inside inside(shape.window, y, x);
        const T* first = input + inside.first_row * row_step + inside.first_column * channels;
        int64_t c = 0;
        for (; c + kBlock <= channels; c += kBlock) {
          fold_block<kBlock, Op>(inside, first + c, row_step, channels, kBlock, sums);
          finish(sums, inside.count(), kBlock, output + c);
        }
        if (c < channels) {
          fold_block<0, Op>(inside, first + c, row_step, channels, channels - c, sums);
          finish(sums, inside.count(), channels - c, output + c);
        }
      }
    }
  }
}

template <typename T, typename Sum>
struct Add {
  using Accumulator = Sum;
  static Sum start() { return 0; }
  static Sum add(Sum sum, T value) { return static_cast<Sum>(sum + value); }
};

template <typename T>
struct Largest {
  using Accumulator = T;
  static T start() { return std::numeric_limits<T>::lowest(); }
  static T add(T best, T value) { return best < value ? value : best; }
};

// The quotient, halves away from zero. A float quotient cut to an integer is exact while the numerator plus one half is
// exact (below 2^23) and 1/(2 count), by which it keeps off the next integer, exceeds its error (2^-22 * 2^8 here).
constexpr int32_t kMostForFloat = 4096;

template <typename T, typename Sum>
void write_means(const Sum* sums, int32_t count, int64_t channels, IntegerRange range, T* output) {
  if (count == 0) {
    std::fill_n(output, channels, static_cast<T>(clamp(0, range)));
  } else if (sizeof(T) == 1 && count <= kMostForFloat) {
    const float inverse = 1.0f / static_cast<float>(count);
    const float offset = static_cast<float>(count / 2) + 0.5f;
    for (int64_t c = 0; c < channels; ++c) {
      const int32_t sum = sums[c];
      const int32_t magnitude = sum < 0 ? -sum : sum;
      const auto mean = static_cast<int32_t>((static_cast<float>(magnitude) + offset) * inverse);
      output[c] = static_cast<T>(clamp(sum < 0 ? -mean : mean, range));
    }
  } else {
    for (int64_t c = 0; c < channels; ++c) {
      const int32_t sum = sums[c];
      const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
      output[c] = static_cast<T>(clamp(mean, range));
    }
  }
}

}  // namespace

int64_t most_positions(const Window& window) {
  return int64_t{std::min(window.height.window, window.height.input)} *
         std::min(window.width.window, window.width.input);
}

void average_pool(const PoolShape& shape, FloatRange range, const float* input, float* output) {
  pool<Add<float, float>>(shape, input, output, [&](const float* sums, int32_t count, int64_t channels, float* result) {
    for (int64_t c = 0; c < channels; ++c) {
      result[c] = std::clamp(sums[c] / static_cast<float>(count), range.low, range.high);
    }
  });
}

template <typename T>
void average_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output) {
  const auto finish = [&](const auto* sums, int32_t count, int64_t channels, T* result) {
    write_means(sums, count, channels, range, result);
  };
  // Sums of up to 128 bytes fit 16 bits: twice the lanes.
  if (sizeof(T) == 1 && most_positions(shape.window) <= 128) {
    pool<Add<T, int16_t>>(shape, input, output, finish);
  } else {
    pool<Add<T, int32_t>>(shape, input, output, finish);
  }
}

void max_pool(const PoolShape& shape, FloatRange range, const float* input, float* output) {
  pool<Largest<float>>(shape, input, output, [&](const float* best, int32_t, int64_t channels, float* result) {
    for (int64_t c = 0; c < channels; ++c) result[c] = std::clamp(best[c], range.low, range.high);
  });
}

template <typename T>
void max_pool(const PoolShape& shape, IntegerRange range, const T* input, T* output) {
  const auto low = static_cast<T>(range.low), high = static_cast<T>(range.high);
  pool<Largest<T>>(shape, input, output, [=](const T* best, int32_t, int64_t channels, T* result) {
    for (int64_t c = 0; c < channels; ++c) result[c] = std::min(std::max(best[c], low), high);
  });
}

template void average_pool(const PoolShape&, IntegerRange, const int8_t*, int8_t*);
template void average_pool(const PoolShape&, IntegerRange, const uint8_t*, uint8_t*);
template void average_pool(const PoolShape&, IntegerRange, const int16_t*, int16_t*);
template void max_pool(const PoolShape&, IntegerRange, const int8_t*, int8_t*);
template void max_pool(const PoolShape&, IntegerRange, const uint8_t*, uint8_t*);
template void max_pool(const PoolShape&, IntegerRange, const int16_t*, int16_t*);

}  // namespace litequant
