// Recurrent cells in the modes of the quantizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/load.h"
#include "format/model_builder.h"
#include "quantize/calibrate.h"
#include "quantize/dequantize.h"
#include "quantize/quantize.h"
#include "support/files.h"

namespace litequant {
namespace {

// A sequence in [-1, 1] that is the same everywhere.
std::vector<float> noise(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int32_t>(seed >> 8) - (1 << 23)) / static_cast<float>(1 << 23);
  }
  return values;
}

struct LstmParts {
  bool peephole = false, projection = false, norm = false, coupled = false;
  int64_t activation = 4;
};

constexpr int32_t kBatches = 2, kSteps = 5, kInputs = 12, kCells = 16;

// x [batches, steps, inputs] -> UNIDIRECTIONAL_SEQUENCE_LSTM -> y
ModelBuilder lstm_model(LstmParts parts = {}) {
  const int32_t outputs = parts.projection ? 10 : kCells;
  ModelBuilder b;
  uint32_t seed = 7;
  const auto constant = [&](Shape shape, float least = -0.5f, float most = 0.5f) {
    std::vector<float> values = noise(static_cast<size_t>(shape.count()), seed);
    for (float& value : values) value = least + (value + 1) / 2 * (most - least);
    return b.constant(text("constant ", seed++), DataType::float32, shape, values);
  };
  std::vector<int> inputs = {b.input("x", DataType::float32, {kBatches, kSteps, kInputs})};
  const auto of_gates = [&](auto make) {
    for (int gate = 0; gate < 4; ++gate) inputs.push_back(gate == 0 && parts.coupled ? kNoTensor : make());
  };
  of_gates([&] { return constant({kCells, kInputs}); });
  of_gates([&] { return constant({kCells, outputs}); });
  for (int gate = 0; gate < 3; ++gate) {
    inputs.push_back(parts.peephole && !(gate == 0 && parts.coupled) ? constant({kCells}) : kNoTensor);
  }
  of_gates([&] { return constant({kCells}); });
  inputs.push_back(parts.projection ? constant({outputs, kCells}) : kNoTensor);
  inputs.push_back(parts.projection ? constant({outputs}) : kNoTensor);
  inputs.push_back(b.variable("output state", DataType::float32, {kBatches, outputs}));
  inputs.push_back(b.variable("cell state", DataType::float32, {kBatches, kCells}));
  of_gates([&] { return parts.norm ? constant({kCells}, 0.3f, 1.2f) : kNoTensor; });
  const int y = b.output("y", DataType::float32, {kBatches, kSteps, outputs});
  Node& node = b.node(
      OpCode::unidirectional_sequence_lstm, inputs, {y},
      ModelBuilder::options("UnidirectionalSequenceLSTMOptions", {{"fused_activation_function", parts.activation}}));
  if (parts.norm || parts.projection) {
    std::vector<int32_t> intermediates;
    for (int i = 0; i < 5; ++i) intermediates.push_back(b.tensor(text("inner ", i), DataType::float32, {0}));
    node.intermediates = intermediates;
  }
  return b;
}

std::vector<float> run(Session& session, uint32_t seed) {
  const auto input = session.input(0);
  const auto values = noise(input.size() / sizeof(float), seed);
  std::memcpy(input.data(), values.data(), input.size());
  session.run();
  std::vector<float> result(session.output(0).size() / sizeof(float));
  std::memcpy(result.data(), session.output(0).data(), session.output(0).size());
  return result;
}

Statistics calibrated(const std::shared_ptr<const Model>& model, std::vector<uint32_t> seeds = {1, 2, 3, 4, 5, 6}) {
  Session session(Plan::make(model, 0, {}, calibration_plan_options()));
  Statistics statistics(*model);
  for (const uint32_t seed : seeds) {
    const auto input = session.input(0);
    const auto values = noise(input.size() / sizeof(float), seed);
    std::memcpy(input.data(), values.data(), input.size());
    calibrate_sample(session, statistics, seed);
  }
  return statistics;
}

