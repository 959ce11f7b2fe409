// Products of bytes: what the probe makes of each kind of engine, and the sums themselves.
#include "kernels/byte_dot.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "kernels/depthwise_bytes.h"
#include "kernels/products.h"
#include "kernels/reference/dense.h"
#include "kernels/simd.h"
#include "support/byte_dot.h"

namespace litequant {
namespace {

#if defined(__wasm_simd128__)
TEST(ByteDot, IsAskedOnce) {
  const ByteDot first = byte_dot();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(byte_dot(), first);
  if (!LITEQUANT_BYTE_DOT) {
    EXPECT_EQ(first, ByteDot::inexact);
  }
}
#else
TEST(ByteDot, TellsTheEnginesApart) {
  simd::byte_dot_acted = simd::ByteDotActed::exact_unsigned;
  EXPECT_EQ(byte_dot(), ByteDot::exact_unsigned);
  simd::byte_dot_acted = simd::ByteDotActed::exact_signed;
  EXPECT_EQ(byte_dot(), ByteDot::exact_signed);
  simd::byte_dot_acted = simd::ByteDotActed::saturating;
  EXPECT_EQ(byte_dot(), ByteDot::inexact);
}
#endif

#if LITEQUANT_BYTE_DOT
using Random = std::mt19937;

int32_t between(Random& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

std::vector<int8_t> random_bytes(Random& random, int64_t count) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (int8_t& value : values) {
    const auto choice = random() % 8;
    value = static_cast<int8_t>(choice == 0 ? -128 : choice == 1 ? 127 : between(random, -128, 127));
  }
  return values;
}

// Sums of `channels` columns made of bytes hold (zero + shift) * the sum of the weights too much.
void take_off(std::vector<int32_t>& sums, const std::vector<int8_t>& weights, int64_t channels, int64_t column_stride,
              int64_t depth_stride, int64_t depth, int32_t excess) {
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t channel = static_cast<int64_t>(i) % channels;
    for (int64_t k = 0; k < depth; ++k) {
      sums[i] -= excess * weights[static_cast<size_t>(channel * column_stride + k * depth_stride)];
    }
  }
}

RowForm<uint8_t> form_of(int32_t zero, int32_t shift) {
  const auto flip = static_cast<uint8_t>(shift);
  return {.flip = flip, .padding = static_cast<uint8_t>(static_cast<uint8_t>(zero) ^ flip)};
}

constexpr auto kAccumulator = [](int64_t, int64_t, auto sum) { return sum; };

WindowAxis axis_of(Random& random, int32_t window) {
  WindowAxis axis = {.input = between(random, 1, 14),
                     .output = 1,
                     .window = window,
                     .stride = between(random, 1, 3),
                     .dilation = random() % 4 == 0 ? 2 : 1};
  axis.output = (axis.input - 1) / axis.stride + 1;
  axis.pad = std::max((axis.output - 1) * axis.stride + (window - 1) * axis.dilation + 1 - axis.input, 0) / 2;
  return axis;
}

TEST(ByteDot, SumsOfConvolutions) {
  const uint32_t seed = 20261126;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  test::for_each_byte_dot([&] {
    if (byte_dot() == ByteDot::inexact) return;
    const int32_t shift = byte_dot() == ByteDot::exact_unsigned ? 128 : 0;
    for (int repeat = 0; repeat < 150; ++repeat) {
      const int32_t groups = random() % 4 == 0 ? 2 : 1;
      ConvolutionShape shape = {
          .batches = 1,
          .window = {.height = axis_of(random, between(random, 1, 4)), .width = axis_of(random, between(random, 1, 4))},
          .input_channels = groups * between(random, 1, 19),
          .output_channels = groups * between(random, 1, 19),
          .groups = groups};
      if (random() % 4 == 0) shape.window = {.height = {.input = 5, .output = 5}, .width = {.input = 13, .output = 13}};
      const auto input = random_bytes(random, shape.input_pixels() * shape.input_channels);
      const auto weights = random_bytes(random, shape.output_channels * shape.depth());
      const int32_t zero = between(random, -128, 127);
      std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * shape.output_channels)), got(want.size());
      reference::convolve<int32_t>(
          shape, input.data(), [&](int64_t) { return zero; }, weights.data(), 0, want.data(), kAccumulator);
      const WeightMatrix matrix = convolution_weights(shape);
      const int64_t size = matrix.packed<uint8_t>();
      std::vector<int8_t> packed(static_cast<size_t>(groups * size));
      for (int32_t g = 0; g < groups; ++g) {
        pack_weights<uint8_t>(matrix, weights.data() + g * shape.group_outputs() * shape.depth(), 0,
                              packed.data() + g * size);
      }
      std::vector<uint8_t> rows(static_cast<size_t>(convolution_elements<uint8_t>(shape)), 0x55);
      convolve_int8(shape, input.data(), form_of(zero, shift), packed.data(),
                    RawEpilogue({.groups = groups, .group_columns = shape.group_outputs()},
                                {.output = got.data(), .row_stride = shape.output_channels}),
                    rows.data());
      take_off(got, weights, shape.output_channels, shape.depth(), 1, shape.depth(), zero + shift);
      ASSERT_EQ(got, want) << "repeat " << repeat;
    }
  });
}

