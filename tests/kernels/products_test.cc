// The optimized products against the plain loops: integer accumulators exactly, floats bit for bit, over the shapes
// that kernels fear.
#include "kernels/products.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

#include "base/text.h"
#include "kernels/depthwise_float.h"
#include "kernels/depthwise_int8.h"
#include "kernels/pack.h"
#include "kernels/reference/dense.h"

namespace litequant {
namespace {

using Random = std::mt19937;

int32_t between(Random& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

// Every value of the type, its ends more often.
template <typename T>
std::vector<T> random_values(Random& random, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) {
    if constexpr (std::is_floating_point_v<T>) {
      value = std::uniform_real_distribution<T>(-1, 1)(random);
    } else {
      const IntegerRange range = range_of<T>();
      const auto choice = random() % 8;
      value = static_cast<T>(choice == 0   ? range.low
                             : choice == 1 ? range.high
                                           : between(random, range.low, range.high));
    }
  }
  return values;
}

WindowAxis random_axis(Random& random) {
  WindowAxis axis = {.input = between(random, 1, 12),
                     .output = 1,
                     .window = between(random, 1, 4),
                     .stride = between(random, 1, 3),
                     .dilation = between(random, 1, 2),
                     .pad = 0};
  const int32_t effective = (axis.window - 1) * axis.dilation + 1;
  if (effective > axis.input || random() % 2 == 0) {
    axis.output = (axis.input - 1) / axis.stride + 1;
    axis.pad = std::max((axis.output - 1) * axis.stride + effective - axis.input, 0) / 2;
  } else {
    axis.output = (axis.input - effective) / axis.stride + 1;
  }
  return axis;
}

template <typename T>
int32_t random_zero_point(Random& random) {
  if (std::is_same_v<T, int16_t>) return 0;
  const int32_t choices[] = {range_of<T>().low, range_of<T>().high, 0,
                             between(random, range_of<T>().low, range_of<T>().high)};
  return choices[random() % 4];
}

constexpr auto kAccumulator = [](int64_t, int64_t, auto sum) { return sum; };

std::string shape_text(const Window& window, int32_t channels, int32_t outputs, int32_t groups) {
  const auto axis = [](const WindowAxis& a) {
    return text(a.input, "->", a.output, " window ", a.window, " stride ", a.stride, " dilation ", a.dilation, " pad ",
                a.pad);
  };
  return text(axis(window.height), ", ", axis(window.width), ", ", channels, "->", outputs, " channels, ", groups,
              " groups");
}

template <typename T, typename Weight>
void check_convolution(Random& random) {
  const int32_t groups = random() % 3 == 0 ? between(random, 2, 4) : 1;
  ConvolutionShape shape = {.batches = 1,
                            .window = {.height = random_axis(random), .width = random_axis(random)},
                            .input_channels = groups * between(random, 1, 17),
                            .output_channels = groups * between(random, 1, 17),
                            .groups = groups};
  if (random() % 4 == 0) {  // the image itself
    const int32_t height = between(random, 1, 12), width = between(random, 1, 12);
    shape.window = {.height = {.input = height, .output = height}, .width = {.input = width, .output = width}};
  }
  const auto input = random_values<T>(random, shape.input_pixels() * shape.input_channels);
  const auto weights = random_values<Weight>(random, shape.output_channels * shape.depth());
  const int32_t zero = random_zero_point<T>(random);
  const int32_t weight_zero = std::is_same_v<Weight, uint8_t> ? random_zero_point<Weight>(random) : 0;
  const auto count = static_cast<size_t>(shape.output_pixels() * shape.output_channels);

  std::vector<int32_t> want(count), got(count, 0x55555555);
  reference::convolve<int32_t>(
      shape, input.data(), [&](int64_t) { return zero; }, weights.data(), weight_zero, want.data(), kAccumulator);
  const ColumnTiles columns = {.groups = groups, .group_columns = shape.group_outputs()};
  const WeightMatrix matrix = convolution_weights(shape);
  const int64_t size = matrix.packed<int16_t>();
  std::vector<int16_t> packed(static_cast<size_t>(groups * size));
  for (int32_t g = 0; g < groups; ++g) {
    pack_weights<int16_t>(matrix, weights.data() + g * shape.group_outputs() * shape.depth(), weight_zero,
                          packed.data() + g * size);
  }
  std::vector<int16_t> rows(static_cast<size_t>(convolution_elements<int16_t>(shape)), 0x5555);
  convolve_int8(shape, input.data(), RowForm<int16_t>{zero}, packed.data(),
                RawEpilogue(columns, {.output = got.data(), .row_stride = shape.output_channels}), rows.data());
  ASSERT_EQ(got, want) << shape_text(shape.window, shape.input_channels, shape.output_channels, groups)
                       << " zero points " << zero << ", " << weight_zero;
}

TEST(Products, ConvolutionOfIntegers) {
  const uint32_t seed = 20260201;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 200 && !HasFatalFailure(); ++repeat) {
    check_convolution<int8_t, int8_t>(random);
    check_convolution<uint8_t, uint8_t>(random);
    check_convolution<int16_t, int8_t>(random);
  }
}

// More rows than a strip holds, and a depth that shortens strips.
TEST(Products, ConvolutionOverManyStrips) {
  Random random(7);
  for (const int32_t channels : {3, 2000}) {
    const ConvolutionShape shape = {
        .batches = 1,
        .window = {.height = {.input = 19, .output = 19, .window = 3, .pad = 1}, .width = {.input = 7, .output = 7}},
        .input_channels = channels,
        .output_channels = 9};
    const auto input = random_values<int8_t>(random, shape.input_pixels() * channels);
    const auto weights = random_values<int8_t>(random, 9 * shape.depth());
    std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * 9)), got(want.size());
    reference::convolve<int32_t>(
        shape, input.data(), [](int64_t) { return 5; }, weights.data(), 0, want.data(), kAccumulator);
    const WeightMatrix matrix = convolution_weights(shape);
    std::vector<int16_t> packed(static_cast<size_t>(matrix.packed<int16_t>()));
    pack_weights<int16_t>(matrix, weights.data(), 0, packed.data());
    std::vector<int16_t> rows(static_cast<size_t>(convolution_elements<int16_t>(shape)));
    convolve_int8(shape, input.data(), RowForm<int16_t>{5}, packed.data(),
                  RawEpilogue({.groups = 1, .group_columns = 9}, {.output = got.data(), .row_stride = 9}), rows.data());
    EXPECT_EQ(got, want) << channels;
  }
}

