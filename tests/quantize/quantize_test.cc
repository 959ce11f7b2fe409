#include "quantize/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include "../format/model_builder.h"
#include "base/error.h"
#include "quantize/calibrate.h"
#include "quantize/parameters.h"

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

Statistics calibrated(const std::shared_ptr<const Model>& model, int32_t graph = 0) {
  Session session(Plan::make(model, graph, {}, calibration_plan_options()));
  Statistics statistics(*model);
  for (uint32_t sample = 0; sample < 4; ++sample) {
    for (size_t i = 0; i < session.plan().graph().inputs.size(); ++i) {
      const auto values = noise(session.input(i).size() / 4, 100 * sample + static_cast<uint32_t>(i) + 1);
      std::memcpy(session.input(i).data(), values.data(), session.input(i).size());
    }
    calibrate_sample(session, statistics, sample);
  }
  return statistics;
}

Model quantized(const std::shared_ptr<const Model>& model, const Recipe& recipe) {
  if (!needs_statistics(recipe.mode)) return quantize(*model, recipe, nullptr);
  const Statistics statistics = calibrated(model);
  return quantize(*model, recipe, &statistics);
}

std::vector<OpCode> operators(const Graph& graph) {
  std::vector<OpCode> codes;
  for (const Node& node : graph.nodes) codes.push_back(node.op);
  return codes;
}
const Tensor& input_of(const Graph& graph, size_t node, size_t operand) {
  return graph.tensors[static_cast<size_t>(graph.nodes[node].inputs[operand])];
}
const Tensor& output_of(const Graph& graph, size_t node, size_t output = 0) {
  return graph.tensors[static_cast<size_t>(graph.nodes[node].outputs[output])];
}
const Tensor& at(const Graph& graph, int32_t tensor) { return graph.tensors[static_cast<size_t>(tensor)]; }

Options conv_options() {
  return ModelBuilder::options("Conv2DOptions", {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}});
}

struct ConvModel {
  ModelBuilder b;
  int x, weights, bias, hidden, y;
};

// x -> CONV_2D -> SOFTMAX -> y
ConvModel conv_model(bool with_bias = true, int32_t channels = 3, int32_t depth = 2) {
  ConvModel made;
  ModelBuilder& b = made.b;
  made.x = b.input("image", DataType::float32, {1, 4, 4, depth});
  made.weights = b.constant("weights", DataType::float32, {channels, 1, 1, depth},
                            noise(static_cast<size_t>(channels * depth), 5));
  made.bias = b.constant("bias", DataType::float32, {channels}, noise(static_cast<size_t>(channels), 6));
  made.hidden = b.tensor("hidden", DataType::float32, {1, 4, 4, channels});
  made.y = b.output("scores", DataType::float32, {1, 4, 4, channels});
  if (with_bias) {
    b.node(OpCode::conv_2d, {made.x, made.weights, made.bias}, {made.hidden}, conv_options());
  } else {
    b.node(OpCode::conv_2d, {made.x, made.weights, kNoTensor}, {made.hidden}, conv_options());
  }
  b.node(OpCode::softmax, {made.hidden}, {made.y}, ModelBuilder::options("SoftmaxOptions", {{"beta", 1.0}}));
  b.signature("serving", {{"in", static_cast<uint32_t>(made.x)}}, {{"out", static_cast<uint32_t>(made.y)}});
  return made;
}

TEST(QuantizeInt8, KeepsFloatBordersAndTheirNames) {
  const auto model = conv_model().b.load();
  const Model result = quantized(model, {.mode = Mode::int8});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::quantize, OpCode::conv_2d, OpCode::softmax, OpCode::dequantize}));
  const Tensor &in = at(graph, graph.inputs[0]), &out = at(graph, graph.outputs[0]);
  EXPECT_EQ(in.name, "image");
  EXPECT_EQ(out.name, "scores");
  EXPECT_EQ(in.type, DataType::float32);
  EXPECT_EQ(out.type, DataType::float32);
  EXPECT_EQ(result.signatures[0].inputs[0].tensor, static_cast<uint32_t>(graph.inputs[0]));
  EXPECT_EQ(result.signatures[0].outputs[0].tensor, static_cast<uint32_t>(graph.outputs[0]));
  EXPECT_EQ(output_of(graph, 1).type, DataType::int8);
  EXPECT_EQ(output_of(graph, 2).quantization.scale, std::vector<float>{1.0f / 256});
  EXPECT_EQ(output_of(graph, 2).quantization.zero_point, std::vector<int64_t>{-128});
  EXPECT_EQ(graph.nodes[1].version, 3);
  EXPECT_EQ(graph.nodes[2].version, 2);
}

