// Recurrent operators: their states, what they refuse, and that a damaged model is refused or runs in its memory (the
// sanitizers watch).
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/load.h"
#include "format/model_builder.h"
#include "format/save.h"
#include "runtime/session.h"
#include "support/files.h"
#include "support/vector_case.h"

namespace litequant {
namespace {

const std::set<std::string> kOperators = {"LSTM",
                                          "UNIDIRECTIONAL_SEQUENCE_LSTM",
                                          "BIDIRECTIONAL_SEQUENCE_LSTM",
                                          "RNN",
                                          "UNIDIRECTIONAL_SEQUENCE_RNN",
                                          "BIDIRECTIONAL_SEQUENCE_RNN",
                                          "SVDF",
                                          "EMBEDDING_LOOKUP",
                                          "HASHTABLE_LOOKUP"};

// SVDF of one filter that sums its last three inputs.
ModelBuilder memory_model(DataType state_type = DataType::float32, bool is_variable = true) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 1});
  const int features = b.constant("features", DataType::float32, {1, 1}, std::vector<float>{1});
  const int time = b.constant("time", DataType::float32, {1, 3}, std::vector<float>{1, 1, 1});
  const int state = is_variable ? b.variable("state", state_type, {1, 3}) : b.input("state", state_type, {1, 3});
  const int y = b.output("y", DataType::float32, {1, 1});
  b.node(OpCode::svdf, {x, features, time, kNoTensor, state}, {y},
         ModelBuilder::options("SVDFOptions", {{"rank", int64_t{1}}}));
  return b;
}

float feed(Session& session, float value) {
  std::memcpy(session.input(0).data(), &value, sizeof value);
  session.run();
  std::memcpy(&value, session.output(0).data(), sizeof value);
  return value;
}

std::string refusal(const Model& model) {
  try {
    Plan::make(std::make_shared<const Model>(model), 0, {}, {});
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

TEST(RecurrentState, GoesOnFromRunToRunUntilItIsReset) {
  Session session(Plan::make(memory_model().load(), 0, {}, {}));
  EXPECT_EQ(feed(session, 1), 1);
  EXPECT_EQ(feed(session, 2), 3);
  EXPECT_EQ(feed(session, 4), 7);
  EXPECT_EQ(feed(session, 8), 14);
  session.reset();
  EXPECT_EQ(feed(session, 1), 1);
  Session other(Plan::make(memory_model().load(), 0, {}, {}));
  EXPECT_EQ(feed(other, 5), 5);
}

TEST(RecurrentState, OfInt8BeginsAtItsZeroPoint) {
  ModelBuilder b = memory_model();
  const int state = b.variable("other state", DataType::int8, {1, 4}, ModelBuilder::per_tensor(0.5f, -7));
  const int y = b.output("zero", DataType::int8, {1, 4}, ModelBuilder::per_tensor(0.5f, -7));
  const int shape = b.constant("shape", DataType::int32, {2}, std::vector<int32_t>{1, 4});
  b.node(OpCode::reshape, {state, shape}, {y});
  Session session(Plan::make(b.load(), 0, {}, {}));
  session.run();
  for (const std::byte value : session.output(1)) EXPECT_EQ(static_cast<int8_t>(value), -7);
}

TEST(RecurrentRefusals, NameWhatIsWrong) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "must be a variable",
                      refusal(memory_model(DataType::float32, false).model()));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "its state must be FLOAT32", refusal(memory_model(DataType::int8).model()));
  ModelBuilder rank = memory_model();
  rank.current().nodes[0].options.set("rank", int64_t{0});
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "rank of 0", refusal(rank.model()));
  ModelBuilder state = memory_model();
  state.at(3).shape = {1, 4};
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "must have 3 elements", refusal(state.model()));
  ModelBuilder activation = memory_model();
  activation.current().nodes[0].options.set("fused_activation_function", int64_t{5});
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "SIGN_BIT", refusal(activation.model()));
}