// Wider than a strip, and segments of an odd number of values.
TEST(Products, ConvolutionFromImageRows) {
  Random random(9);
  for (const int32_t channels : {1, 3, 8}) {
    const ConvolutionShape shape = {.batches = 1,
                                    .window = {.height = {.input = 9, .output = 5, .window = 3, .stride = 2, .pad = 1},
                                               .width = {.input = 150, .output = 75, .window = 3, .stride = 2}},
                                    .input_channels = channels,
                                    .output_channels = 17};
    ASSERT_TRUE(image_rows(shape).is_used);
    const auto input = random_values<uint8_t>(random, shape.input_pixels() * channels);
    const auto weights = random_values<uint8_t>(random, 17 * shape.depth());
    std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * 17)), got(want.size());
    reference::convolve<int32_t>(
        shape, input.data(), [](int64_t) { return 77; }, weights.data(), 3, want.data(), kAccumulator);
    const WeightMatrix matrix = convolution_weights(shape);
    std::vector<int16_t> packed(static_cast<size_t>(matrix.packed<int16_t>()));
    pack_weights<int16_t>(matrix, weights.data(), 3, packed.data());
    std::vector<int16_t> rows(static_cast<size_t>(convolution_elements<int16_t>(shape)), 0x5555);
    convolve_int8(shape, input.data(), RowForm<int16_t>{77}, packed.data(),
                  RawEpilogue({.groups = 1, .group_columns = 17}, {.output = got.data(), .row_stride = 17}),
                  rows.data());
    EXPECT_EQ(got, want) << channels;
  }
}

