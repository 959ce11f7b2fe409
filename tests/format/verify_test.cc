#include "format/verify.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "format/model_builder.h"

namespace litequant {
namespace {

// CONV_2D, then ADD of a constant: every kind of operand. Tensors: 0 x, 1 weights, 2 bias, 3 convolved, 4 offset, 5 y.
ModelBuilder small_model() {
  ModelBuilder b;
  const int x = b.input("x", DataType::int8, {1, 4, 4, 2}, b.per_tensor(0.5f, -3));
  const int weights = b.constant("weights", DataType::int8, {3, 1, 1, 2}, std::vector<int8_t>{1, 2, 3, 4, 5, 6},
                                 b.per_channel({0.1f, 0.2f, 0.3f}, 0));
  const int bias = b.constant("bias", DataType::int32, {3}, std::vector<int32_t>{10, 20, 30},
                              b.per_channel({0.05f, 0.1f, 0.15f}, 0));
  const int convolved = b.tensor("block/conv", DataType::int8, {1, 4, 4, 3}, b.per_tensor(0.25f, 7));
  const int offset = b.constant("offset", DataType::int8, {3}, std::vector<int8_t>{1, 2, 3}, b.per_tensor(0.25f));
  const int y = b.output("y", DataType::int8, {1, 4, 4, 3}, b.per_tensor(0.25f, 7));
  b.node(OpCode::conv_2d, {x, weights, bias}, {convolved},
         b.options("Conv2DOptions", {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}}));
  b.node(OpCode::add, {convolved, offset}, {y}, b.options("AddOptions"));
  b.signature("serve", {{"input", static_cast<uint32_t>(x)}}, {{"output", static_cast<uint32_t>(y)}});
  return b;
}

std::string refusal(const Model& model) {
  try {
    verify_model(model);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_model);
    return error.message();
  }
  return "accepted";
}

using Change = std::function<void(Model& model, Graph& graph)>;

struct Case {
  const char* name;
  Change change;
  const char* message;
};

class VerifyModel : public testing::TestWithParam<Case> {};

TEST_P(VerifyModel, RefusesAndSaysWhere) {
  ModelBuilder b = small_model();
  GetParam().change(b.model(), b.current());
  EXPECT_EQ(refusal(b.model()), GetParam().message);
}

std::string case_name(const testing::TestParamInfo<Case>& info) { return info.param.name; }

TEST(VerifyModel, AcceptsTheModelThatTheseCasesChange) { EXPECT_EQ(refusal(small_model().model()), "accepted"); }

const float kNan = std::nanf("");

