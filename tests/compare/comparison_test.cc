#include "compare/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "compare/real_values.h"
#include "format/model_builder.h"

namespace litequant {
namespace {

// y = x + offset, with one float output of four classes.
std::shared_ptr<const Model> adder(const std::vector<float>& offset, const char* output = "y") {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int by = b.constant("by", DataType::float32, {4}, offset);
  const int y = b.output(output, DataType::float32, {1, 4});
  b.node(OpCode::add, {x, by}, {y}, b.options("AddOptions", {}));
  return b.load();
}

void run(Comparison& comparison, const std::vector<float>& x, int64_t label) {
  std::memcpy(comparison.input(0).data(), x.data(), comparison.input(0).size());
  comparison.add(label);
}

TEST(Comparison, CountsErrorsAgreementAndAccuracy) {
  Comparison comparison(adder({0, 0, 0, 0}), adder({0, 0, 0, 2}), {});
  run(comparison, {4, 1, 0, 3}, 0);  // the second says class 3
  run(comparison, {4, 1, 0, 1}, 0);  // both say class 0
  const Report& report = comparison.report();
  EXPECT_EQ(report.samples, 2);
  ASSERT_EQ(report.outputs.size(), 1u);
  EXPECT_EQ(report.outputs[0].name, "y");
  EXPECT_EQ(report.outputs[0].rows, 2);
  EXPECT_EQ(report.outputs[0].agreeing_rows, 1);
  EXPECT_EQ(report.accuracy.labelled, 2);
  EXPECT_EQ(report.accuracy.reference_top1, 2);
  EXPECT_EQ(report.accuracy.candidate_top1, 1);
  EXPECT_EQ(report.accuracy.candidate_top5, 2);
  const double signal = 16 + 1 + 9 + 16 + 1 + 1;
  EXPECT_NEAR(report.outputs[0].error.sqnr(), 10 * std::log10(signal / 8), 1e-9);
  EXPECT_EQ(report.outputs[0].error.max_error, 2);
  ASSERT_EQ(report.tensors.size(), 1u);
  EXPECT_EQ(report.tensors[0].operator_name, "ADD");
}

TEST(Comparison, EqualModelsDifferInNothing) {
  Comparison comparison(adder({1, 2, 3, 4}), adder({1, 2, 3, 4}, "other name"), {});
  run(comparison, {4, 1, 0, 3}, -1);
  EXPECT_TRUE(std::isinf(comparison.report().outputs[0].error.sqnr()));
  EXPECT_NE(comparison.report().json().find("\"sqnr\":null,\"identical\":true"), std::string::npos);
  EXPECT_NE(comparison.report().json().find("\"accuracy\":null"), std::string::npos);
}

TEST(Comparison, RefusesALabelBeyondTheClasses) {
  Comparison comparison(adder({0, 0, 0, 0}), adder({0, 0, 0, 0}), {});
  std::memset(comparison.input(0).data(), 0, comparison.input(0).size());
  try {
    comparison.add(4);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "label 4 is beyond the 4 classes of output 'y'");
  }
}

TEST(RealValues, RoundTripThroughScaleAndZeroPoint) {
  Tensor tensor;
  tensor.type = DataType::int8;
  tensor.quantization = ModelBuilder::per_tensor(0.5f, 10);
  const std::vector<float> values = {0, 0.25f, -0.25f, 1000, -1000, NAN};
  std::vector<std::byte> stored(values.size());
  store_values(values, tensor, stored);
  const auto back = real_values(stored, tensor.type, tensor.quantization);
  EXPECT_EQ(back, (std::vector<float>{0, 0.5f, -0.5f, 58.5f, -69, -69}));
}

}  // namespace
}  // namespace litequant