const Tensor& operand(const Graph& graph, const Node& node, size_t i) {
  return graph.tensors[static_cast<size_t>(node.inputs[i])];
}

const Node& lstm_of(const Graph& graph) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [](const Node& node) { return node.op == OpCode::unidirectional_sequence_lstm; });
  return *found;
}

// Signal to noise in decibels, of one batch of fresh samples.
double closeness(const Model& real, const Model& other) {
  Session reference(Plan::make(std::make_shared<const Model>(real), 0, {}, {}));
  Session candidate(Plan::make(std::make_shared<const Model>(other), 0, {}, {}));
  double signal = 0, error = 0;
  for (uint32_t seed = 20; seed < 24; ++seed) {
    reference.reset();
    candidate.reset();
    const auto want = run(reference, seed), found = run(candidate, seed);
    for (size_t i = 0; i < want.size(); ++i) {
      signal += want[i] * want[i];
      error += (want[i] - found[i]) * (want[i] - found[i]);
    }
  }
  return 10 * std::log10(signal / error);
}

TEST(QuantizedLstm, HasTheFormOfTheIntegerKernel) {
  const auto model = lstm_model().load();
  const Statistics statistics = calibrated(model);
  const Model made = quantize(*model, {.mode = Mode::int8}, &statistics);
  const Graph& graph = made.graphs[0];
  const Node& node = lstm_of(graph);
  EXPECT_EQ(operand(graph, node, 0).type, DataType::int8);
  for (size_t i = 1; i <= 8; ++i) EXPECT_EQ(operand(graph, node, i).type, DataType::int8) << i;
  for (size_t i = 12; i <= 15; ++i) {
    EXPECT_EQ(operand(graph, node, i).type, DataType::int32) << i;
    EXPECT_EQ(operand(graph, node, i).quantization.scale[0],
              operand(graph, node, 0).quantization.scale[0] * operand(graph, node, i - 11).quantization.scale[0]);
  }
  const Tensor& output = graph.tensors[static_cast<size_t>(node.outputs[0])];
  EXPECT_EQ(operand(graph, node, 18).type, DataType::int8);
  EXPECT_EQ(operand(graph, node, 18).quantization, output.quantization);
  EXPECT_EQ(operand(graph, node, 19).type, DataType::int16);
  const float cell_scale = operand(graph, node, 19).quantization.scale[0];
  const auto range = statistics.range(0, lstm_of(model->graphs[0]).inputs[19]);
  ASSERT_TRUE(range);
  const float largest = std::max(-range->min, range->max);
  EXPECT_EQ(cell_scale, std::exp2(std::round(std::log2(cell_scale))));
  EXPECT_GE(cell_scale * 32768, largest);
  EXPECT_TRUE(cell_scale * 16384 < largest || cell_scale * 32768 == 1.0f);
  ASSERT_EQ(node.intermediates.size(), 5u);
  EXPECT_EQ(graph.tensors[static_cast<size_t>(node.intermediates[4])].quantization.scale, output.quantization.scale);
  EXPECT_EQ(node.version, 1);
}

TEST(QuantizedLstm, IsCloseToFloatWithEveryPart) {
  for (int bits = 0; bits < 16; ++bits) {
    const LstmParts parts = {.peephole = (bits & 1) != 0,
                             .projection = (bits & 2) != 0,
                             .norm = (bits & 4) != 0,
                             .coupled = (bits & 8) != 0};
    const auto model = lstm_model(parts).load();
    const Statistics statistics = calibrated(model);
    std::vector<NodeNote> left;
    EXPECT_GT(closeness(*model, quantize(*model, {.mode = Mode::int8}, &statistics, &left)), 20) << bits;
    // The integer kernel leaves some cells without peephole then.
    EXPECT_EQ(left.size(), parts.peephole && parts.projection ? 1u : 0u) << bits;
    EXPECT_GT(closeness(*model, quantize(*model, {.mode = Mode::dynamic, .dynamic_minimum_elements = 1}, nullptr)), 25)
        << bits;
  }
}

