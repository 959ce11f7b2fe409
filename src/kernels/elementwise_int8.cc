#include "kernels/elementwise_int8.h"

#include <bit>
#include <cmath>
#include <utility>

#include "kernels/elementwise.h"

namespace litequant {
namespace {

// 1.5 * 2^23: added to |v| < 2^22 it leaves the nearest integer in the low bits.
constexpr float kRounder = 12582912.0f;
constexpr uint32_t kRounderBits = 0x4b400000;

template <bool kIsProduct>
int32_t evaluate(const FloatPair& pair, int32_t qa, int32_t qb) {
  const auto real_a = static_cast<float>(qa - pair.zero_a), real_b = static_cast<float>(qb - pair.zero_b);
  float value;
  if constexpr (kIsProduct) {
    value = real_a * real_b * pair.a;
  } else {
    value = real_a * pair.a + real_b * pair.b;
  }
  value += std::copysign(pair.nudge, value);
  const uint32_t bits =
      std::bit_cast<uint32_t>(value + kRounder) - kRounderBits + static_cast<uint32_t>(pair.zero_point);
  return clamp(static_cast<int32_t>(bits), pair.range);
}

template <typename T>
void run_float(const FloatPair& pair, const BroadcastWalk& walk, const T* a, const T* b, T* result) {
  if (pair.is_product) {
    map_elements(walk, a, b, result, [pair](int32_t qa, int32_t qb) { return evaluate<true>(pair, qa, qb); });
  } else {
    map_elements(walk, a, b, result, [pair](int32_t qa, int32_t qb) { return evaluate<false>(pair, qa, qb); });
  }
}

// Every pair: a repeats along rows, b along columns.
template <typename T>
struct AllPairs {
  AllPairs() : values(256) {
    for (int i = 0; i < 256; ++i) values[static_cast<size_t>(i)] = static_cast<T>(i);
    const Shape column{256, 1}, row{1, 256};
    const Shape* const operands[] = {&column, &row};
    walk = *broadcast_walk({256, 256}, operands);
  }
  std::vector<T> values;
  BroadcastWalk walk;
};

// Tried on top of what the second rounding of the exact result amounts to: enough to move a half in spite of the float
// errors of results up to 256, and less where another sum comes that near to a half.
constexpr float kNudges[] = {0x1p-17f, 0.0f, 0x1p-18f, 0x1p-16f, 0x1p-15f};

// The exact result is rounded twice, first to 2^-n of a step: halves of that step go up, which before the second
// rounding is worth half of it, away from zero.
float first_rounding(FixedMultiplier by) { return by.shift < 0 ? std::ldexp(1.0f, by.shift - 1) : 0.0f; }

}  // namespace

template <typename T>
void Int8PairKernel<T>::prove_or_tabulate(std::vector<T> expected, FixedMultiplier by) {
  const AllPairs<T> all;
  std::vector<T> found(expected.size());
  for (const float nudge : kNudges) {
    pair_.nudge = first_rounding(by) + nudge;
    run_float(pair_, all.walk, all.values.data(), all.values.data(), found.data());
    if (found == expected) return;
  }
  table_ = std::make_shared<const std::vector<T>>(std::move(expected));
}

template <typename T>
Int8PairKernel<T> Int8PairKernel<T>::sum(const reference::QuantizedSum& exact, double real_a, double real_b) {
  Int8PairKernel kernel;
  kernel.pair_ = {.is_product = false,
                  .a = static_cast<float>(real_a),
                  .b = static_cast<float>(real_b),
                  .zero_a = exact.a.zero_point,
                  .zero_b = exact.b.zero_point,
                  .zero_point = exact.result.zero_point,
                  .range = exact.result.range};
  const AllPairs<T> all;
  std::vector<T> expected(65536);
  map_elements(all.walk, all.values.data(), all.values.data(), expected.data(), exact);
  kernel.prove_or_tabulate(std::move(expected), exact.result.by);
  return kernel;
}

template <typename T>
Int8PairKernel<T> Int8PairKernel<T>::product(const reference::QuantizedProduct& exact, double real) {
  Int8PairKernel kernel;
  kernel.pair_ = {.is_product = true,
                  .a = static_cast<float>(real),
                  .zero_a = exact.zero_a,
                  .zero_b = exact.zero_b,
                  .zero_point = exact.result.zero_point,
                  .range = exact.result.range};
  const AllPairs<T> all;
  std::vector<T> expected(65536);
  map_elements(all.walk, all.values.data(), all.values.data(), expected.data(), exact);
  kernel.prove_or_tabulate(std::move(expected), exact.result.by);
  return kernel;
}

template <typename T>
void Int8PairKernel<T>::run(const BroadcastWalk& walk, const T* a, const T* b, T* result) const {
  if (is_proved()) {
    run_float(pair_, walk, a, b, result);
    return;
  }
  map_elements(walk, a, b, result, [table = table_->data()](T qa, T qb) {
    return table[static_cast<size_t>(static_cast<uint8_t>(qa)) * 256 + static_cast<uint8_t>(qb)];
  });
}

template class Int8PairKernel<int8_t>;
template class Int8PairKernel<uint8_t>;

}  // namespace litequant
