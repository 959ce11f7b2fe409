#include "runtime/session.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "format/model_builder.h"

namespace litequant {
namespace {

void write(std::span<std::byte> target, const std::vector<float>& values) {
  ASSERT_EQ(target.size(), values.size() * sizeof(float));
  std::memcpy(target.data(), values.data(), target.size());
}

std::vector<float> floats(std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

// What Keras writes for Flatten: the new shape is computed from the input's own.
std::shared_ptr<const Model> flatten_model() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 2, 3});
  const int shape = b.tensor("shape", DataType::int32, {3});
  const int begin = b.constant("begin", DataType::int32, {1}, std::vector<int32_t>{0});
  const int end = b.constant("end", DataType::int32, {1}, std::vector<int32_t>{1});
  const int strides = b.constant("strides", DataType::int32, {1}, std::vector<int32_t>{1});
  const int batch = b.tensor("batch", DataType::int32, {});
  const int rest = b.constant("rest", DataType::int32, {}, std::vector<int32_t>{6});
  const int packed = b.tensor("packed", DataType::int32, {2});
  const int y = b.output("y", DataType::float32, {1, 6});
  b.node(OpCode::shape, {x}, {shape}, b.options("ShapeOptions", {{"out_type", int64_t{2}}}));
  b.node(OpCode::strided_slice, {shape, begin, end, strides}, {batch},
         b.options("StridedSliceOptions", {{"shrink_axis_mask", int64_t{1}}}));
  b.node(OpCode::pack, {batch, rest}, {packed}, b.options("PackOptions", {{"values_count", int64_t{2}}}));
  b.node(OpCode::reshape, {x, packed}, {y}, b.options("ReshapeOptions", {}));
  return b.load();
}

TEST(Session, ComputesShapesWhenThePlanIsMade) {
  const auto plan = Plan::make(flatten_model(), 0, std::vector<Shape>{{4, 2, 3}}, {});
  EXPECT_EQ(plan->steps().size(), 1u) << "only RESHAPE remains to be run";
  EXPECT_EQ(plan->slot(plan->graph().outputs[0]).shape, (Shape{4, 6}));
  Session session(plan);
  std::vector<float> values(24);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  write(session.input(0), values);
  session.run();
  EXPECT_EQ(floats(session.output(0)), values);
}

TEST(Session, TwoSessionsOfOnePlanDoNotDisturbEachOther) {
  const auto plan = Plan::make(flatten_model(), 0, {}, {});
  Session first(plan), second(plan);
  write(first.input(0), {1, 2, 3, 4, 5, 6});
  write(second.input(0), {6, 5, 4, 3, 2, 1});
  first.run();
  second.run();
  EXPECT_EQ(floats(first.output(0)), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(floats(second.output(0)), (std::vector<float>{6, 5, 4, 3, 2, 1}));
}

TEST(Session, ObserverSeesEachResultThoughMemoryIsShared) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  int at = x;
  for (int i = 0; i < 4; ++i) {
    const int next =
        i == 3 ? b.output("y", DataType::float32, {1, 4}) : b.tensor(text("sum", i), DataType::float32, {1, 4});
    b.node(OpCode::add, {at, x}, {next}, b.options("AddOptions", {}));
    at = next;
  }
  const auto model = b.load();
  Session session(Plan::make(model, 0, {}, {}));
  EXPECT_LT(session.plan().arena_bytes(), 5u * 64 + 64) << "five tensors of 16 bytes, never all alive";
  write(session.input(0), {1, 2, 3, 4});
  std::vector<float> firsts;
  session.run([&](const Session&, int32_t node) {
    if (node == Session::kBeginning) return;
    firsts.push_back(floats(session.tensor(model->graphs[0].nodes[static_cast<size_t>(node)].outputs[0]))[0]);
  });
  EXPECT_EQ(firsts, (std::vector<float>{2, 3, 4, 5}));

  Session keeping(Plan::make(model, 0, {}, {.keep_all_tensors = true}));
  write(keeping.input(0), {1, 2, 3, 4});
  keeping.run();
  EXPECT_EQ(floats(keeping.tensor(model->graphs[0].nodes[0].outputs[0]))[3], 8);
}

TEST(Plan, NamesTheOperatorThatIsNotExecuted) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int y = b.output("y", DataType::float32, {1, 4});
  b.node(OpCode::skip_gram, {x}, {y}, b.options("SkipGramOptions", {}));
  const auto model = b.load();
  EXPECT_EQ(message_of([&] { Plan::make(model, 0, {}, {}); }),
            "subgraph 0, node 0 SKIP_GRAM 'y': the operator SKIP_GRAM is not executed");
}