TEST(RecurrentRefusals, IntermediatesTellTheFormOfAnIntegerLstm) {
  const auto with_intermediates = [](const std::string& id, size_t count) {
    Model model = *load_model(test::read_file(test::vector_model_path(id)));
    std::vector<int32_t>& intermediates = model.graphs[0].nodes[0].intermediates;
    intermediates.resize(count, intermediates.back());
    return refusal(model);
  };
  EXPECT_EQ(with_intermediates("lstm_step_i8", 5), "");
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "5 or 12 intermediates, found 4", with_intermediates("lstm_step_i8", 4));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "only with layer normalisation", with_intermediates("lstm_step_i8", 12));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "needs 5 intermediates", with_intermediates("lstm_i8_coupled", 12));
  EXPECT_EQ(with_intermediates("lstm_i8_byte_gates", 12), "");
}

TEST(EmbeddingLookup, GivesZerosOutsideTheTable) {
  ModelBuilder b;
  const int ids = b.input("ids", DataType::int32, {4});
  const int table = b.constant("table", DataType::float32, {2, 2}, std::vector<float>{1, 2, 3, 4});
  const int y = b.output("y", DataType::float32, {4, 2});
  b.node(OpCode::embedding_lookup, {ids, table}, {y});
  Session session(Plan::make(b.load(), 0, {}, {}));
  const int32_t wanted[] = {1, -1, 2, 0};
  std::memcpy(session.input(0).data(), wanted, sizeof wanted);
  session.run();
  const auto* found = reinterpret_cast<const float*>(session.output(0).data());
  EXPECT_EQ(std::vector<float>(found, found + 8), (std::vector<float>{3, 4, 0, 0, 0, 0, 1, 2}));
}

// One change of a model that was sound.
void damage(Model& model, std::mt19937& random) {
  const auto pick = [&](size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); };
  Graph& graph = model.graphs[0];
  Tensor& tensor = graph.tensors[pick(graph.tensors.size())];
  Node& node = graph.nodes[0];
  constexpr int32_t kSizes[] = {0, 1, 2, 3, 5, 17, 1 << 20, 2147483647};
  constexpr float kScales[] = {0, -1, 1e-38f, 1e38f, 0.25f, std::numeric_limits<float>::infinity()};
  switch (pick(8)) {
    case 0: tensor.type = static_cast<DataType>(pick(kDataTypeCount)); break;
    case 1:
      if (tensor.shape.rank() > 0) {
        tensor.shape[static_cast<int>(pick(static_cast<size_t>(tensor.shape.rank())))] = kSizes[pick(8)];
      }
      break;
    case 2: tensor.shape = {kSizes[pick(8)], kSizes[pick(8)]}; break;
    case 3: tensor.quantization.scale = {kScales[pick(6)]}; break;
    case 4: tensor.quantization.zero_point = {static_cast<int64_t>(pick(400)) - 200}; break;
    case 5: node.inputs[pick(node.inputs.size())] = static_cast<int32_t>(pick(graph.tensors.size() + 1)) - 1; break;
    case 6: tensor.is_variable = !tensor.is_variable; break;
    default: {
      constexpr std::string_view kFields[] = {"fused_activation_function", "time_major", "merge_outputs", "rank"};
      node.options.set(kFields[pick(4)], static_cast<int64_t>(pick(7)) - 1);
    }
  }
}

TEST(RecurrentDamage, IsRefusedOrRuns) {
  LITEQUANT_NEEDS_SHARED();
  std::mt19937 random(20);
  int refused = 0, ran = 0;
  for (const std::string& id : test::vector_ids()) {
    const auto bytes = test::read_file(test::vector_model_path(id));
    const auto sound = load_model(bytes);
    if (!kOperators.contains(operator_name(sound->graphs[0].nodes[0]))) continue;
    for (int turn = 0; turn < 40; ++turn) {
      Model model = *sound;
      for (int change = 0; change <= turn % 3; ++change) damage(model, random);
      try {
        const std::vector<std::byte> file = save_model(model);
        Session session(Plan::make(load_model(file), 0, {}, {.memory_limit = int64_t{1} << 24}));
        for (size_t i = 0; i < session.plan().graph().inputs.size(); ++i) {
          for (std::byte& value : session.input(i)) value = static_cast<std::byte>(random());
        }
        session.run();
        session.run();
        ++ran;
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(ran, 100);
}

}  // namespace
}  // namespace litequant