// Results that are made while accumulators are in registers, for every number of rows and every kind of limits.
template <typename T>
void check_fused(Random& random, bool is_depthwise) {
  const int32_t channels = between(random, 1, 40), outputs = is_depthwise ? channels : between(random, 1, 20);
  const int32_t width = between(random, 1, 23);
  const Window window = {.height = {.input = 3, .output = 3}, .width = {.input = width, .output = width}};
  ConvolutionShape shape = {
      .batches = 1, .window = window, .input_channels = channels, .output_channels = outputs, .groups = 1};
  DepthwiseShape depthwise = {.batches = 1, .window = window, .input_channels = channels, .multiplier = 1};
  if (is_depthwise) {
    for (WindowAxis* axis : {&depthwise.window.height, &depthwise.window.width}) {
      axis->window = between(random, 1, 3) * 2 - 1;
      axis->pad = axis->window / 2;
      axis->stride = between(random, 1, 2);
      axis->output = (axis->input - 1) / axis->stride + 1;
    }
  }
  const int64_t depth = is_depthwise ? depthwise.taps() : shape.depth();
  const int64_t pixels = is_depthwise ? depthwise.output_pixels() : shape.output_pixels();
  const auto input = random_values<T>(random, int64_t{3} * width * channels);
  const auto weights = random_values<T>(random, outputs * depth);
  const int32_t zero = random_zero_point<T>(random);
  const int32_t weight_zero = std::is_same_v<T, uint8_t> ? random_zero_point<T>(random) : 0;
  FixedScale scale = {.multipliers = {}, .zero_point = random_zero_point<T>(random), .range = range_of<T>()};
  if (random() % 2 == 0) scale.range.low = scale.zero_point;
  if (random() % 3 == 0) scale.range.high = between(random, scale.range.low, scale.range.high);
  for (int32_t c = 0; c < outputs; ++c) {
    const auto m = static_cast<int32_t>((uint32_t{1} << 30) + random() % (uint32_t{1} << 30));
    scale.multipliers.push_back({m, -between(random, 6, random() % 8 == 0 ? 15 : 11)});
  }
  std::vector<int32_t> bias(static_cast<size_t>(outputs));
  for (int32_t& b : bias) b = between(random, -5000, 5000);

  std::vector<T> want(static_cast<size_t>(pixels * outputs)), got(want.size());
  const auto finish = [&](int64_t, int64_t channel, int32_t sum) {
    const auto c = static_cast<size_t>(channel);
    return static_cast<T>(scale.apply(sum + bias[c], c));
  };
  const auto zero_of = [&](int64_t) { return zero; };
  const ColumnTiles columns = {.groups = 1, .group_columns = outputs};
  const WeightMatrix matrix = is_depthwise ? depthwise_weights(depthwise) : convolution_weights(shape);
  std::vector<int16_t> packed(static_cast<size_t>(matrix.packed<int16_t>()));
  pack_weights<int16_t>(matrix, weights.data(), weight_zero, packed.data());
  const int32_t largest = std::is_same_v<T, uint8_t> ? 255 : 128;
  const std::vector<int64_t> bounds(bias.size(), depth * largest * 255 + 5000);
  FixedTiles tiles(scale, columns, bounds, std::vector<int32_t>(bias.size(), largest));
  std::vector<int32_t> spread(static_cast<size_t>(columns.tiles() * kTileColumns));
  spread_over_tiles(columns, bias.data(), 0, spread.data());
  tiles.set_bias(spread);
  tiles.scale_weights(0, columns.tiles(), matrix.bundles<int16_t>(), packed.data());
  const FixedEpilogue<T> epilogue(columns, scale, tiles, spread.data(), {.output = got.data(), .row_stride = outputs});
  if (is_depthwise) {
    reference::depthwise<int32_t>(depthwise, input.data(), zero_of, weights.data(), weight_zero, want.data(), finish);
    const DepthwiseMemory memory = depthwise_memory(depthwise);
    std::vector<int16_t> ring(static_cast<size_t>(memory.ring_elements()), 0x5555);
    std::vector<int32_t> contents(static_cast<size_t>(memory.ring_rows));
    std::vector<const int16_t*> taps(static_cast<size_t>(memory.taps));
    depthwise_int8(depthwise, input.data(), RowForm<int16_t>{zero}, packed.data(), 0, epilogue, memory,
                   {.ring = ring.data(), .ring_contents = contents.data(), .taps = taps.data()});
  } else {
    reference::convolve<int32_t>(shape, input.data(), zero_of, weights.data(), weight_zero, want.data(), finish);
    std::vector<int16_t> rows(static_cast<size_t>(convolution_elements<int16_t>(shape)));
    convolve_int8(shape, input.data(), RowForm<int16_t>{zero}, packed.data(), epilogue, rows.data());
  }
  ASSERT_EQ(got, want) << (is_depthwise ? "depthwise " : "") << channels << "->" << outputs << " channels, width "
                       << width << ", limits " << scale.range.low << " to " << scale.range.high << ", zero point "
                       << scale.zero_point;
}

