#include "quantize/parameters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace litequant {
namespace {

TEST(ActivationParameters, WidenTheRangeToHoldZero) {
  EXPECT_EQ(activation_parameters(0.0f, 255.0f), (Parameters{1.0f, -128}));
  EXPECT_EQ(activation_parameters(3.0f, 255.0f), (Parameters{1.0f, -128}));
  EXPECT_EQ(activation_parameters(-255.0f, -3.0f), (Parameters{1.0f, 127}));
  EXPECT_EQ(activation_parameters(-127.5f, 127.5f), (Parameters{1.0f, -1}));  // -128 + 127.5 = -0.5
}

TEST(ActivationParameters, DivideInFloat32) {
  // The double quotient rounds to another float.
  const float min = -1.0f / 3.0f, max = 1.0f;
  const float width = max - min;
  EXPECT_EQ(activation_parameters(min, max).scale, width / 255.0f);
}

TEST(ActivationParameters, WidenWhatIsAlmostZero) {
  const Parameters parameters = activation_parameters(0.0f, 0.0f);
  EXPECT_EQ(parameters.scale, (1e-6f + 1e-6f) / 255.0f);
  EXPECT_EQ(parameters.zero_point, 0);  // the scale rounds up a little, so this is just above -0.5
}

TEST(ActivationParameters, HoldTheWidestRange) {
  const float most = std::numeric_limits<float>::max();
  const Parameters parameters = activation_parameters(-most, most);
  EXPECT_TRUE(std::isfinite(parameters.scale));
  EXPECT_NEAR(parameters.scale, most / 127.5, most * 1e-6);
}

TEST(ConstantParameters, GiveAScaleToZeros) {
  const std::vector<float> zeros(3, 0.0f);
  const Parameters parameters = constant_parameters(zeros);
  EXPECT_EQ(parameters.scale, 1e-6f / 255.0f);
  EXPECT_EQ(quantize_values(zeros, parameters), std::vector<int8_t>(3, static_cast<int8_t>(parameters.zero_point)));
}

TEST(QuantizeValues, RoundHalvesAwayFromZeroAndClamp) {
  const std::vector<float> values = {0.5f, -0.5f, 1.5f, 2.5f, 1000.0f, -1000.0f};
  EXPECT_EQ(quantize_values(values, {1.0f, 0}), (std::vector<int8_t>{1, -1, 2, 3, 127, -128}));
}

TEST(WeightScales, BelongToChannels) {
  // [2, 3] along axis 0: rows; along axis 1: columns.
  const std::vector<float> weights = {1, -2, 3, -127, 5, 6};
  const int32_t dims[] = {2, 3};
  EXPECT_EQ(weight_scales(weights, channel_layout(dims, 0)), (std::vector<float>{6.0f / 254.0f, 1.0f}));
  EXPECT_EQ(weight_scales(weights, channel_layout(dims, 1)),
            (std::vector<float>{1.0f, 10.0f / 254.0f, 12.0f / 254.0f}));
  EXPECT_EQ(weight_scales(weights, channel_layout(dims, -1)), std::vector<float>{1.0f});
}

TEST(WeightScales, GiveAChannelOfZerosASmallOne) {
  const std::vector<float> weights = {0, 0, 1, 1};
  const int32_t dims[] = {2, 2};
  const ChannelLayout layout = channel_layout(dims, 0);
  const auto scales = weight_scales(weights, layout);
  EXPECT_EQ(scales[0], 1e-6f / 254.0f);
  EXPECT_EQ(quantize_weights(weights, layout, scales), (std::vector<int8_t>{0, 0, 127, 127}));
}

TEST(QuantizeWeights, NeverGiveMinus128) {
  const std::vector<float> weights = {-1.0f, 1.0f, 0.5f, -0.25f};
  const int32_t dims[] = {1, 4};
  for (const int axis : {0, -1}) {
    const ChannelLayout layout = channel_layout(dims, axis);
    const auto values = quantize_weights(weights, layout, weight_scales(weights, layout));
    EXPECT_EQ(values[0], -127);
    EXPECT_EQ(values[1], 127);
  }
}

TEST(QuantizeHybridWeights, DivideByTheScaleInDouble) {
  // 0.5 / 127 scaled to 1: a weight of exactly half a step in double, below it after the scale is rounded to float32.
  const std::vector<float> weights = {0.3f, 0.3f * 0.5f / 127, 0.0f, 0.0f};
  const int32_t dims[] = {2, 2};
  const QuantizedWeights quantized = quantize_hybrid_weights(weights, channel_layout(dims, 0));
  EXPECT_EQ(quantized.scale, weight_scales(weights, channel_layout(dims, 0)));
  const double steps = std::round(double{weights[1]} / (double{weights[0]} * 2 / 254));
  EXPECT_EQ(quantized.values, (std::vector<int8_t>{127, static_cast<int8_t>(steps), 0, 0}));
}

TEST(BiasScales, AreTheProductWhereTheBiasFits) {
  std::vector<float> weights = {0.5f, 0.25f};
  const std::vector<float> bias = {1.0f, -3.0f};
  const auto scales = bias_scales(bias, 0.1f, weights);
  EXPECT_EQ(scales, (std::vector<float>{static_cast<float>(0.1f * 0.5), static_cast<float>(0.1f * 0.25)}));
  EXPECT_EQ(weights, (std::vector<float>{0.5f, 0.25f}));
  EXPECT_EQ(quantize_bias(bias, scales), (std::vector<int32_t>{20, -120}));
}

TEST(BiasScales, WidenTheWeightsOfADeadChannel) {
  // 5 / (0.1 * 1e-9) steps exceed 2^30; the other channel stays.
  std::vector<float> weights = {1e-9f, 1.0f};
  const std::vector<float> bias = {5.0f, 5.0f};
  const auto scales = bias_scales(bias, 0.1f, weights);
  constexpr double kLimit = std::numeric_limits<int32_t>::max() / 2;
  EXPECT_EQ(scales[0], static_cast<float>(5.0 / kLimit));
  EXPECT_EQ(weights[0], static_cast<float>(5.0 / kLimit / static_cast<double>(0.1f)));
  EXPECT_EQ(weights[1], 1.0f);
  EXPECT_NEAR(quantize_bias(bias, scales)[0], kLimit, 64);
}

TEST(BiasScales, OneScaleFollowsTheLargestBias) {
  std::vector<float> weights = {1e-9f};
  const std::vector<float> bias = {0.0f, -8.0f, 2.0f};
  const auto scales = bias_scales(bias, 1.0f, weights);
  constexpr double kLimit = std::numeric_limits<int32_t>::max() / 2;
  EXPECT_EQ(scales, std::vector<float>{static_cast<float>(8.0 / kLimit)});
  EXPECT_EQ(weights[0], scales[0]);
}

}  // namespace
}  // namespace litequant