TEST(ByteDot, SumsOfTransposedConvolutions) {
  const uint32_t seed = 20261128;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  test::for_each_byte_dot([&] {
    if (byte_dot() == ByteDot::inexact) return;
    const int32_t shift = byte_dot() == ByteDot::exact_unsigned ? 128 : 0;
    for (int repeat = 0; repeat < 100; ++repeat) {
      TransposeConvolutionShape shape = {
          .batches = 1,
          .window = {.height = axis_of(random, between(random, 1, 4)), .width = axis_of(random, between(random, 1, 4))},
          .input_channels = between(random, 1, 19),
          .output_channels = between(random, 1, 19)};
      shape.window.height.dilation = shape.window.width.dilation = 1;
      const auto input = random_bytes(random, shape.input_pixels() * shape.input_channels);
      const auto weights = random_bytes(random, shape.output_channels * shape.depth());
      const int32_t zero = between(random, -128, 127);
      std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * shape.output_channels)), got(want.size());
      reference::transpose_convolve<int32_t>(
          shape, input.data(), [&](int64_t) { return zero; }, weights.data(), 0, want.data(), kAccumulator);
      const WeightMatrix matrix = convolution_weights(shape);
      std::vector<int8_t> packed(static_cast<size_t>(matrix.packed<uint8_t>()));
      pack_weights<uint8_t>(matrix, weights.data(), 0, packed.data());
      std::vector<uint8_t> rows(static_cast<size_t>(convolution_elements<uint8_t>(shape)), 0x55);
      convolve_int8(shape, input.data(), form_of(zero, shift), packed.data(),
                    RawEpilogue({.groups = 1, .group_columns = shape.output_channels},
                                {.output = got.data(), .row_stride = shape.output_channels}),
                    rows.data());
      take_off(got, weights, shape.output_channels, shape.depth(), 1, shape.depth(), zero + shift);
      ASSERT_EQ(got, want) << "repeat " << repeat;
    }
  });
}

TEST(ByteDot, SumsOfDepthwiseConvolutions) {
  const uint32_t seed = 20261127;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  test::for_each_byte_dot([&] {
    if (byte_dot() == ByteDot::inexact) return;
    const int32_t shift = byte_dot() == ByteDot::exact_unsigned ? 128 : 0;
    int used = 0;
    for (int repeat = 0; repeat < 300; ++repeat) {
      // Wide enough for more pixels than are finished at once, and for several blocks of channels.
      const bool is_large = repeat % 50 == 0;
      DepthwiseShape shape = {
          .batches = 1,
          .window = {.height = axis_of(random, between(random, 1, 7)), .width = axis_of(random, between(random, 1, 7))},
          .input_channels = is_large ? 100 : between(random, 1, 50)};
      if (is_large) shape.window.width = {.input = 131, .output = 131, .window = 3, .pad = 1};
      const DepthwiseBytes plan = depthwise_bytes_plan(shape);
      if (!plan.is_used) continue;
      ++used;
      const int32_t channels = shape.input_channels;
      const auto input = random_bytes(random, shape.input_pixels() * channels);
      const auto weights = random_bytes(random, shape.taps() * channels);
      const int32_t zero = between(random, -128, 127);
      std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * channels)), got(want.size());
      reference::depthwise<int32_t>(
          shape, input.data(), [&](int64_t) { return zero; }, weights.data(), 0, want.data(), kAccumulator);
      std::vector<uint8_t> quads(static_cast<size_t>(plan.quad_bytes()), 0x55);
      depthwise_bytes(
          shape, plan, input.data(), form_of(zero, shift), pack_depthwise_bytes(shape, plan, weights.data()).data(),
          RawEpilogue({.groups = 1, .group_columns = channels}, {.output = got.data(), .row_stride = channels}),
          quads.data());
      take_off(got, weights, channels, 1, channels, shape.taps(), zero + shift);
      ASSERT_EQ(got, want) << "repeat " << repeat;
    }
    EXPECT_GT(used, 100);
  });
}
#endif

}  // namespace
}  // namespace litequant