TEST(Products, FusedResultsEqualTheDefinition) {
  const uint32_t seed = 20260208;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 300 && !HasFatalFailure(); ++repeat) {
    check_fused<int8_t>(random, repeat % 2 == 0);
    check_fused<uint8_t>(random, repeat % 2 == 0);
  }
}

TEST(Products, TransposedConvolution) {
  const uint32_t seed = 20260202;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 150; ++repeat) {
    TransposeConvolutionShape shape = {.batches = 1,
                                       .window = {.height = random_axis(random), .width = random_axis(random)},
                                       .input_channels = between(random, 1, 17),
                                       .output_channels = between(random, 1, 17)};
    shape.window.height.dilation = shape.window.width.dilation = 1;
    const auto input = random_values<int8_t>(random, shape.input_pixels() * shape.input_channels);
    const auto weights = random_values<int8_t>(random, shape.output_channels * shape.depth());
    const int32_t zero = random_zero_point<int8_t>(random);
    std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * shape.output_channels)), got(want.size());
    reference::transpose_convolve<int32_t>(
        shape, input.data(), [&](int64_t) { return zero; }, weights.data(), 0, want.data(), kAccumulator);
    const WeightMatrix matrix = convolution_weights(shape);
    std::vector<int16_t> packed(static_cast<size_t>(matrix.packed<int16_t>()));
    pack_weights<int16_t>(matrix, weights.data(), 0, packed.data());
    std::vector<int16_t> rows(static_cast<size_t>(convolution_elements<int16_t>(shape)));
    convolve_int8(shape, input.data(), RowForm<int16_t>{zero}, packed.data(),
                  RawEpilogue({.groups = 1, .group_columns = shape.output_channels},
                              {.output = got.data(), .row_stride = shape.output_channels}),
                  rows.data());
    ASSERT_EQ(got, want) << shape_text(shape.window, shape.input_channels, shape.output_channels, 1);

    // And results that are made while accumulators are in registers, which lie apart.
    FixedScale scale = {
        .multipliers = {}, .zero_point = random_zero_point<int8_t>(random), .range = range_of<int8_t>()};
    for (int32_t c = 0; c < shape.output_channels; ++c) {
      scale.multipliers.push_back({(1 << 30) + between(random, 0, 1 << 29), -between(random, 6, 11)});
    }
    const ColumnTiles columns = {.groups = 1, .group_columns = shape.output_channels};
    const auto count = static_cast<size_t>(shape.output_channels);
    FixedTiles tiles(scale, columns, std::vector<int64_t>(count, shape.depth() * 128 * 255),
                     std::vector<int32_t>(count, 128));
    const std::vector<int32_t> no_bias(static_cast<size_t>(columns.tiles() * kTileColumns));
    tiles.set_bias(no_bias);
    tiles.scale_weights(0, columns.tiles(), matrix.bundles<int16_t>(), packed.data());
    std::vector<int8_t> want_stored, got_stored(want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      want_stored.push_back(static_cast<int8_t>(scale.apply(want[i], i % count)));
    }
    convolve_int8(shape, input.data(), RowForm<int16_t>{zero}, packed.data(),
                  FixedEpilogue<int8_t>(columns, scale, tiles, no_bias.data(),
                                        {.output = got_stored.data(), .row_stride = shape.output_channels}),
                  rows.data());
    ASSERT_EQ(got_stored, want_stored) << shape_text(shape.window, shape.input_channels, shape.output_channels, 1);
  }
}

