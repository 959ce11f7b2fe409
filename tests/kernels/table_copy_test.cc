// The simplified table copy against the sum of offsets of every element.
#include "kernels/table_copy.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

namespace litequant {
namespace {

int32_t between(std::mt19937& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

// One uint16_t per element.
std::vector<uint16_t> copied_plainly(const std::vector<std::vector<int64_t>>& tables,
                                     const std::vector<uint16_t>& from) {
  std::vector<int64_t> places = {0};
  for (const auto& table : tables) {
    std::vector<int64_t> next;
    for (const int64_t place : places) {
      for (const int64_t offset : table) next.push_back(place + offset);
    }
    places = std::move(next);
  }
  std::vector<uint16_t> result;
  for (const int64_t place : places) result.push_back(from[static_cast<size_t>(place)]);
  return result;
}

TEST(TableCopy, EqualsThePlainSumOfOffsets) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const int rank = between(random, 0, 4);
    TableCopy copy{.element_bytes = 2};
    int64_t stride = 1;
    for (int a = 0; a < rank; ++a) {
      const int size = between(random, 1, 5);
      std::vector<int64_t> table;
      const bool dense = between(random, 0, 1) == 0;
      const int length = dense ? size : between(random, 1, 6);
      for (int i = 0; i < length; ++i) table.push_back((dense ? i : between(random, 0, size - 1)) * stride);
      copy.offsets.insert(copy.offsets.begin(), table);
      stride *= size;
    }
    std::vector<uint16_t> from(static_cast<size_t>(stride));
    std::iota(from.begin(), from.end(), uint16_t{1});
    const std::vector<uint16_t> want = copied_plainly(copy.offsets, from);
    std::vector<uint16_t> got(want.size());
    copy_by_table(simplified(copy), reinterpret_cast<const std::byte*>(from.data()),
                  reinterpret_cast<std::byte*>(got.data()));
    ASSERT_EQ(got, want) << "round " << round;
  }
}

TEST(TableCopy, OfNothingWritesNothing) {
  const TableCopy copy = simplified({.element_bytes = 2, .offsets = {{0, 2}, {}}});
  std::byte to{7};
  copy_by_table(copy, nullptr, &to);
  EXPECT_EQ(to, std::byte{7});
}

}  // namespace
}  // namespace litequant
