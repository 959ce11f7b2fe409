// The operations of SUM, MEAN, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY and REDUCE_ALL (see kernels/reduce.h).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/affine.h"
#include "kernels/requantize.h"

namespace litequant {

// a + b and a * b; integers wrap.
template <typename T>
T wrapping_sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  } else {
    return a + b;
  }
}

template <typename T>
T wrapping_product(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) * static_cast<Unsigned>(b));
  } else {
    return a * b;
  }
}

// float, int32_t, int64_t.
template <typename T>
struct SumOf {
  using Input = T;
  using Accumulator = T;
  using Result = T;
  static constexpr bool kReorders = true;
  static constexpr bool kAdds = std::is_same_v<T, float>;
  T first(T value) const { return value; }
  T next(T sum, T value) const { return wrapping_sum(sum, value); }
  T combine(T a, T b) const { return wrapping_sum(a, b); }
  T finish(T sum) const { return sum; }
  T empty() const { return 0; }
};

// Integers: a 64-bit sum, the quotient cut toward zero.
template <typename T>
struct MeanOf {
  using Input = T;
  using Accumulator = std::conditional_t<std::is_integral_v<T>, int64_t, T>;
  using Result = T;
  static constexpr bool kReorders = true;
  static constexpr bool kAdds = std::is_same_v<T, float>;
  int64_t count = 1;
  Accumulator first(T value) const { return value; }
  Accumulator next(Accumulator sum, T value) const { return wrapping_sum<Accumulator>(sum, value); }
  Accumulator combine(Accumulator a, Accumulator b) const { return wrapping_sum(a, b); }
  T finish(Accumulator sum) const { return static_cast<T>(sum / static_cast<Accumulator>(count)); }
  T empty() const { return std::is_integral_v<T> ? T{0} : std::numeric_limits<T>::quiet_NaN(); }
};

template <typename T>
struct ProductOf {
  using Input = T;
  using Accumulator = T;
  using Result = T;
  static constexpr bool kReorders = true;
  T first(T value) const { return value; }
  T next(T product, T value) const { return wrapping_product(product, value); }
  T combine(T a, T b) const { return wrapping_product(a, b); }
  T finish(T product) const { return product; }
  T empty() const { return 1; }
};

// Stored integers are compared as they are. NaN never wins, but one that comes first stays.
template <typename T>
struct MaximumOf {
  using Input = T;
  using Accumulator = T;
  using Result = T;
  static constexpr bool kReorders = std::is_integral_v<T>;
  T first(T value) const { return value; }
  T next(T best, T value) const { return value > best ? value : best; }
  T combine(T a, T b) const { return next(a, b); }
  T finish(T best) const { return best; }
  T empty() const { return std::numeric_limits<T>::lowest(); }
};

template <typename T>
struct MinimumOf {
  using Input = T;
  using Accumulator = T;
  using Result = T;
  static constexpr bool kReorders = std::is_integral_v<T>;
  T first(T value) const { return value; }
  T next(T best, T value) const { return value < best ? value : best; }
  T combine(T a, T b) const { return next(a, b); }
  T finish(T best) const { return best; }
  T empty() const { return std::numeric_limits<T>::max(); }
};

// REDUCE_ANY and REDUCE_ALL of BOOL: any byte but 0 counts as true.
struct AnyOf {
  using Input = uint8_t;
  using Accumulator = uint8_t;
  using Result = uint8_t;
  static constexpr bool kReorders = true;
  uint8_t first(uint8_t value) const { return value != 0 ? 1 : 0; }
  uint8_t next(uint8_t any, uint8_t value) const { return any != 0 || value != 0 ? 1 : 0; }
  uint8_t combine(uint8_t a, uint8_t b) const { return next(a, b); }
  uint8_t finish(uint8_t any) const { return any; }
  uint8_t empty() const { return 0; }
};

struct AllOf {
  using Input = uint8_t;
  using Accumulator = uint8_t;
  using Result = uint8_t;
  static constexpr bool kReorders = true;
  uint8_t first(uint8_t value) const { return value != 0 ? 1 : 0; }
  uint8_t next(uint8_t all, uint8_t value) const { return all != 0 && value != 0 ? 1 : 0; }
  uint8_t combine(uint8_t a, uint8_t b) const { return next(a, b); }
  uint8_t finish(uint8_t all) const { return all; }
  uint8_t empty() const { return 1; }
};

