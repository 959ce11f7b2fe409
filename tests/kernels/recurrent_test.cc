#include "kernels/recurrent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/fixed_activation.h"
#include "kernels/lstm_integer.h"

namespace litequant {
namespace {

// Lengths around the vector width, the extremes of both types among the values.
TEST(Dot, IntegerEqualsThePlainSumModulo32Bits) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> byte(-128, 127), word(-255, 255);
  for (int64_t count = 0; count <= 70; ++count) {
    std::vector<int8_t> a(static_cast<size_t>(count) + 1);
    std::vector<int16_t> b(a.size());
    for (int8_t& value : a) value = static_cast<int8_t>(byte(random));
    for (int16_t& value : b) value = static_cast<int16_t>(word(random));
    a[0] = -128;
    b[0] = -32768;
    uint32_t want = 0;
    for (size_t k = 0; k < static_cast<size_t>(count); ++k) want += static_cast<uint32_t>(int32_t{a[k]} * b[k]);
    EXPECT_EQ(dot(a.data(), b.data(), count), static_cast<int32_t>(want)) << count;
  }
  const std::vector<int8_t> many(1 << 17, -128);
  const std::vector<int16_t> wide(many.size(), -255);
  EXPECT_EQ(dot(many.data(), wide.data(), 1 << 17), static_cast<int32_t>(128u * 255u * (1u << 17)));
}

TEST(Dot, FloatIsCloseToTheExactSum) {
  std::mt19937 random(4);
  std::uniform_real_distribution<float> values(-2, 2);
  for (int64_t count = 0; count <= 70; ++count) {
    std::vector<float> a(static_cast<size_t>(count)), b(a.size());
    double want = 0;
    for (size_t k = 0; k < a.size(); ++k) {
      a[k] = values(random);
      b[k] = values(random);
      want += double{a[k]} * b[k];
    }
    EXPECT_NEAR(dot(a.data(), b.data(), count), want, 1e-5 * std::max(1.0, std::abs(want))) << count;
  }
}

// Against the functions themselves, over every input.
TEST(FixedActivation, IsWithinAFewStepsOfTheFunction) {
  for (int x = -32768; x <= 32767; ++x) {
    const auto q = static_cast<int16_t>(x);
    const double real = std::ldexp(x, -12);
    EXPECT_NEAR(logistic_q3(q), 32768 / (1 + std::exp(-real)), 40) << x;
    for (int bits = 0; bits <= 6; ++bits) {
      EXPECT_NEAR(tanh_fixed(q, bits), 32768 * std::tanh(std::ldexp(x, bits - 15)), 60) << x << " in Q" << bits;
    }
    if (HasFailure()) break;
  }
  EXPECT_EQ(tanh_fixed(0, 3), 0);
  EXPECT_EQ(logistic_q3(0), 1 << 14);
}

TEST(FixedActivation, TanhIsOdd) {
  for (int bits = 0; bits <= 6; ++bits) {
    for (int x = 1; x <= 32767; x += 7) {
      EXPECT_EQ(tanh_fixed(static_cast<int16_t>(-x), bits), -tanh_fixed(static_cast<int16_t>(x), bits)) << x;
    }
  }
}

// The product is that of the rows as they were quantized.
TEST(CellProduct, WithInt8WeightsUsesTheQuantizedRows) {
  constexpr int32_t kUnits = 3, kDepth = 19;
  std::mt19937 random(5);
  std::uniform_real_distribution<float> values(-1, 3);
  std::uniform_int_distribution<int> byte(-127, 127);
  std::vector<float> rows(2 * kDepth);
  std::vector<int8_t> weights(kUnits * kDepth);
  for (float& value : rows) value = values(random);
  for (int8_t& value : weights) value = static_cast<int8_t>(byte(random));
  for (const bool is_asymmetric : {false, true}) {
    std::vector<int16_t> quantized(rows.size());
    std::vector<int8_t> row(kDepth);
    std::vector<DynamicScale> scales(2);
    const CellRows prepared = cell_rows(rows.data(), {.count = 2, .depth = kDepth, .stride = kDepth}, is_asymmetric,
                                        {.quantized = quantized.data(), .scales = scales.data(), .row = row.data()});
    const CellWeights matrix = {
        .values = weights.data(), .is_int8 = true, .scale = 0.02f, .units = kUnits, .depth = kDepth};
    std::vector<float> sums(2 * kUnits, 1.0f);
    add_product(matrix, prepared, 2, sums.data(), kUnits);
    for (int r = 0; r < 2; ++r) {
      for (int unit = 0; unit < kUnits; ++unit) {
        double want = 1;
        for (int k = 0; k < kDepth; ++k) want += 0.02 * weights[unit * kDepth + k] * rows[r * kDepth + k];
        EXPECT_NEAR(sums[r * kUnits + unit], want, 0.1 + std::abs(want) * 0.02) << is_asymmetric;
      }
    }
  }
}

// Values that saturate everything: no result leaves its type, nothing overflows (the sanitizers watch).
TEST(IntegerLstm, ExtremesStayInTheirTypes) {
  constexpr int32_t kCells = 3, kInputs = 5;
  std::vector<int8_t> input_weights(kCells * kInputs, -128), recurrent_weights(kCells * kCells, 127);
  const std::vector<int32_t> bias(kCells, std::numeric_limits<int32_t>::max());
  const std::vector<int16_t> wide(kCells, -32768);
  IntegerLstmCell cell;
  cell.sizes = {.inputs = kInputs, .auxiliary = 0, .cells = kCells, .outputs = kCells};
  for (IntegerLstmGate& gate : cell.gates) {
    gate.input = input_weights.data();
    gate.recurrent = recurrent_weights.data();
    gate.bias = bias.data();
    gate.peephole = wide.data();
    gate.norm = wide.data();
    gate.input_scale = gate.recurrent_scale = gate.peephole_scale = {std::numeric_limits<int32_t>::max(), 30};
    gate.norm_scale = {std::numeric_limits<int32_t>::max(), 18};
  }
  cell.input_zero = 127;
  cell.output_zero = -128;
  cell.hidden_scale = {std::numeric_limits<int32_t>::max(), 30};
  for (const int exponent : {-15, -9}) {
    cell.cell_exponent = exponent;
    std::vector<int8_t> input(kInputs, -128), output_state(kCells, 127);
    std::vector<int16_t> cell_state(kCells, -32768), memory(7 * 8);
    IntegerLstmScratch scratch;
    for (size_t i = 0; i < 4; ++i) scratch.gates[i] = memory.data() + 8 * i;
    scratch.input = memory.data() + 32;
    scratch.state = memory.data() + 40;
    scratch.hidden = memory.data() + 48;
    for (int step = 0; step < 4; ++step) {
      lstm_step(cell, 1, input.data(), kInputs, output_state.data(), cell_state.data(), scratch);
    }
    EXPECT_EQ(memory[3], 0);  // beyond the cells of the first gate
  }
}

}  // namespace
}  // namespace litequant
