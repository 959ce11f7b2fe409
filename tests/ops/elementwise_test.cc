// Element-wise operators as whole operators: what they compute where no golden vector looks, and what they refuse.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "base/half.h"
#include "runtime/session.h"

namespace litequant {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Quantization quantized(std::vector<float> scale, std::vector<int64_t> zero_point, int32_t axis = 0) {
  Quantization made;
  made.scale = std::move(scale);
  made.zero_point = std::move(zero_point);
  made.axis = axis;
  return made;
}

// A model of one node and its operands' values.
class OneNode {
 public:
  OneNode(OpCode op, std::string table = "") {
    model_.graphs.resize(1);
    Node node;
    node.op = op;
    node.options = Options(std::move(table));
    graph().nodes.push_back(node);
  }
  OneNode& option(std::string_view field, OptionValue value) {
    graph().nodes[0].options.set(field, std::move(value));
    return *this;
  }
  template <typename T>
  OneNode& input(Shape shape, const std::vector<T>& values, Quantization quantization = {},
                 std::optional<DataType> type = {}) {
    add(type.value_or(DataTypeOf<T>::value), std::move(shape), std::move(quantization), false);
    const auto bytes = std::as_bytes(std::span(values));
    values_.emplace_back(bytes.begin(), bytes.end());
    return *this;
  }
  template <typename T>
  OneNode& constant(Shape shape, const std::vector<T>& values, Quantization quantization = {}) {
    add(DataTypeOf<T>::value, std::move(shape), std::move(quantization), false);
    graph().tensors.back().buffer = model_.add_buffer(Buffer::of(values));
    graph().inputs.pop_back();
    return *this;
  }
  OneNode& output(DataType type, Quantization quantization = {}) {
    add(type, {}, std::move(quantization), true);
    return *this;
  }

  template <typename T>
  std::vector<T> run(KernelSet kernels = KernelSet::optimized) const {
    Session session(plan(kernels));
    for (size_t i = 0; i < values_.size(); ++i) {
      EXPECT_EQ(session.input(i).size(), values_[i].size());
      std::memcpy(session.input(i).data(), values_[i].data(), values_[i].size());
    }
    session.run();
    const auto bytes = session.output(0);
    std::vector<T> result(bytes.size() / sizeof(T));
    std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
  }
  // The refusal's message, or nothing where it runs.
  std::string refusal() const {
    try {
      plan(KernelSet::optimized);
      return "";
    } catch (const Error& error) {
      return error.message();
    }
  }
  Shape shape() const { return plan(KernelSet::optimized)->slot(graph().outputs[0]).shape; }

 private:
  Graph& graph() { return model_.graphs[0]; }
  const Graph& graph() const { return model_.graphs[0]; }
  std::shared_ptr<const Plan> plan(KernelSet kernels) const {
    return Plan::make(std::make_shared<Model>(model_), 0, {},
                      {.kernels = kernels, .reproducible = false, .keep_all_tensors = false});
  }
  void add(DataType type, Shape shape, Quantization quantization, bool is_output) {
    Tensor tensor;
    tensor.name = is_output ? "result" : text("operand", graph().tensors.size());
    tensor.type = type;
    tensor.shape = std::move(shape);
    tensor.quantization = std::move(quantization);
    graph().tensors.push_back(std::move(tensor));
    const auto index = static_cast<int32_t>(graph().tensors.size() - 1);
    (is_output ? graph().nodes[0].outputs : graph().nodes[0].inputs).push_back(index);
    (is_output ? graph().outputs : graph().inputs).push_back(index);
  }

