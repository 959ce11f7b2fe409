#include "kernels/softmax.h"

#include <algorithm>
#include <limits>

#include "kernels/fixed_exponential.h"

namespace litequant::reference {

template <typename In, typename Out>
void softmax(RowShape shape, const ExponentScale& scale, const In* input, Out* output) {
  constexpr int kBits = static_cast<int>(sizeof(Out)) * 8;
  constexpr int32_t kLeast = std::numeric_limits<Out>::lowest();
  const auto exponential = [&](int32_t difference) {
    return exp_of_negative<5>(scale_accumulator(difference, scale.by));
  };
  for (int64_t r = 0; r < shape.rows; ++r, input += shape.depth, output += shape.depth) {
    const int32_t largest = *std::max_element(input, input + shape.depth);
    int32_t sum = 0;  // in Q12
    for (int64_t i = 0; i < shape.depth; ++i) {
      const int32_t difference = input[i] - largest;
      if (difference < scale.least_difference) continue;
      sum = wrapping_add(sum, rounding_divide_by_power_of_two(exponential(difference), 12));
    }
    const Reciprocal inverse = reciprocal_of(sum, 12);
    const int shift = std::clamp(inverse.exponent + 31 - kBits, 0, 31);
    for (int64_t i = 0; i < shape.depth; ++i) {
      const int32_t difference = input[i] - largest;
      int32_t stored = kLeast;
      if (difference >= scale.least_difference) {
        const int32_t quotient = rounding_doubling_high_mul(inverse.value, exponential(difference));
        stored = wrapping_add(rounding_divide_by_power_of_two(quotient, shift), kLeast);
      }
      output[i] = static_cast<Out>(clamp(stored, range_of<Out>()));
    }
  }
}

template void softmax(RowShape, const ExponentScale&, const int8_t*, int8_t*);
template void softmax(RowShape, const ExponentScale&, const int8_t*, int16_t*);
template void softmax(RowShape, const ExponentScale&, const uint8_t*, uint8_t*);
template void softmax(RowShape, const ExponentScale&, const uint8_t*, int16_t*);

}  // namespace litequant::reference
