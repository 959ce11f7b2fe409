// Resizing by tables against the plain loops: integers and uint8_t bit for bit.
#include "kernels/resize_bilinear.h"

#include <gtest/gtest.h>

#include <random>
#include <type_traits>
#include <vector>

namespace litequant {
namespace {

int32_t draw(std::mt19937& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

template <typename T>
class ResizeBilinear : public testing::Test {};
using Types = testing::Types<float, uint8_t, int8_t, int16_t>;
TYPED_TEST_SUITE(ResizeBilinear, Types);

TYPED_TEST(ResizeBilinear, EqualsThePlainLoops) {
  using T = TypeParam;
  std::mt19937 random(8);
  for (int round = 0; round < 400; ++round) {
    const ResizeShape shape{.batches = draw(random, 1, 2),
                            .channels = draw(random, 1, 19),
                            .input_height = draw(random, 1, 7),
                            .input_width = draw(random, 1, 7),
                            .output_height = draw(random, 1, 15),
                            .output_width = draw(random, 1, 15)};
    const int kind = draw(random, 0, 2);
    const ResizeRule rule{.align_corners = kind == 1, .half_pixel = kind == 2};
    std::vector<T> input(static_cast<size_t>(shape.batches * shape.input_height * shape.input_width * shape.channels));
    for (T& value : input) {
      if constexpr (std::is_same_v<T, float>) {
        value = std::uniform_real_distribution<float>(-1, 1)(random);
      } else {
        value = static_cast<T>(random());
      }
    }
    std::vector<T> want(static_cast<size_t>(shape.batches * shape.output_height * shape.output_width * shape.channels));
    std::vector<T> got(want.size());
    reference::resize_bilinear(shape, rule, input.data(), want.data());
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, uint8_t>) {
      resize_bilinear(shape, resize_tables(shape, rule), input.data(), got.data());
    } else {
      resize_bilinear(shape, resize_tables_q10(shape, rule), input.data(), got.data());
    }
    for (size_t i = 0; i < want.size(); ++i) {
      if constexpr (std::is_same_v<T, float>) {
        ASSERT_NEAR(got[i], want[i], 1e-6f);
      } else {
        ASSERT_EQ(got[i], want[i]) << "round " << round << ", element " << i;
      }
    }
  }
}

// Rounded steps add up beyond the last pixel when a few pixels become thousands.
TEST(ResizePositions, StayInsideTheImage) {
  for (const int32_t input : {1, 2, 3, 7, 1000}) {
    for (const int32_t output : {1, 2, 5, 4097, 100000}) {
      for (const ResizeRule rule : {ResizeRule{}, {.align_corners = true}, {.half_pixel = true}}) {
        for (int32_t i = 0; i < output; ++i) {
          const auto real = between(i, input, output, rule);
          ASSERT_TRUE(0 <= real.low && real.low <= real.high && real.high < input);
          const auto stepped = between_q10(i, input, output, rule);
          ASSERT_TRUE(0 <= stepped.low && stepped.low <= stepped.high && stepped.high < input);
        }
      }
    }
  }
}

}  // namespace
}  // namespace litequant
