#include "format/save.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "format/model_builder.h"
#include "format/model_equality.h"
#include "format/verify.h"

namespace litequant {
namespace {

// Something in every field that a model has.
ModelBuilder full_model() {
  ModelBuilder b;
  Model& model = b.model();
  model.description = "everything";
  b.current().name = "main";
  b.current().debug_metadata_index = 3;
  const int x = b.input("x", DataType::float32, {1, 4});
  b.at(x).shape_signature = {-1, 4};
  b.at(x).has_rank = true;
  const int w = b.constant("w", DataType::float32, {4}, std::vector<float>{1, 2, 3, 4});
  const int twin = b.constant("twin", DataType::float32, {2, 2}, std::vector<float>{1, 2, 3, 4});
  const int state = b.variable("state", DataType::int8, {2}, b.per_tensor(0.5f, 3));
  const int empty = b.tensor("empty", DataType::int32, {0});
  const int sum = b.tensor("sum", DataType::float32, {1, 4});
  b.at(sum).has_quantization = true;
  b.at(sum).quantization.min = {-1, -2};
  b.at(sum).quantization.max = {1, 2};
  const int made = b.output("made", DataType::float32, {1, 4});
  const int list = b.tensor("list", DataType::variant, {});
  b.at(list).variant_tensors = {{Shape{2, 3}, DataType::int8, true}, {Shape{}, DataType::float32, false}};
  const int blocks = b.constant("blocks", DataType::int8, {2, 2}, std::vector<int8_t>{1, 2, 3, 4});
  b.at(blocks).has_quantization = true;
  b.at(blocks).quantization.details = b.options(
      "BlockwiseQuantization", {{"scales", int64_t{w}}, {"zero_points", int64_t{-1}}, {"block_size", int64_t{2}}});
  const int own = b.constant("own", DataType::int8, {3}, std::vector<int8_t>{1, 2, 3});
  b.at(own).has_quantization = true;
  b.at(own).quantization.details = b.options("CustomQuantization", {{"custom", std::vector<int64_t>{1, 255, 3}}});
  const int outside = b.tensor("outside", DataType::float32, {16});
  b.at(outside).external_buffer = 7;
  model.external_buffer_groups = {"weights.bin"};
  model.external_buffers = {{7, 0, uint64_t{5} << 32, 64, "raw"}};
  const int sparse = b.constant("sparse", DataType::float32, {2, 4}, std::vector<float>{1, 2, 3});
  Sparsity sparsity;
  sparsity.traversal_order = {0, 1};
  sparsity.dimensions.resize(2);
  sparsity.dimensions[0].dense_size = 2;
  sparsity.dimensions[1] = {true, 4, {0, 2, 3}, {1, 3, 2}, 3, 2};  // bytes and 16-bit words
  b.at(sparse).sparsity = sparsity;

  Node& add = b.node(OpCode::add, {x, w}, {sum}, b.options("AddOptions", {{"fused_activation_function", int64_t{1}}}));
  add.version = 2;
  add.intermediates = {state, kNoTensor};
  add.mutating_variable_inputs = {false, true};
  add.debug_metadata_index = 5;
  Node& custom = b.node(OpCode::custom, {sum, kNoTensor, twin, empty}, {made});
  custom.custom_code = "Mine";
  custom.version = 4;
  custom.custom_options = Buffer::of(std::vector<uint8_t>{9, 8, 7});
  b.node(static_cast<OpCode>(300), {sum}, {b.tensor("newer", DataType::float8_e5m2, {1})},
         b.options("StablehloPadOptions", {{"edge_padding_low", std::vector<int64_t>{int64_t{1} << 40, -2}}}), 9);
  b.signature("serve", {{"a", static_cast<uint32_t>(x)}}, {{"b", static_cast<uint32_t>(made)}});

  b.graph("second");
  b.node(OpCode::abs, {b.input("v", DataType::float32, {2})}, {b.output("w", DataType::float32, {2})});
  b.signature("", {{"", 0}}, {});
  model.metadata = {{"min_runtime_version", model.add_buffer(Buffer::of(std::vector<char>{'1', '.', '5', 0}))}};
  model.metadata_buffer = {static_cast<int32_t>(model.metadata[0].buffer)};
  model.operator_codes = {{OpCode::custom, "Mine", 4}, {OpCode::abs, "", 1}, {OpCode::relu, "", 2}};
  model.associated_files = {{"labels.txt", Buffer::of(std::vector<char>{'a', '\n', 'b'}), 0, 0xdeadbeef, 3, 0x5a210000},
                            {"voc\xc3\xa4", Buffer::of(std::vector<char>{3, 0}), 8, 1, 0, 0}};
  model.has_archive = true;
  return b;
}

TEST(SaveModel, KeepsEveryField) {
  ModelBuilder b = full_model();
  const auto loaded = b.load();
  // What only the file adds: the codes that were missing from the list.
  b.model().operator_codes.push_back({OpCode::add, "", 2});
  b.model().operator_codes.push_back({static_cast<OpCode>(300), "", 9});
  EXPECT_EQ(ModelComparison::first_difference(b.model(), *loaded), "");
}

TEST(SaveModel, GivesTheSameBytesForTheSameModel) {
  const auto first = full_model().save();
  EXPECT_TRUE(full_model().save() == first);
  EXPECT_TRUE(save_model(*load_model(first)) == first);
}

TEST(SaveModel, DoesNotDependOnWhereTheFileLiesInMemory) {
  const auto file = full_model().save();
  const auto aligned = load_model(file);
  std::vector<std::byte> moved(file.size() + 1);
  std::memcpy(moved.data() + 1, file.data(), file.size());
  const auto other = load_model(nullptr, std::span(moved).subspan(1));
  EXPECT_EQ(ModelComparison::first_difference(*aligned, *other), "");
}

TEST(SaveModel, ConstantsAreAligned) {
  const auto model = full_model().load();
  for (const Buffer& buffer : model->buffers) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.bytes().data()) % 16, 0u);
  }
}