// The weights' scales are those of the weights alone, so one constant serves both; a bias has the scale of its input
// too.
TEST(QuantizeInt8, SharedWeightsAreStoredOnceAndEachBiasFitsItsInput) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4, 4, 2});
  const int weights = b.constant("weights", DataType::float32, {2, 1, 1, 2}, noise(4, 5));
  const int bias = b.constant("bias", DataType::float32, {2}, std::vector<float>{0.5f, -0.5f});
  const int first = b.tensor("first", DataType::float32, {1, 4, 4, 2});
  const int large = b.tensor("large", DataType::float32, {1, 4, 4, 2});
  const int y = b.output("y", DataType::float32, {1, 4, 4, 2});
  b.node(OpCode::conv_2d, {x, weights, bias}, {first}, conv_options());
  b.node(OpCode::mul, {first, b.constant("nine", DataType::float32, {1}, std::vector<float>{9})}, {large},
         ModelBuilder::options("MulOptions"));
  b.node(OpCode::conv_2d, {large, weights, bias}, {y}, conv_options());
  const Model result = quantized(b.load(), {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  ASSERT_EQ(operators(graph), (std::vector{OpCode::conv_2d, OpCode::mul, OpCode::conv_2d}));
  EXPECT_EQ(graph.nodes[0].inputs[1], graph.nodes[2].inputs[1]);
  ASSERT_NE(graph.nodes[0].inputs[2], graph.nodes[2].inputs[2]);
  for (const size_t node : {0u, 2u}) {
    const float input = input_of(graph, node, 0).quantization.scale[0];
    const auto &weight = input_of(graph, node, 1).quantization.scale,
               &scale = input_of(graph, node, 2).quantization.scale;
    const auto stored = result.constant_as<int32_t>(input_of(graph, node, 2));
    for (size_t c = 0; c < 2; ++c) {
      EXPECT_FLOAT_EQ(scale[c], input * weight[c]);
      EXPECT_NEAR(static_cast<float>(stored[c]) * scale[c], c == 0 ? 0.5f : -0.5f, scale[c]);
    }
  }
}

// TensorFlow Lite's default interpreter takes the zero point of a product's right-hand side for 0.
TEST(QuantizeInt8, TheRightHandSideOfAProductHasZeroPointZero) {
  for (const bool is_shared : {false, true}) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {1, 4, 4});
    const int gate = b.tensor("gate", DataType::float32, {1, 4, 4});
    const int turned = b.tensor("turned", DataType::float32, {1, 4, 4});
    const int y = b.output("y", DataType::float32, {1, 4, 4});
    b.node(OpCode::add, {x, b.constant("two", DataType::float32, {1}, std::vector<float>{2})}, {gate},
           ModelBuilder::options("AddOptions", {{"pot_scale_int16", int64_t{0}}}));
    b.node(OpCode::transpose, {gate, b.constant("order", DataType::int32, {3}, std::vector<int32_t>{0, 2, 1})},
           {turned}, ModelBuilder::options("TransposeOptions"));
    b.node(OpCode::batch_matmul, {is_shared ? gate : x, turned}, {y}, ModelBuilder::options("BatchMatMulOptions"));
    const Model result = quantized(b.load(), {.mode = Mode::int8_only});
    const Graph& graph = result.graphs[0];
    const size_t product = graph.nodes.size() - 1;
    EXPECT_EQ(graph.nodes[product].op, OpCode::batch_matmul);
    EXPECT_EQ(input_of(graph, product, 1).quantization.zero_point, std::vector<int64_t>{0});
    // A private value takes it where it is made, at no cost; a shared one keeps its range and is rescaled.
    EXPECT_EQ(graph.nodes.size(), is_shared ? 4u : 3u);
    EXPECT_EQ(output_of(graph, 0).quantization.zero_point[0] == 0, !is_shared);
  }
}

TEST(QuantizeInt8, TakesRangesFromStatistics) {
  const auto model = conv_model().b.load();
  const Statistics statistics = calibrated(model);
  const Model result = quantize(*model, {.mode = Mode::int8_only}, &statistics);
  const Graph& graph = result.graphs[0];
  const Range range = *statistics.range(0, 0);
  const Parameters expected = activation_parameters(range.min, range.max);
  const Tensor& in = at(graph, graph.inputs[0]);
  EXPECT_EQ(in.quantization.scale, std::vector<float>{expected.scale});
  EXPECT_EQ(in.quantization.zero_point, std::vector<int64_t>{expected.zero_point});
  // Weights per channel, the bias's scale the product.
  const Tensor &weights = input_of(graph, 0, 1), &bias = input_of(graph, 0, 2);
  ASSERT_EQ(weights.quantization.scale.size(), 3u);
  EXPECT_EQ(weights.quantization.axis, 0);
  EXPECT_EQ(weights.name, "weights");
  EXPECT_EQ(bias.type, DataType::int32);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(bias.quantization.scale[c],
              static_cast<float>(double{expected.scale} * double{weights.quantization.scale[c]}));
  }
}