  Model model_;
  std::vector<std::vector<std::byte>> values_;
};

bool mentions(const std::string& message, std::string_view part) { return message.find(part) != std::string::npos; }

// ---- Arithmetic -----------------------------------------------------------------------------------------------------

TEST(Elementwise, FloatArithmeticWithFusedActivations) {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {10, -2, 0.5f};
  const auto binary = [&](OpCode op, const char* table, int64_t activation) {
    return OneNode(op, table)
        .option("fused_activation_function", activation)
        .input<float>({2, 3}, a)
        .input<float>({3}, b)
        .output(DataType::float32)
        .run<float>();
  };
  EXPECT_EQ(binary(OpCode::add, "AddOptions", 0), (std::vector<float>{11, 0, 3.5f, 14, 3, 6.5f}));
  EXPECT_EQ(binary(OpCode::sub, "SubOptions", 0), (std::vector<float>{-9, 4, 2.5f, -6, 7, 5.5f}));
  EXPECT_EQ(binary(OpCode::mul, "MulOptions", 1), (std::vector<float>{10, 0, 1.5f, 40, 0, 3}));
  EXPECT_EQ(binary(OpCode::div, "DivOptions", 2), (std::vector<float>{0.1f, -1, 1, 0.4f, -1, 1}));
  EXPECT_EQ(binary(OpCode::add, "AddOptions", 3), (std::vector<float>{6, 0, 3.5f, 6, 3, 6}));
}

TEST(Elementwise, WholeNumbersWrapAndClamp) {
  constexpr int32_t kMin = INT32_MIN, kMax = INT32_MAX;
  const auto binary = [](OpCode op, std::vector<int32_t> a, std::vector<int32_t> b, int64_t activation = 0) {
    const auto count = static_cast<int32_t>(a.size());
    return OneNode(op, "AddOptions")
        .option("fused_activation_function", activation)
        .input<int32_t>({count}, a)
        .input<int32_t>({count}, b)
        .output(DataType::int32)
        .run<int32_t>();
  };
  EXPECT_EQ(binary(OpCode::add, {kMax, 1}, {1, 2}), (std::vector<int32_t>{kMin, 3}));
  EXPECT_EQ(binary(OpCode::sub, {kMin, 1}, {1, 2}), (std::vector<int32_t>{kMax, -1}));
  EXPECT_EQ(binary(OpCode::mul, {65536, -3}, {65536, 5}), (std::vector<int32_t>{0, -15}));
  EXPECT_EQ(binary(OpCode::mul, {7, -3}, {1, 5}, 3), (std::vector<int32_t>{6, 0}));
  EXPECT_EQ(binary(OpCode::div, {7, -7, kMin, 5, kMin}, {2, 2, -1, 0, 1}),
            (std::vector<int32_t>{3, -3, kMax, 0, kMin}));
  EXPECT_EQ(binary(OpCode::floor_div, {7, -7, kMin, 5}, {2, 2, -1, 0}), (std::vector<int32_t>{3, -4, kMax, 0}));
  EXPECT_EQ(binary(OpCode::floor_mod, {7, -7, 7, kMin, 5}, {3, 3, -3, -1, 0}), (std::vector<int32_t>{1, 2, -2, 0, 0}));
  EXPECT_EQ(binary(OpCode::maximum, {7, -7}, {3, 3}), (std::vector<int32_t>{7, 3}));
  EXPECT_EQ(binary(OpCode::minimum, {7, -7}, {3, 3}), (std::vector<int32_t>{3, -7}));
  EXPECT_EQ(binary(OpCode::squared_difference, {7, -7}, {3, 3}), (std::vector<int32_t>{16, 100}));
  EXPECT_EQ(binary(OpCode::pow, {2, -3, 2, -1, 5}, {10, 3, -1, -3, 0}), (std::vector<int32_t>{1024, -27, 0, -1, 1}));
}

TEST(Elementwise, WholeNumbersOf64Bits) {
  const int64_t big = int64_t{1} << 40;
  const auto sum = OneNode(OpCode::mul, "MulOptions")
                       .input<int64_t>({2}, {big, -3})
                       .input<int64_t>({1}, {4})
                       .output(DataType::int64);
  EXPECT_EQ(sum.run<int64_t>(), (std::vector<int64_t>{4 * big, -12}));
  const auto mod =
      OneNode(OpCode::floor_mod).input<int64_t>({2}, {big + 1, -1}).input<int64_t>({}, {5}).output(DataType::int64);
  EXPECT_EQ(mod.run<int64_t>(), (std::vector<int64_t>{(big + 1) % 5, 4}));
}

TEST(Elementwise, FloatRemainderTakesTheDivisorsSign) {
  const auto mod = OneNode(OpCode::floor_mod)
                       .input<float>({4}, {5.5f, -5.5f, 5.5f, -5.5f})
                       .input<float>({4}, {2, 2, -2, -2})
                       .output(DataType::float32);
  EXPECT_EQ(mod.run<float>(), (std::vector<float>{1.5f, 0.5f, -0.5f, -1.5f}));
}

TEST(Elementwise, BroadcastsBothWaysInBothKernelSets) {
  std::vector<float> a(2 * 3 * 1 * 2), b(1 * 3 * 4 * 1);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i + 1);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(100 * (i + 1));
  const auto node = OneNode(OpCode::sub, "SubOptions")
                        .input<float>({2, 3, 1, 2}, a)
                        .input<float>({3, 4, 1}, b)
                        .output(DataType::float32);
  EXPECT_EQ(node.shape(), (Shape{2, 3, 4, 2}));
  const auto got = node.run<float>();
  EXPECT_EQ(got, node.run<float>(KernelSet::reference));
  EXPECT_EQ(got[0], 1 - 100);
  EXPECT_EQ(got[47], 12 - 1200);
  EXPECT_EQ(got[2 * 4 + 3], 4 - 600);  // [0, 1, 1, 1]
}

