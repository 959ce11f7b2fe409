#include "kernels/extremes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace litequant {
namespace {

TEST(Extremes, AreThoseOfEveryPlaceAndLength) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> values(-1, 1);
  for (size_t size = 1; size < 70; ++size) {
    std::vector<float> row(size);
    for (float& value : row) value = values(random);
    for (size_t at = 0; at < size; ++at) {
      std::vector<float> high = row, low = row;
      high[at] = 5;
      low[at] = -5;
      EXPECT_EQ(extremes_of(high, row[0]).greatest, 5) << at << " of " << size;
      EXPECT_EQ(extremes_of(low, row[0]).least, -5) << at << " of " << size;
    }
    EXPECT_EQ(extremes_of(row, row[0]).least, *std::min_element(row.begin(), row.end()));
    EXPECT_EQ(extremes_of(row, row[0]).greatest, *std::max_element(row.begin(), row.end()));
  }
}

TEST(Extremes, PassOverNanAndCountWhatIsBeside) {
  std::vector<float> row(40, std::numeric_limits<float>::quiet_NaN());
  row[17] = 3;
  row[38] = 2;
  const Extremes found = extremes_of(row, -1);
  EXPECT_EQ(found.least, -1);
  EXPECT_EQ(found.greatest, 3);
}

}  // namespace
}  // namespace litequant
