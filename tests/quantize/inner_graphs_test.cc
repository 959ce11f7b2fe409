// Graphs that nodes run: calibrated with the one that runs them, integer within, float at their border.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "../format/model_builder.h"
#include "base/error.h"
#include "quantize/calibrate.h"
#include "quantize/quantize.h"

namespace litequant {
namespace {

std::vector<float> weights(uint32_t seed) {
  std::vector<float> values(16);
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int32_t>(seed >> 8) - (1 << 23)) / static_cast<float>(1 << 24);
  }
  return values;
}

int dense(ModelBuilder& b, int x, int y, uint32_t seed) {
  const int w = b.constant(text("weights", seed), DataType::float32, {4, 4}, weights(seed));
  b.node(OpCode::fully_connected, {x, w}, {y}, b.options("FullyConnectedOptions"));
  return y;
}

// x -> FULLY_CONNECTED -> `turns` times tanh(FULLY_CONNECTED), in a loop -> FULLY_CONNECTED -> y; within the loop the
// sum is held to [-6, 6.75] where it `is_trained`, and its inverse taken instead of tanh where it `divides`.
struct Loop {
  bool is_trained = false, divides = false;
  int32_t turns = 3;
};

std::shared_ptr<const Model> loop_model(const Loop& loop = {}) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int zero = b.constant("zero", DataType::int32, {}, std::vector<int32_t>{0});
  const int first = dense(b, x, b.tensor("first", DataType::float32, {1, 4}), 1);
  const int count = b.tensor("count", DataType::int32, {});
  const int looped = b.tensor("looped", DataType::float32, {1, 4});
  b.node(OpCode::while_, {zero, first}, {count, looped},
         b.options("WhileOptions", {{"cond_subgraph_index", int64_t{1}}, {"body_subgraph_index", int64_t{2}}}));
  dense(b, looped, b.output("y", DataType::float32, {1, 4}), 2);
  b.graph("condition");
  const int i = b.input("i", DataType::int32, {});
  b.input("h", DataType::float32, {1, 4});
  const int turns = b.constant("turns", DataType::int32, {}, std::vector<int32_t>{loop.turns});
  b.node(OpCode::less, {i, turns}, {b.output("goes_on", DataType::boolean, {})}, b.options("LessOptions"));
  b.graph("body");
  const int j = b.input("j", DataType::int32, {});
  const int h = b.input("h", DataType::float32, {1, 4});
  const int one = b.constant("one", DataType::int32, {}, std::vector<int32_t>{1});
  b.node(OpCode::add, {j, one}, {b.output("next", DataType::int32, {})}, b.options("AddOptions"));
  int sum = dense(b, h, b.tensor("sum", DataType::float32, {1, 4}), 3);
  if (loop.is_trained) {
    const int held = b.tensor("held", DataType::float32, {1, 4});
    b.node(OpCode::fake_quant, {sum}, {held},
           b.options("FakeQuantOptions", {{"min", -6.0}, {"max", 6.75}, {"num_bits", int64_t{8}}}));
    sum = held;
  }
  const int bent = b.output("bent", DataType::float32, {1, 4});
  if (loop.divides) {
    b.node(OpCode::div, {h, sum}, {bent}, b.options("DivOptions"));
  } else {
    b.node(OpCode::tanh, {sum}, {bent});
  }
  return b.load();
}

std::vector<float> run(const std::shared_ptr<const Model>& model, const std::vector<float>& x) {
  Session session(Plan::make(model, 0, {}, {}));
  std::memcpy(session.input(0).data(), x.data(), session.input(0).size());
  session.run();
  std::vector<float> y(session.output(0).size() / sizeof(float));
  std::memcpy(y.data(), session.output(0).data(), session.output(0).size());
  return y;
}

Statistics calibrated(const std::shared_ptr<const Model>& model) {
  const CalibrationModel extended = calibration_model(*model);
  Session session(Plan::make(extended.model, 0, {}, extended.options()));
  Statistics statistics(*model);
  for (uint32_t sample = 0; sample < 4; ++sample) {
    const std::vector<float> x = weights(10 + sample);
    std::memcpy(session.input(0).data(), x.data(), session.input(0).size());
    calibrate_sample(session, statistics, sample);
  }
  return statistics;
}

