// 8-bit ADD, SUB and MUL at speed against the plain arithmetic, for every pair of stored values.
#include "kernels/elementwise_int8.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/elementwise.h"
#include "kernels/quantize.h"

namespace litequant {
namespace {

template <typename T>
struct Parameters {
  float a, b, out;
  int32_t zero_a, zero_b, zero_out;
  IntegerRange range = range_of<T>();

  reference::QuantizedSum sum(bool subtract) const {
    const double common = 2.0 * std::fmax(a, b);
    return {.a = {zero_a, 20, fixed_multiplier(a / common)},
            .b = {zero_b, 20, fixed_multiplier(b / common)},
            .result = {fixed_multiplier(common / (1048576.0 * out)), zero_out, range},
            .subtract = subtract};
  }
  reference::QuantizedProduct product() const {
    return {.zero_a = zero_a, .zero_b = zero_b, .result = {fixed_multiplier(a * b / out), zero_out, range}};
  }
};

template <typename T>
std::vector<T> all_values() {
  std::vector<T> values;
  for (int i = 0; i < 256; ++i) values.push_back(static_cast<T>(i));
  return values;
}

// Every pair through the three forms of the innermost loop: both operands step, only the first, only the second.
template <typename T, typename Exact>
void expect_equal(const Int8PairKernel<T>& kernel, const Exact& exact) {
  const std::vector<T> values = all_values<T>();
  std::vector<T> left, right, want(65536), got(65536);
  for (const T a : values) {
    for (const T b : values) {
      left.push_back(a);
      right.push_back(b);
    }
  }
  for (size_t i = 0; i < want.size(); ++i) want[i] = static_cast<T>(exact(left[i], right[i]));

  const auto run = [&](const Shape& a, const Shape& b, const T* pa, const T* pb) {
    const Shape* const operands[] = {&a, &b};
    std::fill(got.begin(), got.end(), T{0});
    kernel.run(*broadcast_walk(*broadcast_shape(a, b), operands), pa, pb, got.data());
    EXPECT_EQ(got, want);
  };
  run({65536}, {65536}, left.data(), right.data());
  run({256, 1}, {1, 256}, values.data(), values.data());
  for (size_t i = 0; i < want.size(); ++i) want[i] = static_cast<T>(exact(right[i], left[i]));
  run({1, 256}, {256, 1}, values.data(), values.data());
}

template <typename T>
void check(const Parameters<T>& p, int& proved) {
  const auto add = p.sum(false), subtract = p.sum(true);
  const auto product = p.product();
  const double a = p.a / p.out, b = p.b / p.out;
  const auto add_kernel = Int8PairKernel<T>::sum(add, a, b);
  const auto subtract_kernel = Int8PairKernel<T>::sum(subtract, a, -b);
  const auto product_kernel = Int8PairKernel<T>::product(product, p.a * p.b / p.out);
  proved += add_kernel.is_proved() + subtract_kernel.is_proved() + product_kernel.is_proved();
  expect_equal(add_kernel, add);
  expect_equal(subtract_kernel, subtract);
  expect_equal(product_kernel, product);
}

TEST(ElementwiseInt8, EveryPairForUsualScales) {
  std::mt19937 random(11);
  int proved = 0;
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    const auto scale = [&] {
      return std::exp2(-static_cast<float>(random() % 6) - static_cast<float>(random() % 997) / 997);
    };
    const auto zero = [&] { return static_cast<int32_t>(random() % 256) - 128; };
    Parameters<int8_t> p = {scale(), scale(), scale(), zero(), zero(), zero()};
    if (round % 3 == 0) p.range = activation_range(Activation::relu6, p.out, p.zero_out, p.range);
    if (round % 5 == 0) p.b = p.a;
    if (round % 7 == 0) p.out = 2 * p.a;
    check(p, proved);
  }
  // The lookup is for the few that cannot be proved.
  EXPECT_GE(proved, 3 * kRounds * 9 / 10);
}

TEST(ElementwiseInt8, EveryPairForExtremeParameters) {
  int proved = 0;
  check<int8_t>({1.0f, 1.0f, 1.0f, -128, 127, 0}, proved);
  check<int8_t>({0.5f, 0.5f, 1.0f, 0, 0, 0}, proved);
  check<int8_t>({1e-6f, 1.0f, 0.01f, 5, -7, 100}, proved);
  check<int8_t>({100.0f, 1e-3f, 1e-4f, 3, 3, 3}, proved);
  check<int8_t>({1e-20f, 1e-20f, 1.0f, 0, 0, 0}, proved);
}

TEST(ElementwiseInt8, EveryPairOfUnsignedBytes) {
  int proved = 0;
  check<uint8_t>({0.02f, 0.03f, 0.05f, 128, 100, 120}, proved);
  check<uint8_t>({0.5f, 0.25f, 0.5f, 0, 255, 7}, proved);
}

TEST(Quantize, EqualsTheDefinitionAroundHalvesAndLimits) {
  std::vector<float> reals = {0.0f, -0.0f, 1e30f,  -1e30f,     INFINITY,  -INFINITY,
                              NAN,  0.25f, -0.25f, 8388609.0f, 4194303.5f};
  for (int i = -1200; i <= 1200; ++i) {
    const float half = static_cast<float>(i) / 4;
    for (const float real : {half, std::nextafter(half, 1e9f), std::nextafter(half, -1e9f)}) reals.push_back(real);
  }
  const auto count = static_cast<int64_t>(reals.size());
  for (const Affine as : {Affine{0.5f, 0}, Affine{0.3f, -128}, Affine{1.0f, 127}, Affine{1e-30f, 3}, Affine{7e8f, 5}}) {
    std::vector<int8_t> got(reals.size());
    quantize_elements(reals.data(), got.data(), count, as);
    for (size_t i = 0; i < reals.size(); ++i) {
      EXPECT_EQ(got[i], quantize(reals[i], as, range_of<int8_t>())) << reals[i] << " / " << as.scale;
    }
    std::vector<int16_t> wide(reals.size());
    quantize_elements(reals.data(), wide.data(), count, {as.scale, 0});
    for (size_t i = 0; i < reals.size(); ++i) {
      EXPECT_EQ(wide[i], quantize(reals[i], {as.scale, 0}, range_of<int16_t>())) << reals[i] << " / " << as.scale;
    }
  }
}

}  // namespace
}  // namespace litequant
