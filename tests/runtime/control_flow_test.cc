// Late nodes: shapes that follow from values, IF, WHILE, calls and variables.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "format/model_builder.h"
#include "runtime/run_state.h"
#include "runtime/session.h"

namespace litequant {
namespace {

template <typename T>
void write(Session& session, size_t input, const std::vector<T>& values) {
  ASSERT_EQ(session.input(input).size(), values.size() * sizeof(T));
  std::memcpy(session.input(input).data(), values.data(), session.input(input).size());
}

template <typename T>
std::vector<T> output(const Session& session, size_t i = 0) {
  std::vector<T> values(session.output(i).size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), session.output(i).data(), session.output(i).size());
  return values;
}

Shape output_shape(const Session& session, size_t i = 0) {
  return session.slot(session.plan().graph().outputs[i]).shape;
}

std::string message_of(const std::function<void()>& act, ErrorCode* code = nullptr) {
  try {
    act();
  } catch (const Error& error) {
    if (code != nullptr) *code = error.code();
    return error.message();
  }
  return "no error";
}

Options graphs(std::string table, std::initializer_list<std::pair<std::string_view, OptionValue>> fields) {
  return ModelBuilder::options(std::move(table), fields);
}

// ---- Shapes that follow from values ---------------------------------------------------------------------------------

// y = reshape(x + x, shape) * 1, z = shape + shape
std::shared_ptr<const Model> reshape_model() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {6});
  const int shape = b.input("shape", DataType::int32, {2});
  const int one = b.constant("one", DataType::float32, {1}, std::vector<float>{1});
  const int twice = b.tensor("twice", DataType::float32, {6});
  const int shaped = b.tensor("shaped", DataType::float32, {1, 1});
  const int y = b.output("y", DataType::float32, {1, 1});
  const int z = b.output("z", DataType::int32, {2});
  b.node(OpCode::add, {x, x}, {twice}, b.options("AddOptions"));
  b.node(OpCode::reshape, {twice, shape}, {shaped}, b.options("ReshapeOptions"));
  b.node(OpCode::mul, {shaped, one}, {y}, b.options("MulOptions"));
  b.node(OpCode::add, {shape, shape}, {z}, b.options("AddOptions"));
  return b.load();
}

TEST(LateNode, TakesItsShapeFromAValueOfTheRun) {
  for (const bool keep_all : {false, true}) {
    Session session(Plan::make(reshape_model(), 0, {}, {.keep_all_tensors = keep_all}));
    EXPECT_TRUE(session.plan().has_late_nodes());
    EXPECT_TRUE(session.plan().slot(session.plan().graph().outputs[0]).is_open);
    for (const std::vector<int32_t>& shape : {std::vector<int32_t>{2, 3}, {3, -1}, {2, 3}, {6, 1}}) {
      write<float>(session, 0, {1, 2, 3, 4, 5, 6});
      write(session, 1, shape);
      session.run();
      EXPECT_EQ(output_shape(session), (Shape{shape[0], 6 / shape[0]}));
      EXPECT_EQ(output<float>(session), (std::vector<float>{2, 4, 6, 8, 10, 12}));
      EXPECT_EQ(output<int32_t>(session, 1), (std::vector<int32_t>{2 * shape[0], 2 * shape[1]}));
    }
    if (keep_all) {
      EXPECT_EQ(session.tensor(3).size(), 24u) << "'twice' can still be read";
    }
  }
}

TEST(LateNode, FailsWithItsPlaceAndTheSessionGoesOn) {
  Session session(Plan::make(reshape_model(), 0, {}, {}));
  write<float>(session, 0, {1, 2, 3, 4, 5, 6});
  write<int32_t>(session, 1, {4, 2});
  const std::string message = message_of([&] { session.run(); });
  EXPECT_NE(message.find("subgraph 0, node 1 RESHAPE 'shaped': "), std::string::npos) << message;
  write<float>(session, 0, {1, 2, 3, 4, 5, 6});
  write<int32_t>(session, 1, {1, 6});
  session.run();
  EXPECT_EQ(output_shape(session), (Shape{1, 6}));
}

