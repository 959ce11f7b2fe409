#include "kernels/lstm_basic.h"

#include <algorithm>

#include "kernels/fixed_activation.h"
#include "kernels/math.h"
#include "kernels/recurrent.h"

namespace litequant {
namespace {

constexpr int32_t kInput = 0, kUpdate = 1, kForget = 2, kOutput = 3;

template <typename T, typename State>
void join(const BasicLstmShape& shape, const BasicLstmStep<T, State>& step) {
  for (int64_t b = 0; b < shape.batches; ++b) {
    T* row = step.joined + b * shape.depth();
    std::copy_n(step.input + b * shape.inputs, shape.inputs, row);
    std::copy_n(step.last_activation + b * shape.units, shape.units, row + shape.inputs);
  }
}

template <typename T, typename State>
void pass_on(const BasicLstmShape& shape, const BasicLstmStep<T, State>& step) {
  std::copy_n(step.activation, shape.batches * shape.units, step.last_activation);
  std::copy_n(step.state, shape.batches * shape.units, step.last_state);
}

}  // namespace

void basic_lstm_step(const BasicLstmShape& shape, const float* weights, const float* bias,
                     const BasicLstmStep<float, float>& step) {
  join(shape, step);
  const int64_t depth = shape.depth(), units = shape.units;
  for (int64_t b = 0; b < shape.batches; ++b) {
    float* sums = step.sums + b * 4 * units;
    for (int64_t row = 0; row < 4 * units; ++row) {
      sums[row] = dot(weights + row * depth, step.joined + b * depth, depth) + bias[row];
    }
    for (int64_t c = 0; c < units; ++c) {
      const int64_t i = b * units + c;
      const float added = math::logistic(sums[kInput * units + c]) * math::tanh(sums[kUpdate * units + c]);
      step.state[i] = added + math::logistic(sums[kForget * units + c]) * step.last_state[i];
      step.activation[i] = math::logistic(sums[kOutput * units + c]) * math::tanh(step.state[i]);
    }
  }
  pass_on(shape, step);
}

void basic_lstm_step(const BasicLstmShape& shape, const uint8_t* weights, const int32_t* bias, BasicLstmScale scale,
                     const BasicLstmStep<uint8_t, int16_t>& step) {
  constexpr int32_t kDataZero = 128;
  constexpr int kStateBits = 4;
  join(shape, step);
  const int64_t depth = shape.depth(), units = shape.units;
  for (int64_t b = 0; b < shape.batches; ++b) {
    int16_t* sums = step.sums + b * 4 * units;
    const uint8_t* row = step.joined + b * depth;
    for (int64_t r = 0; r < 4 * units; ++r) {
      int32_t sum = bias[r];
      for (int64_t k = 0; k < depth; ++k) {
        sum = wrapping_add(sum, (row[k] - kDataZero) * (weights[r * depth + k] - scale.weight_zero));
      }
      sums[r] = static_cast<int16_t>(std::clamp(scale_accumulator(sum, scale.sums), -32768, 32767));
    }
    for (int64_t c = 0; c < units; ++c) {
      const int64_t i = b * units + c;
      const int16_t added =
          rounding_doubling_high_mul(logistic_q3(sums[kInput * units + c]), tanh_fixed(sums[kUpdate * units + c], 3));
      const int16_t kept = rounding_doubling_high_mul(logistic_q3(sums[kForget * units + c]), step.last_state[i]);
      const int32_t state = rounding_divide_by_power_of_two(added, kStateBits) + kept;
      step.state[i] = static_cast<int16_t>(std::clamp(state, -32768, 32767));
      const int16_t activation =
          rounding_doubling_high_mul(logistic_q3(sums[kOutput * units + c]), tanh_fixed(step.state[i], kStateBits));
      const int32_t stored = std::clamp(rounding_divide_by_power_of_two(activation, 8), -128, 127) + kDataZero;
      step.activation[i] = static_cast<uint8_t>(stored);
    }
  }
  pass_on(shape, step);
}

}  // namespace litequant