// MEAN of int8_t, uint8_t, int16_t: the multiplier carries 1/count in as many bits as fit.
template <typename T>
struct QuantizedMeanOf {
  using Input = T;
  using Accumulator = int32_t;
  using Result = T;
  static constexpr bool kReorders = true;
  static constexpr bool kAdds = true;

  // `scale` is that of input over output; count in [0, 2^31).
  QuantizedMeanOf(FixedMultiplier scale, int32_t input_zero_point, int32_t output_zero_point, int64_t count)
      : output_zero_point_(output_zero_point),
        total_zero_point_(wrapping_multiply(input_zero_point, static_cast<int32_t>(count))) {
    if (count < 1) return;
    const int spare = std::bit_width(static_cast<uint64_t>(count)) - 1;
    const int shift = std::min({spare, 32, 31 + scale.shift});
    by_ = {static_cast<int32_t>((static_cast<int64_t>(scale.multiplier) << shift) / count), scale.shift - shift};
  }

  int32_t first(T value) const { return value; }
  int32_t next(int32_t sum, T value) const { return wrapping_add(sum, value); }
  int32_t combine(int32_t a, int32_t b) const { return wrapping_add(a, b); }
  T finish(int32_t sum) const {
    const int32_t scaled = scale_accumulator(wrapping_subtract(sum, total_zero_point_), by_);
    return static_cast<T>(clamp(wrapping_add(scaled, output_zero_point_), range_of<T>()));
  }
  T empty() const { return 0; }

 private:
  FixedMultiplier by_;
  int32_t output_zero_point_, total_zero_point_;
};

// SUM of int8_t, uint8_t, int16_t, in single precision, as TensorFlow Lite's kernel for it.
template <typename T>
struct QuantizedSumOf {
  using Input = T;
  using Accumulator = int32_t;
  using Result = T;
  static constexpr bool kReorders = true;
  static constexpr bool kAdds = true;

  QuantizedSumOf(Affine input, Affine output, int64_t count)
      : scale_(input.scale / output.scale),
        bias_(static_cast<float>(-input.zero_point) * scale_ * static_cast<float>(count)),
        output_zero_point_(output.zero_point) {}

  int32_t first(T value) const { return value; }
  int32_t next(int32_t sum, T value) const { return wrapping_add(sum, value); }
  int32_t combine(int32_t a, int32_t b) const { return wrapping_add(a, b); }
  T finish(int32_t sum) const {
    const int32_t scaled = saturating_int(std::round(static_cast<float>(sum) * scale_ + bias_));
    const int64_t stored = static_cast<int64_t>(scaled) + output_zero_point_;
    constexpr IntegerRange kRange = range_of<T>();
    return static_cast<T>(std::clamp<int64_t>(stored, kRange.low, kRange.high));
  }
  T empty() const { return finish(0); }

 private:
  float scale_, bias_;
  int32_t output_zero_point_;
};

// REDUCE_PROD of int8_t, uint8_t, int16_t: rounded after each factor, so the order matters.
template <typename T>
struct QuantizedProductOf {
  using Input = T;
  using Accumulator = int32_t;
  using Result = T;
  static constexpr bool kReorders = false;
  FixedMultiplier by;  // input scale / output scale^(1/count); shift below 8
  int32_t input_zero_point = 0, output_zero_point = 0;

  int32_t first(T value) const { return value - input_zero_point; }
  int32_t next(int32_t product, T value) const {
    return scale_accumulator(static_cast<int64_t>(product) * (value - input_zero_point), by);
  }
  T finish(int32_t product) const {
    const int32_t scaled = scale_accumulator(static_cast<int64_t>(product), by);
    return static_cast<T>(clamp(wrapping_add(scaled, output_zero_point), range_of<T>()));
  }
  T empty() const { return static_cast<T>(clamp(output_zero_point, range_of<T>())); }
};

}  // namespace litequant