TEST(SaveModel, ConstantsAreViewsOfTheFile) {
  auto file = std::make_shared<const Buffer>(Buffer::copy_of(full_model().save()));
  const auto model = load_model(file, file->bytes());
  const auto bytes = model->constant(model->graphs[0].tensors[1]);
  EXPECT_GE(bytes.data(), file->bytes().data());
  EXPECT_LE(bytes.data() + bytes.size(), file->bytes().data() + file->size());
}

TEST(LoadModel, DropsAnAxisThatDoesNotExistWhereOneScaleNeedsNone) {
  ModelBuilder b;
  const int x = b.input("x", DataType::int8, {1, 4}, b.per_tensor(0.5f));
  const int y = b.output("y", DataType::int8, {1, 4}, b.per_tensor(0.5f));
  b.at(x).quantization.axis = 3;
  b.at(y).quantization.axis = 1;
  b.node(OpCode::abs, {x}, {y}, b.options("AbsOptions"));
  const auto model = b.load();
  EXPECT_EQ(model->graphs[0].tensors[0].quantization.axis, 0);
  EXPECT_EQ(model->graphs[0].tensors[1].quantization.axis, 1);
}

// A network of `layers` per-channel convolutions; with `alike` their parameters are equal.
std::vector<std::byte> layered(int layers, bool alike) {
  ModelBuilder b;
  int x = b.input("x", DataType::int8, {1, 1, 1, 64}, b.per_tensor(0.5f));
  for (int layer = 0; layer < layers; ++layer) {
    const float scale = alike ? 0.25f : 0.25f / static_cast<float>(layer + 1);
    std::vector<int8_t> values(64 * 64, 1);
    values[0] = alike ? int8_t{5} : static_cast<int8_t>(layer);
    const int w = b.constant(text("w", layer), DataType::int8, {64, 1, 1, 64}, values,
                             b.per_channel(std::vector<float>(64, scale), 0));
    const int y = b.tensor(text("y", layer), DataType::int8, {1, 1, 1, 64}, b.per_tensor(scale));
    b.node(OpCode::conv_2d, {x, w}, {y},
           b.options("Conv2DOptions", {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}}));
    x = y;
  }
  b.current().outputs = {x};
  return b.save();
}