// WHERE, then GATHER_ND of what it found.
TEST(LateNode, FindsAsManyAsThereAre) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {2, 3});
  const int found = b.output("found", DataType::int64, {1, 2});
  const int values = b.output("values", DataType::float32, {1});
  b.node(OpCode::where, {x}, {found}, b.options("WhereOptions"), 2);
  b.node(OpCode::gather_nd, {x, found}, {values}, b.options("GatherNdOptions"));
  Session session(Plan::make(b.load(), 0, {}, {}));
  write<float>(session, 0, {0, 5, 0, -1, 0, 7});
  session.run();
  EXPECT_EQ(output<int64_t>(session), (std::vector<int64_t>{0, 1, 1, 0, 1, 2}));
  EXPECT_EQ(output<float>(session, 1), (std::vector<float>{5, -1, 7}));
  write<float>(session, 0, {0, 0, 0, 0, 0, 0});
  session.run();
  EXPECT_EQ(output_shape(session), (Shape{0, 2}));
  EXPECT_EQ(output_shape(session, 1), (Shape{0}));
}

TEST(LateNode, ListsEachValueOnce) {
  ModelBuilder b;
  const int x = b.input("x", DataType::int32, {6});
  const int values = b.output("values", DataType::int32, {1});
  const int indices = b.output("indices", DataType::int32, {6});
  b.node(OpCode::unique, {x}, {values, indices}, b.options("UniqueOptions", {{"idx_out_type", int64_t{2}}}));
  Session session(Plan::make(b.load(), 0, {}, {}));
  write<int32_t>(session, 0, {7, 3, 7, 7, 1, 3});
  session.run();
  EXPECT_EQ(output<int32_t>(session), (std::vector<int32_t>{7, 3, 1}));
  EXPECT_EQ(output<int32_t>(session, 1), (std::vector<int32_t>{0, 1, 0, 0, 2, 1}));
}

// ---- IF and WHILE ---------------------------------------------------------------------------------------------------

// y = condition ? x + x : concat(x, x)
std::shared_ptr<const Model> if_model() {
  ModelBuilder b;
  const int condition = b.input("condition", DataType::boolean, {});
  const int x = b.input("x", DataType::float32, {2});
  const int y = b.output("y", DataType::float32, {1});
  b.node(OpCode::if_, {condition, x}, {y},
         graphs("IfOptions", {{"then_subgraph_index", int64_t{1}}, {"else_subgraph_index", int64_t{2}}}));
  b.graph("then");
  const int a = b.input("a", DataType::float32, {2});
  const int sum = b.output("sum", DataType::float32, {2});
  b.node(OpCode::add, {a, a}, {sum}, b.options("AddOptions"));
  b.graph("else");
  const int c = b.input("c", DataType::float32, {2});
  const int both = b.output("both", DataType::float32, {4});
  b.node(OpCode::concatenation, {c, c}, {both}, b.options("ConcatenationOptions"));
  return b.load();
}

TEST(If, RunsTheBranchThatIsAskedFor) {
  Session session(Plan::make(if_model(), 0, {}, {}));
  for (int round = 0; round < 2; ++round) {
    write<uint8_t>(session, 0, {1});
    write<float>(session, 1, {3, 4});
    session.run();
    EXPECT_EQ(output<float>(session), (std::vector<float>{6, 8}));
    write<uint8_t>(session, 0, {0});
    write<float>(session, 1, {3, 4});
    session.run();
    EXPECT_EQ(output<float>(session), (std::vector<float>{3, 4, 3, 4}));
    EXPECT_EQ(output_shape(session), (Shape{4}));
  }
}

TEST(If, ShowsTheGraphsThatItRunsToTheObserver) {
  Session session(Plan::make(if_model(), 0, {}, {}));
  write<uint8_t>(session, 0, {1});
  write<float>(session, 1, {3, 4});
  std::vector<std::pair<int32_t, int32_t>> seen;
  session.run([&](const Session& from, int32_t node) { seen.emplace_back(from.plan().graph_index(), node); });
  EXPECT_EQ(seen, (std::vector<std::pair<int32_t, int32_t>>{{0, -1}, {1, -1}, {1, 0}, {0, 0}}));
}