TEST(QuantizeInt16x8Only, HasInt16ActivationsAndInt64Biases) {
  const auto model = conv_model().b.load();
  const Statistics statistics = calibrated(model);
  const Model result = quantize(*model, {.mode = Mode::int16x8_only}, &statistics);
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::conv_2d, OpCode::softmax}));
  const Tensor& in = at(graph, graph.inputs[0]);
  EXPECT_EQ(in.type, DataType::int16);
  const Range range = *statistics.range(0, 0);
  EXPECT_EQ(in.quantization.scale, std::vector<float>{int16_parameters(range.min, range.max).scale});
  EXPECT_EQ(in.quantization.zero_point, std::vector<int64_t>{0});
  const Tensor &weights = input_of(graph, 0, 1), &bias = input_of(graph, 0, 2);
  EXPECT_EQ(weights.type, DataType::int8);
  EXPECT_EQ(bias.type, DataType::int64);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(bias.quantization.scale[c], in.quantization.scale[0] * weights.quantization.scale[c]);
  }
  EXPECT_EQ(output_of(graph, 1).quantization.scale, std::vector<float>{1.0f / 32768});
}

TEST(QuantizeInt16x8, WritesGeneralScalesOfSums) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {4});
  const int offset = b.constant("offset", DataType::float32, {4}, std::vector<float>{0.1f, -0.2f, 0.3f, 0.4f});
  const int y = b.output("y", DataType::float32, {4});
  b.node(OpCode::add, {x, offset}, {y}, ModelBuilder::options("AddOptions", {{"pot_scale_int16", int64_t{1}}}));
  const Model result = quantized(b.load(), {.mode = Mode::int16x8});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::quantize, OpCode::add, OpCode::dequantize}));
  EXPECT_FALSE(graph.nodes[1].options.flag("pot_scale_int16", true));
  EXPECT_EQ(input_of(graph, 1, 1).type, DataType::int16);
}

TEST(QuantizeInt16x8, GivesTiedOperandsTheirOwnRanges) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {4});
  const int tenth = b.constant("tenth", DataType::float32, {1}, std::vector<float>{0.1f});
  const int small = b.tensor("small", DataType::float32, {4});
  const int y = b.output("y", DataType::float32, {8});
  b.node(OpCode::mul, {x, tenth}, {small});
  b.node(OpCode::concatenation, {x, small}, {y}, ModelBuilder::options("ConcatenationOptions", {{"axis", int64_t{0}}}));
  const Model result = quantized(b.load(), {.mode = Mode::int16x8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::mul, OpCode::quantize, OpCode::concatenation}));
  EXPECT_LT(output_of(graph, 0).quantization.scale[0], 0.2f * output_of(graph, 2).quantization.scale[0]);
}

// x -> RELU -> a custom operator that is not executed -> y
ModelBuilder detection_model(bool with_reader) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int scores = b.tensor("scores", DataType::float32, {1, 4});
  const int boxes =
      with_reader ? b.tensor("boxes", DataType::float32, {1, 4}) : b.output("boxes", DataType::float32, {1, 4});
  b.node(OpCode::relu, {x}, {scores});
  b.node(OpCode::custom, {scores}, {boxes}).custom_code = "Detections";
  if (with_reader) b.node(OpCode::relu, {boxes}, {b.output("y", DataType::float32, {1, 4})});
  return b;
}

TEST(QuantizeInt8Only, LeavesResultsOfAFinalCustomOperatorInFloat) {
  const auto model = detection_model(false).load();
  const Model result = quantized(model, {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::relu, OpCode::dequantize, OpCode::custom}));
  EXPECT_EQ(at(graph, graph.inputs[0]).type, DataType::int8);
  EXPECT_EQ(at(graph, graph.outputs[0]).type, DataType::float32);
}

TEST(QuantizeInt8, LeavesWhatFollowsAnUnknownOperatorInFloat) {
  const auto model = detection_model(true).load();
  const Model result = quantized(model, {.mode = Mode::int8});
  EXPECT_EQ(operators(result.graphs[0]),
            (std::vector{OpCode::quantize, OpCode::relu, OpCode::dequantize, OpCode::custom, OpCode::relu}));
  try {
    quantized(model, {.mode = Mode::int8_only});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    EXPECT_NE(error.message().find("operator 2 (RELU)"), std::string::npos) << error.message();
  }
}

// A head that joins boxes in pixels and scores, as detectors do.
TEST(QuantizeInt8, JoinsVeryDifferentRangesInFloatWhereTheResultLeaves) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {4});
  const int pixels = b.constant("pixels", DataType::float32, {1}, std::vector<float>{640});
  const int boxes = b.tensor("boxes", DataType::float32, {4});
  const int scores = b.tensor("scores", DataType::float32, {4});
  const int y = b.output("y", DataType::float32, {8});
  b.node(OpCode::mul, {x, pixels}, {boxes});
  b.node(OpCode::logistic, {x}, {scores});
  b.node(OpCode::concatenation, {boxes, scores}, {y},
         ModelBuilder::options("ConcatenationOptions", {{"axis", int64_t{0}}}));
  const auto model = b.load();
  const Statistics statistics = calibrated(model);
  std::vector<NodeNote> left;
  const Model result = quantize(*model, {.mode = Mode::int8}, &statistics, &left);
  EXPECT_EQ(operators(result.graphs[0]), (std::vector{OpCode::quantize, OpCode::mul, OpCode::logistic,
                                                      OpCode::dequantize, OpCode::dequantize, OpCode::concatenation}));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].node, (NodeReference{0, 2}));
  EXPECT_EQ(left[0].operator_name, "CONCATENATION");
  // An integer border has one scale anyway, and the user is told.
  const Quantized border = quantize_to_file(*model, {.mode = Mode::int8_only}, &statistics);
  EXPECT_EQ(operators(border.model.graphs[0]).back(), OpCode::concatenation);
  ASSERT_EQ(border.warnings.size(), 1u);
  EXPECT_EQ(border.warnings[0].node, (NodeReference{0, 2}));
  EXPECT_NE(border.warnings[0].reason.find("differ by a factor of"), std::string::npos);
}