TEST(Elementwise, LargeInt8SumsEqualTheReference) {
  std::vector<int8_t> a(5000), b(5000);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<int8_t>(i * 37);
    b[i] = static_cast<int8_t>(i * 101 + 7);
  }
  for (const OpCode op : {OpCode::add, OpCode::sub, OpCode::mul}) {
    const auto node = OneNode(op, "AddOptions")
                          .option("fused_activation_function", int64_t{1})
                          .input<int8_t>({50, 100}, a, quantized({0.03f}, {-5}))
                          .input<int8_t>({50, 100}, b, quantized({0.017f}, {12}))
                          .output(DataType::int8, quantized({0.04f}, {-30}));
    EXPECT_EQ(node.run<int8_t>(), node.run<int8_t>(KernelSet::reference));
  }
}

// ---- Functions of one operand ---------------------------------------------------------------------------------------

TEST(Elementwise, FloatFunctions) {
  const std::vector<float> x = {-3.5f, -2.5f, -1, -0.25f, 0, 0.25f, 0.5f, 1.5f, 2.5f, 7};
  const auto expect = [&](OpCode op, auto function, float tolerance = 1e-6f) {
    const auto got = OneNode(op).input<float>({10}, x).output(DataType::float32).run<float>();
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = function(static_cast<double>(x[i]));
      if (std::isnan(want)) {
        EXPECT_TRUE(std::isnan(got[i])) << op_code_name(op) << "(" << x[i] << ")";
      } else if (std::isinf(want)) {
        EXPECT_EQ(got[i], static_cast<float>(want)) << op_code_name(op) << "(" << x[i] << ")";
      } else {
        EXPECT_NEAR(got[i], want, tolerance * std::fmax(1.0, std::fabs(want)))
            << op_code_name(op) << "(" << x[i] << ")";
      }
    }
  };
  expect(OpCode::logistic, [](double v) { return 1 / (1 + std::exp(-v)); });
  expect(OpCode::tanh, [](double v) { return std::tanh(v); });
  expect(OpCode::exp, [](double v) { return std::exp(v); });
  expect(OpCode::log, [](double v) { return std::log(v); });
  expect(OpCode::elu, [](double v) { return v < 0 ? std::expm1(v) : v; });
  expect(OpCode::gelu, [](double v) { return 0.5 * v * std::erfc(-v / std::sqrt(2.0)); });
  expect(OpCode::sqrt, [](double v) { return std::sqrt(v); });
  expect(OpCode::rsqrt, [](double v) { return 1 / std::sqrt(v); });
  expect(OpCode::abs, [](double v) { return std::fabs(v); });
  expect(OpCode::neg, [](double v) { return -v; });
  expect(OpCode::square, [](double v) { return v * v; });
  expect(OpCode::sin, [](double v) { return std::sin(v); });
  expect(OpCode::cos, [](double v) { return std::cos(v); });
  expect(OpCode::floor, [](double v) { return std::floor(v); }, 0);
  expect(OpCode::ceil, [](double v) { return std::ceil(v); }, 0);
  expect(OpCode::round, [](double v) { return std::nearbyint(v); }, 0);
  expect(OpCode::sign, [](double v) { return double((v > 0) - (v < 0)); }, 0);
  expect(OpCode::relu, [](double v) { return std::fmax(v, 0.0); }, 0);
  expect(OpCode::relu6, [](double v) { return std::fmin(std::fmax(v, 0.0), 6.0); }, 0);
  expect(OpCode::relu_n1_to_1, [](double v) { return std::fmin(std::fmax(v, -1.0), 1.0); }, 0);
  expect(OpCode::relu_0_to_1, [](double v) { return std::fmin(std::fmax(v, 0.0), 1.0); }, 0);
  expect(OpCode::hard_swish, [](double v) { return v * std::fmin(std::fmax(v + 3, 0.0), 6.0) / 6; });
}

