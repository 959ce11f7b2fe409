#include "data/metadata.h"

#include <gtest/gtest.h>

#include <string_view>

namespace litequant {
namespace {

// A file of the metadata schema, made by flatc: name "birds", version "v2", author "me"; one input "image" of RGB
// pixels with mean 127.5 and deviation 128; one output "scores" whose labels are in labels.txt.
constexpr std::string_view kHex =
    "180000004d30303100000e0014000400000008000c0010000e0000003c010000300100000800000020010000010000001000"
    "00000c000c0000000000040008000c0000006c000000040000000100000018000000000012000c0004000000000000000000"
    "00000800120000003800000004000000010000001000000000000a000c000800000007000a00000000000002040000000a00"
    "00006c6162656c732e74787400000600000073636f7265730000010000001400000000000e00100004000000000008000c00"
    "0e000000700000005000000004000000010000000c00000008000c000700080008000000000000010c00000008000c000400"
    "08000800000010000000040000000100000000000043010000000000ff4208000e000700080008000000000000020c000000"
    "0000060008000700060000000000000105000000696d616765000000020000006d6500000200000076320000050000006269"
    "726473000000";

std::vector<std::byte> metadata_bytes() {
  std::vector<std::byte> out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 0; i < kHex.size(); i += 2) {
    out.push_back(static_cast<std::byte>(digit(kHex[i]) * 16 + digit(kHex[i + 1])));
  }
  return out;
}

Model model_with(const std::vector<std::byte>& metadata, const char* name = "TFLITE_METADATA") {
  Model model;
  model.graphs.emplace_back();
  model.graphs[0].inputs = {0};
  model.graphs[0].outputs = {1};
  model.metadata.push_back({name, model.add_buffer(Buffer::copy_of(metadata))});
  return model;
}

TEST(Metadata, TellsNormalisationAndLabels) {
  const ModelFacts facts = read_model_facts(model_with(metadata_bytes()));
  EXPECT_EQ(facts.name, "birds");
  EXPECT_EQ(facts.version, "v2");
  EXPECT_EQ(facts.author, "me");
  EXPECT_EQ(facts.license, "");
  ASSERT_EQ(facts.graphs.size(), 1u);
  ASSERT_EQ(facts.graphs[0].inputs.size(), 1u);
  const TensorFacts& input = facts.graphs[0].inputs[0];
  EXPECT_EQ(input.name, "image");
  EXPECT_EQ(input.color_space, ColorSpace::rgb);
  EXPECT_EQ(input.mean, (std::vector<float>{127.5f}));
  EXPECT_EQ(input.deviation, (std::vector<float>{128}));
  ASSERT_EQ(facts.graphs[0].outputs.size(), 1u);
  EXPECT_EQ(facts.graphs[0].outputs[0].labels_file, "labels.txt");
}

TEST(Metadata, IsEmptyWhereThereIsNone) {
  EXPECT_TRUE(read_model_facts(Model()).graphs.empty());
  EXPECT_EQ(read_model_facts(model_with(metadata_bytes(), "min_runtime_version")).name, "");
  Model beyond = model_with(metadata_bytes());
  beyond.metadata[0].buffer = 99;
  EXPECT_EQ(read_model_facts(beyond).name, "");
}

// Every field of the file at its extremes, and the file cut at every byte: nothing may be read outside it (sanitizers
// watch), and lists stay within the graph's.
TEST(Metadata, SurvivesAnything) {
  const auto whole = metadata_bytes();
  const auto check = [](const std::vector<std::byte>& bytes) {
    const ModelFacts facts = read_model_facts(model_with(bytes));
    EXPECT_LE(facts.graphs.size(), 1u);
    for (const GraphFacts& graph : facts.graphs) {
      EXPECT_LE(graph.inputs.size(), 1u);
      EXPECT_LE(graph.outputs.size(), 1u);
    }
  };
  for (size_t size = 0; size < whole.size(); ++size) {
    check({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)});
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      for (size_t width = 1; width <= 4; width *= 2) {
        auto bytes = whole;
        for (size_t i = at; i < at + width && i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(value);
        check(bytes);
      }
    }
  }
}

}  // namespace
}  // namespace litequant
