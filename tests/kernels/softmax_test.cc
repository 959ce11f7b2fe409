// SOFTMAX by table against every exponential computed where it is needed, and both against real numbers.
#include "kernels/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/fixed_exponential.h"

namespace litequant {
namespace {

template <typename In, typename Out>
void expect_same(RowShape shape, double scale, std::mt19937& random) {
  std::vector<In> input(static_cast<size_t>(shape.rows * shape.depth));
  for (In& value : input) value = static_cast<In>(random());
  const ExponentScale exponent = exponent_scale(scale);
  std::vector<Out> want(input.size()), got(input.size());
  reference::softmax(shape, exponent, input.data(), want.data());
  softmax(shape, exponential_table(exponent), input.data(), got.data());
  ASSERT_EQ(got, want) << "scale " << scale << ", depth " << shape.depth;
}

// Depths over 4096 overflow the sum, as they do in the reference kernels: still the same result.
TEST(Softmax, TableEqualsTheReference) {
  std::mt19937 random(2);
  for (const double scale : {0.0, 1e-12, 1e-9, 3e-8, 1e-4, 0.01, 0.1, 0.37, 1.0, 15.9, 16.0, 100.0, 1e9}) {
    for (const int64_t depth : {1, 2, 3, 17, 1001, 9000}) {
      const RowShape shape{.rows = 3, .depth = depth};
      ASSERT_NO_FATAL_FAILURE((expect_same<int8_t, int8_t>(shape, scale, random)));
      ASSERT_NO_FATAL_FAILURE((expect_same<int8_t, int16_t>(shape, scale, random)));
      ASSERT_NO_FATAL_FAILURE((expect_same<uint8_t, uint8_t>(shape, scale, random)));
      ASSERT_NO_FATAL_FAILURE((expect_same<uint8_t, int16_t>(shape, scale, random)));
    }
  }
}

TEST(Softmax, IntegersAreWithinAStepOfTheRealResult) {
  std::mt19937 random(4);
  constexpr int64_t kDepth = 20;
  std::vector<int8_t> input(kDepth), output(kDepth);
  std::vector<int16_t> input16(kDepth), output16(kDepth);
  const auto tables = int16_softmax_tables();
  for (int round = 0; round < 200; ++round) {
    for (int8_t& value : input) value = static_cast<int8_t>(random());
    softmax({1, kDepth}, exponential_table(exponent_scale(0.03)), input.data(), output.data());
    for (size_t i = 0; i < kDepth; ++i) input16[i] = static_cast<int16_t>(input[i] * 100);
    softmax({1, kDepth}, fixed_multiplier(0.0003 * 65535 / 10), *tables, input16.data(), output16.data());
    double sum = 0;
    for (const int8_t value : input) sum += std::exp(0.03 * value);
    for (size_t i = 0; i < kDepth; ++i) {
      const double real = std::exp(0.03 * input[i]) / sum;
      EXPECT_NEAR((output[i] + 128) / 256.0, real, 1.0 / 256);
      EXPECT_NEAR(output16[i] / 32768.0, real, 4.0 / 32768);
    }
  }
}

TEST(Softmax, FloatRowsSumToOneAndFollowTheExponential) {
  const std::vector<float> input = {1, 2, 3, 1000, 1000, 1001};
  std::vector<float> output(6);
  softmax({2, 3}, 1.0f, input.data(), output.data());
  EXPECT_NEAR(output[0] + output[1] + output[2], 1, 1e-6);
  EXPECT_NEAR(output[2] / output[1], std::exp(1.0), 1e-5);
  EXPECT_NEAR(output[5] / output[4], std::exp(1.0), 1e-5);
  log_softmax({2, 3}, input.data(), output.data());
  EXPECT_NEAR(output[2], std::log(std::exp(3.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0))), 1e-6);
}

TEST(FixedExponential, FollowsExp) {
  for (int64_t a = 0; a >= -(int64_t{1} << 31); a -= 1234567) {
    const double real = std::exp(std::ldexp(static_cast<double>(a), 5 - 31));
    EXPECT_NEAR(std::ldexp(exp_of_negative<5>(static_cast<int32_t>(a)), -31), real, 3e-7);
  }
}

TEST(FixedExponential, LogFollowsLog) {
  for (int64_t x = int64_t{1} << 19; x < int64_t{1} << 31; x += x / 100 + 1) {
    const double real = std::log(std::ldexp(static_cast<double>(x), 12 - 31));
    EXPECT_NEAR(std::ldexp(log_of_at_least_one(static_cast<int32_t>(x)), 5 - 31), real, 1e-4);
  }
}

}  // namespace
}  // namespace litequant