// while (i < n) { i += step; x = grows ? concat(x, x) : x + x }
std::shared_ptr<const Model> while_model(bool grows, OpCode in_body = OpCode::add) {
  ModelBuilder b;
  const std::vector<int> outer = {b.input("i", DataType::int32, {}), b.input("n", DataType::int32, {}),
                                  b.input("step", DataType::int32, {}), b.input("x", DataType::float32, {2})};
  const int last = b.output("last", DataType::int32, {});
  const int n_out = b.tensor("n_out", DataType::int32, {});
  const int step_out = b.tensor("step_out", DataType::int32, {});
  const int y = b.output("y", DataType::float32, {2});
  b.node(OpCode::while_, outer, {last, n_out, step_out, y},
         graphs("WhileOptions", {{"cond_subgraph_index", int64_t{1}}, {"body_subgraph_index", int64_t{2}}}));
  const auto inputs = [&] {
    return std::vector<int>{b.input("i", DataType::int32, {}), b.input("n", DataType::int32, {}),
                            b.input("step", DataType::int32, {}), b.input("x", DataType::float32, {2})};
  };
  b.graph("condition");
  std::vector<int> in = inputs();
  const int is_less = b.output("is_less", DataType::boolean, {});
  b.node(OpCode::less, {in[0], in[1]}, {is_less}, b.options("LessOptions"));
  b.graph("body");
  in = inputs();
  const int next = b.output("next", DataType::int32, {});
  b.current().outputs.push_back(in[1]);
  b.current().outputs.push_back(in[2]);
  const int more = b.output("more", DataType::float32, {2});
  Node& count = b.node(in_body, {in[0], in[2]}, {next}, in_body == OpCode::add ? b.options("AddOptions") : Options());
  if (in_body == OpCode::custom) count.custom_code = "Nobodys";
  if (grows) {
    b.node(OpCode::concatenation, {in[3], in[3]}, {more}, b.options("ConcatenationOptions"));
  } else {
    b.node(OpCode::add, {in[3], in[3]}, {more}, b.options("AddOptions"));
  }
  return b.load();
}

void write_while(Session& session, int32_t n, int32_t step) {
  write<int32_t>(session, 0, {0});
  write<int32_t>(session, 1, {n});
  write<int32_t>(session, 2, {step});
  write<float>(session, 3, {1, 2});
}

TEST(While, GoesOnAsLongAsItsConditionHolds) {
  Session session(Plan::make(while_model(false), 0, {}, {}));
  for (const int32_t n : {5, 0, 1, 5}) {
    write_while(session, n, 1);
    session.run();
    const auto power = static_cast<float>(1 << n);
    EXPECT_EQ(output<int32_t>(session), std::vector<int32_t>{n});
    EXPECT_EQ(output<float>(session, 1), (std::vector<float>{power, 2 * power}));
  }
}

TEST(While, CarriesShapesThatChange) {
  Session session(Plan::make(while_model(true), 0, {}, {}));
  for (const int32_t n : {3, 0, 6, 3}) {
    write_while(session, n, 1);
    session.run();
    EXPECT_EQ(output_shape(session, 1), (Shape{2 << n}));
    EXPECT_EQ(output<float>(session, 1).back(), 2);
  }
}

TEST(While, IsStoppedWhenItDoesNotEnd) {
  const auto run = [](bool grows, const PlanOptions& options) {
    Session session(Plan::make(while_model(grows), 0, {}, options));
    write_while(session, 5, 0);
    session.run();
  };
  ErrorCode code = ErrorCode::internal;
  EXPECT_EQ(message_of([&] { run(false, {.operation_limit = 1e9}); }, &code),
            "subgraph 0, node 0 WHILE 'last': takes more than 1000000000 operations in one run, which is the limit; "
            "each time that it runs a subgraph counts 1000000");
  EXPECT_EQ(code, ErrorCode::too_large);
  // Here it is memory that comes to an end first.
  message_of([&] { run(true, {.memory_limit = 1 << 20}); }, &code);
  EXPECT_EQ(code, ErrorCode::out_of_memory);
}

TEST(While, EndsWithinTwoSecondsByDefault) {
  Session session(Plan::make(while_model(false), 0, {}, {}));
  write_while(session, 5, 0);
  ErrorCode code = ErrorCode::internal;
  message_of([&] { session.run(); }, &code);
  EXPECT_EQ(code, ErrorCode::too_large);
}

TEST(Plan, NamesTheOperatorOfABodyThatIsNotExecuted) {
  EXPECT_EQ(message_of([] { Plan::make(while_model(false, OpCode::custom), 0, {}, {}); }),
            "subgraph 2, node 0 Nobodys 'next': the operator Nobodys is not executed");
}