// Their kernel fails where a stored divisor is 0: int16 stores 0 for what is far below the largest one.
TEST(QuantizeInt16x8, QuotientsAreIntegersWhereNoDivisorIsStoredAsZero) {
  for (const auto& [least, op_type] :
       {std::pair(0.5f, DataType::int16), {1e-6f, DataType::float32}, {-0.5f, DataType::float32}}) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {2}), z = b.input("z", DataType::float32, {2});
    b.node(OpCode::div, {x, z}, {b.output("y", DataType::float32, {2})});
    const auto model = b.load();
    const CalibrationModel extended = calibration_model(*model);
    Session session(Plan::make(extended.model, 0, {}, extended.options()));
    Statistics statistics(*model);
    const std::array<float, 2> numerators = {1e-3f, 1}, divisors = {least, 2};
    std::memcpy(session.input(0).data(), numerators.data(), sizeof(numerators));
    std::memcpy(session.input(1).data(), divisors.data(), sizeof(divisors));
    calibrate_sample(session, statistics, 0);
    const Graph graph = quantize(*model, {.mode = Mode::int16x8}, &statistics).graphs[0];
    const auto div =
        std::find_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return n.op == OpCode::div; });
    ASSERT_NE(div, graph.nodes.end());
    EXPECT_EQ(at(graph, div->inputs[1]).type, op_type) << least;
  }
}

TEST(QuantizeInt8, WritesQuotientsAsProductsWithATableOfInverses) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {4}), z = b.input("z", DataType::float32, {4});
  b.node(OpCode::div, {x, z}, {b.output("y", DataType::float32, {4})});
  const auto model = b.load();
  const CalibrationModel extended = calibration_model(*model);
  Session session(Plan::make(extended.model, 0, {}, extended.options()));
  Statistics statistics(*model);
  const std::array<float, 4> numerators = {-1, 0.5, 0.25, 1}, divisors = {0.5, 1, 1.5, 2};
  std::memcpy(session.input(0).data(), numerators.data(), sizeof(numerators));
  std::memcpy(session.input(1).data(), divisors.data(), sizeof(divisors));
  calibrate_sample(session, statistics, 0);
  const Model result = quantize(*model, {.mode = Mode::int8}, &statistics);
  const auto codes = operators(result.graphs[0]);
  EXPECT_EQ(std::count(codes.begin(), codes.end(), OpCode::div), 0);
  EXPECT_EQ(std::count(codes.begin(), codes.end(), OpCode::mul), 1);
  Session quantized(Plan::make(std::make_shared<const Model>(result), 0, {}, {}));
  std::memcpy(quantized.input(0).data(), numerators.data(), sizeof(numerators));
  std::memcpy(quantized.input(1).data(), divisors.data(), sizeof(divisors));
  quantized.run();
  std::array<float, 4> found;
  std::memcpy(found.data(), quantized.output(0).data(), sizeof(found));
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], numerators[i] / divisors[i], 0.05f) << i;
}

TEST(QuantizeDynamic, KeepsTheScalesOfBlockwiseWeights) {
  ModelBuilder b;
  const int unused = b.constant("unused", DataType::float32, {1}, std::vector<float>{1});
  const int scales = b.constant("scales", DataType::float16, {2, 1}, std::vector<uint16_t>{0x3c00, 0x3c00});
  const int x = b.input("x", DataType::float32, {1, 32});
  const int weights = b.constant("weights", DataType::int4, {2, 32}, std::vector<int8_t>(32, 1));
  b.at(weights).has_quantization = true;
  b.at(weights).quantization.details =
      ModelBuilder::options("BlockwiseQuantization", {{"scales", int64_t{scales}}, {"block_size", int64_t{32}}});
  const int y = b.output("y", DataType::float32, {1, 2});
  b.node(OpCode::fully_connected, {x, weights, kNoTensor}, {y}, ModelBuilder::options("FullyConnectedOptions"));
  ASSERT_EQ(unused, 0);
  const Model result = quantized(b.load(), {.mode = Mode::dynamic});
  const Tensor& kept = input_of(result.graphs[0], 0, 1);
  EXPECT_EQ(at(result.graphs[0], static_cast<int32_t>(kept.quantization.details.integer("scales"))).name, "scales");
}

