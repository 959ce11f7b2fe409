// What prove_float_scale lets pass, tried on every accumulator within the bound.
#include "kernels/float_scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

namespace litequant {
namespace {

int32_t by_floats(const FloatScale& scale, int32_t x) {
  const simd::Vector result = scale_by_floats(wasm_i32x4_splat(x - scale.centre), wasm_f32x4_splat(scale.factor),
                                              wasm_f32x4_splat(scale.offset), wasm_f32x4_splat(kFloatRounder));
  return std::clamp(wasm_i32x4_extract_lane(result, 0) - kFloatLow, 0, 255);
}

TEST(FloatScale, IsExactForEveryAccumulator) {
  const uint32_t seed = 20260301;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  int proved = 0, tried = 0;
  for (int right = 5; right <= 11; ++right) {
    for (int repeat = 0; repeat < 10; ++repeat) {
      const int32_t m = repeat == 0   ? int32_t{1} << 30
                        : repeat == 1 ? std::numeric_limits<int32_t>::max()
                                      : static_cast<int32_t>((uint32_t{1} << 30) + random() % (uint32_t{1} << 30));
      const FixedMultiplier by = {m, -right};
      const int power = 13 - right;
      // Above the last step, or in the middle of them.
      const int64_t bound = (repeat % 3 == 2 ? 150 : 600) * (int64_t{1} << right);
      const auto scale = prove_float_scale(by, power, bound);
      ++tried;
      if (!scale) continue;
      ++proved;
      for (int64_t x = -bound; x <= bound; ++x) {
        const int32_t exact = std::clamp(scale_accumulator(static_cast<int32_t>(x), by), 0, 255);
        ASSERT_EQ(by_floats(*scale, static_cast<int32_t>(x) << power), exact)
            << x << " multiplier " << m << " shift " << -right;
      }
    }
  }
  EXPECT_GT(proved, tried / 2);
}

TEST(FloatScale, DoesNotProveWhatFloatsCannotHold) {
  EXPECT_FALSE(prove_float_scale({1 << 30, 0}, 0, 1000));
  EXPECT_FALSE(prove_float_scale({1 << 30, -25}, 0, 1000));
  EXPECT_FALSE(prove_float_scale({1 << 30, -5}, 8, int64_t{1} << 23));
  // At 20 bits of fraction a step has more accumulators than floats.
  EXPECT_FALSE(prove_float_scale({1234567890, -20}, 0, int64_t{1} << 29));
}

}  // namespace
}  // namespace litequant