TEST(QuantizedLstm, WeightsTurnTogetherInDynamicMode) {
  const auto model = lstm_model({.projection = true}).load();
  const Model made = quantize(*model, {.mode = Mode::dynamic}, nullptr);
  const Node& node = lstm_of(made.graphs[0]);
  for (const size_t i : {1, 2, 3, 4, 5, 6, 7, 8, 16}) {
    EXPECT_EQ(operand(made.graphs[0], node, i).type, DataType::int8) << i;
    EXPECT_EQ(operand(made.graphs[0], node, i).quantization.scale.size(), 1u) << i;
  }
  EXPECT_EQ(operand(made.graphs[0], node, 12).type, DataType::float32);
  EXPECT_EQ(node.version, 3);
  const Model kept = quantize(*model, {.mode = Mode::dynamic, .dynamic_minimum_elements = 100000}, nullptr);
  EXPECT_EQ(operand(kept.graphs[0], lstm_of(kept.graphs[0]), 1).type, DataType::float32);
}

TEST(QuantizedLstm, RangesDoNotDependOnTheOrderOfSamples) {
  const auto model = lstm_model({.projection = true, .norm = true}).load();
  EXPECT_EQ(calibrated(model, {1, 2, 3, 4}), calibrated(model, {4, 2, 1, 3}));
}

// ---- Cells that take one step a run
// -----------------------------------------------------------------------------------

// x [batches, inputs] -> LSTM -> y
ModelBuilder one_step_lstm() {
  ModelBuilder b = lstm_model();
  b.at(b.current().inputs[0]).shape = {kBatches, kInputs};
  b.at(b.current().outputs[0]).shape = {kBatches, kCells};
  b.current().nodes[0].op = OpCode::lstm;
  b.current().nodes[0].options = ModelBuilder::options("LSTMOptions", {{"fused_activation_function", int64_t{4}}});
  return b;
}

// x [batches, inputs] -> SVDF -> SVDF -> y
ModelBuilder svdf_model(int64_t activation = 1) {
  ModelBuilder b;
  constexpr int32_t kFilters = 8, kMemory = 6;
  int x = b.input("x", DataType::float32, {kBatches, kInputs});
  for (const int layer : {0, 1}) {
    const int32_t inputs = b.at(x).shape[1], rank = layer + 1, units = kFilters / rank;
    const auto constant = [&](std::string name, Shape shape) {
      std::vector<float> values = noise(static_cast<size_t>(shape.count()), static_cast<uint32_t>(layer) * 5 + 3);
      for (float& value : values) value *= 0.5f;
      return b.constant(text(name, layer), DataType::float32, shape, values);
    };
    const std::vector<int> operands = {
        x, constant("features", {kFilters, inputs}), constant("time", {kFilters, kMemory}), constant("bias", {units}),
        b.variable(text("state", layer), DataType::float32, {kBatches, kFilters * kMemory})};
    x = layer == 0 ? b.tensor("between", DataType::float32, {kBatches, units})
                   : b.output("y", DataType::float32, {kBatches, units});
    b.node(OpCode::svdf, operands, {x},
           ModelBuilder::options("SVDFOptions", {{"rank", int64_t{rank}}, {"fused_activation_function", activation}}));
  }
  return b;
}

// `length` samples in a row are a sequence.
Statistics calibrated_in_sequences(const std::shared_ptr<const Model>& model, uint32_t samples, uint32_t length) {
  Session session(Plan::make(model, 0, {}, calibration_plan_options()));
  Statistics statistics(*model);
  for (uint32_t sample = 0; sample < samples; ++sample) {
    const auto input = session.input(0);
    const auto values = noise(input.size() / sizeof(float), sample + 50);
    std::memcpy(input.data(), values.data(), input.size());
    const SamplePart part = sample % length == 0 ? SamplePart::begins : SamplePart::continues;
    calibrate_sample(session, statistics, sample, part);
  }
  return statistics;
}