TEST(SaveModel, WritesEqualVectorsAndConstantsOnce) {
  const size_t constants = 64 * 64, scales = 64 * sizeof(float), zero_points = 64 * sizeof(int64_t);
  const auto per_layer = [](bool alike) { return (layered(12, alike).size() - layered(2, alike).size()) / 10; };
  EXPECT_LT(per_layer(true), 250u) << "tables of one layer only";
  EXPECT_GT(per_layer(false), constants + scales);
  EXPECT_LT(per_layer(false), constants + scales + zero_points) << "all zero points are equal";
  // Sharing in the file does not merge what the model keeps apart.
  const auto model = load_model(layered(3, true));
  EXPECT_EQ(model->buffers.size(), 4u);
}

TEST(SaveModel, LeavesOutDefaults) {
  const auto size_with = [](int64_t dilation, int64_t stride) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {1, 1, 1, 1});
    const int w = b.constant("w", DataType::float32, {1, 1, 1, 1}, std::vector<float>{1});
    b.node(OpCode::conv_2d, {x, w}, {b.output("y", DataType::float32, {1, 1, 1, 1})},
           b.options("Conv2DOptions", {{"stride_w", stride}, {"dilation_w_factor", dilation}}));
    const auto file = b.save();
    const Options options = load_model(file)->graphs[0].nodes[0].options;
    EXPECT_EQ(options.has("dilation_w_factor"), dilation != 1);
    EXPECT_EQ(options.integer("dilation_w_factor", 1), dilation);
    EXPECT_EQ(options.has("stride_w"), stride != 0);
    return file.size();
  };
  EXPECT_LT(size_with(1, 0), size_with(2, 3));
}

TEST(SaveModel, RefusesFieldsThatTheSchemaDoesNotHave) {
  const auto refusal = [](const char* field, OptionValue value) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {1});
    b.node(OpCode::softmax, {x}, {b.output("y", DataType::float32, {1})},
           b.options("SoftmaxOptions", {{field, std::move(value)}}));
    try {
      b.save();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::internal);
      return error.message();
    }
    return std::string("saved");
  };
  EXPECT_EQ(refusal("beta", 1.0), "saved");
  EXPECT_EQ(refusal("gamma", 1.0), "options SoftmaxOptions: field 'gamma' is not in the schema");
  EXPECT_EQ(refusal("beta", int64_t{1}), "options SoftmaxOptions: field 'beta' is of another kind in the schema");
}

TEST(CompactBuffers, KeepsWhatIsReferredToOnce) {
  ModelBuilder b = full_model();
  Model model = b.model();
  model.add_buffer(Buffer::of(std::vector<float>{99}));  // nobody's
  compact_buffers(model);
  EXPECT_EQ(model.buffers.size(), b.model().buffers.size() - 1) << "w and twin are one";
  EXPECT_TRUE(model.buffers[0].empty());
  const auto& tensors = model.graphs[0].tensors;
  EXPECT_EQ(tensors[1].buffer, tensors[2].buffer);
  EXPECT_EQ(tensors[0].buffer, 0u);
  for (size_t t = 0; t < tensors.size(); ++t) {
    const auto before = b.model().constant(b.model().graphs[0].tensors[t]);
    const auto after = model.constant(tensors[t]);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin(), after.end())) << tensors[t].name;
  }
  EXPECT_TRUE(equal_bytes(model.buffers[model.metadata[0].buffer], b.model().buffers[b.model().metadata[0].buffer]));
  EXPECT_EQ(model.metadata_buffer[0], static_cast<int32_t>(model.metadata[0].buffer));
  verify_model(model);
}

}  // namespace
}  // namespace litequant