INSTANTIATE_TEST_SUITE_P(
    Model, VerifyModel,
    testing::Values(Case{"Version", [](Model& m, Graph&) { m.version = 2; },
                         "the model is of format version 2; only version 3 is in use"},
                    Case{"NoGraph", [](Model& m, Graph&) { m.graphs.clear(); },
                         "the model has no subgraph: there is nothing to run"},
                    Case{"FirstBuffer", [](Model& m, Graph&) { m.buffers[0] = Buffer::of(std::vector<int8_t>{1}); },
                         "buffer 0 is not empty; it stands for tensors without data"},
                    Case{"MetadataBuffer", [](Model& m, Graph&) { m.metadata.push_back({"min_runtime_version", 9}); },
                         "metadata 'min_runtime_version' names buffer 9, but there are 4"},
                    Case{"MetadataList", [](Model& m, Graph&) { m.metadata_buffer = {-1}; },
                         "the metadata list names buffer -1, but there are 4"},
                    Case{"ExternalGroup", [](Model& m, Graph&) { m.external_buffers.push_back({1, 2, 0, 16, ""}); },
                         "external buffer 1 names group 2, but there are 0"},
                    Case{"SignatureGraph", [](Model& m, Graph&) { m.signatures[0].graph = 1; },
                         "signature 'serve' is of subgraph 1, but there are 1"},
                    Case{"SignatureTensor", [](Model& m, Graph&) { m.signatures[0].outputs[0].tensor = 6; },
                         "subgraph 0: signature 'serve': output 'output' is tensor 6, but there are 6"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Graph, VerifyModel,
    testing::Values(
        Case{"InputIndex", [](Model&, Graph& g) { g.inputs = {6}; },
             "subgraph 0: graph input is tensor 6, but there are 6"},
        Case{"OutputIndex", [](Model&, Graph& g) { g.outputs = {-1}; },
             "subgraph 0: graph output is tensor -1, but there are 6"},
        Case{"OutputNotMade", [](Model&, Graph& g) { g.nodes.pop_back(); },
             "subgraph 0: graph output 5 'y' is made by no node"},
        Case{"Order", [](Model&, Graph& g) { std::swap(g.nodes[0], g.nodes[1]); },
             "subgraph 0, node 0 ADD 'y': input 0 is tensor 3 'block/conv', which no earlier node makes"},
        Case{"NotAnInput", [](Model&, Graph& g) { g.inputs.clear(); },
             "subgraph 0, node 0 CONV_2D 'block/conv': input 0 is tensor 0 'x', which no earlier node makes"},
        Case{"MadeTwice", [](Model&, Graph& g) { g.nodes[1].outputs = {3}; },
             "subgraph 0, node 1 ADD 'block/conv': output 0 is tensor 3 'block/conv', which another output or node "
             "makes already"},
        Case{"WritesConstant", [](Model&, Graph& g) { g.nodes[1].outputs = {4}; },
             "subgraph 0, node 1 ADD 'offset': output 0 is tensor 4 'offset', which is a constant"},
        Case{"WritesInput", [](Model&, Graph& g) { g.nodes[1].outputs = {0}; },
             "subgraph 0, node 1 ADD 'x': output 0 is tensor 0 'x', which is an input of the graph"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Node, VerifyModel,
    testing::Values(
        Case{"TooFewInputs", [](Model&, Graph& g) { g.nodes[0].inputs.resize(1); },
             "subgraph 0, node 0 CONV_2D 'block/conv': has 1 inputs; it takes 2 to 3 inputs"},
        Case{"TooManyInputs", [](Model&, Graph& g) { g.nodes[1].inputs.push_back(4); },
             "subgraph 0, node 1 ADD 'y': has 3 inputs; it takes 2 inputs"},
        Case{"NoOutputs", [](Model&, Graph& g) { g.nodes[1].outputs.clear(); },
             "subgraph 0, node 1 ADD: has 0 outputs; it takes 1 output"},
        Case{"AbsentInput", [](Model&, Graph& g) { g.nodes[0].inputs[1] = kNoTensor; },
             "subgraph 0, node 0 CONV_2D 'block/conv': input 1 is absent, but the operator needs it"},
        Case{"InputIndex", [](Model&, Graph& g) { g.nodes[0].inputs[1] = 77; },
             "subgraph 0, node 0 CONV_2D 'block/conv': input 1 is tensor 77, but there are 6"},
        Case{"NegativeInput", [](Model&, Graph& g) { g.nodes[0].inputs[2] = -2; },
             "subgraph 0, node 0 CONV_2D 'block/conv': input 2 is tensor -2, but there are 6"},
        Case{"OutputIndex", [](Model&, Graph& g) { g.nodes[1].outputs[0] = -1; },
             "subgraph 0, node 1 ADD: output 0 is tensor -1, but there are 6"},
        Case{"Intermediate", [](Model&, Graph& g) { g.nodes[1].intermediates = {6}; },
             "subgraph 0, node 1 ADD 'y': intermediate 0 is tensor 6, but there are 6"},
        Case{"MutatingInputs", [](Model&, Graph& g) { g.nodes[1].mutating_variable_inputs = {true}; },
             "subgraph 0, node 1 ADD 'y': has 2 inputs, but 1 marks of mutating inputs"},
        Case{"NoOptions", [](Model&, Graph& g) { g.nodes[0].options = Options(); },
             "subgraph 0, node 0 CONV_2D 'block/conv': has no Conv2DOptions, without which it means nothing"},
        Case{"OtherOptions", [](Model&, Graph& g) { g.nodes[0].options = Options("Pool2DOptions"); },
             "subgraph 0, node 0 CONV_2D 'block/conv': has Pool2DOptions; it takes Conv2DOptions"},
        Case{"OptionsOfNone", [](Model&, Graph& g) { g.nodes[1].op = OpCode::prelu; },
             "subgraph 0, node 1 PRELU 'y': has AddOptions; it takes no options"},
        Case{"OperatorVersion", [](Model&, Graph& g) { g.nodes[1].version = 0; },
             "subgraph 0, node 1 ADD 'y': is of version 0; versions begin at 1"},
        Case{"CustomWithoutName",
             [](Model&, Graph& g) {
               g.nodes[1].op = OpCode::custom;
               g.nodes[1].options = Options();
             },
             "subgraph 0, node 1 CUSTOM 'y': is a custom operator without a name"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Tensor, VerifyModel,
    testing::Values(
        Case{"Type", [](Model&, Graph& g) { g.tensors[3].type = static_cast<DataType>(23); },
             "subgraph 0, tensor 'block/conv': has element type 23, which the format does not define"},
        Case{"NegativeType", [](Model&, Graph& g) { g.tensors[3].type = static_cast<DataType>(-128); },
             "subgraph 0, tensor 'block/conv': has element type -128, which the format does not define"},
        Case{"NegativeDimension", [](Model&, Graph& g) { g.tensors[3].shape = {1, -4}; },
             "subgraph 0, tensor 'block/conv': has the shape [1, -4]; dimensions are not negative"},
        Case{"TooManyElements", [](Model&, Graph& g) { g.tensors[3].shape = {1 << 30, 1 << 30, 1 << 30}; },
             "subgraph 0, tensor 'block/conv': has the shape [1073741824, 1073741824, 1073741824], more elements than "
             "can be counted"},
        Case{"TooManyElementsBesideZero", [](Model&, Graph& g) { g.tensors[3].shape = {0, 1 << 30, 1 << 30, 1 << 30}; },
             "subgraph 0, tensor 'block/conv': has the shape [0, 1073741824, 1073741824, 1073741824], more elements "
             "than can be counted"},
        Case{"WithoutName",
             [](Model&, Graph& g) {
               g.tensors[3].name.clear();
               g.tensors[3].shape = {-1};
             },
             "subgraph 0: tensor 3 has the shape [-1]; dimensions are not negative"},
        Case{"SignatureRank", [](Model&, Graph& g) { g.tensors[0].shape_signature = {-1, 4}; },
             "subgraph 0, tensor 'x': has 4 dimensions, but its shape signature [-1, 4] has 2"},
        Case{"SignatureDimension", [](Model&, Graph& g) { g.tensors[0].shape_signature = {-2, 4, 4, 2}; },
             "subgraph 0, tensor 'x': has the shape signature [-2, 4, 4, 2]; unknown dimensions are -1"},
        Case{"BufferIndex", [](Model&, Graph& g) { g.tensors[0].buffer = 4; },
             "subgraph 0, tensor 'x': names buffer 4, but there are 4"},
        Case{"TooFewBytes", [](Model&, Graph& g) { g.tensors[1].shape = {3, 1, 1, 3}; },
             "subgraph 0, tensor 'weights': has the shape [3, 1, 1, 3] of INT8, which takes 9 bytes, but buffer 1 has "
             "6"},
        Case{"TooManyBytes", [](Model&, Graph& g) { g.tensors[2].shape = {2}; },
             "subgraph 0, tensor 'bias': has the shape [2] of INT32, which takes 8 bytes, but buffer 2 has 12"},
        Case{"PackedBytes", [](Model&, Graph& g) { g.tensors[1].type = DataType::int4; },
             "subgraph 0, tensor 'weights': has the shape [3, 1, 1, 2] of INT4, which takes 3 bytes, but buffer 1 has "
             "6"},
        Case{"VariableWithData", [](Model&, Graph& g) { g.tensors[4].is_variable = true; },
             "subgraph 0, tensor 'offset': is a variable, yet has constant data in buffer 3"},
        Case{"ResourceWithData", [](Model&, Graph& g) { g.tensors[4].type = DataType::resource; },
             "subgraph 0, tensor 'offset': is of type RESOURCE, which holds no data in a file, but has 3 bytes"},
        Case{"ExternalUnknown", [](Model&, Graph& g) { g.tensors[0].external_buffer = 5; },
             "subgraph 0, tensor 'x': names external buffer 5, which is not listed"},
        Case{"ExternalAndData", [](Model&, Graph& g) { g.tensors[4].external_buffer = 5; },
             "subgraph 0, tensor 'offset': has data in buffer 3 and in an external buffer as well"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Quantization, VerifyModel,
    testing::Values(
        Case{"NanScale", [](Model&, Graph& g) { g.tensors[0].quantization.scale = {kNan}; },
             "subgraph 0, tensor 'x': has scale nan; scales are finite and not negative"},
        Case{"InfiniteScale",
             [](Model&, Graph& g) { g.tensors[1].quantization.scale[2] = std::numeric_limits<float>::infinity(); },
             "subgraph 0, tensor 'weights': has scale inf for channel 2; scales are finite and not negative"},
        Case{"NegativeScale", [](Model&, Graph& g) { g.tensors[0].quantization.scale = {-0.5f}; },
             "subgraph 0, tensor 'x': has scale -0.5; scales are finite and not negative"},
        Case{"ZeroScaleOfActivation", [](Model&, Graph& g) { g.tensors[3].quantization.scale = {0}; },
             "subgraph 0, tensor 'block/conv': has scale 0 but is no constant: its values would all be 0"},
        Case{"ZeroScaleOfValues", [](Model&, Graph& g) { g.tensors[1].quantization.scale[1] = 0; },
             "subgraph 0, tensor 'weights': has scale 0 for channel 1, which says that all its values are the zero "
             "point 0, but element 2 is 3"},
        Case{"NoZeroPoint", [](Model&, Graph& g) { g.tensors[0].quantization.zero_point.clear(); },
             "subgraph 0, tensor 'x': has 1 scales, but 0 zero points"},
        Case{"ZeroPointsOfOne", [](Model&, Graph& g) { g.tensors[1].quantization.zero_point = {0}; },
             "subgraph 0, tensor 'weights': has 3 scales, but 1 zero points"},
        Case{"ZeroPointOfInt8", [](Model&, Graph& g) { g.tensors[0].quantization.zero_point = {128}; },
             "subgraph 0, tensor 'x': has zero point 128, but is of type INT8, where it lies between -128 and 127"},
        Case{"ZeroPointOfUint8",
             [](Model&, Graph& g) {
               g.tensors[3].type = DataType::uint8;
               g.tensors[3].quantization.zero_point = {-1};
             },
             "subgraph 0, tensor 'block/conv': has zero point -1, but is of type UINT8, where it lies between 0 and "
             "255"},
        Case{"Axis", [](Model&, Graph& g) { g.tensors[1].quantization.axis = 4; },
             "subgraph 0, tensor 'weights': is quantized along axis 4 of 4"},
        Case{"Channels", [](Model&, Graph& g) { g.tensors[1].quantization.axis = 3; },
             "subgraph 0, tensor 'weights': has 3 scales for the 2 channels of axis 3 of [3, 1, 1, 2]"},
        Case{"BlockwiseScales",
             [](Model&, Graph& g) {
               g.tensors[1].quantization = Quantization();
               g.tensors[1].quantization.details = Options("BlockwiseQuantization");
               g.tensors[1].quantization.details.set("scales", int64_t{6});
             },
             "subgraph 0, tensor 'weights': names tensor 6 for its scales, but there are 6"}),
    case_name);

TEST(VerifyModel, AcceptsScaleZeroWhereAllValuesAreTheZeroPoint) {
  ModelBuilder b = small_model();
  b.model().buffers[1] = Buffer::of(std::vector<int8_t>{1, 2, 0, 0, 5, 6});
  b.at(1).quantization.scale[1] = 0;
  EXPECT_EQ(refusal(b.model()), "accepted");
}

TEST(VerifyModel, KeepsOperatorsItDoesNotKnow) {
  ModelBuilder b = small_model();
  b.current().nodes[1].op = static_cast<OpCode>(250);
  b.current().nodes[1].inputs.push_back(kNoTensor);
  EXPECT_EQ(refusal(b.model()), "accepted");
  b.current().nodes[1].op = OpCode::custom;
  b.current().nodes[1].custom_code = "MyOperator";
  b.current().nodes[1].options = Options();
  EXPECT_EQ(refusal(b.model()), "accepted");
}

TEST(VerifyModel, ReadsTheLayoutOfStrings) {
  const auto model_with = [](const std::vector<int32_t>& words, size_t bytes) {
    ModelBuilder b;
    const int x = b.constant("words", DataType::string, {2}, words);
    b.current().outputs = {x};
    b.model().buffers[1] = Buffer::copy_of(std::as_bytes(std::span(words)).first(bytes));
    return b;
  };
  // Two strings, "abc" and "d".
  const std::vector<int32_t> good = {2, 16, 19, 20, 0x64636261};
  EXPECT_EQ(refusal(model_with(good, 20).model()), "accepted");
  EXPECT_EQ(refusal(model_with(good, 12).model()),
            "subgraph 0, tensor 'words': holds strings, but its 12 bytes are too few for their table");
  EXPECT_EQ(refusal(model_with({2, 16, 21, 20, 0}, 20).model()),
            "subgraph 0, tensor 'words': has string 1 at byte 21, out of order or outside its 20 bytes");
  EXPECT_EQ(refusal(model_with({2, 16, 19, 19, 0}, 20).model()),
            "subgraph 0, tensor 'words': has strings that end at byte 19, but 20 bytes");
  EXPECT_EQ(refusal(model_with({1, 12, 20, 0, 0}, 20).model()),
            "subgraph 0, tensor 'words': has the shape [2], which takes 2 strings, but buffer 1 has 1");
  EXPECT_EQ(refusal(model_with({-1, 12, 20, 0, 0}, 20).model()),
            "subgraph 0, tensor 'words': holds strings, but its 20 bytes are too few for their table");
}

// A [2, 4] matrix of which row 0 stores columns 1 and 3, row 1 column 2.
ModelBuilder sparse_model() {
  ModelBuilder b;
  const int x = b.constant("sparse", DataType::float32, {2, 4}, std::vector<float>{1, 2, 3});
  Sparsity sparsity;
  sparsity.traversal_order = {0, 1};
  sparsity.dimensions.resize(2);
  sparsity.dimensions[0].dense_size = 2;
  sparsity.dimensions[1] = {true, 4, {0, 2, 3}, {1, 3, 2}, 1, 1};
  b.at(x).sparsity = sparsity;
  b.current().outputs = {x};
  return b;
}

TEST(VerifyModel, FollowsSparseIndices) {
  EXPECT_EQ(refusal(sparse_model().model()), "accepted");
  const auto with = [](const std::function<void(Sparsity&)>& change) {
    ModelBuilder b = sparse_model();
    change(*b.at(0).sparsity);
    return refusal(b.model());
  };
  EXPECT_EQ(with([](Sparsity& s) { s.traversal_order = {0, 0}; }),
            "subgraph 0, tensor 'sparse': is sparse, but its traversal order [0, 0] is no permutation");
  EXPECT_EQ(with([](Sparsity& s) { s.dimensions[1].indices[1] = 4; }),
            "subgraph 0, tensor 'sparse': is sparse with index 4 at level 1, out of order or outside its 4");
  EXPECT_EQ(with([](Sparsity& s) { s.dimensions[1].segments = {0, 3}; }),
            "subgraph 0, tensor 'sparse': is sparse with 2 segments at level 1, where 2 + 1 are needed");
  EXPECT_EQ(with([](Sparsity& s) { s.dimensions[1].segments = {0, 2, 4}; }),
            "subgraph 0, tensor 'sparse': is sparse with 3 indices at level 1, but segments from 0 to 4");
  EXPECT_EQ(with([](Sparsity& s) { s.dimensions[0].dense_size = 3; }),
            "subgraph 0, tensor 'sparse': is sparse and states 3 for level 0, where its shape gives 2");
  EXPECT_EQ(with([](Sparsity& s) { s.dimensions[1].segments = {0, 2, 2}, s.dimensions[1].indices = {1, 3}; }),
            "subgraph 0, tensor 'sparse': is sparse with 2 stored elements of FLOAT32, which takes 8 bytes, but buffer "
            "1 has 12");
  EXPECT_EQ(with([](Sparsity& s) { s.block_map = {0}; }),
            "subgraph 0, tensor 'sparse': is sparse with 3 dimensions and blocks, but orders 2 and describes 2");
}

// The main graph loops over graph 2 while graph 1 says so.
ModelBuilder loop_model() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1});
  const int y = b.output("y", DataType::float32, {1});
  b.node(OpCode::while_, {x}, {y},
         b.options("WhileOptions", {{"cond_subgraph_index", int64_t{1}}, {"body_subgraph_index", int64_t{2}}}));
  b.graph("condition");
  const int tested = b.input("v", DataType::float32, {1});
  const int limit = b.constant("limit", DataType::float32, {1}, std::vector<float>{10});
  b.node(OpCode::less, {tested, limit}, {b.output("goes_on", DataType::boolean, {1})}, b.options("LessOptions"));
  b.graph("body");
  const int value = b.input("v", DataType::float32, {1});
  b.node(OpCode::add, {value, value}, {b.output("doubled", DataType::float32, {1})}, b.options("AddOptions"));
  return b;
}

TEST(VerifyModel, FollowsReferencesToGraphs) {
  EXPECT_EQ(refusal(loop_model().model()), "accepted");
  const auto with_body = [](int64_t body) {
    ModelBuilder b = loop_model();
    b.model().graphs[0].nodes[0].options.set("body_subgraph_index", body);
    return refusal(b.model());
  };
  EXPECT_EQ(with_body(3), "subgraph 0, node 0 WHILE 'y': body_subgraph_index is 3, but there are 3 subgraphs");
  EXPECT_EQ(with_body(-1), "subgraph 0, node 0 WHILE 'y': body_subgraph_index is -1, but there are 3 subgraphs");
  EXPECT_EQ(with_body(0),
            "subgraph 0, node 0 WHILE 'y': runs subgraph 0, which in the end runs subgraph 0 again: it would not end");

  ModelBuilder b = loop_model();
  b.model().graphs[2].inputs.clear();
  b.model().graphs[2].tensors[0].is_variable = true;
  EXPECT_EQ(
      refusal(b.model()),
      "subgraph 0, node 0 WHILE 'y': body_subgraph_index is subgraph 2, which has 0 inputs and 1 outputs; 1 and 1 "
      "are needed");
}

TEST(VerifyModel, FindsCyclesOverSeveralGraphs) {
  ModelBuilder b = loop_model();
  Node& node = b.current().nodes[0];  // of the body: now calls the main graph
  node.op = OpCode::call;
  node.inputs.resize(1);
  node.options = b.options("CallOptions", {{"subgraph", int64_t{0}}});
  EXPECT_EQ(
      refusal(b.model()),
      "subgraph 2, node 0 CALL 'doubled': runs subgraph 0, which in the end runs subgraph 2 again: it would not end");
}

TEST(VerifyModel, LimitsHowDeepCallsNest) {
  const auto chain = [](int graphs) {
    ModelBuilder b;
    for (int g = 0; g < graphs; ++g) {
      if (g > 0) b.graph();
      const int x = b.input("x", DataType::float32, {1});
      const int y = b.output("y", DataType::float32, {1});
      if (g + 1 < graphs) {
        b.node(OpCode::call, {x}, {y}, b.options("CallOptions", {{"subgraph", int64_t{g + 1}}}));
      } else {
        b.node(OpCode::abs, {x}, {y});
      }
    }
    return refusal(b.model());
  };
  EXPECT_EQ(chain(65), "accepted");
  EXPECT_EQ(chain(66), "subgraph 64, node 0 CALL 'y': calls of subgraphs nest deeper than 64");
}

TEST(VerifyModel, TakesBothFormsOfLstmAndNoOther) {
  const auto with_inputs = [](size_t count, bool full) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {1, 2});
    Node node;
    node.op = OpCode::lstm;
    node.inputs.assign(count, x);
    if (full) {
      for (const size_t absent : {1, 5, 9, 10, 11, 12, 16, 17}) node.inputs[absent] = kNoTensor;
    }
    const size_t outputs = full ? 1 : 4;
    for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(b.output(text("y", i), DataType::float32, {1, 2}));
    b.current().nodes.push_back(node);
    return refusal(b.model());
  };
  EXPECT_EQ(with_inputs(5, false), "accepted");
  EXPECT_EQ(with_inputs(20, true), "accepted");
  EXPECT_EQ(with_inputs(24, true), "accepted");
  EXPECT_EQ(with_inputs(21, true), "subgraph 0, node 0 LSTM 'y0': has 21 inputs; it takes 20 or 24");
}

}  // namespace
}  // namespace litequant
