// Pools of blocks of channels against the plain loops: integers bit for bit, whatever the window, padding and channels.
#include "kernels/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <type_traits>
#include <vector>

namespace litequant {
namespace {

int32_t between(std::mt19937& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

WindowAxis axis(int32_t input, int32_t window, int32_t stride, bool same) {
  const int32_t reach = same ? input : input - window + 1;
  const int32_t output = (reach - 1) / stride + 1;
  const int32_t pad = std::max((output - 1) * stride + window - input, 0) / 2;
  return {.input = input, .output = output, .window = window, .stride = stride, .dilation = 1, .pad = pad};
}

template <typename T>
std::vector<T> random_image(const PoolShape& shape, std::mt19937& random) {
  const auto count = static_cast<size_t>(shape.batches) * static_cast<size_t>(shape.window.height.input) *
                     static_cast<size_t>(shape.window.width.input) * static_cast<size_t>(shape.channels);
  std::vector<T> image(count);
  for (T& value : image) {
    if constexpr (std::is_same_v<T, float>) {
      value = std::uniform_real_distribution<float>(-4, 4)(random);
    } else {
      const int kind = between(random, 0, 9);
      value = kind == 0   ? std::numeric_limits<T>::min()
              : kind == 1 ? std::numeric_limits<T>::max()
                          : static_cast<T>(between(random, range_of<T>().low, range_of<T>().high));
    }
  }
  return image;
}

template <typename T>
void expect_same(const PoolShape& shape, std::mt19937& random) {
  const std::vector<T> image = random_image<T>(shape, random);
  const auto results = static_cast<size_t>(shape.batches) * static_cast<size_t>(shape.window.height.output) *
                       static_cast<size_t>(shape.window.width.output) * static_cast<size_t>(shape.channels);
  std::vector<T> want(results), got(results);
  const auto compare = [&](const char* name) {
    for (size_t i = 0; i < results; ++i) {
      if constexpr (std::is_same_v<T, float>) {
        ASSERT_NEAR(got[i], want[i], 4e-5f) << name << " " << i;
      } else {
        ASSERT_EQ(+got[i], +want[i]) << name << " " << i;
      }
    }
  };
  if constexpr (std::is_same_v<T, float>) {
    const FloatRange range{-1, 2};
    reference::average_pool(shape, range, image.data(), want.data());
    average_pool(shape, range, image.data(), got.data());
    compare("average");
    reference::max_pool(shape, range, image.data(), want.data());
    max_pool(shape, range, image.data(), got.data());
    compare("maximum");
  } else {
    IntegerRange range = range_of<T>();
    if (between(random, 0, 1) == 0) range = {range.low + 20, range.high - 7};
    reference::average_pool(shape, range, image.data(), want.data());
    average_pool(shape, range, image.data(), got.data());
    compare("average");
    reference::max_pool(shape, range, image.data(), want.data());
    max_pool(shape, range, image.data(), got.data());
    compare("maximum");
  }
}

template <typename T>
class Pools : public testing::Test {};
using Types = testing::Types<float, int8_t, uint8_t, int16_t>;
TYPED_TEST_SUITE(Pools, Types);

TYPED_TEST(Pools, EqualThePlainLoopsForRandomWindows) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const bool same = between(random, 0, 1) == 0;
    const int32_t window_height = between(random, 1, 5), window_width = between(random, 1, 5);
    const int32_t height = between(random, same ? 1 : window_height, 9);
    const int32_t width = between(random, same ? 1 : window_width, 9);
    const PoolShape shape{.batches = between(random, 1, 2),
                          .channels = between(random, 0, 3) == 0 ? between(random, 30, 70) : between(random, 1, 17),
                          .window = {axis(height, window_height, between(random, 1, 3), same),
                                     axis(width, window_width, between(random, 1, 3), same)}};
    ASSERT_NO_FATAL_FAILURE(expect_same<TypeParam>(shape, random)) << "round " << round;
  }
}

// Windows around the limits of the 16-bit sums (128 values) and of the division in float (4096).
TYPED_TEST(Pools, EqualThePlainLoopsForLargeWindows) {
  std::mt19937 random(6);
  for (const auto& [height, width] : {std::pair{8, 16}, {3, 43}, {64, 64}, {17, 241}, {65, 64}}) {
    for (const int32_t channels : {1, 5, 32, 33}) {
      const PoolShape shape{
          .batches = 1, .channels = channels, .window = {axis(height, height, 1, false), axis(width, width, 1, false)}};
      ASSERT_NO_FATAL_FAILURE(expect_same<TypeParam>(shape, random)) << height << " x " << width;
    }
  }
}

// Every sum of one window of n values: the division has no other input.
TEST(AveragePool, RoundsEverySumAsTheDivisionDoes) {
  for (const int32_t count : {1, 2, 3, 7, 9, 49, 64, 100, 127, 128, 129, 196, 4095, 4096, 4097}) {
    const PoolShape shape{.batches = 1, .channels = 1, .window = {axis(1, 1, 1, false), axis(count, count, 1, false)}};
    std::vector<int8_t> image(static_cast<size_t>(count), -128);
    size_t next = 0;
    const int64_t steps = int64_t{255} * count;
    const int64_t stride = std::max<int64_t>(steps / 5000, 1);
    for (int64_t sum = 0; sum <= steps; ++sum) {
      int8_t want = 0, got = 0;
      if (sum % stride == 0) {
        reference::average_pool(shape, range_of<int8_t>(), image.data(), &want);
        average_pool(shape, range_of<int8_t>(), image.data(), &got);
        ASSERT_EQ(+got, +want) << "sum " << sum << " of " << count;
      }
      while (next < image.size() && image[next] == 127) ++next;
      if (next < image.size()) ++image[next];
    }
  }
}

}  // namespace
}  // namespace litequant
