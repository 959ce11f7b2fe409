#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>

namespace litequant {
namespace {

TEST(Half, EveryValueRoundTrips) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    const float value = half_to_float(static_cast<uint16_t>(half));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    } else {
      EXPECT_EQ(float_to_half(value), half);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(half_to_float(float_to_half(2049)), 2048);   // halfway between 2048 and 2050
  EXPECT_EQ(half_to_float(float_to_half(2051)), 2052);   // halfway between 2050 and 2052
  EXPECT_EQ(half_to_float(float_to_half(0x1p-25f)), 0);  // halfway between 0 and the least subnormal
  EXPECT_EQ(half_to_float(float_to_half(0x1.8p-24f)), 0x1p-23f);
  EXPECT_EQ(half_to_float(float_to_half(65519.0f)), 65504.0f);
  EXPECT_TRUE(std::isinf(half_to_float(float_to_half(65520.0f))));
}

TEST(Bfloat, IsTheUpperHalfOfAFloatRounded) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bfloat_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(value))));
    } else {
      EXPECT_EQ(float_to_bfloat(value), bits);
    }
  }
  EXPECT_EQ(bfloat_to_float(float_to_bfloat(257)), 256);  // halfway between 256 and 258
  EXPECT_EQ(bfloat_to_float(float_to_bfloat(259)), 260);  // halfway between 258 and 260
  EXPECT_TRUE(std::isinf(bfloat_to_float(float_to_bfloat(3.4e38f))));
}

}  // namespace
}  // namespace litequant
