#include "format/other_files.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

#include "format/load.h"
#include "format/model_builder.h"

namespace litequant {
namespace {

using namespace std::string_view_literals;

std::span<const std::byte> bytes_of(std::string_view characters) { return std::as_bytes(std::span(characters)); }

struct Case {
  std::string_view contents;
  const char* said;  // a part of the message
  const char* hint;  // a part of the hint
};

class OtherFiles : public testing::TestWithParam<Case> {};

TEST_P(OtherFiles, AreNamed) {
  try {
    load_model(bytes_of(GetParam().contents));
    FAIL() << "was taken for a model";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_file);
    EXPECT_NE(error.message().find(GetParam().said), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find(GetParam().hint), std::string::npos) << error.hint();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, OtherFiles,
    testing::Values(Case{""sv, "is empty", "again"}, Case{"abc"sv, "mark TFL3 is missing", "converted"},
                    Case{"\x1c\0\0\0TFL3"sv, "cut short", "again"},
                    Case{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "only zeros", "again"},
                    Case{"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"sv, "Git LFS pointer",
                         "git lfs pull"},
                    Case{"\n<!DOCTYPE html>\n<html><head>"sv, "web page", "raw file"},
                    Case{"\xef\xbb\xbf<HTML>"sv, "web page", "raw file"}, Case{"<?xml version=\"1.0\"?>"sv, "XML", ""},
                    Case{"PK\x03\x04............model.weights.h5"sv, "Keras 3", "from_keras_model"},
                    Case{"PK\x03\x04............archive/data.pkl"sv, "PyTorch", "litert-torch"},
                    Case{"PK\x03\x04............pose_detector.tflite"sv, ".task bundle", "Unpack"},
                    Case{"PK\x03\x04............saved_model.pb"sv, "SavedModel", "from_saved_model"},
                    Case{"PK\x03\x04............x.npy"sv, ".npz", ".tflite"},
                    Case{"PK\x03\x04............readme"sv, "zip archive", "Unpack"},
                    Case{"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0"sv, "HDF5", "from_keras_model"},
                    Case{"\x1f\x8b\x08\0\0\0\0\0"sv, "gzip", "Unpack"},
                    Case{"\x08\x07\x12\x07pytorch\x1a\x05"
                         "1.2.3:"sv,
                         "ONNX", "onnx2tf"},
                    Case{"\x08\x01\x12\xf3\x01\n\x05\x12\x03serve"sv, "SavedModel", "from_saved_model"},
                    Case{"\n\x1e\n\x05input\x12\x0bPlaceholder*\x08"sv, "TensorFlow graph", "from_frozen_graph"},
                    Case{"{\"format\": \"layers-model\", \"modelTopology\": {}}"sv, "TensorFlow.js",
                         "tensorflowjs_converter"},
                    Case{"[1, 2, 3]"sv, "JSON", ""}, Case{"\x93NUMPY\x01\0"sv, "NumPy", ".tflite"},
                    Case{"\x89PNG\r\n\x1a\n"sv, "PNG", ".tflite"},
                    Case{"\xff\xd8\xff\xe0\0\x10JFIF"sv, "JPEG", ".tflite"},
                    Case{"\x80\x02}q\x01(X\x04"sv, "pickle", "litert-torch"},
                    Case{"\x40\0\0\0\0\0\0\0{\"weight\":{\"dtype\":\"F32\"}}"sv, "safetensors", "model"}));

TEST(OtherFiles, OfTwoGibibytesAreTooLargeBeforeAnyByteIsRead) {
  const std::byte first{};
  const auto found = recognise_other_file({&first, size_t{0x7fffffff}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, ErrorCode::too_large);
  EXPECT_NE(found->what.find("2147483647 bytes"), std::string::npos) << found->what;
}

TEST(OtherFiles, AModelCutShortIsSaidToBe) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 64});
  const int w = b.constant("w", DataType::float32, {1, 64}, std::vector<float>(64, 0.5f));
  b.node(OpCode::add, {x, w}, {b.output("y", DataType::float32, {1, 64})}, b.options("AddOptions"));
  auto file = b.save();
  file.resize(file.size() / 2);
  try {
    load_model(file);
    FAIL() << "half a file was taken for a model";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_file);
    EXPECT_NE(error.message().find(text("cut short at ", file.size(), " bytes")), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace litequant
