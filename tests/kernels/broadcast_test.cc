// Broadcasting: the merged walk against the plain index of every element.
#include "kernels/broadcast.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

#include "kernels/elementwise.h"
#include "kernels/reference/binary.h"

namespace litequant {
namespace {

std::vector<int32_t> counted(const Shape& shape, int32_t first) {
  std::vector<int32_t> values(static_cast<size_t>(shape.count()) + 1);
  std::iota(values.begin(), values.end(), first);
  return values;
}

// An operation that is not commutative and names both operands' elements.
constexpr auto kPair = [](int32_t a, int32_t b) { return a * 100000 + b; };

void expect_same_as_reference(const Shape& a, const Shape& b) {
  const auto out = broadcast_shape(a, b);
  ASSERT_TRUE(out) << text(shape_text(a)) << text(shape_text(b));
  const Shape* const operands[] = {&a, &b};
  const auto walk = broadcast_walk(*out, operands);
  ASSERT_TRUE(walk) << text(shape_text(a)) << text(shape_text(b));
  const auto values_a = counted(a, 1), values_b = counted(b, 1);
  std::vector<int32_t> want(static_cast<size_t>(out->count()) + 1), got = want;
  reference::map_rows(*out, a, values_a.data(), b, values_b.data(), want.data(), 4, 4,
                      row_of_two<int32_t, int32_t, decltype(kPair)>, &kPair);
  map_elements(*walk, values_a.data(), values_b.data(), got.data(), kPair);
  EXPECT_EQ(got, want) << text(shape_text(a)) << " with " << text(shape_text(b));
}

TEST(Broadcast, EqualsThePlainIndexForRandomShapes) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const int rank = 1 + static_cast<int>(random() % 6);
    std::vector<int32_t> a, b;
    for (int axis = 0; axis < rank; ++axis) {
      const int32_t size = 1 + static_cast<int32_t>(random() % 4);
      a.push_back(random() % 3 == 0 ? 1 : size);
      b.push_back(random() % 3 == 0 ? 1 : size);
    }
    b.erase(b.begin(), b.begin() + static_cast<int64_t>(random() % static_cast<uint32_t>(rank)));
    expect_same_as_reference(Shape(a), Shape(b));
    expect_same_as_reference(Shape(b), Shape(a));
  }
}

TEST(Broadcast, EdgeShapes) {
  expect_same_as_reference({}, {});
  expect_same_as_reference({}, {3, 2});
  expect_same_as_reference({1, 1, 1}, {1});
  expect_same_as_reference({0, 3}, {1, 3});
  expect_same_as_reference({2, 0}, {1});
  expect_same_as_reference({5, 1, 7, 1, 2, 3}, {1, 4, 1, 6, 2, 1});
}

TEST(Broadcast, MergesDimensionsThatAllOperandsWalkAlike) {
  const auto loops = [](const Shape& a, const Shape& b) {
    const Shape* const operands[] = {&a, &b};
    return broadcast_walk(*broadcast_shape(a, b), operands)->loops;
  };
  EXPECT_EQ(loops({2, 3, 4, 5}, {2, 3, 4, 5}), 0);
  EXPECT_EQ(loops({2, 3, 4, 5}, {}), 0);
  EXPECT_EQ(loops({2, 3, 4, 5}, {5}), 1);
  EXPECT_EQ(loops({2, 3, 4, 5}, {4, 5}), 1);
  EXPECT_EQ(loops({2, 3, 4, 5}, {2, 1, 1, 5}), 2);
}

TEST(Broadcast, RefusesDifferentDimensions) {
  EXPECT_FALSE(broadcast_shape({2, 3}, {2, 4}));
  EXPECT_FALSE(broadcast_shape({0}, {2}));
  EXPECT_EQ(broadcast_shape({4, 1}, {3}), (Shape{4, 3}));
}

TEST(Broadcast, RefusesMoreLoopsThanItHas) {
  const Shape a{2, 1, 2, 1, 2, 1, 2, 1}, b{1, 2, 1, 2, 1, 2, 1, 2};
  const Shape* const operands[] = {&a, &b};
  EXPECT_FALSE(broadcast_walk(*broadcast_shape(a, b), operands));
}

}  // namespace
}  // namespace litequant