TEST(QuantizeInt8Only, TakesActivationsForTheWeightsOfFullyConnected) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {2, 4}), w = b.input("w", DataType::float32, {3, 4});
  b.node(OpCode::fully_connected, {x, w, kNoTensor}, {b.output("y", DataType::float32, {2, 3})},
         ModelBuilder::options("FullyConnectedOptions"));
  const Model result = quantized(b.load(), {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::fully_connected}));
  EXPECT_EQ(graph.nodes[0].inputs[1], graph.inputs[1]);
}

TEST(QuantizeFloat16, LeavesSmallConstantsAsTheyAre) {
  EXPECT_EQ(operators(quantized(conv_model().b.load(), {.mode = Mode::float16}).graphs[0]),
            (std::vector{OpCode::conv_2d, OpCode::softmax}));
}

TEST(QuantizeInt8, FusesActivationsIntoTheOperatorBefore) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {4}), z = b.input("z", DataType::float32, {4});
  const int sum = b.tensor("sum", DataType::float32, {4});
  const int y = b.output("y", DataType::float32, {4});
  b.node(OpCode::add, {x, z}, {sum}, ModelBuilder::options("AddOptions"));
  b.node(OpCode::relu, {sum}, {y});
  const auto model = b.load();
  const Graph fused = quantized(model, {.mode = Mode::int8_only}).graphs[0];
  EXPECT_EQ(operators(fused), (std::vector{OpCode::add}));
  EXPECT_EQ(fused.nodes[0].options.integer("fused_activation_function"), 1);
  EXPECT_EQ(output_of(fused, 0).name, "y");
  EXPECT_EQ(output_of(fused, 0).quantization.zero_point, std::vector<int64_t>{-128});
  const Graph kept = quantized(model, {.mode = Mode::int8, .keep_float = {{0, 1}}}).graphs[0];
  EXPECT_EQ(kept.nodes.back().op, OpCode::relu);
}

TEST(QuantizeInt8, KeepsChosenNodesInInt16) {
  const auto model = conv_model().b.load();
  const Model result = quantized(model, {.mode = Mode::int8, .io = DataType::int8, .keep_int16 = {{0, 1}}});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph),
            (std::vector{OpCode::conv_2d, OpCode::dequantize, OpCode::quantize, OpCode::softmax, OpCode::quantize}));
  EXPECT_EQ(output_of(graph, 0).type, DataType::int8);
  EXPECT_EQ(output_of(graph, 3).type, DataType::int16);
  EXPECT_EQ(at(graph, graph.outputs[0]).type, DataType::int8);
}

TEST(QuantizeInt8, CentresActivationsOnRequest) {
  const auto model = conv_model().b.load();
  const Model result = quantized(model, {.mode = Mode::int8_only, .symmetric_activations = true});
  EXPECT_EQ(at(result.graphs[0], result.graphs[0].inputs[0]).quantization.zero_point, std::vector<int64_t>{0});
}

TEST(QuantizeInt8Only, HasIntegerBorders) {
  const auto model = conv_model().b.load();
  const Model result = quantized(model, {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::conv_2d, OpCode::softmax}));
  EXPECT_EQ(at(graph, graph.inputs[0]).type, DataType::int8);
  EXPECT_EQ(at(graph, graph.inputs[0]).name, "image");
  EXPECT_EQ(at(graph, graph.outputs[0]).type, DataType::int8);
  EXPECT_EQ(at(graph, graph.outputs[0]).name, "scores");
}

TEST(QuantizeInt8Only, MakesUnsignedBordersByQuantize) {
  const auto model = conv_model().b.load();
  const Model result = quantized(model, {.mode = Mode::int8_only, .io = DataType::uint8});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::quantize, OpCode::conv_2d, OpCode::softmax, OpCode::quantize}));
  const Tensor &in = at(graph, graph.inputs[0]), &inside = output_of(graph, 0), &out = at(graph, graph.outputs[0]);
  EXPECT_EQ(in.type, DataType::uint8);
  EXPECT_EQ(in.name, "image");
  EXPECT_EQ(in.quantization.scale, inside.quantization.scale);
  EXPECT_EQ(in.quantization.zero_point[0], inside.quantization.zero_point[0] + 128);
  EXPECT_EQ(out.type, DataType::uint8);
  EXPECT_EQ(out.quantization.zero_point, std::vector<int64_t>{0});
  EXPECT_EQ(result.signatures[0].outputs[0].tensor, static_cast<uint32_t>(graph.outputs[0]));
}

