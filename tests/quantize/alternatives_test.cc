#include "quantize/alternatives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "../format/model_builder.h"
#include "base/error.h"
#include "quantize/calibrate.h"
#include "quantize/quantize.h"

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

// Input i of a sample: `scale` * noise + `offset`.
struct Samples {
  float scale = 1, offset = 0;

  void write(Session& session, uint32_t sample) const {
    for (size_t i = 0; i < session.plan().graph().inputs.size(); ++i) {
      auto values = noise(session.input(i).size() / 4, 100 * sample + static_cast<uint32_t>(i) + 1);
      for (float& value : values) value = scale * value + offset;
      std::memcpy(session.input(i).data(), values.data(), session.input(i).size());
    }
  }
};

Statistics calibrated(const std::shared_ptr<const Model>& model, Samples samples) {
  const CalibrationModel extended = calibration_model(*model);
  Session session(Plan::make(extended.model, 0, {}, extended.options()));
  Statistics statistics(*model);
  for (uint32_t sample = 0; sample < 4; ++sample) {
    samples.write(session, sample);
    calibrate_sample(session, statistics, sample);
  }
  return statistics;
}

std::vector<float> run(const Model& model, Samples samples) {
  Session session(Plan::make(std::make_shared<const Model>(model), 0, {}, {}));
  std::vector<float> all;
  for (uint32_t sample = 0; sample < 4; ++sample) {
    samples.write(session, sample);
    session.run();
    std::vector<float> values(session.output(0).size() / 4);
    std::memcpy(values.data(), session.output(0).data(), session.output(0).size());
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

double sqnr(std::span<const float> expected, std::span<const float> found) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    signal += double{expected[i]} * double{expected[i]};
    noise += (double{expected[i]} - double{found[i]}) * (double{expected[i]} - double{found[i]});
  }
  return noise == 0 ? 200 : 10 * std::log10(signal / noise);
}

std::vector<OpCode> inner_operators(const Model& model) {
  std::vector<OpCode> codes;
  for (const Node& node : model.graphs[0].nodes) {
    if (node.op != OpCode::quantize && node.op != OpCode::dequantize) codes.push_back(node.op);
  }
  return codes;
}

using Build = std::function<void(ModelBuilder& b, int x, int y)>;

std::shared_ptr<const Model> one(const Build& build, Shape in = {2, 3, 8}, Shape out = {2, 3, 8}) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, std::move(in));
  const int y = b.output("y", DataType::float32, std::move(out));
  build(b, x, y);
  return b.load();
}

// The operators that the mode writes; the output's SQNR must reach `least` decibels, and the `-only` mode must accept.
std::vector<OpCode> written(const std::shared_ptr<const Model>& model, Mode mode, double least, Samples samples = {}) {
  const Statistics statistics = calibrated(model, samples);
  const Model result = quantize(*model, {.mode = mode}, &statistics);
  EXPECT_GE(sqnr(run(*model, samples), run(result, samples)), least);
  const Mode only = mode == Mode::int8 ? Mode::int8_only : Mode::int16x8_only;
  EXPECT_NO_THROW(quantize(*model, {.mode = only}, &statistics));
  for (const Node& node : result.graphs[0].nodes) {
    if (node.op == OpCode::quantize || node.op == OpCode::dequantize) continue;
    for (const int32_t t : node.inputs) {
      EXPECT_NE(result.graphs[0].tensors[static_cast<size_t>(t)].type, DataType::float32) << operator_name(node);
    }
  }
  return inner_operators(result);
}

Build plain(OpCode op, Options options = {}) {
  return [=](ModelBuilder& b, int x, int y) { b.node(op, {x}, {y}, options); };
}
Build with_constant(OpCode op, float value) {
  return [=](ModelBuilder& b, int x, int y) {
    b.node(op, {x, b.constant("c", DataType::float32, {}, std::vector<float>{value})}, {y});
  };
}

TEST(Alternatives, SquareIsAProduct) {
  const auto model = one(plain(OpCode::square));
  EXPECT_EQ(written(model, Mode::int8, 35), (std::vector{OpCode::mul}));
  EXPECT_EQ(written(model, Mode::int16x8, 80), (std::vector{OpCode::mul}));
}

TEST(Alternatives, NegationIsAProduct) {
  const auto model = one(plain(OpCode::neg));
  EXPECT_EQ(written(model, Mode::int8, 40, {1, 0.5f}), (std::vector{OpCode::mul}));
  EXPECT_EQ(written(model, Mode::int16x8, 80), (std::vector{OpCode::mul}));
}