TEST(Elementwise, GeluByTanhLeakyReluAndPrelu) {
  const std::vector<float> x = {-2, -0.5f, 0, 3};
  const auto gelu = OneNode(OpCode::gelu, "GeluOptions")
                        .option("approximate", int64_t{1})
                        .input<float>({4}, x)
                        .output(DataType::float32)
                        .run<float>();
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    EXPECT_NEAR(gelu[i], 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))), 1e-6);
  }
  const auto leaky = OneNode(OpCode::leaky_relu, "LeakyReluOptions")
                         .option("alpha", 0.5)
                         .input<float>({4}, x)
                         .output(DataType::float32);
  EXPECT_EQ(leaky.run<float>(), (std::vector<float>{-1, -0.25f, 0, 3}));
  const auto prelu =
      OneNode(OpCode::prelu).input<float>({2, 2}, x).constant<float>({2}, {0.25f, -1}).output(DataType::float32);
  EXPECT_EQ(prelu.run<float>(), (std::vector<float>{-0.5f, 0.5f, 0, 3}));
}

TEST(Elementwise, WholeNumbersOfOneOperand) {
  EXPECT_EQ(OneNode(OpCode::abs).input<int32_t>({3}, {-5, 0, INT32_MIN}).output(DataType::int32).run<int32_t>(),
            (std::vector<int32_t>{5, 0, INT32_MIN}));
  EXPECT_EQ(OneNode(OpCode::neg).input<int64_t>({3}, {-5, 0, INT64_MIN}).output(DataType::int64).run<int64_t>(),
            (std::vector<int64_t>{5, 0, INT64_MIN}));
  EXPECT_EQ(OneNode(OpCode::sign).input<int32_t>({3}, {-5, 0, 9}).output(DataType::int32).run<int32_t>(),
            (std::vector<int32_t>{-1, 0, 1}));
}

TEST(Elementwise, LogisticOfEveryByteIsWithinHalfAStep) {
  std::vector<int8_t> all(256);
  for (int i = 0; i < 256; ++i) all[static_cast<size_t>(i)] = static_cast<int8_t>(i - 128);
  const auto got = OneNode(OpCode::logistic)
                       .input<int8_t>({256}, all, quantized({0.05f}, {10}))
                       .output(DataType::int8, quantized({1.0f / 256}, {-128}))
                       .run<int8_t>();
  for (size_t i = 0; i < all.size(); ++i) {
    const double real = 1 / (1 + std::exp(-0.05 * (all[i] - 10)));
    EXPECT_NEAR((got[i] + 128) / 256.0, std::fmin(real, 255.0 / 256), 0.5001 / 256);
  }
}

// ---- Between types --------------------------------------------------------------------------------------------------