TEST(InnerGraphs, AreCalibratedWithTheGraphThatRunsThem) {
  const auto model = loop_model();
  const Statistics statistics = calibrated(model);
  EXPECT_EQ(statistics.samples(0), 4);
  EXPECT_EQ(statistics.samples(2), 0) << "no sample was given to the body itself";
  const auto& body = model->graphs[2];
  for (const int32_t tensor : {body.inputs[1], body.outputs[1]}) EXPECT_TRUE(statistics.range(2, tensor).has_value());
}

TEST(InnerGraphs, AreIntegerWithinAndFloatAtTheirBorder) {
  const auto model = loop_model();
  const Statistics statistics = calibrated(model);
  for (const Mode mode : {Mode::int8, Mode::int16x8}) {
    std::vector<NodeNote> left;
    const auto made = std::make_shared<const Model>(quantize(*model, {.mode = mode}, &statistics, &left));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].operator_name, "WHILE");
    const Graph& body = made->graphs[2];
    const auto type_of = [&](int32_t tensor) { return body.tensors[static_cast<size_t>(tensor)].type; };
    EXPECT_EQ(type_of(body.inputs[1]), DataType::float32);
    EXPECT_EQ(type_of(body.outputs[1]), DataType::float32);
    const auto dense_node = std::find_if(body.nodes.begin(), body.nodes.end(),
                                         [](const Node& node) { return node.op == OpCode::fully_connected; });
    ASSERT_NE(dense_node, body.nodes.end());
    EXPECT_EQ(type_of(dense_node->inputs[1]), DataType::int8);
    EXPECT_EQ(type_of(dense_node->outputs[0]), mode == Mode::int8 ? DataType::int8 : DataType::int16);
    const std::vector<float> x = weights(11);
    const auto before = run(model, {x[0], x[1], x[2], x[3]}), after = run(made, {x[0], x[1], x[2], x[3]});
    for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 0.01);
  }
}

// An operator that would be a table of its operand's 256 values has none where no value was seen.
TEST(InnerGraphs, ThatNoSampleEntersStayFloat) {
  const auto model = loop_model({.divides = true, .turns = 0});
  const Statistics statistics = calibrated(model);
  std::vector<NodeNote> left;
  const auto made = std::make_shared<const Model>(quantize(*model, {.mode = Mode::int8}, &statistics, &left));
  ASSERT_EQ(left.size(), 4u);  // the loop, and in its body the product, an inverse and another product
  for (const NodeNote& note : left) {
    if (note.operator_name == "WHILE") continue;
    EXPECT_NE(note.reason.find("no sample took"), std::string::npos) << note.reason;
  }
  for (const Node& node : made->graphs[2].nodes) EXPECT_NE(node.op, OpCode::gather);
  EXPECT_EQ(run(made, weights(3)).size(), 4u);
}

TEST(InnerGraphs, ObeyTheRangesOfTraining) {
  const auto model = loop_model({.is_trained = true});
  const Statistics statistics = calibrated(model);
  const Model made = quantize(*model, {.mode = Mode::int8}, &statistics);
  const Graph& body = made.graphs[2];
  EXPECT_TRUE(std::none_of(body.nodes.begin(), body.nodes.end(),
                           [](const Node& node) { return node.op == OpCode::fake_quant; }));
  const auto dense_node = std::find_if(body.nodes.begin(), body.nodes.end(),
                                       [](const Node& node) { return node.op == OpCode::fully_connected; });
  ASSERT_NE(dense_node, body.nodes.end());
  const Tensor& sum = body.tensors[static_cast<size_t>(dense_node->outputs[0])];
  EXPECT_EQ(sum.type, DataType::int8);
  EXPECT_FLOAT_EQ(sum.quantization.scale.at(0), 12.75f / 255);
  EXPECT_EQ(sum.quantization.zero_point, std::vector<int64_t>{-8});
}

TEST(InnerGraphs, MakeIntegerOnlyModesRefuse) {
  const auto model = loop_model();
  const Statistics statistics = calibrated(model);
  try {
    quantize(*model, {.mode = Mode::int8_only}, &statistics);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    EXPECT_NE(error.message().find("(WHILE) of subgraph 0"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace litequant