TEST(Alternatives, ClampsAreMinimumAndMaximum) {
  EXPECT_EQ(written(one(plain(OpCode::relu_n1_to_1)), Mode::int16x8, 75, {3, 0}),
            (std::vector{OpCode::minimum, OpCode::maximum}));
  EXPECT_EQ(written(one(plain(OpCode::relu_0_to_1)), Mode::int16x8, 75, {3, 0}),
            (std::vector{OpCode::minimum, OpCode::maximum}));
}

TEST(Alternatives, SquaredDifferenceIsAProductOfDifferences) {
  const Build build = [](ModelBuilder& b, int x, int y) {
    const int z = b.input("z", DataType::float32, {2, 3, 8});
    b.node(OpCode::squared_difference, {x, z}, {y});
  };
  EXPECT_EQ(written(one(build), Mode::int16x8, 75), (std::vector{OpCode::sub, OpCode::mul}));
}

TEST(Alternatives, TileIsAConcatenation) {
  const Build build = [](ModelBuilder& b, int x, int y) {
    b.node(OpCode::tile, {x, b.constant("m", DataType::int32, {3}, std::vector<int32_t>{2, 1, 3})}, {y});
  };
  EXPECT_EQ(written(one(build, {2, 3, 8}, {4, 3, 24}), Mode::int16x8, 85),
            (std::vector{OpCode::concatenation, OpCode::concatenation}));
}

TEST(Alternatives, HardSwishIn16Bits) {
  EXPECT_EQ(written(one(plain(OpCode::hard_swish)), Mode::int16x8, 75, {5, 0}),
            (std::vector{OpCode::add, OpCode::mul, OpCode::mul}));
}

TEST(Alternatives, PreluIn16Bits) {
  const Build build = [](ModelBuilder& b, int x, int y) {
    b.node(OpCode::prelu, {x, b.constant("alpha", DataType::float32, {1, 8}, noise(8, 3))}, {y});
  };
  EXPECT_EQ(written(one(build), Mode::int16x8, 75),
            (std::vector{OpCode::minimum, OpCode::mul, OpCode::maximum, OpCode::add}));
}

TEST(Alternatives, EluIn16Bits) { EXPECT_EQ(written(one(plain(OpCode::elu)), Mode::int16x8, 65, {4, 0}).size(), 5u); }

// Operators that have a kernel for int16 need none.
TEST(Alternatives, KernelsOfInt16AreTaken) {
  EXPECT_EQ(written(one(plain(OpCode::matrix_diag), {2, 3, 8}, {2, 3, 8, 8}), Mode::int16x8, 85),
            (std::vector{OpCode::matrix_diag}));
  const Build largest = [](ModelBuilder& b, int x, int y) {
    const int k = b.constant("k", DataType::int32, {}, std::vector<int32_t>{3});
    b.node(OpCode::topk_v2, {x, k}, {y, b.output("places", DataType::int32, {2, 3, 3})});
  };
  EXPECT_EQ(written(one(largest, {2, 3, 8}, {2, 3, 3}), Mode::int16x8, 85), (std::vector{OpCode::topk_v2}));
}

TEST(Alternatives, BlocksMoveIn16Bits) {
  const Options block = ModelBuilder::options("DepthToSpaceOptions", {{"block_size", int64_t{2}}});
  const std::vector moves = {OpCode::reshape, OpCode::transpose, OpCode::reshape};
  EXPECT_EQ(written(one(plain(OpCode::depth_to_space, block), {2, 3, 2, 12}, {2, 6, 4, 3}), Mode::int16x8, 85), moves);
  const Options other = ModelBuilder::options("SpaceToDepthOptions", {{"block_size", int64_t{3}}});
  EXPECT_EQ(written(one(plain(OpCode::space_to_depth, other), {2, 6, 3, 2}, {2, 2, 1, 18}), Mode::int16x8, 85), moves);
}

TEST(Alternatives, DivisionByAConstantIsAProduct) {
  const Build build = [](ModelBuilder& b, int x, int y) {
    b.node(OpCode::div, {x, b.constant("c", DataType::float32, {4}, std::vector<float>{1, -2, 3, 4})}, {y});
  };
  EXPECT_EQ(written(one(build, {2, 4}, {2, 4}), Mode::int16x8, 75), (std::vector{OpCode::mul}));
}

TEST(Alternatives, SmallPowers) {
  EXPECT_EQ(written(one(with_constant(OpCode::pow, 2)), Mode::int8, 35), (std::vector{OpCode::mul}));
  EXPECT_EQ(written(one(with_constant(OpCode::pow, 3)), Mode::int16x8, 70), (std::vector{OpCode::mul, OpCode::mul}));
}