TEST(QuantizeInt8Only, RefusesFloatOperatorsInOneMessage) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 8});
  const int a = b.tensor("a", DataType::float32, {1, 8}), c = b.tensor("c", DataType::float32, {1, 8});
  const int y = b.output("y", DataType::float32, {1, 8});
  const int axis = b.constant("axis", DataType::int32, {}, std::vector<int32_t>{1});
  b.node(OpCode::cumsum, {x, axis}, {a}, ModelBuilder::options("CumsumOptions"));
  b.node(OpCode::relu, {a}, {c});
  b.node(OpCode::cumsum, {c, axis}, {y}, ModelBuilder::options("CumsumOptions"));
  const auto model = b.load();
  const Statistics statistics = calibrated(model);
  try {
    quantize(*model, {.mode = Mode::int8_only}, &statistics);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    EXPECT_NE(error.message().find("operator 0 (CUMSUM) of subgraph 0: no integer kernel exists"), std::string::npos);
    EXPECT_NE(error.message().find("operator 2 (CUMSUM) of subgraph 0"), std::string::npos);
    EXPECT_EQ(error.message().find("RELU"), std::string::npos);
    EXPECT_NE(error.hint().find("int8"), std::string::npos);
  }
  // int8 keeps them between DEQUANTIZE and QUANTIZE.
  const Model result = quantize(*model, {.mode = Mode::int8}, &statistics);
  EXPECT_EQ(operators(result.graphs[0]),
            (std::vector{OpCode::cumsum, OpCode::quantize, OpCode::relu, OpCode::dequantize, OpCode::cumsum}));
}

TEST(QuantizeInt8, GivesAConvolutionWithoutBiasZeros) {
  const auto model = conv_model(false).b.load();
  const Model result = quantized(model, {.mode = Mode::int8_only});
  const Tensor& bias = input_of(result.graphs[0], 0, 2);
  EXPECT_EQ(bias.type, DataType::int32);
  EXPECT_EQ(bias.shape, Shape({3}));
  const auto values = result.constant_as<int32_t>(bias);
  EXPECT_EQ(std::vector<int32_t>(values.begin(), values.end()), std::vector<int32_t>(3, 0));
}

TEST(QuantizeInt8, KeepsNamedNodesInFloat) {
  const auto model = conv_model().b.load();
  const Model result = quantized(model, {.mode = Mode::int8, .keep_float = {{0, 0}}});
  EXPECT_EQ(operators(result.graphs[0]),
            (std::vector{OpCode::conv_2d, OpCode::quantize, OpCode::softmax, OpCode::dequantize}));
  EXPECT_EQ(input_of(result.graphs[0], 0, 1).type, DataType::float32);
}

TEST(QuantizeInt8, TiesConcatenationThroughItsProducers) {
  // Two RELU of different ranges: both write under the result's parameters, no QUANTIZE between.
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int tenth = b.constant("tenth", DataType::float32, {1}, std::vector<float>{0.1f});
  const int small = b.tensor("small", DataType::float32, {1, 4}), large = b.tensor("large", DataType::float32, {1, 4});
  const int y = b.output("y", DataType::float32, {1, 8});
  b.node(OpCode::mul, {x, tenth}, {small}, ModelBuilder::options("MulOptions"));
  b.node(OpCode::add, {x, x}, {large}, ModelBuilder::options("AddOptions"));
  b.node(OpCode::concatenation, {small, large}, {y},
         ModelBuilder::options("ConcatenationOptions", {{"axis", int64_t{1}}}));
  const Model result = quantized(b.load(), {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::mul, OpCode::add, OpCode::concatenation}));
  EXPECT_EQ(output_of(graph, 0).quantization, output_of(graph, 2).quantization);
  EXPECT_EQ(output_of(graph, 1).quantization, output_of(graph, 2).quantization);
}

TEST(QuantizeInt8, QuantizesAfterAPrescribedResultThatIsTied) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int gate = b.tensor("gate", DataType::float32, {1, 4});
  const int y = b.output("y", DataType::float32, {1, 8});
  b.node(OpCode::logistic, {x}, {gate});
  b.node(OpCode::concatenation, {gate, x}, {y}, ModelBuilder::options("ConcatenationOptions", {{"axis", int64_t{1}}}));
  const Model result = quantized(b.load(), {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::logistic, OpCode::quantize, OpCode::concatenation}));
  EXPECT_EQ(output_of(graph, 0).quantization.scale, std::vector<float>{1.0f / 256});
  EXPECT_EQ(input_of(graph, 2, 0).quantization, output_of(graph, 2).quantization);
  EXPECT_EQ(input_of(graph, 2, 1).quantization, output_of(graph, 2).quantization);
}

