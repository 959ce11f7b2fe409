#include "kernels/hybrid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/requantize.h"

namespace litequant {
namespace {

std::vector<float> random_values(std::mt19937& random, size_t count, float low, float high) {
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

// Lengths around the vector width; among the values exact halves of a step.
TEST(QuantizeSymmetric, RoundsEachValueAsTheDefinition) {
  std::mt19937 random(11);
  for (size_t count = 1; count <= 67; ++count) {
    auto values = random_values(random, count, -3, 3);
    values[0] = 127.0f / 64;  // a power of two as step where it is the largest
    for (size_t i = 1; i < count; i += 3) values[i] = std::floor(values[i] * 64) / 64 + 1.0f / 128;
    std::vector<int8_t> quantized(count);
    const DynamicScale found = quantize_symmetric(values, quantized.data());
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    EXPECT_EQ(found.scale, largest / 127.0f);
    EXPECT_EQ(found.zero_point, 0);
    for (size_t i = 0; i < count; ++i) {
      const int32_t want = std::clamp(saturating_int(std::round(values[i] * (127.0f / largest))), -127, 127);
      EXPECT_EQ(quantized[i], want) << i << " of " << count;
    }
  }
}

TEST(QuantizeAsymmetric, RoundsEachValueAsTheDefinition) {
  std::mt19937 random(12);
  for (size_t count = 1; count <= 67; ++count) {
    const auto values = random_values(random, count, -1, static_cast<float>(count % 7));
    std::vector<int8_t> quantized(count);
    const DynamicScale found = quantize_asymmetric(values, quantized.data());
    for (size_t i = 0; i < count; ++i) {
      const int32_t steps = saturating_int(std::round(values[i] * (1.0f / found.scale)));
      EXPECT_EQ(quantized[i], std::clamp(found.zero_point + steps, -128, 127)) << i << " of " << count;
    }
  }
}

// The step of a layer of the zoo, and what TensorFlow Lite computes with it.
TEST(QuantizeAsymmetric, TakesTheWidthOfTheRangeAsAFloat) {
  const std::vector<float> values = {-39.385902404785156f, 34.661563873291016f};
  std::vector<int8_t> quantized(2);
  const DynamicScale found = quantize_asymmetric(values, quantized.data());
  EXPECT_EQ(found.scale, 0.29038224f) << "in double it would be 0.2903822";
  EXPECT_EQ(found.zero_point, 8);
}

// 38.5 steps are rounded before the zero point is added: -128 + 39, not round(-89.5).
TEST(QuantizeAsymmetric, RoundsBeforeTheZeroPointIsAdded) {
  const float step = 0.03125f;
  for (const size_t count : {size_t{2}, size_t{19}}) {
    std::vector<float> values(count, 38.5f * step);
    values[0] = 255 * step;
    std::vector<int8_t> quantized(count);
    const DynamicScale found = quantize_asymmetric(values, quantized.data());
    EXPECT_EQ(found.scale, step);
    EXPECT_EQ(found.zero_point, -128);
    for (size_t i = 1; i < count; ++i) EXPECT_EQ(quantized[i], -128 + 39) << i << " of " << count;
  }
}

TEST(QuantizeAsymmetric, TakesRangesWithoutABottom) {
  std::vector<int8_t> quantized(21);
  const std::vector<float> tiny(21, 1e-45f);
  EXPECT_EQ(quantize_asymmetric(tiny, quantized.data()).scale, 0);
  EXPECT_EQ(quantized, std::vector<int8_t>(21, -128));
}

TEST(QuantizeDynamic, ZerosStayZerosWithScaleOne) {
  const std::vector<float> zeros(21);
  std::vector<int8_t> quantized(21, 5);
  EXPECT_EQ(quantize_symmetric(zeros, quantized.data()).scale, 1);
  EXPECT_EQ(quantized, std::vector<int8_t>(21));
  quantized.assign(21, 5);
  EXPECT_EQ(quantize_asymmetric(zeros, quantized.data()).zero_point, 0);
  EXPECT_EQ(quantized, std::vector<int8_t>(21));
}

}  // namespace
}  // namespace litequant
