// Convolutions, FULLY_CONNECTED and BATCH_MATMUL as whole operators: the optimized kernels against the plain loops for
// every mix of types and options, the same float results for any batch, and what must be refused.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "runtime/session.h"
#include "support/byte_dot.h"

namespace litequant {
namespace {

using Random = std::mt19937;

int32_t between(Random& random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

std::vector<std::byte> random_bytes(Random& random, DataType type, int64_t count) {
  std::vector<std::byte> bytes(stored_bytes(type, count));
  if (type == DataType::float32 || type == DataType::int32 || type == DataType::int64) {
    const size_t size = bytes_per_element(type);
    for (int64_t i = 0; i < count; ++i) {
      std::byte* at = bytes.data() + static_cast<size_t>(i) * size;
      const int64_t wide = between(random, -4000, 4000);
      const auto narrow = static_cast<int32_t>(wide);
      const auto real = static_cast<float>(wide) / 2000;
      if (type == DataType::float32) std::memcpy(at, &real, size);
      if (type == DataType::int32) std::memcpy(at, &narrow, size);
      if (type == DataType::int64) std::memcpy(at, &wide, size);
    }
  } else {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  }
  return bytes;
}

// A model of one node, built operand by operand.
struct OneNode {
  Model model;
  std::vector<Shape> input_shapes;

  explicit OneNode(OpCode op, std::string table) {
    Graph graph;
    graph.nodes.resize(1);
    graph.nodes[0].op = op;
    graph.nodes[0].options = Options(std::move(table));
    model.graphs.push_back(graph);
  }
  Graph& graph() { return model.graphs[0]; }
  Node& node() { return model.graphs[0].nodes[0]; }
  Tensor& tensor(size_t operand) { return graph().tensors[static_cast<size_t>(node().inputs[operand])]; }
  Tensor& output() { return graph().tensors[static_cast<size_t>(node().outputs[0])]; }

  int32_t add_tensor(DataType type, Shape shape, Quantization quantization) {
    Tensor tensor;
    tensor.name = "t" + std::to_string(graph().tensors.size());
    tensor.type = type;
    tensor.shape = std::move(shape);
    tensor.quantization = std::move(quantization);
    graph().tensors.push_back(tensor);
    return static_cast<int32_t>(graph().tensors.size()) - 1;
  }
  void add_input(DataType type, Shape shape, Quantization quantization = {}) {
    input_shapes.push_back(shape);
    const int32_t index = add_tensor(type, std::move(shape), std::move(quantization));
    node().inputs.push_back(index);
    graph().inputs.push_back(index);
  }
  void add_constant(DataType type, Shape shape, std::span<const std::byte> bytes, Quantization quantization = {}) {
    const int32_t index = add_tensor(type, std::move(shape), std::move(quantization));
    node().inputs.push_back(index);
    graph().tensors[static_cast<size_t>(index)].buffer = model.add_buffer(Buffer::copy_of(bytes));
  }
  void add_output(DataType type, Shape shape, Quantization quantization = {}) {
    const int32_t index = add_tensor(type, std::move(shape), std::move(quantization));
    node().outputs.push_back(index);
    graph().outputs.push_back(index);
  }

  std::shared_ptr<const Plan> plan(KernelSet kernels, bool reproducible = true) const {
    return Plan::make(std::make_shared<const Model>(model), 0, input_shapes,
                      {.kernels = kernels, .reproducible = reproducible});
  }
  // Output bytes for random inputs of this seed.
  std::vector<std::byte> run(KernelSet kernels, uint32_t seed, bool reproducible = true) const {
    Session session(plan(kernels, reproducible));
    Random random(seed);
    for (size_t i = 0; i < input_shapes.size(); ++i) {
      const Tensor& tensor = model.graphs[0].tensors[static_cast<size_t>(model.graphs[0].inputs[i])];
      const auto bytes = random_bytes(random, tensor.type, input_shapes[i].count());
      std::memcpy(session.input(i).data(), bytes.data(), bytes.size());
    }
    session.run();
    const auto output = session.output(0);
    return {output.begin(), output.end()};
  }
};

// Which operand types meet.
struct Types {
  DataType data, weights, bias, output;
};
constexpr Types kFloat = {DataType::float32, DataType::float32, DataType::float32, DataType::float32};
constexpr Types kHybrid = {DataType::float32, DataType::int8, DataType::float32, DataType::float32};
constexpr Types kInt8 = {DataType::int8, DataType::int8, DataType::int32, DataType::int8};
constexpr Types kUint8 = {DataType::uint8, DataType::uint8, DataType::int32, DataType::uint8};
constexpr Types kInt16 = {DataType::int16, DataType::int8, DataType::int64, DataType::int16};
constexpr Types kInt4 = {DataType::int8, DataType::int4, DataType::int32, DataType::int8};

Quantization quantized(std::vector<float> scale, std::vector<int64_t> zero_point) {
  Quantization quantization;
  quantization.scale = std::move(scale);
  quantization.zero_point = std::move(zero_point);
  return quantization;
}
Quantization per_tensor(float scale, int64_t zero_point) { return quantized({scale}, {zero_point}); }

Quantization activation_scale(Random& random, DataType type, float scale) {
  switch (type) {
    case DataType::int8: return per_tensor(scale, std::vector<int64_t>{-128, 0, 127, 13}[random() % 4]);
    case DataType::uint8: return per_tensor(scale, std::vector<int64_t>{0, 128, 255, 77}[random() % 4]);
    case DataType::int16: return per_tensor(scale / 100, 0);
    default: return {};
  }
}

Quantization weight_scale(Random& random, DataType type, int32_t channels, int axis, bool per_channel) {
  if (type == DataType::float32) return {};
  if (type == DataType::uint8) return per_tensor(0.02f, between(random, 0, 255));
  if (!per_channel) return per_tensor(0.01f, 0);
  Quantization quantization;
  quantization.axis = axis;
  for (int32_t c = 0; c < channels; ++c) {
    // From dead channels to multipliers above 1.
    const float scale = random() % 8 == 0 ? 0.0f : std::exp2(std::uniform_real_distribution<float>(-14, 1)(random));
    quantization.scale.push_back(scale);
    quantization.zero_point.push_back(0);
  }
  return quantization;
}

// The weights, constant or known at run time only.
void add_weights(Random& random, OneNode& one, DataType type, const Shape& shape, Quantization quantization) {
  if (type != DataType::int4 && random() % 4 == 0) {
    one.add_input(type, shape, std::move(quantization));
  } else {
    one.add_constant(type, shape, random_bytes(random, type, shape.count()), std::move(quantization));
  }
}

void add_bias(Random& random, OneNode& one, DataType type, int32_t channels) {
  switch (random() % 4) {
    case 0: return;
    case 1: one.node().inputs.push_back(kNoTensor); return;
    case 2: one.add_input(type, {channels}); return;
    default: one.add_constant(type, {channels}, random_bytes(random, type, channels)); return;
  }
}

void set_window_options(Random& random, OneNode& one) {
  one.node().options.set("padding", int64_t{between(random, 0, 1)});
  one.node().options.set("stride_w", int64_t{between(random, 1, 3)});
  one.node().options.set("stride_h", int64_t{between(random, 1, 3)});
  one.node().options.set("fused_activation_function", int64_t{between(random, 0, 3)});
  one.node().options.set("dilation_w_factor", int64_t{between(random, 1, 2)});
  one.node().options.set("dilation_h_factor", int64_t{between(random, 1, 2)});
}

OneNode random_convolution(Random& random, const Types& types) {
  OneNode one(OpCode::conv_2d, "Conv2DOptions");
  set_window_options(random, one);
  const int32_t groups = random() % 3 == 0 ? 2 : 1;
  const int32_t channels = between(random, 1, 17), outputs = groups * between(random, 1, 10);
  one.add_input(types.data, {between(random, 1, 2), between(random, 7, 12), between(random, 7, 12), groups * channels},
                activation_scale(random, types.data, 0.05f));
  add_weights(random, one, types.weights, {outputs, between(random, 1, 4), between(random, 1, 4), channels},
              weight_scale(random, types.weights, outputs, 0, random() % 2 == 0));
  add_bias(random, one, types.bias, outputs);
  one.add_output(types.output, {1, 1, 1, outputs}, activation_scale(random, types.output, 0.1f));
  return one;
}

OneNode random_depthwise(Random& random, const Types& types) {
  OneNode one(OpCode::depthwise_conv_2d, "DepthwiseConv2DOptions");
  set_window_options(random, one);
  const int32_t channels = between(random, 1, 17), outputs = channels * between(random, 1, 3);
  one.add_input(types.data, {between(random, 1, 2), between(random, 7, 12), between(random, 7, 12), channels},
                activation_scale(random, types.data, 0.05f));
  add_weights(random, one, types.weights, {1, between(random, 1, 4), between(random, 1, 4), outputs},
              weight_scale(random, types.weights, outputs, 3, random() % 2 == 0));
  add_bias(random, one, types.bias, outputs);
  one.add_output(types.output, {1, 1, 1, outputs}, activation_scale(random, types.output, 0.1f));
  return one;
}

OneNode random_transposed(Random& random, const Types& types) {
  OneNode one(OpCode::transpose_conv, "TransposeConvOptions");
  set_window_options(random, one);
  const int32_t channels = between(random, 1, 17), outputs = between(random, 1, 17);
  const std::vector<int32_t> wanted = {1, between(random, 4, 14), between(random, 4, 14), outputs};
  one.add_constant(DataType::int32, {4}, std::as_bytes(std::span(wanted)));
  add_weights(random, one, types.weights, {outputs, between(random, 1, 4), between(random, 1, 4), channels},
              weight_scale(random, types.weights, outputs, 0, random() % 2 == 0));
  one.add_input(types.data, {between(random, 1, 2), between(random, 1, 6), between(random, 1, 6), channels},
                activation_scale(random, types.data, 0.05f));
  add_bias(random, one, types.bias, outputs);
  one.add_output(types.output, {1, 1, 1, outputs}, activation_scale(random, types.output, 0.1f));
  return one;
}

OneNode random_fully_connected(Random& random, const Types& types) {
  OneNode one(OpCode::fully_connected, "FullyConnectedOptions");
  one.node().options.set("fused_activation_function", int64_t{between(random, 0, 3)});
  const bool keep = random() % 2 == 0;
  one.node().options.set("keep_num_dims", int64_t{keep});
  one.node().options.set("asymmetric_quantize_inputs", int64_t{between(random, 0, 1)});
  const int32_t depth = between(random, 1, 70), units = between(random, 1, 40);
  const Shape input = keep ? Shape{2, 3, depth} : Shape{between(random, 1, 70), depth};
  one.add_input(types.data, input, activation_scale(random, types.data, 0.05f));
  Quantization weights = weight_scale(random, types.weights, units, 0, random() % 2 == 0);
  if (types.data == DataType::int8 && !weights.is_per_channel()) weights.zero_point = {between(random, -128, 127)};
  add_weights(random, one, types.weights, {units, depth}, std::move(weights));
  add_bias(random, one, types.bias, units);
  one.add_output(types.output, {1, units}, activation_scale(random, types.output, 0.1f));
  return one;
}

OneNode random_matmul(Random& random, const Types& types) {
  OneNode one(OpCode::batch_matmul, "BatchMatMulOptions");
  const bool is_hybrid = types.data != types.weights && types.data == DataType::float32;
  const bool adj_x = !is_hybrid && random() % 2 == 0, adj_y = random() % 2 == 0;
  one.node().options.set("adj_x", int64_t{adj_x});
  one.node().options.set("adj_y", int64_t{adj_y});
  one.node().options.set("asymmetric_quantize_inputs", int64_t{between(random, 0, 1)});
  const int32_t m = between(random, 1, 20), n = between(random, 1, 20), k = between(random, 1, 35);
  const int32_t outer = between(random, 1, 3), inner = between(random, 1, 3);
  Shape left = {random() % 2 == 0 ? outer : 1, inner, adj_x ? k : m, adj_x ? m : k};
  Shape right = random() % 2 == 0 ? Shape{inner} : Shape{outer, 1};
  right.push_back(adj_y ? n : k);
  right.push_back(adj_y ? k : n);
  one.add_input(types.data, left, activation_scale(random, types.data, 0.05f));
  Quantization scale = is_hybrid ? per_tensor(0.02f, 0) : activation_scale(random, types.weights, 0.05f);
  add_weights(random, one, types.weights, right, std::move(scale));
  one.add_output(types.output, {1, 1, m, n}, activation_scale(random, types.output, 0.5f));
  return one;
}

struct Family {
  const char* name;
  OneNode (*make)(Random&, const Types&);
  std::vector<Types> types;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"CONV_2D", random_convolution, {kFloat, kHybrid, kInt8, kUint8, kInt16, kInt4}},
      {"DEPTHWISE_CONV_2D", random_depthwise, {kFloat, kHybrid, kInt8, kUint8, kInt16, kInt4}},
      {"TRANSPOSE_CONV", random_transposed, {kFloat, kHybrid, kInt8, kUint8, kInt16}},
      {"FULLY_CONNECTED", random_fully_connected, {kFloat, kHybrid, kInt8, kUint8, kInt16, kInt4}},
      {"BATCH_MATMUL",
       random_matmul,
       {kFloat,
        kHybrid,
        kInt8,
        {DataType::int8, DataType::int8, DataType::int32, DataType::int32},
        {DataType::int16, DataType::int16, DataType::int64, DataType::int16}}},
  };
  return all;
}

TEST(DenseOperators, OptimizedKernelsEqualTheReferenceBitForBit) {
  const uint32_t seed = 20260301;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  int refused = 0, compared = 0;
  for (const Family& family : families()) {
    for (const Types& types : family.types) {
      for (int repeat = 0; repeat < 40; ++repeat) {
        const OneNode one = family.make(random, types);
        try {
          const auto want = one.run(KernelSet::reference, static_cast<uint32_t>(repeat));
          test::for_each_byte_dot([&] {
            const auto got = one.run(KernelSet::optimized, static_cast<uint32_t>(repeat));
            ASSERT_EQ(want.size(), got.size());
            ASSERT_TRUE(want == got) << family.name << " " << data_type_name(types.data) << " by "
                                     << data_type_name(types.weights) << " repeat " << repeat;
          });
          ++compared;
        } catch (const Error&) {
          ++refused;  // a window larger than the image
        }
      }
    }
  }
  EXPECT_GT(compared, 900);
  EXPECT_LT(refused, 100);
}

TEST(DenseOperators, FloatResultsDoNotDependOnTheBatch) {
  Random random(5);
  for (const Family& family : families()) {
    if (std::string_view(family.name) == "BATCH_MATMUL" || std::string_view(family.name) == "FULLY_CONNECTED") continue;
    for (int repeat = 0; repeat < 20; ++repeat) {
      OneNode one = family.make(random, kFloat);
      if (one.input_shapes.size() != 1 || one.input_shapes[0][0] != 1) continue;
      const auto alone = one.run(KernelSet::optimized, 3);
      one.input_shapes[0][0] = 3;
      const auto three = one.run(KernelSet::optimized, 3);
      ASSERT_EQ(three.size(), 3 * alone.size());
      // The first image of both batches holds the same values.
      EXPECT_EQ(std::memcmp(alone.data(), three.data(), alone.size()), 0) << family.name;
    }
  }
}

TEST(DenseOperators, FusedFloatsStayWithinTolerance) {
  Random random(6);
  for (const Family& family : families()) {
    for (int repeat = 0; repeat < 10; ++repeat) {
      const OneNode one = family.make(random, kFloat);
      std::vector<std::byte> want, got;
      try {
        want = one.run(KernelSet::reference, 4);
        got = one.run(KernelSet::optimized, 4, false);
      } catch (const Error&) {
        continue;
      }
      const auto count = want.size() / sizeof(float);
      std::vector<float> a(count), b(count);
      std::memcpy(a.data(), want.data(), want.size());
      std::memcpy(b.data(), got.data(), got.size());
      float largest = 0;
      for (const float value : a) largest = std::max(largest, std::abs(value));
      for (size_t i = 0; i < count; ++i) ASSERT_LE(std::abs(a[i] - b[i]), 1e-5f * largest) << family.name;
    }
  }
}

// ---- What must be refused -------------------------------------------------------------------------------------------

OneNode good_convolution() {
  OneNode one(OpCode::conv_2d, "Conv2DOptions");
  one.node().options.set("stride_w", int64_t{1});
  one.node().options.set("stride_h", int64_t{1});
  one.add_input(DataType::int8, {1, 5, 5, 4}, per_tensor(0.1f, 3));
  const std::vector<int8_t> weights(6 * 3 * 3 * 4, 1);
  one.add_constant(DataType::int8, {6, 3, 3, 4}, std::as_bytes(std::span(weights)),
                   quantized(std::vector<float>(6, 0.01f), std::vector<int64_t>(6, 0)));
  const std::vector<int32_t> bias(6, 7);
  one.add_constant(DataType::int32, {6}, std::as_bytes(std::span(bias)));
  one.add_output(DataType::int8, {1, 5, 5, 6}, per_tensor(0.2f, -5));
  return one;
}

struct Fault {
  const char* name;
  std::function<void(OneNode&)> make;
};

TEST(DenseOperators, RefuseWhatTheyCannotRunBlindly) {
  good_convolution().plan(KernelSet::optimized);
  const auto set = [](const char* field, int64_t value) {
    return [field, value](OneNode& one) { one.node().options.set(field, value); };
  };
  const std::vector<Fault> faults = {
      {"zero stride", set("stride_w", 0)},
      {"negative stride", set("stride_h", -1)},
      {"zero dilation", set("dilation_w_factor", 0)},
      {"huge dilation", set("dilation_h_factor", 0x7fffffff)},
      {"huge stride", set("stride_h", 0x7fffffff)},
      {"padding 2", set("padding", 2)},
      {"fused TANH", set("fused_activation_function", 4)},
      {"fused 9", set("fused_activation_function", 9)},
      {"rank of the input", [](OneNode& one) { one.input_shapes[0] = one.tensor(0).shape = {5, 5, 4}; }},
      {"no channels", [](OneNode& one) { one.input_shapes[0] = one.tensor(0).shape = {1, 5, 5, 0}; }},
      {"no height", [](OneNode& one) { one.input_shapes[0] = one.tensor(0).shape = {1, 0, 5, 4}; }},
      {"channels that do not divide", [](OneNode& one) { one.input_shapes[0] = one.tensor(0).shape = {1, 5, 5, 6}; }},
      {"groups that do not divide", [](OneNode& one) { one.input_shapes[0] = one.tensor(0).shape = {1, 5, 5, 16}; }},
      {"weights of another shape", [](OneNode& one) { one.tensor(1).shape = {6, 5, 3, 4}; }},
      {"weights of negative size", [](OneNode& one) { one.tensor(1).shape = {6, -3, 3, 4}; }},
      {"window larger than the image",
       [](OneNode& one) {
         one.node().options.set("padding", int64_t{1});
         one.input_shapes[0] = one.tensor(0).shape = {1, 2, 2, 4};
       }},
      {"bias of another length", [](OneNode& one) { one.tensor(2).shape = {5}; }},
      {"bias beyond its bytes",
       [](OneNode& one) {
         const std::vector<int32_t> bias(2, 7);
         one.tensor(2).buffer = one.model.add_buffer(Buffer::of(bias));
       }},
      {"float bias", [](OneNode& one) { one.tensor(2).type = DataType::float32; }},
      {"number of weight scales", [](OneNode& one) { one.tensor(1).quantization.scale.resize(5, 0.1f); }},
      {"axis of weight scales", [](OneNode& one) { one.tensor(1).quantization.axis = 3; }},
      {"negative weight scale", [](OneNode& one) { one.tensor(1).quantization.scale[2] = -0.1f; }},
      {"infinite weight scale", [](OneNode& one) { one.tensor(1).quantization.scale[2] = INFINITY; }},
      {"zero point of a channel", [](OneNode& one) { one.tensor(1).quantization.zero_point[1] = 4; }},
      {"no input scale", [](OneNode& one) { one.tensor(0).quantization = {}; }},
      {"zero point of the input", [](OneNode& one) { one.tensor(0).quantization.zero_point = {200}; }},
      {"no output scale", [](OneNode& one) { one.output().quantization = {}; }},
      {"output scale 0", [](OneNode& one) { one.output().quantization.scale = {0.0f}; }},
      {"NaN output scale", [](OneNode& one) { one.output().quantization.scale = {NAN}; }},
      {"output of another type", [](OneNode& one) { one.output().type = DataType::uint8; }},
      {"no weights", [](OneNode& one) { one.node().inputs[1] = kNoTensor; }},
      {"no operands", [](OneNode& one) { one.node().inputs.clear(); }},
  };
  for (const Fault& fault : faults) {
    for (const KernelSet kernels : {KernelSet::reference, KernelSet::optimized}) {
      OneNode one = good_convolution();
      fault.make(one);
      EXPECT_THROW(one.plan(kernels), Error) << fault.name;
    }
  }
}

TEST(DenseOperators, AZeroScaleGivesTheZeroPointOfTheOutput) {
  OneNode one = good_convolution();
  one.tensor(0).quantization.scale = {0.0f};
  for (const KernelSet kernels : {KernelSet::reference, KernelSet::optimized}) {
    for (const std::byte value : one.run(kernels, 1)) EXPECT_EQ(static_cast<int8_t>(value), -5);
  }
}

TEST(DenseOperators, RefuseMatricesThatDoNotFit) {
  OneNode fully_connected(OpCode::fully_connected, "FullyConnectedOptions");
  fully_connected.add_input(DataType::float32, {2, 7});
  fully_connected.add_input(DataType::float32, {3, 5});
  fully_connected.add_output(DataType::float32, {2, 3});
  EXPECT_THROW(fully_connected.plan(KernelSet::optimized), Error);

  OneNode shuffled(OpCode::fully_connected, "FullyConnectedOptions");
  shuffled.node().options.set("weights_format", int64_t{1});
  shuffled.add_input(DataType::float32, {2, 5});
  shuffled.add_input(DataType::float32, {3, 5});
  shuffled.add_output(DataType::float32, {2, 3});
  EXPECT_THROW(shuffled.plan(KernelSet::optimized), Error);

  OneNode depth(OpCode::batch_matmul, "BatchMatMulOptions");
  depth.add_input(DataType::float32, {2, 5});
  depth.add_input(DataType::float32, {4, 3});
  depth.add_output(DataType::float32, {2, 3});
  EXPECT_THROW(depth.plan(KernelSet::optimized), Error);

  OneNode batches(OpCode::batch_matmul, "BatchMatMulOptions");
  batches.add_input(DataType::float32, {2, 2, 5});
  batches.add_input(DataType::float32, {3, 5, 3});
  batches.add_output(DataType::float32, {2, 2, 3});
  EXPECT_THROW(batches.plan(KernelSet::optimized), Error);
}

TEST(DenseOperators, RefuseATransposedConvolutionOfAnotherShape) {
  const auto make = [](std::vector<int32_t> wanted) {
    OneNode one(OpCode::transpose_conv, "TransposeConvOptions");
    one.node().options.set("stride_w", int64_t{2});
    one.node().options.set("stride_h", int64_t{2});
    one.add_constant(DataType::int32, {static_cast<int32_t>(wanted.size())}, std::as_bytes(std::span(wanted)));
    one.add_input(DataType::float32, {6, 3, 3, 4});
    one.add_input(DataType::float32, {1, 5, 5, 4});
    one.add_output(DataType::float32, {1, 10, 10, 6});
    return one;
  };
  make({1, 10, 10, 6}).plan(KernelSet::optimized);
  for (const std::vector<int32_t>& wanted : std::vector<std::vector<int32_t>>{
           {1, 10, 10}, {1, 10, 10, 5}, {2, 10, 10, 6}, {1, -10, 10, 6}, {1, 0, 10, 6}, {1, 10, 0x7fffffff, 6}}) {
    EXPECT_THROW(make(wanted).plan(KernelSet::optimized), Error) << text(list_text(wanted));
  }
}

}  // namespace
}  // namespace litequant