TEST(Plan, RefusesShapesThatDoNotFit) {
  const auto model = flatten_model();
  EXPECT_EQ(message_of([&] { Plan::make(model, 0, std::vector<Shape>{{2, 3}}, {}); }),
            "subgraph 0, tensor 'x': needs 3 dimensions [1, 2, 3], given [2, 3]");
  EXPECT_EQ(message_of([&] { Plan::make(model, 0, std::vector<Shape>{{1, 2, 3}, {1}}, {}); }),
            "the model has 1 inputs, 2 shapes were given");
  EXPECT_EQ(message_of([&] { Plan::make(model, 0, std::vector<Shape>{{65536, 65536, 2}}, {}); }),
            "subgraph 0, tensor 'x': the shape [65536, 65536, 2] cannot be held");
  EXPECT_EQ(message_of([&] { Plan::make(model, 3, {}, {}); }), "there is no subgraph 3; the model has 1");
  EXPECT_EQ(message_of([&] { Plan::make(model, 0, std::vector<Shape>{{1000, 2, 3}}, {.memory_limit = 1000}); }),
            "running this model needs 48064 bytes of working memory, the limit is 1000");
}

TEST(Plan, RunsWithoutNodesThatNoOutputNeeds) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  const int unused = b.tensor("unused", DataType::float32, {1, 4});
  const int y = b.output("y", DataType::float32, {1, 4});
  b.node(OpCode::add, {x, x}, {unused}, b.options("AddOptions", {}));
  b.node(OpCode::add, {x, x}, {y}, b.options("AddOptions", {}));
  const auto model = b.load();
  EXPECT_EQ(Plan::make(model, 0, {}, {})->steps().size(), 1u);
  EXPECT_EQ(Plan::make(model, 0, {}, {.keep_all_tensors = true})->steps().size(), 2u);
}

TEST(Session, GivesVariablesTheirMemory) {
  // Nothing writes the variable before it is read.
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {2, 300});
  const int state = b.variable("state", DataType::float32, {2, 300});
  b.node(OpCode::add, {x, state}, {b.output("y", DataType::float32, {2, 300})}, b.options("AddOptions"));
  const auto plan = Plan::make(b.load(), 0, {}, {});
  EXPECT_EQ(plan->slot(state).bytes, 2400u);
  Session session(plan);
  write(session.input(0), std::vector<float>(600, 3));
  session.run();
  EXPECT_EQ(floats(session.output(0)), std::vector<float>(600, 3));
}

TEST(Session, RefusesToResizeAVariable) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {4});
  const int state = b.variable("state", DataType::float32, {100});
  b.node(OpCode::abs, {state}, {b.output("y", DataType::float32, {100})});
  b.node(OpCode::neg, {x}, {state});
  b.current().outputs.push_back(state);
  const auto model = b.load();
  EXPECT_EQ(message_of([&] { Plan::make(model, 0, {}, {}); }),
            "subgraph 0, node 1 NEG 'state': writes the shape [4] into a variable of the shape [100]");
}

std::string budget_message(const std::shared_ptr<const Model>& model, double limit) {
  PlanOptions options;
  options.operation_limit = limit;
  return message_of([&] { Plan::make(model, 0, {}, options); });
}

TEST(Session, RefusesWorkBeyondTheLimit) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 10, 10, 2});
  const int w = b.constant("w", DataType::float32, {4, 3, 3, 2}, std::vector<float>(72, 1));
  const int y = b.tensor("y", DataType::float32, {1, 10, 10, 4});
  b.node(OpCode::conv_2d, {x, w}, {y},
         b.options("Conv2DOptions", {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}}));
  b.node(OpCode::relu, {y}, {b.output("z", DataType::float32, {1, 10, 10, 4})});
  const auto model = b.load();
  // 400 results of 18 products each; 200 + 72 + 400 elements; and twice 400 of RELU.
  EXPECT_EQ(budget_message(model, 400 * 18 + 672 + 800), "no error");
  EXPECT_EQ(
      budget_message(model, 400 * 18 + 672 + 799),
      "subgraph 0, node 1 RELU 'z': takes about 800 multiply-adds or visits of elements, which makes 8672 with the "
      "nodes before it; the limit is 8671");
}

}  // namespace
}  // namespace litequant