template <typename T, typename Weight>
void check_depthwise(Random& random) {
  DepthwiseShape shape = {.batches = 1,
                          .window = {.height = random_axis(random), .width = random_axis(random)},
                          .input_channels = random() % 5 == 0 ? 8 * between(random, 1, 3) : between(random, 1, 17),
                          .multiplier = random() % 2 == 0 ? 1 : between(random, 1, 4)};
  if (random() % 3 == 0) shape.window.height.window = shape.window.width.window = random() % 2 == 0 ? 3 : 5;
  const int32_t channels = shape.output_channels();
  const auto input = random_values<T>(random, shape.input_pixels() * shape.input_channels);
  const auto weights = random_values<Weight>(random, shape.taps() * channels);
  const int32_t zero = random_zero_point<T>(random);
  const int32_t weight_zero = std::is_same_v<Weight, uint8_t> ? random_zero_point<Weight>(random) : 0;
  std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * channels)), got(want.size());
  reference::depthwise<int32_t>(
      shape, input.data(), [&](int64_t) { return zero; }, weights.data(), weight_zero, want.data(), kAccumulator);
  const WeightMatrix matrix = depthwise_weights(shape);
  std::vector<int16_t> packed(static_cast<size_t>(matrix.packed<int16_t>()));
  pack_weights<int16_t>(matrix, weights.data(), weight_zero, packed.data());
  const DepthwiseMemory memory = depthwise_memory(shape);
  std::vector<int16_t> ring(static_cast<size_t>(memory.ring_elements()), 0x5555);
  std::vector<int32_t> contents(static_cast<size_t>(memory.ring_rows));
  std::vector<const int16_t*> taps(static_cast<size_t>(memory.taps));
  depthwise_int8(shape, input.data(), RowForm<int16_t>{zero}, packed.data(), 0,
                 RawEpilogue({.groups = 1, .group_columns = channels}, {.output = got.data(), .row_stride = channels}),
                 memory, {.ring = ring.data(), .ring_contents = contents.data(), .taps = taps.data()});
  ASSERT_EQ(got, want) << shape_text(shape.window, shape.input_channels, channels, 1) << " zero points " << zero << ", "
                       << weight_zero;
}

TEST(Products, DepthwiseOfIntegers) {
  const uint32_t seed = 20260203;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 200 && !HasFatalFailure(); ++repeat) {
    check_depthwise<int8_t, int8_t>(random);
    check_depthwise<uint8_t, uint8_t>(random);
    check_depthwise<int16_t, int8_t>(random);
  }
}

// Rows so long that channels are taken in several blocks, and more pixels than are finished at once.
TEST(Products, DepthwiseInBlocksOfChannels) {
  Random random(8);
  const DepthwiseShape shape = {.batches = 1,
                                .window = {.height = {.input = 4, .output = 4, .window = 3, .pad = 1},
                                           .width = {.input = 500, .output = 500, .window = 3, .pad = 1}},
                                .input_channels = 100,
                                .multiplier = 1};
  const DepthwiseMemory memory = depthwise_memory(shape);
  ASSERT_LT(memory.block_channels, 100);
  const auto input = random_values<int8_t>(random, shape.input_pixels() * 100);
  const auto weights = random_values<int8_t>(random, 900);
  std::vector<int32_t> want(static_cast<size_t>(shape.output_pixels() * 100)), got(want.size());
  reference::depthwise<int32_t>(
      shape, input.data(), [](int64_t) { return -128; }, weights.data(), 0, want.data(), kAccumulator);
  std::vector<int16_t> packed(static_cast<size_t>(packed_size<int16_t>(100, 9)));
  pack_weights<int16_t>(depthwise_weights(shape), weights.data(), 0, packed.data());
  std::vector<int16_t> ring(static_cast<size_t>(memory.ring_elements()));
  std::vector<int32_t> contents(static_cast<size_t>(memory.ring_rows));
  std::vector<const int16_t*> taps(static_cast<size_t>(memory.taps));
  depthwise_int8(shape, input.data(), RowForm<int16_t>{-128}, packed.data(), 0,
                 RawEpilogue({.groups = 1, .group_columns = 100}, {.output = got.data(), .row_stride = 100}), memory,
                 {.ring = ring.data(), .ring_contents = contents.data(), .taps = taps.data()});
  EXPECT_EQ(got, want);
}