TEST(QuantizeInt8, PassesParametersThroughMovement) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int shape = b.constant("shape", DataType::int32, {2}, std::vector<int32_t>{2, 2});
  const int moved = b.tensor("moved", DataType::float32, {2, 2});
  const int y = b.output("y", DataType::float32, {2, 2});
  b.node(OpCode::reshape, {x, shape}, {moved}, ModelBuilder::options("ReshapeOptions"));
  b.node(OpCode::relu, {moved}, {y});
  const Model result = quantized(b.load(), {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(output_of(graph, 0).quantization, at(graph, graph.inputs[0]).quantization);
  EXPECT_EQ(input_of(graph, 0, 1).type, DataType::int32);
}

TEST(QuantizeInt8, CopiesASharedConstantPerNeed) {
  // The same weights behind inputs of different scales, with a bias that overflows for the one alone.
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 2});
  const int tiny = b.constant("tiny", DataType::float32, {1}, std::vector<float>{1e-12f});
  const int scaled = b.tensor("scaled", DataType::float32, {1, 2});
  const int weights = b.constant("weights", DataType::float32, {2, 2}, std::vector<float>{1, 2, 3, 4});
  const int bias = b.constant("bias", DataType::float32, {2}, std::vector<float>{100, 0});
  const int first = b.output("first", DataType::float32, {1, 2}),
            second = b.output("second", DataType::float32, {1, 2});
  b.node(OpCode::mul, {x, tiny}, {scaled}, ModelBuilder::options("MulOptions"));
  b.node(OpCode::fully_connected, {x, weights, bias}, {first}, ModelBuilder::options("FullyConnectedOptions"));
  b.node(OpCode::fully_connected, {scaled, weights, bias}, {second}, ModelBuilder::options("FullyConnectedOptions"));
  const Model result = quantized(b.load(), {.mode = Mode::int8_only});
  const Graph& graph = result.graphs[0];
  EXPECT_NE(graph.nodes[1].inputs[1], graph.nodes[2].inputs[1]);
  EXPECT_NE(input_of(graph, 1, 1).quantization.scale[0], input_of(graph, 2, 1).quantization.scale[0]);
  EXPECT_EQ(input_of(graph, 1, 1).quantization.scale[1], input_of(graph, 2, 1).quantization.scale[1]);
}

TEST(QuantizeInt8, DoesNotDependOnAnythingButItsInputs) {
  const auto model = conv_model().b.load();
  for (const Mode mode : {Mode::dynamic, Mode::int8, Mode::int8_only, Mode::float16}) {
    EXPECT_EQ(save_model(quantized(model, {.mode = mode})), save_model(quantized(model, {.mode = mode})));
  }
}

TEST(QuantizeInt8, NeedsStatisticsOfThisModel) {
  const auto model = conv_model().b.load(), other = conv_model(true, 4).b.load();
  const auto code_with = [&](const Statistics* statistics) {
    try {
      quantize(*model, {.mode = Mode::int8}, statistics);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  const Statistics empty(*model), foreign = calibrated(other);
  EXPECT_EQ(code_with(nullptr), ErrorCode::empty_dataset);
  EXPECT_EQ(code_with(&empty), ErrorCode::empty_dataset);
  EXPECT_EQ(code_with(&foreign), ErrorCode::bad_argument);
}

TEST(Quantize, RefusesWeightsThatAreNotFinite) {
  ConvModel made = conv_model(true, 40, 40);
  std::vector<float> values = noise(1600, 5);
  values[7] = std::numeric_limits<float>::quiet_NaN();
  made.b.at(made.weights).buffer = made.b.model().add_buffer(Buffer::of(values));
  const auto model = made.b.load();
  Statistics statistics(*model);  // calibration would stop at the same weight
  for (const int32_t tensor : {made.x, made.hidden, made.y}) statistics.observe(0, tensor, noise(8, 1));
  statistics.count_sample(0);
  for (const Mode mode : {Mode::dynamic, Mode::int8, Mode::int8_only, Mode::float16}) {
    try {
      quantize(*model, {.mode = mode}, &statistics);
      ADD_FAILURE() << mode_name(mode);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::nonfinite_weight);
      EXPECT_EQ(error.place().name, "weights");
    }
  }
}

TEST(QuantizeDynamic, TurnsLargeWeightsOnly) {
  const Model small = quantized(conv_model(true, 3, 2).b.load(), {.mode = Mode::dynamic});
  EXPECT_EQ(input_of(small.graphs[0], 0, 1).type, DataType::float32);
  const Model large = quantized(conv_model(true, 32, 32).b.load(), {.mode = Mode::dynamic});
  const Tensor& weights = input_of(large.graphs[0], 0, 1);
  EXPECT_EQ(weights.type, DataType::int8);
  EXPECT_EQ(weights.quantization.scale.size(), 32u);
  EXPECT_EQ(input_of(large.graphs[0], 0, 2).type, DataType::float32);
  EXPECT_EQ(large.graphs[0].nodes[0].version, 5);
  EXPECT_EQ(operators(large.graphs[0]), (std::vector{OpCode::conv_2d, OpCode::softmax}));
}

TEST(QuantizeDynamic, RestoresWhatIsGatheredFromATable) {
  ModelBuilder b;
  const int ids = b.input("ids", DataType::int32, {3});
  const int table = b.constant("table", DataType::float32, {64, 32}, noise(64 * 32, 5));
  const int small = b.constant("small", DataType::float32, {64, 2}, noise(64 * 2, 6));
  const int rows = b.output("rows", DataType::float32, {3, 32});
  const int kept = b.output("kept", DataType::float32, {3, 2});
  b.node(OpCode::gather, {table, ids}, {rows}, b.options("GatherOptions"));
  b.node(OpCode::gather, {small, ids}, {kept}, b.options("GatherOptions"));
  const auto before = b.load();
  const auto made = std::make_shared<const Model>(quantized(before, {.mode = Mode::dynamic}));
  const Graph& graph = made->graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::gather, OpCode::dequantize, OpCode::gather}));
  EXPECT_EQ(input_of(graph, 0, 0).type, DataType::int8);
  EXPECT_EQ(output_of(graph, 0).quantization.scale, input_of(graph, 0, 0).quantization.scale);
  EXPECT_EQ(output_of(graph, 1).name, "rows");
  EXPECT_EQ(input_of(graph, 2, 0).type, DataType::float32);
  EXPECT_EQ(graph.nodes[0].version, 2);
  EXPECT_EQ(graph.nodes[1].version, 2);
  EXPECT_LT(save_model(*made).size() + 64 * 32 * 2, save_model(*before).size());
  Session reference(Plan::make(before, 0, {}, {})), candidate(Plan::make(made, 0, {}, {}));
  for (Session* session : {&reference, &candidate}) {
    const std::vector<int32_t> picks = {63, 0, 17};
    std::memcpy(session->input(0).data(), picks.data(), sizeof(int32_t) * picks.size());
    session->run();
  }
  std::vector<float> want(3 * 32), found(3 * 32);
  std::memcpy(want.data(), reference.output(0).data(), sizeof(float) * want.size());
  std::memcpy(found.data(), candidate.output(0).data(), sizeof(float) * found.size());
  const float step = input_of(graph, 0, 0).quantization.scale[0];
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(found[i], want[i], step * 0.501f) << i;
  const Model kept_float = quantized(before, {.mode = Mode::dynamic, .keep_float = {{0, 0}}});
  EXPECT_EQ(operators(kept_float.graphs[0]), (std::vector{OpCode::gather, OpCode::gather}));
}