TEST(While, IsLeftOutWhereItsBodyIsNotExecuted) {
  Session session(Plan::make(while_model(false, OpCode::custom), 0, {}, {.skip_unsupported = true}));
  write_while(session, 2, 1);
  session.run();
  EXPECT_TRUE(session.output(1).empty());
  EXPECT_TRUE(session.slot(session.plan().graph().outputs[1]).is_missing);
}

// ---- Variables ------------------------------------------------------------------------------------------------------

// Graph 0: CALL_ONCE(1); v += x; y = v. Graph 1: v = 10, 20.
std::shared_ptr<const Model> variable_model(bool initialises) {
  ModelBuilder b;
  const Options name = b.options("VarHandleOptions", {{"container", std::string()}, {"shared_name", std::string("v")}});
  const int x = b.input("x", DataType::float32, {2});
  const int handle = b.tensor("handle", DataType::resource, {});
  const int before = b.tensor("before", DataType::float32, {2});
  const int after = b.tensor("after", DataType::float32, {2});
  const int y = b.output("y", DataType::float32, {2});
  if (initialises) {
    b.node(OpCode::call_once, {}, {}, graphs("CallOnceOptions", {{"init_subgraph_index", int64_t{1}}}));
  }
  b.node(OpCode::var_handle, {}, {handle}, name);
  b.node(OpCode::read_variable, {handle}, {before}, b.options("ReadVariableOptions"));
  b.node(OpCode::add, {before, x}, {after}, b.options("AddOptions"));
  b.node(OpCode::assign_variable, {handle, after}, {}, b.options("AssignVariableOptions"));
  b.node(OpCode::read_variable, {handle}, {y}, b.options("ReadVariableOptions"));
  b.graph("initialise");
  const int inner = b.tensor("handle", DataType::resource, {});
  const int start = b.constant("start", DataType::float32, {2}, std::vector<float>{10, 20});
  b.node(OpCode::var_handle, {}, {inner}, name);
  b.node(OpCode::assign_variable, {inner, start}, {}, b.options("AssignVariableOptions"));
  return b.load();
}

TEST(Variable, LivesFromRunToRunUntilItIsReset) {
  Session session(Plan::make(variable_model(true), 0, {}, {}));
  for (int round = 0; round < 2; ++round) {
    for (const float expected : {11.0f, 12.0f, 13.0f}) {
      write<float>(session, 0, {1, 0});
      session.run();
      EXPECT_EQ(output<float>(session), (std::vector<float>{expected, 20}));
    }
    session.reset();
  }
}

// Graph 0 of one model initialises and adds; another session of it, with other shapes even, sees what it left.
TEST(Variable, IsSharedBySessionsOfOneState) {
  const auto model = variable_model(true);
  const auto plan = Plan::make(model, 0, {}, {});
  const auto state = std::make_shared<RunState>(plan->options());
  Session first(plan, state), second(plan, state), alone(plan);
  const auto run = [](Session& session) {
    write<float>(session, 0, {1, 0});
    session.run();
    return output<float>(session)[0];
  };
  EXPECT_EQ(run(first), 11.0f);
  EXPECT_EQ(run(second), 12.0f);  // CALL_ONCE has run
  EXPECT_EQ(run(alone), 11.0f);
  EXPECT_EQ(run(first), 13.0f);
  second.reset();
  EXPECT_EQ(run(first), 11.0f);
}

TEST(Variable, MustBeWrittenBeforeItIsRead) {
  Session session(Plan::make(variable_model(false), 0, {}, {}));
  EXPECT_EQ(message_of([&] { session.run(); }),
            "subgraph 0, node 1 READ_VARIABLE 'before': reads the variable 'v', which nothing has written");
}

TEST(Call, RunsADecomposition) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {3});
  const int y = b.output("y", DataType::float32, {3});
  b.node(OpCode::stablehlo_composite, {x}, {y},
         graphs("StableHLOCompositeOptions",
                {{"name", std::string("twice")}, {"decomposition_subgraph_index", int64_t{1}}}));
  b.graph("twice");
  const int a = b.input("a", DataType::float32, {3});
  const int sum = b.output("sum", DataType::float32, {3});
  b.node(OpCode::add, {a, a}, {sum}, b.options("AddOptions"));
  Session session(Plan::make(b.load(), 0, std::vector<Shape>{{2}}, {}));
  write<float>(session, 0, {4, 5});
  session.run();
  EXPECT_EQ(output<float>(session), (std::vector<float>{8, 10}));
}

}  // namespace
}  // namespace litequant
