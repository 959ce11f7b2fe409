// Every model file of the shared folder: it loads and its round trip says the same, or it is refused for the reason
// stated here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "format/load.h"
#include "format/model_equality.h"
#include "format/save.h"
#include "support/files.h"

namespace litequant {
namespace {

// What TensorFlow Lite's interpreter says of the same file is in the comments.
const std::map<std::string, std::string> kRefused = {
    // "The model is not a valid Flatbuffer buffer": a line of text, a file of an older form, code for accelerators.
    {"java__src__testdata__invalid_model.bin", "the mark TFL3 is missing"},
    {"testdata__test_model_broken.bin", "the mark TFL3 is missing"},
    {"litert__test__testdata__simple_model_mtk.bin", "the mark TFL3 is missing"},
    {"litert__test__testdata__simple_model_google_tensor.bin", "the mark TFL3 is missing"},
    {"litert__test__testdata__simple_model_qualcomm.bin", "the mark TFL3 is missing"},
    {"litert__test__testdata__simple_add_uint16_qualcomm.bin", "the mark TFL3 is missing"},
    // "Model provided is schema version 2 not equal to supported version 3"
    {"tflite__converter__quantization__lite__testdata__transpose.bin", "format version 2"},
    // "No subgraph in the model"
    {"testdata__0_subgraphs.bin", "the model has no subgraph"},
    {"testdata__no_subgraphs.bin", "the model has no subgraph"},
    // "BytesRequired number of elements overflowed. Tensor 23 is invalidly specified in schema."
    {"tflite__converter__quantization__lite__testdata__lstm_calibrated2.bin",
     "subgraph 0, tensor 'output_gate_ln_weights-1': has the shape [-1]; dimensions are not negative"},
    {"tflite__converter__quantization__lite__testdata__lstm_quantized2.bin",
     "subgraph 0, tensor 'output_gate_ln_weights-1': has the shape [-1]; dimensions are not negative"},
    // "Tensor 1 is both input 0 and output 0"
    {"testdata__add_shared_tensors.bin",
     "subgraph 0, node 0 ADD 'input': output 0 is tensor 1 'input', which is an input of the graph"},
    // A convolution without strides: "input->dims->size != 4"
    {"testdata__test_model.bin", "subgraph 0, node 0 CONV_2D 'out1': has no Conv2DOptions"},
    {"testdata__test_model_versioned_ops.bin", "subgraph 0, node 0 CONV_2D 'out1': has no Conv2DOptions"},
    // The code of another operator was written over SUB's: "Input tensor 2 lacks data"
    {"testdata__segment_sum_invalid_buffer.bin",
     "subgraph 0, node 0 SEGMENT_SUM 'pyx': has SubOptions; it takes SegmentSumOptions"},
    // A tensor without data that nothing makes: the interpreter aborts.
    {"litert__test__testdata__blockwise_quantized.tflite",
     "input 1 is tensor 2 'quantized_tensor', which no earlier node makes"},
};

std::vector<std::filesystem::path> model_files(const std::string& folder) {
  auto files = test::files_below(test::shared_folder() / folder, ".tflite");
  if (folder == "malformed") {
    for (auto& file : test::files_below(test::shared_folder() / folder, ".bin")) files.push_back(std::move(file));
  }
  return files;
}

void save_for_comparison(const std::string& folder, const std::string& name, const std::vector<std::byte>& file) {
  const char* target = std::getenv("LITEQUANT_RESAVE_DIR");  // read by tests/python/test_roundtrip.py
  if (target == nullptr) return;
  const auto path = std::filesystem::path(target) / folder;
  std::filesystem::create_directories(path);
  std::ofstream stream(path / name, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  ASSERT_TRUE(stream.good()) << path / name;
}

class Corpus : public testing::TestWithParam<const char*> {};

TEST_P(Corpus, RoundTripsOrIsRefusedWithTheReason) {
  LITEQUANT_NEEDS_SHARED();
  size_t loaded = 0, before = 0, after = 0;
  for (const auto& path : model_files(GetParam())) {
    const std::string name = path.filename().string();
    SCOPED_TRACE(path.string());
    const auto refused = kRefused.find(name);
    const auto file = test::read_file(path);
    std::shared_ptr<const Model> model;
    try {
      model = load_model(file);
    } catch (const Error& error) {
      if (refused == kRefused.end()) {
        ADD_FAILURE() << error.message();
      } else {
        EXPECT_NE(error.message().find(refused->second), std::string::npos) << error.message();
      }
      EXPECT_LT(error.message().size(), 300u);
      continue;
    }
    EXPECT_EQ(refused, kRefused.end()) << "was to be refused";
    const auto saved = save_model(*model);
    const auto again = load_model(saved);
    EXPECT_EQ(ModelComparison::first_difference(*model, *again), "");
    EXPECT_TRUE(save_model(*again) == saved) << "saving what was saved gives other bytes";
    const auto relative = std::filesystem::relative(path.parent_path(), test::shared_folder());
    save_for_comparison(relative.string(), name, saved);
    ++loaded;
    before += file.size();
    after += saved.size();
  }
  EXPECT_GT(loaded, 0u);
  EXPECT_LT(after, before);
  RecordProperty("loaded", static_cast<int>(loaded));
  RecordProperty("bytes_before", std::to_string(before));
  RecordProperty("bytes_after", std::to_string(after));
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, testing::Values("zoo", "vectors", "malformed"));

}  // namespace
}  // namespace litequant