TEST(QuantizeFloat16, PutsADequantizeAfterEachConstant) {
  const Model result = quantized(conv_model().b.load(), {.mode = Mode::float16, .float16_minimum_elements = 1});
  const Graph& graph = result.graphs[0];
  EXPECT_EQ(operators(graph), (std::vector{OpCode::dequantize, OpCode::dequantize, OpCode::conv_2d, OpCode::softmax}));
  EXPECT_EQ(input_of(graph, 0, 0).type, DataType::float16);
  EXPECT_EQ(output_of(graph, 0).type, DataType::float32);
  EXPECT_EQ(graph.nodes[0].version, 3);
}

TEST(QuantizeFloat16, KeepsAConstantThatWouldOverflow) {
  ConvModel made = conv_model();
  made.b.at(made.bias).buffer = made.b.model().add_buffer(Buffer::of(std::vector<float>{1e5f, 0, 0}));
  const Model result = quantized(made.b.load(), {.mode = Mode::float16, .float16_minimum_elements = 1});
  EXPECT_EQ(operators(result.graphs[0]), (std::vector{OpCode::dequantize, OpCode::conv_2d, OpCode::softmax}));
  EXPECT_EQ(input_of(result.graphs[0], 1, 2).type, DataType::float32);
}

TEST(QuantizeFloat16, AHalfModelCanBeQuantizedFurther) {
  const auto half = std::make_shared<const Model>(
      quantized(conv_model().b.load(), {.mode = Mode::float16, .float16_minimum_elements = 1}));
  const Model result = quantized(half, {.mode = Mode::int8_only});
  EXPECT_EQ(operators(result.graphs[0]), (std::vector{OpCode::conv_2d, OpCode::softmax}));
}

TEST(QuantizeInt8, LeavesQuantizedPartsAlone) {
  const auto model = std::make_shared<const Model>(quantized(conv_model().b.load(), {.mode = Mode::int8}));
  const Model again = quantized(model, {.mode = Mode::int8});
  EXPECT_EQ(operators(again.graphs[0]), operators(model->graphs[0]));
}

TEST(QuantizeInt8, ResultsStayCloseToFloat) {
  const auto model = conv_model(true, 8, 16).b.load();
  const auto result = std::make_shared<const Model>(quantized(model, {.mode = Mode::int8}));
  Session before(Plan::make(model, 0, {}, {})), after(Plan::make(result, 0, {}, {}));
  const auto image = noise(before.input(0).size() / 4, 1);
  std::memcpy(before.input(0).data(), image.data(), before.input(0).size());
  std::memcpy(after.input(0).data(), image.data(), after.input(0).size());
  before.run();
  after.run();
  const auto* expected = reinterpret_cast<const float*>(before.output(0).data());
  const auto* found = reinterpret_cast<const float*>(after.output(0).data());
  for (size_t i = 0; i < before.output(0).size() / 4; ++i) EXPECT_NEAR(found[i], expected[i], 0.02) << i;
}

}  // namespace
}  // namespace litequant