// Signal to noise in decibels over one sequence.
double closeness_in_sequence(const Model& real, const Model& other) {
  Session reference(Plan::make(std::make_shared<const Model>(real), 0, {}, {}));
  Session candidate(Plan::make(std::make_shared<const Model>(other), 0, {}, {}));
  double signal = 0, error = 0;
  for (uint32_t seed = 200; seed < 240; ++seed) {
    const auto want = run(reference, seed), found = run(candidate, seed);
    for (size_t i = 0; i < want.size(); ++i) {
      signal += want[i] * want[i];
      error += (want[i] - found[i]) * (want[i] - found[i]);
    }
  }
  return 10 * std::log10(signal / error);
}

TEST(QuantizedCells, OfOneStepBecomeIntegersFromSequences) {
  for (const auto& model : {one_step_lstm().load(), svdf_model().load()}) {
    const Statistics statistics = calibrated_in_sequences(model, 60, 20);
    std::vector<NodeNote> left;
    const Model made = quantize(*model, {.mode = Mode::int8}, &statistics, &left);
    EXPECT_TRUE(left.empty()) << left[0].reason;
    EXPECT_GT(closeness_in_sequence(*model, made), 20);
    const Model floats = dequantize(made);
    EXPECT_GT(closeness_in_sequence(*model, floats), 30);
    quantize(*model, {.mode = Mode::int8_only}, &statistics);  // is not refused
  }
}

TEST(QuantizedCells, OfOneStepStayInFloatWithoutSequences) {
  for (const auto& model : {one_step_lstm().load(), svdf_model().load()}) {
    const Statistics statistics = calibrated(model);
    std::vector<NodeNote> left;
    quantize(*model, {.mode = Mode::int8}, &statistics, &left);
    ASSERT_FALSE(left.empty());
    EXPECT_NE(left[0].reason.find("calibrate on sequences"), std::string::npos) << left[0].reason;
    try {
      quantize(*model, {.mode = Mode::int8_only}, &statistics);
      ADD_FAILURE() << "was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::refused);
    }
  }
}

TEST(QuantizedSvdf, HasTheFormOfTheIntegerKernel) {
  const auto model = svdf_model().load();
  const Statistics statistics = calibrated_in_sequences(model, 40, 40);
  const Model made = quantize(*model, {.mode = Mode::int8_only}, &statistics);
  const Graph& graph = made.graphs[0];
  const Node& node = graph.nodes[0];
  ASSERT_EQ(node.op, OpCode::svdf);
  EXPECT_EQ(node.version, 3);
  EXPECT_EQ(operand(graph, node, 1).type, DataType::int8);
  EXPECT_EQ(operand(graph, node, 2).type, DataType::int16);
  EXPECT_EQ(operand(graph, node, 3).type, DataType::int32);
  EXPECT_EQ(operand(graph, node, 4).type, DataType::int16);
  const auto range = statistics.range(0, model->graphs[0].nodes[0].inputs[4]);
  ASSERT_TRUE(range);
  const float state = operand(graph, node, 4).quantization.scale[0];
  EXPECT_EQ(state, std::max(-range->min, range->max) / 32767);
  EXPECT_EQ(operand(graph, node, 3).quantization.scale[0], state * operand(graph, node, 2).quantization.scale[0]);
  int largest = 0;
  for (const int16_t weight : made.constant_as<int16_t>(operand(graph, node, 2))) {
    largest = std::max(largest, std::abs(int{weight}));
  }
  EXPECT_EQ(largest, 512);
}

