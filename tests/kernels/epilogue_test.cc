// Epilogues against the scalar definitions, where rounding and saturation are hardest.
#include "kernels/epilogue.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

namespace litequant {
namespace {

using Random = std::mt19937;

// Accumulators within `bound` near the places where the scaled result steps, and anywhere.
int32_t hard_accumulator(Random& random, FixedMultiplier by, int64_t bound) {
  const auto anywhere = static_cast<int32_t>(std::uniform_int_distribution<int64_t>(-bound, bound)(random));
  if (random() % 4 == 0 || by.multiplier == 0) return anywhere;
  const double step = std::ldexp(1.0, 31 - by.shift) / by.multiplier;
  const double results = std::min(static_cast<double>(bound) / step, 400.0);
  const double boundary = (std::floor(std::uniform_real_distribution<double>(-results, results)(random)) + 0.5) * step;
  const double near = boundary + std::uniform_int_distribution<int>(-3, 3)(random);
  return static_cast<int32_t>(std::clamp(near, -static_cast<double>(bound), static_cast<double>(bound)));
}

template <typename T>
void check_fixed(Random& random, const FixedScale& scale, int64_t bound, int64_t groups) {
  const auto channels = static_cast<int64_t>(scale.multipliers.size());
  const ColumnTiles columns = {.groups = groups, .group_columns = channels / groups};
  const std::vector<int64_t> bounds(static_cast<size_t>(channels), bound);
  // Half of the time so small that the factor of the short form fits.
  const std::vector<int32_t> largest(static_cast<size_t>(channels), random() % 2 == 0 ? 127 : 255);
  FixedTiles tiles(scale, columns, bounds, largest);
  std::vector<int32_t> bias(static_cast<size_t>(channels)), spread(static_cast<size_t>(columns.tiles() * kTileColumns));
  const int64_t largest_bias = bound / 3;
  for (int32_t& b : bias)
    b = static_cast<int32_t>(std::uniform_int_distribution<int64_t>(-largest_bias, largest_bias)(random));
  spread_over_tiles(columns, bias.data(), 0, spread.data());
  tiles.set_bias(spread);
  constexpr int kRows = 37;
  std::vector<T> output(static_cast<size_t>(kRows * channels), T{0});
  const FixedEpilogue<T> epilogue(columns, scale, tiles, spread.data(),
                                  {.output = output.data(), .row_stride = channels});
  for (int64_t tile = 0; tile < columns.tiles(); ++tile) {
    alignas(16) int32_t accumulators[kRows * kTileColumns] = {}, scaled[kRows * kTileColumns] = {};
    const int64_t first = columns.first_column(tile);
    for (int row = 0; row < kRows; ++row) {
      for (int i = 0; i < columns.width(tile); ++i) {
        const auto c = static_cast<size_t>(first + i);
        const int32_t with_bias = hard_accumulator(random, scale.multipliers[c], bound);
        const int at = row * kTileColumns + i;
        accumulators[at] = wrapping_subtract(with_bias, bias[c]);
        scaled[at] = wrapping_shift_left(accumulators[at], tiles.tile(tile).exponent[i]);
      }
    }
    epilogue.finish(tile, 0, kRows, scaled);
    for (int row = 0; row < kRows; ++row) {
      for (int i = 0; i < columns.width(tile); ++i) {
        const auto c = static_cast<size_t>(first + i);
        const int32_t sum = wrapping_add(accumulators[row * kTileColumns + i], bias[c]);
        ASSERT_EQ(output[static_cast<size_t>(row * channels + first + i)], scale.apply(sum, c))
            << "accumulator " << sum << " multiplier " << scale.multipliers[c].multiplier << " shift "
            << scale.multipliers[c].shift << " bound " << bound;
      }
    }
  }
}

int32_t random_multiplier(Random& random) {
  switch (random() % 4) {
    case 0: return int32_t{1} << 30;
    case 1: return std::numeric_limits<int32_t>::max();
    case 2: return (int32_t{1} << 30) + (int32_t{1} << (random() % 30));
    default: return static_cast<int32_t>((uint32_t{1} << 30) + random() % (uint32_t{1} << 30));
  }
}

TEST(FixedEpilogue, EqualsTheDefinitionForEveryShift) {
  const uint32_t seed = 20260101;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int shift = -31; shift <= 11; ++shift) {
    for (const int64_t bound :
         {int64_t{1000}, int64_t{40000}, int64_t{1} << 20, int64_t{1} << 24, int64_t{0x7fffffff}}) {
      for (const int channels : {1, 7, 8, 17}) {
        FixedScale scale = {
            .multipliers = {}, .zero_point = static_cast<int32_t>(random() % 256) - 128, .range = {-128, 127}};
        for (int c = 0; c < channels; ++c) scale.multipliers.push_back({random_multiplier(random), shift});
        check_fixed<int8_t>(random, scale, bound, 1);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(FixedEpilogue, MixesShiftsAndDeadChannelsWithinATile) {
  const uint32_t seed = 20260102;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int repeat = 0; repeat < 300; ++repeat) {
    FixedScale scale = {.multipliers = {}, .zero_point = -128, .range = {-128, 127}};
    if (repeat % 2 == 1) scale = {.multipliers = {}, .zero_point = 0, .range = {0, 200}};
    if (repeat % 3 == 1) scale = {.multipliers = {}, .zero_point = 0, .range = {-32768, 32767}};
    const int least = 1 + static_cast<int>(random() % 12);
    for (int c = 0; c < 24; ++c) {
      const int shift = -least - static_cast<int>(random() % (repeat % 5 == 0 ? 20 : 6));
      scale.multipliers.push_back({random() % 8 == 0 ? 0 : random_multiplier(random), shift});
    }
    const int64_t bound = int64_t{1} << (8 + random() % 18);
    if (scale.range.high > 255) {
      check_fixed<int16_t>(random, scale, bound, 3);
    } else if (scale.range.low == 0) {
      check_fixed<uint8_t>(random, scale, bound, 3);
    } else {
      check_fixed<int8_t>(random, scale, bound, 3);
    }
    if (HasFatalFailure()) return;
  }
}

TEST(WideEpilogue, EqualsTheDefinitionInThirtyTwoBitsAndBeyond) {
  const uint32_t seed = 20260105;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  constexpr int kRows = 50, kColumns = 19;
  const ColumnTiles columns = {.groups = 1, .group_columns = kColumns};
  int shorts = 0, others = 0;
  for (int shift = -30; shift <= 7; ++shift) {
    for (int repeat = 0; repeat < 12; ++repeat) {
      FixedScale scale = {.multipliers = {}, .zero_point = 0, .range = {-32768, 32767}};
      if (repeat % 3 == 1) scale.range = {0, 9000};
      for (int c = 0; c < kColumns; ++c) {
        const int32_t m = random() % 9 == 0 ? 0 : random_multiplier(random);
        scale.multipliers.push_back(m == 0 ? FixedMultiplier{} : FixedMultiplier{m, shift});
      }
      // With the bias just within 32 bits, or beyond.
      const int64_t largest_bias = repeat % 4 == 3 ? int64_t{1} << 40 : int64_t{1} << 20;
      std::vector<int64_t> bias, bounds;
      for (int c = 0; c < kColumns; ++c) {
        bias.push_back(std::uniform_int_distribution<int64_t>(-largest_bias, largest_bias)(random));
        bounds.push_back(int64_t{0x7fffffff} - (int64_t{1} << 20) + std::abs(bias.back()));
      }
      const WideTiles tiles(scale, columns, bias, bounds);
      std::vector<int16_t> output(kRows * kColumns);
      const WideEpilogue<FixedScale> epilogue(columns, scale, &tiles, bias.data(),
                                              {.output = output.data(), .row_stride = kColumns});
      for (int64_t tile = 0; tile < columns.tiles(); ++tile) {
        ++(tiles.tile(tile).is_short ? shorts : others);
        alignas(16) int32_t accumulators[kRows * kTileColumns] = {};
        for (int32_t& a : accumulators) {
          // Near the steps of the result, near zero, and to the ends.
          const int scale_down = static_cast<int>(random() % 31);
          a = static_cast<int32_t>(std::uniform_int_distribution<int64_t>(-0x7fefffff, 0x7fefffff)(random) >>
                                   scale_down);
        }
        epilogue.finish(tile, 0, kRows, accumulators);
        for (int row = 0; row < kRows; ++row) {
          for (int i = 0; i < columns.width(tile); ++i) {
            const auto c = static_cast<size_t>(columns.first_column(tile) + i);
            const int64_t sum = int64_t{accumulators[row * kTileColumns + i]} + bias[c];
            ASSERT_EQ(output[static_cast<size_t>(row) * kColumns + c], scale.apply(sum, c))
                << sum << " multiplier " << scale.multipliers[c].multiplier << " shift " << shift;
          }
        }
      }
    }
  }
  EXPECT_GT(shorts, 200);
  EXPECT_GT(others, 200);
}

TEST(RealEpilogue, RoundsHalvesAwayFromZeroLikeTheDefinition) {
  const uint32_t seed = 20260103;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  constexpr int kRows = 64, kColumns = 11;
  const ColumnTiles columns = {.groups = 1, .group_columns = kColumns};
  for (int repeat = 0; repeat < 200; ++repeat) {
    RealScale scale = {.factors = {}, .zero_point = static_cast<int32_t>(random() % 256) - 128, .range = {-128, 127}};
    for (int c = 0; c < kColumns; ++c) {
      // Powers of two and small fractions give exact ties.
      const double factor = repeat % 2 == 0 ? std::ldexp(1.0, -static_cast<int>(random() % 12))
                                            : std::uniform_real_distribution<double>(1e-6, 2)(random);
      scale.factors.push_back(random() % 16 == 0 ? 0 : factor);
    }
    std::vector<int32_t> bias(kColumns), spread(16);
    for (int32_t& b : bias) b = static_cast<int32_t>(random() % 2001) - 1000;
    spread_over_tiles(columns, bias.data(), 0, spread.data());
    std::vector<double> factors(16);
    spread_over_tiles(columns, scale.factors.data(), 0.0, factors.data());
    std::vector<int8_t> output(kRows * kColumns);
    const RealEpilogue<int8_t> epilogue(columns, scale, factors.data(), spread.data(),
                                        {.output = output.data(), .row_stride = kColumns});
    for (int64_t tile = 0; tile < 2; ++tile) {
      alignas(16) int32_t accumulators[kRows * kTileColumns];
      for (int32_t& a : accumulators) a = static_cast<int32_t>(random() % 200001) - 100000;
      accumulators[0] = std::numeric_limits<int32_t>::max();
      accumulators[1] = std::numeric_limits<int32_t>::min();
      epilogue.finish(tile, 0, kRows, accumulators);
      for (int row = 0; row < kRows; ++row) {
        for (int i = 0; i < columns.width(tile); ++i) {
          const auto c = static_cast<size_t>(columns.first_column(tile) + i);
          const int32_t sum = wrapping_add(accumulators[row * kTileColumns + i], bias[c]);
          ASSERT_EQ(output[static_cast<size_t>(row) * kColumns + c], scale.apply(sum, c))
              << sum << " * " << scale.factors[c];
        }
      }
    }
  }
}

// The nudge of the SIMD form must not lift the double just below a half.
TEST(RealEpilogue, LeavesTheValueJustBelowAHalf) {
  const ColumnTiles columns = {.groups = 1, .group_columns = 8};
  const double below = std::nextafter(0.5, 0.0);
  RealScale scale = {.factors = std::vector<double>(8, below), .zero_point = 0, .range = {-128, 127}};
  std::vector<int32_t> bias(8, 0);
  std::vector<int8_t> output(8);
  const RealEpilogue<int8_t> epilogue(columns, scale, scale.factors.data(), bias.data(),
                                      {.output = output.data(), .row_stride = 8});
  alignas(16) const int32_t accumulators[8] = {1, -1, 2, -2, 3, -3, 0, 4};
  epilogue.finish(0, 0, 1, accumulators);
  EXPECT_EQ(output, (std::vector<int8_t>{0, 0, 1, -1, 1, -1, 0, 2}));
}

TEST(HybridEpilogue, EqualsTheDefinitionBitForBit) {
  const uint32_t seed = 20260104;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  constexpr int kRows = 9, kColumns = 13;
  const ColumnTiles columns = {.groups = 1, .group_columns = kColumns};
  for (const bool weight_first : {false, true}) {
    HybridScale scale = {.weight_scales = {}, .weight_first = weight_first, .range = {.low = -1, .high = 1}};
    std::uniform_real_distribution<float> real(1e-4f, 2e-3f);
    for (int c = 0; c < kColumns; ++c) scale.weight_scales.push_back(real(random));
    std::vector<float> bias(kColumns), spread_bias(16), spread_scales(16);
    for (float& b : bias) b = real(random);
    spread_over_tiles(columns, bias.data(), 0.0f, spread_bias.data());
    spread_over_tiles(columns, scale.weight_scales.data(), 0.0f, spread_scales.data());
    std::vector<DynamicScale> rows(kRows);
    for (DynamicScale& row : rows) row.scale = real(random) * 10;
    std::vector<float> output(kRows * kColumns);
    const HybridEpilogue epilogue(columns, scale, spread_scales.data(), spread_bias.data(), rows.data(), 1, {},
                                  {.output = output.data(), .row_stride = kColumns});
    for (int64_t tile = 0; tile < 2; ++tile) {
      alignas(16) int32_t accumulators[kRows * kTileColumns];
      for (int32_t& a : accumulators) a = static_cast<int32_t>(random() % 400001) - 200000;
      epilogue.finish(tile, 0, kRows, accumulators);
      for (int row = 0; row < kRows; ++row) {
        for (int i = 0; i < columns.width(tile); ++i) {
          const auto c = static_cast<size_t>(columns.first_column(tile) + i);
          const float want = clamp(
              scale.apply(accumulators[row * kTileColumns + i], rows[static_cast<size_t>(row)].scale, c) + bias[c],
              scale.range);
          ASSERT_EQ(output[static_cast<size_t>(row) * kColumns + c], want);
        }
      }
    }
  }
}

}  // namespace
}  // namespace litequant
