// The weight-only form (int8 constants behind DEQUANTIZE), and quantized files brought back to floats.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "../format/model_builder.h"
#include "base/error.h"
#include "quantize/calibrate.h"
#include "quantize/dequantize.h"
#include "quantize/quantize.h"

namespace litequant {
namespace {

constexpr size_t kDepth = 8, kUnits = 4;

std::vector<float> weights() {
  std::vector<float> values(kDepth * kUnits);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(static_cast<float>(i)) * static_cast<float>(1 + i / kDepth);  // a range of its own per unit
  }
  return values;
}

// x -> FULLY_CONNECTED -> y
std::shared_ptr<const Model> float_model() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, kDepth});
  const int w = b.constant("weights", DataType::float32, {kUnits, kDepth}, weights());
  const int bias = b.constant("bias", DataType::float32, {kUnits}, std::vector<float>{0.5f, -0.25f, 0, 1});
  const int y = b.output("y", DataType::float32, {1, kUnits});
  b.node(OpCode::fully_connected, {x, w, bias}, {y}, ModelBuilder::options("FullyConnectedOptions"));
  return b.load();
}

constexpr std::array<float, kDepth> kSample = {1, -1, 0.5f, -0.5f, 0.25f, -0.25f, 0, 1};

std::vector<float> run(const std::shared_ptr<const Model>& model) {
  Session session(Plan::make(model, 0, {}, {}));
  std::memcpy(session.input(0).data(), kSample.data(), session.input(0).size());
  session.run();
  std::vector<float> y(session.output(0).size() / sizeof(float));
  std::memcpy(y.data(), session.output(0).data(), session.output(0).size());
  return y;
}

Statistics calibrated(const std::shared_ptr<const Model>& model) {
  Session session(Plan::make(model, 0, {}, calibration_plan_options()));
  Statistics statistics(*model);
  std::memcpy(session.input(0).data(), kSample.data(), session.input(0).size());
  calibrate_sample(session, statistics, 0);
  return statistics;
}

size_t count(const Model& model, OpCode op) {
  const auto& nodes = model.graphs[0].nodes;
  return static_cast<size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const Node& n) { return n.op == op; }));
}

const Tensor& weights_of(const Model& model) {
  const Graph& graph = model.graphs[0];
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [](const Node& node) { return node.op == OpCode::fully_connected; });
  return graph.tensors[static_cast<size_t>(found->inputs[1])];
}

TEST(WeightOnly, StoresConstantsAsInt8BehindDequantize) {
  const auto model = float_model();
  const Recipe recipe{.mode = Mode::dynamic, .dynamic_minimum_elements = 1, .weights_only_form = true};
  const auto made = std::make_shared<const Model>(quantize(*model, recipe, nullptr));
  EXPECT_EQ(count(*made, OpCode::dequantize), 1u) << "of the weights; a bias stays";
  EXPECT_EQ(weights_of(*made).type, DataType::float32);
  const Node& dequantize = made->graphs[0].nodes[0];
  ASSERT_EQ(dequantize.op, OpCode::dequantize);
  const Tensor& stored = made->graphs[0].tensors[static_cast<size_t>(dequantize.inputs[0])];
  EXPECT_EQ(stored.type, DataType::int8);
  EXPECT_EQ(stored.quantization.scale.size(), kUnits);
  const auto before = run(model), after = run(made);
  for (size_t i = 0; i < kUnits; ++i) {
    EXPECT_NEAR(after[i], before[i], kDepth * stored.quantization.scale[i] / 2) << i;
    EXPECT_NE(after[i], before[i]) << "weights of this kind do not lie on int8's steps";
  }
}

TEST(WeightOnly, LeavesSmallConstantsInFloat) {
  const Recipe recipe{
      .mode = Mode::dynamic, .dynamic_minimum_elements = kDepth * kUnits + 1, .weights_only_form = true};
  EXPECT_EQ(count(quantize(*float_model(), recipe, nullptr), OpCode::dequantize), 0u);
}

TEST(Dequantize, BringsEveryKindOfFileBack) {
  const auto model = float_model();
  const Statistics statistics = calibrated(model);
  const auto before = run(model);
  const Recipe recipes[] = {
      {.mode = Mode::float16, .float16_minimum_elements = 1},
      {.mode = Mode::dynamic, .dynamic_minimum_elements = 1},
      {.mode = Mode::dynamic, .dynamic_minimum_elements = 1, .weights_only_form = true},
      {.mode = Mode::int8},
      {.mode = Mode::int8_only},
      {.mode = Mode::int16x8_only},
  };
  for (const Recipe& recipe : recipes) {
    SCOPED_TRACE(mode_name(recipe.mode));
    const Model quantized = quantize(*model, recipe, &statistics);
    const auto floats = std::make_shared<const Model>(dequantize(quantized));
    const Graph& graph = floats->graphs[0];
    EXPECT_EQ(graph.nodes.size(), 1u);
    for (const Tensor& tensor : graph.tensors) EXPECT_EQ(tensor.type, DataType::float32) << tensor.name;
    const auto after = run(floats);
    for (size_t i = 0; i < kUnits; ++i) EXPECT_NEAR(after[i], before[i], 0.1) << i;
    // What it gives can be quantized again, and loses nothing more: the weights lie on their steps.
    const Model again = quantize(*floats, {.mode = Mode::dynamic, .dynamic_minimum_elements = 1}, nullptr);
    EXPECT_EQ(weights_of(again).type, DataType::int8);
  }
}

// SIN becomes a table of results, looked up by the stored integers of its operand.
TEST(Dequantize, KeepsTheIntegersThatATableIsLookedUpBy) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, kDepth});
  b.node(OpCode::sin, {x}, {b.output("y", DataType::float32, {1, kDepth})});
  const auto model = b.load();
  const Statistics statistics = calibrated(model);
  const Model quantized = quantize(*model, {.mode = Mode::int8}, &statistics);
  ASSERT_EQ(count(quantized, OpCode::gather), 1u);
  const auto floats = std::make_shared<const Model>(dequantize(quantized));
  const auto before = run(model), after = run(floats);
  for (size_t i = 0; i < kDepth; ++i) EXPECT_NEAR(after[i], before[i], 0.02) << i;
}

TEST(Dequantize, RefusesAModelWithoutQuantizedTensors) {
  try {
    dequantize(*float_model());
    FAIL() << "a float model was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
  }
}

}  // namespace
}  // namespace litequant