TEST(Products, MatricesOfIntegersWithStridesAndRowScales) {
  const uint32_t seed = 20260204;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const int64_t m = between(random, 1, 70), n = between(random, 1, 20), k = between(random, 1, 67);
    const bool left_transposed = random() % 3 == 0, right_transposed = random() % 2 == 0,
               has_scales = random() % 2 == 0;
    const MatrixShape shape = {.rows = m,
                               .columns = n,
                               .depth = k,
                               .left_row_stride = left_transposed ? 1 : k,
                               .left_depth_stride = left_transposed ? m : 1,
                               .right_column_stride = right_transposed ? 1 : k,
                               .right_depth_stride = right_transposed ? n : 1};
    const auto left = random_values<int8_t>(random, m * k), right = random_values<int8_t>(random, n * k);
    std::vector<DynamicScale> scales(static_cast<size_t>(m));
    for (DynamicScale& scale : scales) scale.zero_point = between(random, -128, 127);
    const int32_t zero = random_zero_point<int8_t>(random), right_zero = random_zero_point<int8_t>(random);
    std::vector<int32_t> want(static_cast<size_t>(m * n)), got(want.size());
    const auto zero_of = [&](int64_t row) { return has_scales ? scales[static_cast<size_t>(row)].zero_point : zero; };
    reference::multiply<int32_t>(shape, left.data(), zero_of, right.data(), right_zero, want.data(), kAccumulator);
    std::vector<int16_t> packed(static_cast<size_t>(packed_size<int16_t>(n, k)));
    pack_weights<int16_t>({.columns = n,
                           .depth = k,
                           .column_stride = shape.right_column_stride,
                           .depth_stride = shape.right_depth_stride},
                          right.data(), right_zero, packed.data());
    std::vector<int16_t> rows(static_cast<size_t>(strip_elements<int16_t>(k)));
    multiply_int8(shape, left.data(), RowForm<int16_t>{zero}, has_scales ? scales.data() : nullptr, packed.data(),
                  RawEpilogue({.groups = 1, .group_columns = n}, {.output = got.data(), .row_stride = n}), rows.data());
    ASSERT_EQ(got, want) << m << "x" << k << "x" << n;
  }
}

// ---- Floats: the same sums in the same order, so the same bits, unless fusing is allowed ----------------------------

std::vector<uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<uint32_t>(value));
  return bits;
}

struct FloatCase {
  std::vector<float> bias;
  FloatRange range;
  FloatEpilogue epilogue() const { return {.bias = bias.empty() ? nullptr : bias.data(), .range = range}; }
  auto finish() const {
    return [this](int64_t, int64_t channel, float sum) {
      return clamp(bias.empty() ? sum : sum + bias[static_cast<size_t>(channel)], range);
    };
  }
};

FloatCase random_float_case(Random& random, int32_t channels) {
  FloatCase result;
  if (random() % 3 != 0) result.bias = random_values<float>(random, channels);
  if (random() % 2 == 0) result.range = {.low = 0, .high = 1};
  return result;
}

constexpr auto kNoZero = [](int64_t) { return 0.0f; };

void expect_near(const std::vector<float>& got, const std::vector<float>& want) {
  float largest = 0;
  for (const float value : want) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < want.size(); ++i) ASSERT_LE(std::abs(got[i] - want[i]), 1e-5f * largest) << i;
}

