// Ranges that quantization-aware training left in the model. Expected scales are those that TensorFlow's converter
// writes for the same ranges.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "../format/model_builder.h"
#include "base/error.h"
#include "quantize/calibrate.h"
#include "quantize/quantize.h"

namespace litequant {
namespace {

enum class Form { nodes, pairs, records };

const std::vector<float> kWeights = {0.9f, -0.3f, 0.25f, -1.0f, 0.1f, 0.7f};

struct Trained {
  ModelBuilder b;
  Form form;

  explicit Trained(Form form) : form(form) {}

  // `from` held to [low, high], as `form` says so; the tensor to read.
  int held(int from, const std::string& name, float low, float high, bool narrow = false) {
    const Shape shape = b.at(from).shape;
    if (form == Form::records) {
      b.at(from).has_quantization = true;
      b.at(from).quantization.min = {low};
      b.at(from).quantization.max = {high};
      return from;
    }
    const int to = b.tensor(name, DataType::float32, shape);
    if (form == Form::nodes) {
      b.node(OpCode::fake_quant, {from}, {to},
             ModelBuilder::options("FakeQuantOptions", {{"min", double{low}},
                                                        {"max", double{high}},
                                                        {"num_bits", int64_t{8}},
                                                        {"narrow_range", int64_t{narrow}}}),
             narrow ? 2 : 1);
      return to;
    }
    const double scale = (double{high} - double{low}) / (narrow ? 254 : 255);
    const auto zero = static_cast<int64_t>(std::round((narrow ? 1 : 0) - double{low} / scale));
    const int stored =
        b.tensor(name + "_stored", DataType::uint8, shape, ModelBuilder::per_tensor(static_cast<float>(scale), zero));
    b.node(OpCode::quantize, {from}, {stored});
    b.node(OpCode::dequantize, {stored}, {to});
    return to;
  }
};

// image -> CONV_2D -> SOFTMAX -> scores, held to ranges at [-1, 1], its weights, [-8, 9] where `holds_hidden`.
Trained trained_model(Form form, bool holds_hidden = true) {
  Trained made(form);
  ModelBuilder& b = made.b;
  const int image = b.input("image", DataType::float32, {1, 2, 2, 2});
  const int x = made.held(image, "image_held", -1, 1);
  const int constant = b.constant("weights", DataType::float32, {3, 1, 1, 2}, kWeights);
  const int weights = form == Form::records ? constant : made.held(constant, "weights_held", -1.27f, 1.27f, true);
  const int bias = b.constant("bias", DataType::float32, {3}, std::vector<float>{0.5f, 0, -0.5f});
  const int hidden = b.tensor("hidden", DataType::float32, {1, 2, 2, 3});
  const int scores = b.output("scores", DataType::float32, {1, 2, 2, 3});
  b.node(OpCode::conv_2d, {x, weights, bias}, {hidden},
         ModelBuilder::options("Conv2DOptions", {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}}));
  const int y = holds_hidden ? made.held(hidden, "hidden_held", -8, 9) : hidden;
  b.node(OpCode::softmax, {y}, {scores}, ModelBuilder::options("SoftmaxOptions", {{"beta", 1.0}}));
  return made;
}

Statistics calibrated(const std::shared_ptr<const Model>& model, float value) {
  const CalibrationModel calibration = calibration_model(*model);
  Session session(Plan::make(calibration.model, 0, {}, calibration.options()));
  Statistics statistics(*model);
  const std::vector<float> values(session.input(0).size() / sizeof(float), value);
  std::memcpy(session.input(0).data(), values.data(), session.input(0).size());
  calibrate_sample(session, statistics, 0);
  return statistics;
}

std::vector<OpCode> operators(const Model& model) {
  std::vector<OpCode> codes;
  for (const Node& node : model.graphs[0].nodes) codes.push_back(node.op);
  return codes;
}
const Tensor& input_of(const Model& model, size_t node, size_t operand) {
  const Graph& graph = model.graphs[0];
  return graph.tensors[static_cast<size_t>(graph.nodes[node].inputs[operand])];
}
const Tensor& output_of(const Model& model, size_t node) {
  const Graph& graph = model.graphs[0];
  return graph.tensors[static_cast<size_t>(graph.nodes[node].outputs[0])];
}
void expect_parameters(const Tensor& tensor, float scale, int64_t zero_point) {
  ASSERT_EQ(tensor.quantization.scale.size(), 1u) << tensor.name;
  EXPECT_FLOAT_EQ(tensor.quantization.scale[0], scale) << tensor.name;
  EXPECT_EQ(tensor.quantization.zero_point[0], zero_point) << tensor.name;
}

std::optional<Error> error_of(const Model& model, const Recipe& recipe, const Statistics* statistics = nullptr) {
  try {
    quantize(model, recipe, statistics);
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

TEST(Prescriptions, CoverAModelWithoutSamples) {
  for (const Form form : {Form::nodes, Form::pairs, Form::records}) {
    SCOPED_TRACE(static_cast<int>(form));
    const auto model = trained_model(form).b.load();
    const Recipe recipe{.mode = Mode::int8_only};
    EXPECT_FALSE(needs_statistics(*model, recipe));
    const Model result = quantize(*model, recipe, nullptr);
    EXPECT_EQ(operators(result), (std::vector{OpCode::conv_2d, OpCode::softmax}));
    expect_parameters(input_of(result, 0, 0), 2.0f / 255, form == Form::records ? -1 : 0);
    expect_parameters(output_of(result, 0), 17.0f / 255, -8);
    expect_parameters(output_of(result, 1), 1.0f / 256, -128);
    EXPECT_EQ(input_of(result, 0, 0).name, "image");
  }
}

TEST(Prescriptions, WeightsKeepTheStepsTheyWereTrainedOn) {
  const std::vector<int8_t> expected = {90, -30, 25, -100, 10, 70};  // steps of 1.27 / 127
  for (const Mode mode : {Mode::int8_only, Mode::int16x8_only, Mode::dynamic}) {
    for (const Form form : {Form::nodes, Form::pairs}) {
      SCOPED_TRACE(mode_name(mode));
      const auto model = trained_model(form).b.load();
      const Model result = quantize(*model, {.mode = mode, .dynamic_minimum_elements = 1}, nullptr);
      EXPECT_EQ(operators(result), (std::vector{OpCode::conv_2d, OpCode::softmax}));
      const Tensor& weights = input_of(result, 0, 1);
      EXPECT_EQ(weights.type, DataType::int8);
      for (const float scale : weights.quantization.scale) EXPECT_FLOAT_EQ(scale, 0.01f);
      const auto stored = result.constant_as<int8_t>(weights);
      EXPECT_EQ(std::vector<int8_t>(stored.begin(), stored.end()), expected);
    }
  }
}

TEST(Prescriptions, WeightsOnOneSidedStepsKeepTheirValues) {
  Trained made(Form::nodes);
  ModelBuilder& b = made.b;
  const int x = made.held(b.input("x", DataType::float32, {1, 2}), "x_held", -1, 1);
  const int weights = made.held(b.constant("weights", DataType::float32, {3, 2}, kWeights), "weights_held", -1, 3);
  const int sum = b.tensor("sum", DataType::float32, {1, 3});
  b.node(OpCode::fully_connected, {x, weights, kNoTensor}, {sum}, ModelBuilder::options("FullyConnectedOptions"));
  b.current().outputs.push_back(made.held(sum, "y", -4, 4));
  const Model result = quantize(*b.load(), {.mode = Mode::int8_only}, nullptr);
  const Tensor& stored = input_of(result, 0, 1);
  const auto values = result.constant_as<int8_t>(stored);
  ASSERT_EQ(values.size(), kWeights.size());
  for (size_t i = 0; i < kWeights.size(); ++i) {
    const float step = std::round(kWeights[i] * 255 / 4) * 4 / 255;
    EXPECT_NEAR(static_cast<float>(values[i]) * stored.quantization.scale[i / 2], step, 0.5f / 127);
  }
  EXPECT_EQ(output_of(result, 0).name, "y");
}

TEST(Prescriptions, CountForMoreThanCalibration) {
  const auto model = trained_model(Form::nodes).b.load();
  const Statistics statistics = calibrated(model, 0.25f);
  const Model result = quantize(*model, {.mode = Mode::int8_only}, &statistics);
  expect_parameters(input_of(result, 0, 0), 2.0f / 255, 0);
  expect_parameters(output_of(result, 0), 17.0f / 255, -8);
}

TEST(Prescriptions, RecordsCountForLessThanCalibration) {
  const auto model = trained_model(Form::records).b.load();
  const Statistics statistics = calibrated(model, 0.25f);
  const Model result = quantize(*model, {.mode = Mode::int8_only}, &statistics);
  expect_parameters(input_of(result, 0, 0), 0.25f / 255, -128);
}

TEST(Prescriptions, NameTheTensorThatTheyDoNotCover) {
  for (const Form form : {Form::nodes, Form::records}) {
    const auto model = trained_model(form, false).b.load();
    const Recipe recipe{.mode = Mode::int8};
    EXPECT_TRUE(needs_statistics(*model, recipe));
    const auto error = error_of(*model, recipe);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::empty_dataset);
    EXPECT_EQ(error->place().name, "hidden");
    const Statistics statistics = calibrated(model, 0.25f);
    EXPECT_NO_THROW(quantize(*model, recipe, &statistics));
  }
}

TEST(Prescriptions, InInt16KeepTheirRange) {
  const auto model = trained_model(Form::nodes).b.load();
  const Model result = quantize(*model, {.mode = Mode::int16x8_only}, nullptr);
  expect_parameters(output_of(result, 0), 9.0f / 32767, 0);
}

TEST(Prescriptions, ASecondRangeOfTheSameValueBecomesARescaling) {
  Trained made(Form::nodes);
  ModelBuilder& b = made.b;
  const int x = b.input("x", DataType::float32, {1, 2});
  const int near = made.held(x, "near", -1, 1), far = made.held(x, "far", -4, 4);
  const int sum = b.tensor("sum", DataType::float32, {1, 2});
  b.node(OpCode::add, {near, far}, {sum}, ModelBuilder::options("AddOptions", {{"pot_scale_int16", int64_t{0}}}));
  b.current().outputs.push_back(made.held(sum, "y", -5, 5));
  const Model result = quantize(*b.load(), {.mode = Mode::int8_only}, nullptr);
  EXPECT_EQ(operators(result), (std::vector{OpCode::mul, OpCode::add}));
  expect_parameters(input_of(result, 1, 0), 2.0f / 255, 0);
  expect_parameters(input_of(result, 1, 1), 8.0f / 255, 0);
}

TEST(Prescriptions, GoInFloatModes) {
  for (const Form form : {Form::nodes, Form::pairs}) {
    const auto model = trained_model(form).b.load();
    const Model halves = quantize(*model, {.mode = Mode::float16, .float16_minimum_elements = 1}, nullptr);
    const auto codes = operators(halves);
    EXPECT_EQ(std::count(codes.begin(), codes.end(), OpCode::fake_quant), 0);
    EXPECT_EQ(std::count(codes.begin(), codes.end(), OpCode::quantize), 0);
    EXPECT_EQ(codes.back(), OpCode::softmax);
  }
}

}  // namespace
}  // namespace litequant
