#include "kernels/softmax.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/fixed_exponential.h"
#include "kernels/math.h"

namespace litequant {
namespace {

// The nearest stored value to `value`.
int16_t saturate(int32_t value) { return static_cast<int16_t>(clamp(value, range_of<int16_t>())); }

// Sum in Q12 of a row's exponentials.
template <typename T>
int32_t sum_of_exponentials(const T* row, int64_t depth, int32_t largest, const ExponentialTable& table) {
  int32_t sum = 0;
  for (int64_t i = 0; i < depth; ++i) {
    const int32_t exponential = table[static_cast<size_t>(largest - row[i])];
    sum = wrapping_add(sum, rounding_divide_by_power_of_two(exponential, 12));
  }
  return sum;
}

}  // namespace

ExponentScale exponent_scale(double beta_times_scale) {
  constexpr double kLargest = std::numeric_limits<int32_t>::max();
  const FixedMultiplier by = fixed_multiplier(std::min(beta_times_scale * (1 << 26), kLargest));
  const double radius = std::floor(std::ldexp(31.0 * (1 << 26), -by.shift));
  return {by, -static_cast<int32_t>(std::min(radius, kLargest))};
}

ExponentialTable exponential_table(const ExponentScale& scale) {
  ExponentialTable table{};
  for (int32_t d = 0; d < 256; ++d) {
    if (-d >= scale.least_difference) {
      table[static_cast<size_t>(d)] = exp_of_negative<5>(scale_accumulator(-d, scale.by));
    }
  }
  return table;
}

std::shared_ptr<const Int16SoftmaxTables> int16_softmax_tables() {
  return std::make_shared<const Int16SoftmaxTables>(Int16SoftmaxTables{
      make_piece_table([](double x) { return math::exp(x); }, 10 / 65535.0, 32767, 2 / 65535.0, 0),
      make_piece_table([](double x) { return 1 / (1 + x); }, 1 / 65535.0, -32768, 2 / 65535.0, 0),
  });
}

void softmax(RowShape shape, float beta, const float* input, float* output) {
  for (int64_t r = 0; r < shape.rows; ++r, input += shape.depth, output += shape.depth) {
    const float largest = *std::max_element(input, input + shape.depth);
    float sum = 0;
    for (int64_t i = 0; i < shape.depth; ++i) {
      output[i] = math::exp((input[i] - largest) * beta);
      sum += output[i];
    }
    for (int64_t i = 0; i < shape.depth; ++i) output[i] /= sum;
  }
}

void log_softmax(RowShape shape, const float* input, float* output) {
  for (int64_t r = 0; r < shape.rows; ++r, input += shape.depth, output += shape.depth) {
    const float largest = *std::max_element(input, input + shape.depth);
    float sum = 0;
    for (int64_t i = 0; i < shape.depth; ++i) sum += math::exp(input[i] - largest);
    const float log_sum = math::log(sum);
    for (int64_t i = 0; i < shape.depth; ++i) output[i] = input[i] - largest - log_sum;
  }
}

template <typename In, typename Out>
void softmax(RowShape shape, const ExponentialTable& table, const In* input, Out* output) {
  constexpr int kBits = static_cast<int>(sizeof(Out)) * 8;
  constexpr int32_t kLeast = std::numeric_limits<Out>::lowest();
  for (int64_t r = 0; r < shape.rows; ++r, input += shape.depth, output += shape.depth) {
    const int32_t largest = *std::max_element(input, input + shape.depth);
    const Reciprocal inverse = reciprocal_of(sum_of_exponentials(input, shape.depth, largest, table), 12);
    const int shift = std::clamp(inverse.exponent + 31 - kBits, 0, 31);
    for (int64_t i = 0; i < shape.depth; ++i) {
      const int32_t exponential = table[static_cast<size_t>(largest - input[i])];
      const int32_t quotient = rounding_doubling_high_mul(inverse.value, exponential);
      const int32_t stored = wrapping_add(rounding_divide_by_power_of_two(quotient, shift), kLeast);
      output[i] = static_cast<Out>(clamp(stored, range_of<Out>()));
    }
  }
}

void softmax(RowShape shape, FixedMultiplier by, const Int16SoftmaxTables& tables, const int16_t* input,
             int16_t* output) {
  for (int64_t r = 0; r < shape.rows; ++r, input += shape.depth, output += shape.depth) {
    const int32_t largest = *std::max_element(input, input + shape.depth);
    int32_t sum = 0;
    for (int64_t i = 0; i < shape.depth; ++i) {
      const int32_t exponent = scale_accumulator(input[i] - largest, by);
      output[i] = look_up(tables.exponential, saturate(wrapping_add(exponent, 32767)));
      sum += output[i];
    }
    // The sum as 1 + x with x in [0, 1), times a power of two.
    const int zeros = std::countl_zero(static_cast<uint32_t>(sum | 1));
    const auto normalized = static_cast<int32_t>(((static_cast<int64_t>(sum) << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t inverse = look_up(tables.reciprocal, saturate(normalized - (1 << 15) - (1 << 16)));
    const int shift = std::max(31 - zeros, 1);
    for (int64_t i = 0; i < shape.depth; ++i) {
      const int64_t quotient = (int64_t{output[i]} * inverse + (int64_t{1} << (shift - 1))) >> shift;
      output[i] = static_cast<int16_t>(std::clamp<int64_t>(quotient, 0, 32767));
    }
  }
}

template <typename T>
void log_softmax(RowShape shape, const ExponentScale& scale, const ExponentialTable& table, const T* input, T* output) {
  constexpr IntegerRange kRange = range_of<T>();
  const FixedMultiplier reverse = fixed_multiplier(std::ldexp(1.0, 31 - scale.by.shift) / scale.by.multiplier);
  for (int64_t r = 0; r < shape.rows; ++r, input += shape.depth, output += shape.depth) {
    const int32_t largest = *std::max_element(input, input + shape.depth);
    const int32_t log_sum = log_of_at_least_one(sum_of_exponentials(input, shape.depth, largest, table));
    const int32_t shifted = wrapping_add(log_sum, std::numeric_limits<int32_t>::min());
    const int32_t cut = std::max(scale.least_difference - 1, scale_accumulator(shifted, reverse));
    for (int64_t i = 0; i < shape.depth; ++i) {
      const int32_t difference = input[i] - largest;
      int32_t stored = kRange.low;
      if (difference > cut) {
        const int32_t logarithm = wrapping_subtract(scale_accumulator(difference, scale.by), log_sum);
        stored = clamp(rounding_divide_by_power_of_two(logarithm, 31 - 5 - 4) + kRange.high, kRange);
      }
      output[i] = static_cast<T>(stored);
    }
  }
}

template void softmax(RowShape, const ExponentialTable&, const int8_t*, int8_t*);
template void softmax(RowShape, const ExponentialTable&, const int8_t*, int16_t*);
template void softmax(RowShape, const ExponentialTable&, const uint8_t*, uint8_t*);
template void softmax(RowShape, const ExponentialTable&, const uint8_t*, int16_t*);
template void log_softmax(RowShape, const ExponentScale&, const ExponentialTable&, const int8_t*, int8_t*);
template void log_softmax(RowShape, const ExponentScale&, const ExponentialTable&, const uint8_t*, uint8_t*);

}  // namespace litequant