TEST(Products, ConvolutionOfFloats) {
  const uint32_t seed = 20260205;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const int32_t groups = random() % 3 == 0 ? 2 : 1;
    ConvolutionShape shape = {.batches = 1,
                              .window = {.height = random_axis(random), .width = random_axis(random)},
                              .input_channels = groups * between(random, 1, 17),
                              .output_channels = groups * between(random, 1, 40),
                              .groups = groups};
    if (random() % 4 == 0) shape.window = {.height = {.input = 5, .output = 5}, .width = {.input = 3, .output = 3}};
    const FloatCase floats = random_float_case(random, shape.output_channels);
    const auto input = random_values<float>(random, shape.input_pixels() * shape.input_channels);
    const auto weights = random_values<float>(random, shape.output_channels * shape.depth());
    std::vector<float> want(static_cast<size_t>(shape.output_pixels() * shape.output_channels)), got(want.size());
    reference::convolve<float>(shape, input.data(), kNoZero, weights.data(), 0.0f, want.data(), floats.finish());
    const int64_t matrix = packed_float_size(shape.group_outputs(), shape.depth());
    std::vector<float> packed(static_cast<size_t>(groups * matrix));
    for (int32_t g = 0; g < groups; ++g) {
      pack_weights(
          {.columns = shape.group_outputs(), .depth = shape.depth(), .column_stride = shape.depth(), .depth_stride = 1},
          weights.data() + g * shape.group_outputs() * shape.depth(), packed.data() + g * matrix);
    }
    std::vector<float> rows(static_cast<size_t>(strip_elements_float(shape.depth())));
    convolve_float(shape, input.data(), packed.data(), floats.epilogue(), false, got.data(), rows.data());
    ASSERT_EQ(bits_of(got), bits_of(want))
        << shape_text(shape.window, shape.input_channels, shape.output_channels, groups);
    convolve_float(shape, input.data(), packed.data(), floats.epilogue(), true, got.data(), rows.data());
    expect_near(got, want);
  }
}

TEST(Products, DepthwiseOfFloats) {
  const uint32_t seed = 20260206;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const DepthwiseShape shape = {.batches = 1,
                                  .window = {.height = random_axis(random), .width = random_axis(random)},
                                  .input_channels = between(random, 1, 37),
                                  .multiplier = random() % 2 == 0 ? 1 : between(random, 1, 9)};
    const int32_t channels = shape.output_channels();
    const FloatCase floats = random_float_case(random, channels);
    const auto input = random_values<float>(random, shape.input_pixels() * shape.input_channels);
    const auto weights = random_values<float>(random, shape.taps() * channels);
    std::vector<float> want(static_cast<size_t>(shape.output_pixels() * channels)), got(want.size());
    reference::depthwise<float>(shape, input.data(), kNoZero, weights.data(), 0.0f, want.data(), floats.finish());
    depthwise_float(shape, input.data(), weights.data(), floats.epilogue(), false, got.data());
    ASSERT_EQ(bits_of(got), bits_of(want)) << shape_text(shape.window, shape.input_channels, channels, 1);
    depthwise_float(shape, input.data(), weights.data(), floats.epilogue(), true, got.data());
    expect_near(got, want);
  }
}

TEST(Products, MatricesOfFloatsDoNotDependOnTheNumberOfRows) {
  const uint32_t seed = 20260207;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 100; ++repeat) {
    const int64_t m = between(random, 1, 21), n = between(random, 1, 70), k = between(random, 1, 67);
    const bool left_transposed = random() % 3 == 0;
    const MatrixShape shape = {.rows = m,
                               .columns = n,
                               .depth = k,
                               .left_row_stride = left_transposed ? 1 : k,
                               .left_depth_stride = left_transposed ? m : 1,
                               .right_column_stride = k,
                               .right_depth_stride = 1};
    const FloatCase floats = random_float_case(random, static_cast<int32_t>(n));
    const auto left = random_values<float>(random, m * k), right = random_values<float>(random, n * k);
    std::vector<float> want(static_cast<size_t>(m * n)), got(want.size());
    reference::multiply<float>(shape, left.data(), kNoZero, right.data(), 0.0f, want.data(), floats.finish());
    std::vector<float> packed(static_cast<size_t>(packed_float_size(n, k)));
    pack_weights({.columns = n, .depth = k, .column_stride = k, .depth_stride = 1}, right.data(), packed.data());
    std::vector<float> rows(static_cast<size_t>(strip_elements_float(k)));
    multiply_float(shape, left.data(), packed.data(), floats.epilogue(), false, got.data(), rows.data());
    ASSERT_EQ(bits_of(got), bits_of(want)) << m << "x" << k << "x" << n;
    if (left_transposed) continue;
    for (int64_t row = 0; row < m; ++row) {  // each row alone
      std::vector<float> alone(static_cast<size_t>(n));
      multiply_float(left.data() + row * k, k, 1, packed.data(), k, n, floats.epilogue(), false, alone.data(), n);
      const std::vector<float> same(want.begin() + row * n, want.begin() + (row + 1) * n);
      ASSERT_EQ(bits_of(alone), bits_of(same));
    }
  }
}

}  // namespace
}  // namespace litequant