TEST(QuantizedSvdf, StaysInFloatWithAnotherActivation) {
  const auto model = svdf_model(0).load();
  const Statistics statistics = calibrated_in_sequences(model, 10, 10);
  std::vector<NodeNote> left;
  quantize(*model, {.mode = Mode::int8}, &statistics, &left);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_NE(left[0].reason.find("RELU"), std::string::npos) << left[0].reason;
}

TEST(QuantizedLstm, StaysInFloatWithItsReason) {
  const auto model = lstm_model({.activation = 1}).load();
  const Statistics statistics = calibrated(model);
  std::vector<NodeNote> left;
  quantize(*model, {.mode = Mode::int8}, &statistics, &left);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_NE(left[0].reason.find("another activation than tanh"), std::string::npos) << left[0].reason;
  try {
    quantize(*model, {.mode = Mode::int8_only}, &statistics);
    ADD_FAILURE() << "was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    EXPECT_NE(error.message().find("UNIDIRECTIONAL_SEQUENCE_LSTM"), std::string::npos) << error.message();
  }
}

TEST(QuantizedLstm, NeedsSamplesWhereTheModelPrescribesTheRest) {
  ModelBuilder b = lstm_model();
  const auto prescribe = [&](int from, std::string name) {
    const int to = b.output(std::move(name), DataType::float32, b.at(from).shape);
    b.node(OpCode::fake_quant, {from}, {to},
           ModelBuilder::options("FakeQuantOptions", {{"min", -1.0}, {"max", 1.0}, {"num_bits", int64_t{8}}}));
    return to;
  };
  const int x = b.current().inputs[0], y = b.current().outputs[0];
  const int ranged = prescribe(x, "ranged x");
  b.current().nodes[0].inputs[0] = ranged;
  std::swap(b.current().nodes[0], b.current().nodes[1]);
  const int result = prescribe(y, "ranged y");
  b.current().outputs = {result};
  const auto model = b.load();
  try {
    quantize(*model, {.mode = Mode::int8}, nullptr);
    ADD_FAILURE() << "was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::empty_dataset) << error.message();
    EXPECT_NE(error.message().find("its cell state"), std::string::npos) << error.message();
  }
}

TEST(QuantizedLstm, RangesSurviveTheirFile) {
  const Statistics statistics = calibrated(lstm_model({.projection = true, .norm = true}).load());
  EXPECT_EQ(Statistics::from_json(statistics.to_json()), statistics);
}

TEST(QuantizedLstm, ComesBackToFloat) {
  for (const bool norm : {false, true}) {
    const auto model = lstm_model({.projection = true, .norm = norm, .coupled = true}).load();
    const Statistics statistics = calibrated(model);
    const Model integers = quantize(*model, {.mode = Mode::int8}, &statistics);
    const Model floats = dequantize(integers);
    EXPECT_EQ(operand(floats.graphs[0], lstm_of(floats.graphs[0]), 19).type, DataType::float32);
    EXPECT_GT(closeness(*model, floats), 30) << norm;
  }
}

TEST(QuantizedLstm, WholeModelInIntegersOnly) {
  LITEQUANT_NEEDS_SHARED();
  const auto folder = test::shared_folder() / "zoo" / "models" / "rnn";
  const auto bytes = test::read_file(folder / "mnist_lstm_float.tflite");
  const std::shared_ptr<const Model> model = load_model(bytes);
  const Statistics statistics = calibrated(model);
  quantize(*model, {.mode = Mode::int8_only}, &statistics);  // is not refused
  std::vector<NodeNote> left;
  const Model made = quantize(*model, {.mode = Mode::int8}, &statistics, &left);
  EXPECT_TRUE(left.empty());
  EXPECT_EQ(operand(made.graphs[0], lstm_of(made.graphs[0]), 0).type, DataType::int8);
  EXPECT_GT(closeness(*model, made), 20);
}

}  // namespace
}  // namespace litequant
