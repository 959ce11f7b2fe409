// Reductions in columns and runs against the plain loops: integers bit for bit, over every choice of axes.
#include "kernels/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <type_traits>
#include <vector>

#include "kernels/reduce_ops.h"

namespace litequant {
namespace {

int32_t between(std::mt19937& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

struct Case {
  std::vector<int32_t> dims;
  std::vector<bool> is_reduced;
};

Case random_case(std::mt19937& random) {
  const int rank = between(random, 0, 5);
  Case made;
  for (int a = 0; a < rank; ++a) {
    const bool is_last = a + 1 == rank;
    made.dims.push_back(between(random, 0, 60) == 0 ? 0 : between(random, 1, is_last ? 140 : 6));
    made.is_reduced.push_back(between(random, 0, 1) == 0);
  }
  return made;
}

template <typename Op>
void expect_same(const Op& op, const Case& made, std::mt19937& random) {
  using T = typename Op::Input;
  using Result = typename Op::Result;
  const Reduction loops = make_reduction(made.dims, made.is_reduced);
  int64_t count = 1;
  for (const int32_t dim : made.dims) count *= dim;
  std::vector<T> input(static_cast<size_t>(count) + 1);
  for (T& value : input) {
    if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(random());
    } else {
      value = std::uniform_real_distribution<T>(0.5, 1.5)(random);
    }
  }
  std::vector<Result> want(static_cast<size_t>(loops.results) + 1, Result{7}), got = want;
  reference::reduce(loops, op, input.data(), want.data());
  reduce(loops, op, input.data(), got.data());
  for (size_t i = 0; i < want.size(); ++i) {
    if constexpr (std::is_integral_v<Result>) {
      ASSERT_EQ(got[i], want[i]) << "result " << i;
    } else {
      if (std::isnan(want[i])) {
        ASSERT_TRUE(std::isnan(got[i])) << "result " << i;
      } else {
        ASSERT_NEAR(got[i], want[i], 1e-5 * std::max<Result>(std::abs(want[i]), 1)) << "result " << i;
      }
    }
  }
}

template <typename Make>
void expect_same_for_random_axes(Make make) {
  std::mt19937 random(17);
  for (int round = 0; round < 300; ++round) {
    const Case made = random_case(random);
    const int64_t elements = make_reduction(made.dims, made.is_reduced).elements;
    ASSERT_NO_FATAL_FAILURE(expect_same(make(elements), made, random)) << "round " << round;
  }
}

TEST(Reduce, SumsEqualThePlainLoops) {
  expect_same_for_random_axes([](int64_t) { return SumOf<float>{}; });
  expect_same_for_random_axes([](int64_t) { return SumOf<int32_t>{}; });
  expect_same_for_random_axes([](int64_t) { return SumOf<int64_t>{}; });
  expect_same_for_random_axes([](int64_t n) { return QuantizedSumOf<int8_t>({0.05f, -3}, {0.7f, 9}, n); });
  expect_same_for_random_axes([](int64_t n) { return QuantizedSumOf<uint8_t>({0.05f, 113}, {0.7f, 9}, n); });
  expect_same_for_random_axes([](int64_t n) { return QuantizedSumOf<int16_t>({1e-4f, 0}, {3e-4f, 0}, n); });
}

TEST(Reduce, MeansEqualThePlainLoops) {
  expect_same_for_random_axes([](int64_t n) { return MeanOf<float>{n}; });
  expect_same_for_random_axes([](int64_t n) { return MeanOf<int32_t>{n}; });
  expect_same_for_random_axes([](int64_t n) { return MeanOf<int64_t>{n}; });
  expect_same_for_random_axes([](int64_t n) { return QuantizedMeanOf<int8_t>(fixed_multiplier(0.8), -128, 5, n); });
  expect_same_for_random_axes([](int64_t n) { return QuantizedMeanOf<uint8_t>(fixed_multiplier(2.5), 128, 5, n); });
  expect_same_for_random_axes([](int64_t n) { return QuantizedMeanOf<int16_t>(fixed_multiplier(0.3), 0, 0, n); });
}

TEST(Reduce, ProductsEqualThePlainLoops) {
  expect_same_for_random_axes([](int64_t) { return ProductOf<int32_t>{}; });
  expect_same_for_random_axes([](int64_t) { return ProductOf<int64_t>{}; });
  expect_same_for_random_axes([](int64_t) {
    return QuantizedProductOf<int8_t>{.by = fixed_multiplier(0.02), .input_zero_point = 3, .output_zero_point = -5};
  });
}

TEST(Reduce, ExtremesEqualThePlainLoops) {
  expect_same_for_random_axes([](int64_t) { return MaximumOf<float>{}; });
  expect_same_for_random_axes([](int64_t) { return MinimumOf<float>{}; });
  expect_same_for_random_axes([](int64_t) { return MaximumOf<int8_t>{}; });
  expect_same_for_random_axes([](int64_t) { return MinimumOf<uint8_t>{}; });
  expect_same_for_random_axes([](int64_t) { return MaximumOf<int16_t>{}; });
  expect_same_for_random_axes([](int64_t) { return MinimumOf<int64_t>{}; });
}

TEST(Reduce, MergesNeighbouringAxes) {
  const Reduction loops = make_reduction({2, 3, 1, 4, 5}, {false, true, false, true, false});
  EXPECT_EQ(loops.results, 10);
  EXPECT_EQ(loops.elements, 12);
  ASSERT_EQ(loops.reduced.size(), 1u);
  EXPECT_EQ(loops.reduced[0].count, 12);
  EXPECT_EQ(loops.reduced[0].stride, 5);
  ASSERT_EQ(loops.kept.size(), 2u);
  EXPECT_EQ(loops.kept[0].stride, 60);
}

TEST(Reduce, OfNothing) {
  const Reduction loops = make_reduction({2, 0}, {false, true});
  float mean[2] = {};
  reduce(loops, MeanOf<float>{loops.elements}, static_cast<const float*>(nullptr), mean);
  EXPECT_TRUE(std::isnan(mean[0]) && std::isnan(mean[1]));
  int8_t stored[2] = {};
  reduce(loops, QuantizedSumOf<int8_t>({0.5f, 3}, {0.25f, -7}, 0), static_cast<const int8_t*>(nullptr), stored);
  EXPECT_EQ(stored[1], -7);
}

// A batch must not change a sample's result: calibration is split over batches at will.
TEST(Reduce, FloatResultsDoNotDependOnTheBatch) {
  std::mt19937 random(23);
  std::vector<float> input(4 * 37 * 50);
  for (float& value : input) value = std::normal_distribution<float>()(random);
  for (const std::vector<bool>& axes :
       {std::vector<bool>{false, true, false}, {false, false, true}, {false, true, true}}) {
    const Reduction whole = make_reduction({4, 37, 50}, axes), single = make_reduction({1, 37, 50}, axes);
    std::vector<float> together(static_cast<size_t>(whole.results)), alone(static_cast<size_t>(single.results));
    reduce(whole, SumOf<float>{}, input.data(), together.data());
    for (size_t b = 0; b < 4; ++b) {
      reduce(single, SumOf<float>{}, input.data() + b * 37 * 50, alone.data());
      ASSERT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<int64_t>(b * alone.size())));
    }
  }
}

}  // namespace
}  // namespace litequant
