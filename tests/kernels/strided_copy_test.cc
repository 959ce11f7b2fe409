// The simplified copy against the plain one: every axis order, repeats, reversals, gaps and element sizes.
#include "kernels/strided_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace litequant {
namespace {

using Bytes = std::vector<std::byte>;

int32_t between(std::mt19937& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

Bytes counted_bytes(size_t count) {
  Bytes bytes(count);
  uint32_t state = 1;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

struct Case {
  StridedCopy copy;
  size_t from_elements = 0, to_elements = 0;
};

// Random counts; the source is a permuted, partly repeated or reversed dense array, the result dense with a gap.
Case random_case(std::mt19937& random) {
  const int rank = between(random, 0, 5);
  Case made;
  made.copy.element_bytes = size_t{1} << between(random, 0, 4);
  made.copy.axes.resize(static_cast<size_t>(rank));
  std::vector<size_t> order(static_cast<size_t>(rank));
  for (size_t a = 0; a < order.size(); ++a) order[a] = a;
  std::shuffle(order.begin(), order.end(), random);

  const int64_t gap = between(random, 1, 2);
  int64_t to_stride = 1;
  for (size_t a = order.size(); a-- > 0;) {
    CopyAxis& axis = made.copy.axes[a];
    axis.count = between(random, 0, 40) == 0 ? 0 : between(random, 1, a + 2 >= order.size() ? 21 : 4);
    axis.to_stride = to_stride;
    to_stride *= std::max<int64_t>(axis.count, 1) * (between(random, 0, 3) == 0 ? gap : 1);
  }
  made.copy.to_start = between(random, 0, 5);
  made.to_elements = static_cast<size_t>(made.copy.to_start + to_stride);

  int64_t from_stride = 1, start = between(random, 0, 5);
  for (const size_t a : order) {
    CopyAxis& axis = made.copy.axes[a];
    const int kind = between(random, 0, 7);
    axis.from_stride = kind == 0 ? 0 : kind == 1 ? -from_stride : from_stride;
    if (kind == 1 && axis.count > 0) start += (axis.count - 1) * from_stride;
    if (kind != 0) from_stride *= std::max<int64_t>(axis.count, 1);
  }
  made.copy.from_start = start;
  made.from_elements = static_cast<size_t>(start + from_stride);
  return made;
}

void expect_same(const Case& made) {
  const Bytes from = counted_bytes(made.from_elements * made.copy.element_bytes);
  Bytes want(made.to_elements * made.copy.element_bytes), got = want;
  reference::copy_strided(without_short_axes(made.copy), from.data(), want.data());
  copy_strided(simplified(made.copy), from.data(), got.data());
  ASSERT_EQ(got, want);
}

TEST(StridedCopy, EqualsThePlainCopy) {
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    ASSERT_NO_FATAL_FAILURE(expect_same(random_case(random))) << "round " << round;
  }
}

TEST(StridedCopy, TransposesMatricesOfEverySize) {
  for (const int64_t rows : {1, 2, 15, 16, 17, 33}) {
    for (const int64_t columns : {1, 3, 16, 31, 32}) {
      for (const size_t bytes : {1, 2, 4, 8}) {
        const auto count = static_cast<size_t>(rows * columns);
        expect_same({.copy = {.element_bytes = bytes, .axes = {{columns, 1, rows}, {rows, columns, 1}}},
                     .from_elements = count,
                     .to_elements = count});
      }
    }
  }
}

TEST(StridedCopy, ReverseOfADenseArray) {
  const Bytes from = counted_bytes(9);
  Bytes to(9);
  copy_strided(simplified({.element_bytes = 1, .from_start = 8, .axes = {{9, -1, 1}}}), from.data(), to.data());
  EXPECT_TRUE(std::equal(from.rbegin(), from.rend(), to.begin()));
}

TEST(StridedCopy, MergesAxesAndWidensElements) {
  const StridedCopy merged =
      simplified({.element_bytes = 1, .axes = {{2, 60, 60}, {3, 20, 20}, {1, 20, 20}, {5, 4, 4}, {4, 1, 1}}});
  ASSERT_EQ(merged.axes.size(), 1u);
  EXPECT_EQ(merged.axes[0].count, 120);
  const StridedCopy widened = simplified({.element_bytes = 1, .axes = {{5, 16, 4}, {4, 1, 1}}});
  EXPECT_EQ(widened.element_bytes, 4u);
  ASSERT_EQ(widened.axes.size(), 1u);
  EXPECT_EQ(widened.axes[0].from_stride, 4);
}

TEST(FillElements, WritesEveryElementAndNoMore) {
  for (const size_t bytes : {1, 2, 4, 8, 16}) {
    const Bytes value = counted_bytes(bytes);
    for (const int64_t count : {0, 1, 2, 3, 7, 8, 65}) {
      Bytes to((static_cast<size_t>(count) + 1) * bytes, std::byte{0xee});
      fill_elements(to.data(), count, value.data(), bytes);
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_TRUE(std::equal(value.begin(), value.end(), to.begin() + i * static_cast<int64_t>(bytes)));
      }
      ASSERT_TRUE(std::all_of(to.end() - static_cast<int64_t>(bytes), to.end(),
                              [](std::byte byte) { return byte == std::byte{0xee}; }));
    }
  }
}

}  // namespace
}  // namespace litequant