TEST(Elementwise, CastsSaturateRealsAndWrapIntegers) {
  const std::vector<float> reals = {1.9f, -1.9f, 300, -300, 3e9f, NAN, kInfinity, 0};
  const auto from = [&](DataType to) { return OneNode(OpCode::cast).input<float>({8}, reals).output(to); };
  EXPECT_EQ(from(DataType::int8).run<int8_t>(), (std::vector<int8_t>{1, -1, 127, -128, 127, 0, 127, 0}));
  EXPECT_EQ(from(DataType::uint8).run<uint8_t>(), (std::vector<uint8_t>{1, 0, 255, 0, 255, 0, 255, 0}));
  EXPECT_EQ(from(DataType::int32).run<int32_t>(), (std::vector<int32_t>{1, -1, 300, -300, INT32_MAX, 0, INT32_MAX, 0}));
  EXPECT_EQ(from(DataType::int64).run<int64_t>(),
            (std::vector<int64_t>{1, -1, 300, -300, 3000000000, 0, INT64_MAX, 0}));
  EXPECT_EQ(from(DataType::boolean).run<uint8_t>(), (std::vector<uint8_t>{1, 1, 1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(from(DataType::float64).run<double>()[2], 300.0);
  const auto halves = from(DataType::float16).run<uint16_t>();
  EXPECT_EQ(half_to_float(halves[0]), half_to_float(float_to_half(1.9f)));

  const std::vector<int64_t> wide = {-1, 256, (int64_t{1} << 40) + 3, 0};
  const auto narrow = [&](DataType to) { return OneNode(OpCode::cast).input<int64_t>({4}, wide).output(to); };
  EXPECT_EQ(narrow(DataType::uint8).run<uint8_t>(), (std::vector<uint8_t>{255, 0, 3, 0}));
  EXPECT_EQ(narrow(DataType::int32).run<int32_t>(), (std::vector<int32_t>{-1, 256, 3, 0}));
  EXPECT_EQ(narrow(DataType::float32).run<float>(), (std::vector<float>{-1, 256, 0x1p40f, 0}));
  EXPECT_EQ(narrow(DataType::boolean).run<uint8_t>(), (std::vector<uint8_t>{1, 1, 1, 0}));

  const auto truth =
      OneNode(OpCode::cast).input<uint8_t>({3}, {0, 1, 7}, {}, DataType::boolean).output(DataType::float32);
  EXPECT_EQ(truth.run<float>(), (std::vector<float>{0, 1, 1}));
  const auto half =
      OneNode(OpCode::cast).input<uint16_t>({2}, {0x3e00, 0xc000}, {}, DataType::float16).output(DataType::int16);
  EXPECT_EQ(half.run<int16_t>(), (std::vector<int16_t>{1, -2}));
}

TEST(Elementwise, CastsMoreThanOneBlock) {
  std::vector<int32_t> values(1000);
  for (int i = 0; i < 1000; ++i) values[static_cast<size_t>(i)] = i - 500;
  const auto got = OneNode(OpCode::cast).input<int32_t>({1000}, values).output(DataType::float32).run<float>();
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(got[i], static_cast<float>(values[i]));
}

TEST(Elementwise, QuantizesAndDequantizesPerChannel) {
  const std::vector<float> x = {1, 2, 3, -1, -2, -3};
  const auto to = OneNode(OpCode::quantize)
                      .input<float>({2, 3}, x)
                      .output(DataType::int8, quantized({1, 0.5f, 0.1f}, {0, 1, 2}, 1));
  EXPECT_EQ(to.run<int8_t>(), (std::vector<int8_t>{1, 5, 32, -1, -3, -28}));
  EXPECT_EQ(to.run<int8_t>(KernelSet::reference), to.run<int8_t>());
  const auto from = OneNode(OpCode::dequantize)
                        .input<int8_t>({2, 3}, {1, 5, 32, -1, -3, -28}, quantized({1, 0.5f, 0.1f}, {0, 1, 2}, 1))
                        .output(DataType::float32);
  EXPECT_EQ(from.run<float>(), (std::vector<float>{1, 2, 30 * 0.1f, -1, -2, -30 * 0.1f}));
}

// ---- Comparisons and choices ----------------------------------------------------------------------------------------

TEST(Elementwise, Comparisons) {
  const auto compare = [](OpCode op) {
    return OneNode(op).input<float>({3}, {1, 2, 3}).input<float>({}, {2}).output(DataType::boolean).run<uint8_t>();
  };
  EXPECT_EQ(compare(OpCode::equal), (std::vector<uint8_t>{0, 1, 0}));
  EXPECT_EQ(compare(OpCode::not_equal), (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(compare(OpCode::greater), (std::vector<uint8_t>{0, 0, 1}));
  EXPECT_EQ(compare(OpCode::greater_equal), (std::vector<uint8_t>{0, 1, 1}));
  EXPECT_EQ(compare(OpCode::less), (std::vector<uint8_t>{1, 0, 0}));
  EXPECT_EQ(compare(OpCode::less_equal), (std::vector<uint8_t>{1, 1, 0}));
}

TEST(Elementwise, LogicTakesAnyByteForTrue) {
  const auto logic = [](OpCode op) {
    return OneNode(op)
        .input<uint8_t>({4}, {0, 1, 2, 0}, {}, DataType::boolean)
        .input<uint8_t>({4}, {0, 4, 0, 1}, {}, DataType::boolean)
        .output(DataType::boolean)
        .run<uint8_t>();
  };
  EXPECT_EQ(logic(OpCode::logical_and), (std::vector<uint8_t>{0, 1, 0, 0}));
  EXPECT_EQ(logic(OpCode::logical_or), (std::vector<uint8_t>{0, 1, 1, 1}));
  EXPECT_EQ(OneNode(OpCode::logical_not)
                .input<uint8_t>({3}, {0, 1, 2}, {}, DataType::boolean)
                .output(DataType::boolean)
                .run<uint8_t>(),
            (std::vector<uint8_t>{1, 0, 0}));
}

TEST(Elementwise, SelectByRowsAndByBroadcasting) {
  const auto rows = OneNode(OpCode::select)
                        .input<uint8_t>({2}, {1, 0}, {}, DataType::boolean)
                        .input<int32_t>({2, 3}, {1, 2, 3, 4, 5, 6})
                        .input<int32_t>({2, 3}, {-1, -2, -3, -4, -5, -6})
                        .output(DataType::int32);
  EXPECT_EQ(rows.run<int32_t>(), (std::vector<int32_t>{1, 2, 3, -4, -5, -6}));
  const auto both = OneNode(OpCode::select_v2)
                        .input<uint8_t>({3}, {1, 0, 1}, {}, DataType::boolean)
                        .input<int32_t>({2, 1}, {7, 8})
                        .input<int32_t>({}, {0})
                        .output(DataType::int32);
  EXPECT_EQ(both.shape(), (Shape{2, 3}));
  EXPECT_EQ(both.run<int32_t>(), (std::vector<int32_t>{7, 0, 7, 8, 0, 8}));
}

// ---- Refusals -------------------------------------------------------------------------------------------------------

TEST(Elementwise, RefusesShapesThatDoNotBroadcastAndShowsBoth) {
  const auto message = OneNode(OpCode::add, "AddOptions")
                           .input<float>({2, 3}, {})
                           .input<float>({4}, {})
                           .output(DataType::float32)
                           .refusal();
  EXPECT_TRUE(mentions(message, "[2, 3]")) << message;
  EXPECT_TRUE(mentions(message, "[4]")) << message;
  EXPECT_TRUE(mentions(message, "ADD")) << message;
  EXPECT_NE(OneNode(OpCode::prelu).input<float>({3}, {}).input<float>({2, 3}, {}).output(DataType::float32).refusal(),
            "");
}

TEST(Elementwise, RefusesMissingOperands) {
  EXPECT_TRUE(mentions(OneNode(OpCode::mul, "MulOptions").input<float>({2}, {}).output(DataType::float32).refusal(),
                       "input 1"));
  EXPECT_NE(OneNode(OpCode::logistic).output(DataType::float32).refusal(), "");
}

TEST(Elementwise, RefusesMixedTypes) {
  EXPECT_NE(OneNode(OpCode::add, "AddOptions")
                .input<float>({2}, {})
                .input<int32_t>({2}, {})
                .output(DataType::float32)
                .refusal(),
            "");
  EXPECT_NE(OneNode(OpCode::tanh).input<float>({2}, {}).output(DataType::int8, quantized({1}, {0})).refusal(), "");
  EXPECT_NE(OneNode(OpCode::less).input<float>({2}, {}).input<float>({2}, {}).output(DataType::float32).refusal(), "");
  EXPECT_NE(OneNode(OpCode::sin).input<int8_t>({2}, {}).output(DataType::int8).refusal(), "");
  EXPECT_NE(OneNode(OpCode::cast).input<float>({2}, {}).output(DataType::complex128).refusal(), "");
  EXPECT_NE(OneNode(OpCode::quantize)
                .input<int8_t>({2}, {}, quantized({1}, {0}))
                .output(DataType::int16, quantized({1}, {0}))
                .refusal(),
            "");
}

TEST(Elementwise, RefusesIntegerDivisionByConstantZero) {
  for (const OpCode op : {OpCode::div, OpCode::floor_div, OpCode::floor_mod}) {
    const auto node =
        OneNode(op, "DivOptions").input<int32_t>({2}, {4, 6}).constant<int32_t>({2}, {2, 0}).output(DataType::int32);
    EXPECT_TRUE(mentions(node.refusal(), "constant 0")) << node.refusal();
  }
}

TEST(Elementwise, RefusesScalesItWouldDivideBy) {
  const auto add = [](Quantization a, Quantization b, Quantization out) {
    return OneNode(OpCode::add, "AddOptions")
        .input<int8_t>({1}, {1}, std::move(a))
        .input<int8_t>({1}, {1}, std::move(b))
        .output(DataType::int8, std::move(out))
        .refusal();
  };
  const Quantization usual = quantized({0.5f}, {0}), zero = quantized({0}, {0});
  EXPECT_EQ(add(usual, usual, usual), "");
  EXPECT_EQ(add(usual, zero, usual), "");  // a constant of zeros may have it
  EXPECT_NE(add(zero, zero, usual), "");
  EXPECT_NE(add(usual, usual, zero), "");
  EXPECT_NE(add({}, usual, usual), "");
  EXPECT_NE(add(quantized({NAN}, {0}), usual, usual), "");
  EXPECT_NE(add(quantized({-1}, {0}), usual, usual), "");
  EXPECT_NE(add(quantized({kInfinity}, {0}), usual, usual), "");
  EXPECT_NE(add(usual, usual, quantized({1}, {200})), "");
  EXPECT_NE(add(usual, usual, quantized({1, 1}, {0, 0})), "");
  for (const OpCode op : {OpCode::relu, OpCode::tanh, OpCode::exp, OpCode::hard_swish, OpCode::leaky_relu, OpCode::abs,
                          OpCode::sqrt, OpCode::rsqrt, OpCode::log, OpCode::elu, OpCode::gelu, OpCode::quantize}) {
    EXPECT_NE(OneNode(op).input<int8_t>({1}, {1}, usual).output(DataType::int8, zero).refusal(), "")
        << op_code_name(op);
  }
  EXPECT_NE(OneNode(OpCode::quantize).input<float>({1}, {1}).output(DataType::int8, zero).refusal(), "");
  EXPECT_NE(OneNode(OpCode::div, "DivOptions")
                .input<int8_t>({1}, {1}, usual)
                .input<int8_t>({1}, {1}, zero)
                .output(DataType::int8, usual)
                .refusal(),
            "");
}

TEST(Elementwise, RefusesOtherOutputsOfLogistic) {
  EXPECT_NE(OneNode(OpCode::logistic)
                .input<int8_t>({1}, {1}, quantized({0.1f}, {0}))
                .output(DataType::int8, quantized({1.0f / 128}, {0}))
                .refusal(),
            "");
}

TEST(Elementwise, RefusesAsymmetricInt16Sums) {
  const auto add = OneNode(OpCode::add, "AddOptions")
                       .input<int16_t>({1}, {1}, quantized({0.1f}, {1}))
                       .input<int16_t>({1}, {1}, quantized({0.1f}, {0}))
                       .output(DataType::int16, quantized({0.1f}, {0}));
  EXPECT_NE(add.refusal(), "");
}

TEST(Elementwise, RefusesChannelScalesThatDoNotFit) {
  const auto wrong = [](Quantization quantization) {
    return OneNode(OpCode::dequantize)
        .input<int8_t>({2, 3}, {1, 2, 3, 4, 5, 6}, std::move(quantization))
        .output(DataType::float32)
        .refusal();
  };
  EXPECT_EQ(wrong(quantized({1, 1, 1}, {0, 0, 0}, 1)), "");
  EXPECT_NE(wrong(quantized({1, 1, 1}, {0, 0, 0}, 0)), "");
  EXPECT_NE(wrong(quantized({1, 1, 1}, {0, 0}, 1)), "");
  EXPECT_NE(wrong(quantized({1, 1, 1}, {0, 0, 0}, 7)), "");
  EXPECT_NE(wrong({}), "");
}

}  // namespace
}  // namespace litequant
