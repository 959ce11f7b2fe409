#include "quantize/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../format/model_builder.h"
#include "base/error.h"
#include "quantize/calibrate.h"

namespace litequant {
namespace {

// y = x * factor
std::shared_ptr<const Model> product_model(float factor = 2.0f) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int two = b.constant("factor", DataType::float32, {1}, std::vector<float>{factor});
  const int y = b.output("y", DataType::float32, {1, 4});
  b.node(OpCode::mul, {x, two}, {y}, ModelBuilder::options("MulOptions"));
  return b.load();
}

void feed(Session& session, const std::vector<float>& values) {
  ASSERT_EQ(session.input(0).size(), values.size() * sizeof(float));
  std::memcpy(session.input(0).data(), values.data(), session.input(0).size());
}

Session session_of(const std::shared_ptr<const Model>& model) {
  return Session(Plan::make(model, 0, {}, calibration_plan_options()));
}

Statistics calibrated(const std::shared_ptr<const Model>& model, const std::vector<std::vector<float>>& samples) {
  Session session = session_of(model);
  Statistics statistics(*model);
  int64_t number = 0;
  for (const auto& sample : samples) {
    feed(session, sample);
    calibrate_sample(session, statistics, number++);
  }
  return statistics;
}

const std::vector<std::vector<float>> kSamples = {
    {0.1f, -3.0f, 1.0f, 0.0f}, {1e-20f, 2.0f, -1.0f, -0.0f}, {5.5f, 0.25f, 0.3f, -0.75f}};

// The first tensor's name in statistics as text, with its quotes.
std::string quoted_first_name(const std::string& json) {
  const size_t ranges = json.find("\"ranges\":[["), start = json.find('"', ranges + 10);
  return json.substr(start, json.find('"', start + 1) - start + 1);
}

TEST(Statistics, SeeInputsAndResults) {
  const auto model = product_model();
  const Statistics statistics = calibrated(model, kSamples);
  EXPECT_EQ(statistics.range(0, 0), (Range{-3.0f, 5.5f}));
  EXPECT_EQ(statistics.range(0, 2), (Range{-6.0f, 11.0f}));
  EXPECT_EQ(statistics.range(0, 1), std::nullopt);  // a constant
  EXPECT_EQ(statistics.samples(), 3);
}

TEST(Statistics, DoNotDependOnOrderOrSharding) {
  const auto model = product_model();
  const std::string whole = calibrated(model, kSamples).to_json();
  EXPECT_EQ(calibrated(model, {kSamples[2], kSamples[0], kSamples[1]}).to_json(), whole);
  Statistics merged = calibrated(model, {kSamples[2]});
  merged.merge(calibrated(model, {kSamples[1], kSamples[0]}));
  EXPECT_EQ(merged.to_json(), whole);
  Statistics with_empty(*model);
  with_empty.merge(merged);
  EXPECT_EQ(with_empty.to_json(), whole);
}

TEST(Statistics, TakeMinusZeroAsZero) {
  const auto model = product_model();
  const auto plus = calibrated(model, {{0.0f, -0.0f, -0.0f, 0.0f}}),
             minus = calibrated(model, {{-0.0f, 0.0f, 0.0f, -0.0f}});
  EXPECT_EQ(plus.to_json(), minus.to_json());
  EXPECT_FALSE(std::signbit(minus.range(0, 0)->min));
}

TEST(Statistics, AreReadBackExactly) {
  const auto model = product_model();
  Statistics statistics(*model);
  const float values[] = {std::numeric_limits<float>::denorm_min(), 0.1f, -std::numeric_limits<float>::max(), 1e-38f};
  statistics.observe(0, 0, values);
  statistics.count_sample(0);
  const Statistics read = Statistics::from_json(statistics.to_json());
  EXPECT_EQ(read, statistics);
  EXPECT_NO_THROW(read.check_model(*model));
}

TEST(Statistics, RefuseAnotherModel) {
  const auto model = product_model(), other = product_model(3.0f);
  Statistics statistics(*model);
  EXPECT_THROW(statistics.check_model(*other), Error);
  EXPECT_THROW(statistics.merge(Statistics(*other)), Error);
}

// Tensors of alternatives have only numbers that this version gave them.
TEST(Statistics, RefuseTensorsUnderAnotherName) {
  const auto model = product_model();
  const Statistics statistics(*model);
  std::string json = statistics.to_json();
  const std::string name = quoted_first_name(json);
  json.replace(json.find(name), name.size(), "\"renamed\"");
  const Statistics renamed = Statistics::from_json(json);
  EXPECT_THROW(renamed.check_model(*model), Error);
  Statistics merged = statistics;
  EXPECT_THROW(merged.merge(renamed), Error);
  EXPECT_NO_THROW(merged.merge(statistics));
}

TEST(Statistics, RefuseBrokenText) {
  const std::string good = calibrated(product_model(), kSamples).to_json();
  for (size_t length = 0; length < good.size(); ++length) {
    try {
      Statistics::from_json(good.substr(0, length));
      ADD_FAILURE() << "accepted " << length << " characters";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_file);
    }
  }
  EXPECT_THROW(Statistics::from_json(good + "x"), Error);
  EXPECT_THROW(Statistics::from_json("[]"), Error);
}

TEST(Calibrate, RefusesASampleThatIsNotFinite) {
  const auto model = product_model();
  Session session = session_of(model);
  Statistics statistics(*model);
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    feed(session, {1.0f, bad, 2.0f, 3.0f});
    try {
      calibrate_sample(session, statistics, 7);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_sample);
      EXPECT_NE(error.message().find("sample 7"), std::string::npos);
      EXPECT_NE(error.message().find("x"), std::string::npos);
    }
  }
  EXPECT_EQ(statistics.samples(), 0);
  EXPECT_EQ(statistics.range(0, 0), std::nullopt);
}

TEST(Calibrate, NamesTheNodeThatMakesInfinity) {
  const auto model = product_model(3e38f);
  Session session = session_of(model);
  Statistics statistics(*model);
  feed(session, {1.0f, 2.0f, 3.0f, 4.0f});
  try {
    calibrate_sample(session, statistics, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::nonfinite_activation);
    EXPECT_EQ(error.place().node, 0);
    EXPECT_EQ(error.place().operator_name, "MUL");
  }
}

}  // namespace
}  // namespace litequant