TEST(Alternatives, AreNotTakenForAKernelThatExistsOrANodeKeptInFloat) {
  const auto tile = one(
      [](ModelBuilder& b, int x, int y) {
        b.node(OpCode::tile, {x, b.constant("m", DataType::int32, {3}, std::vector<int32_t>{2, 1, 3})}, {y});
      },
      {2, 3, 8}, {4, 3, 24});
  EXPECT_EQ(written(tile, Mode::int8, 40), (std::vector{OpCode::tile}));

  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {8});
  const int first = b.tensor("first", DataType::float32, {8}), y = b.output("y", DataType::float32, {8});
  b.node(OpCode::hard_swish, {x}, {first});
  b.node(OpCode::hard_swish, {first}, {y});
  const auto model = b.load();
  const Statistics statistics = calibrated(model, {});
  // The reference is to the second operator of the model as given.
  const Model result = quantize(*model, {.mode = Mode::int16x8, .keep_float = {{0, 1}}}, &statistics);
  EXPECT_EQ(inner_operators(result), (std::vector{OpCode::add, OpCode::mul, OpCode::mul, OpCode::hard_swish}));
  try {
    quantize(*model, {.mode = Mode::int16x8_only, .keep_float = {{0, 1}}}, &statistics);
    ADD_FAILURE() << "int16x8-only with a float operator";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("operator 1 (HARD_SWISH)"), std::string::npos) << error.message();
  }
}

TEST(Alternatives, LeaveNumbersAndStatisticsOfTheModelAlone) {
  const auto model = one(plain(OpCode::hard_swish));
  const Extended extended = extend(*model);
  ASSERT_EQ(extended.alternatives.size(), 1u);
  EXPECT_EQ(extended.model.graphs[0].nodes.size(), 1u);
  const Statistics statistics = calibrated(model, {});
  EXPECT_NO_THROW(statistics.check_model(*model));
  for (const int32_t t : extended.alternatives[0].inside) EXPECT_TRUE(statistics.range(0, t).has_value());
  EXPECT_EQ(Statistics::from_json(statistics.to_json()), statistics);
}

const std::vector kTable = {OpCode::cast, OpCode::add, OpCode::gather};

TEST(Tables, FunctionsWithoutAnInt8Kernel) {
  for (const OpCode op : {OpCode::sin, OpCode::cos, OpCode::floor, OpCode::ceil, OpCode::round, OpCode::sign}) {
    SCOPED_TRACE(op_code_name(op));
    // A value near a step may fall on its other side.
    const bool has_steps = op != OpCode::sin && op != OpCode::cos;
    EXPECT_EQ(written(one(plain(op)), Mode::int8, has_steps ? 10 : 38, {3, 0.25f}), kTable);
  }
}

TEST(Tables, FunctionsOfAValueAndAConstant) {
  EXPECT_EQ(written(one(with_constant(OpCode::pow, 1.5f)), Mode::int8, 38, {1, 1}), kTable);
  EXPECT_EQ(written(one(with_constant(OpCode::floor_div, 0.5f)), Mode::int8, 10, {3, 0}), kTable);
  EXPECT_EQ(written(one(with_constant(OpCode::pow, 3)), Mode::int8, 35), kTable);
}

TEST(Tables, AreRoundedOnce) {
  const auto model = one(plain(OpCode::sin), {256}, {256});
  const Statistics statistics = calibrated(model, {3, 0});
  const Model result = quantize(*model, {.mode = Mode::int8_only}, &statistics);
  const Graph& graph = result.graphs[0];
  const Quantization &in = graph.tensors[static_cast<size_t>(graph.inputs[0])].quantization,
                     &out = graph.tensors[static_cast<size_t>(graph.outputs[0])].quantization;
  Session session(Plan::make(std::make_shared<const Model>(result), 0, {}, {}));
  for (int q = -128; q < 128; ++q) session.input(0)[static_cast<size_t>(q + 128)] = static_cast<std::byte>(q);
  session.run();
  for (int q = -128; q < 128; ++q) {
    const double real = std::sin(double{in.scale[0]} * static_cast<double>(q - in.zero_point[0]));
    const double exact = real / double{out.scale[0]} + static_cast<double>(out.zero_point[0]);
    const auto found = static_cast<int8_t>(session.output(0)[static_cast<size_t>(q + 128)]);
    EXPECT_LE(std::abs(found - std::clamp(exact, -128.0, 127.0)), 0.5001) << q;
  }
}

TEST(Tables, OfOneTensorShareTheirIndex) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {8});
  const int s = b.output("s", DataType::float32, {8}), c = b.output("c", DataType::float32, {8});
  b.node(OpCode::sin, {x}, {s});
  b.node(OpCode::cos, {x}, {c});
  EXPECT_EQ(written(b.load(), Mode::int8, 35),
            (std::vector{OpCode::cast, OpCode::add, OpCode::gather, OpCode::gather}));
}

}  // namespace
}  // namespace litequant
