#include "format/other_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace litequant {
namespace {

using namespace std::string_view_literals;

// FlatBuffers' offsets are signed in places, and its Verifier stops the program beyond this.
constexpr uint64_t kLargestFile = (uint64_t{1} << 31) - 2;
constexpr size_t kSmallestFile = 16;
constexpr size_t kSniffed = 4096;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

OtherFile other(std::string what, std::string hint = {}) {
  return {ErrorCode::bad_file, std::move(what), std::move(hint)};
}

struct Mark {
  size_t at;
  std::string_view bytes;
  const char* what;
  const char* hint;
};

constexpr const char* kConvertKeras =
    "Convert it first with TensorFlow: tf.lite.TFLiteConverter.from_keras_model(model).convert().";
constexpr const char* kConvertPyTorch = "Convert it to .tflite first, for example with litert-torch.";
constexpr const char* kUnpack = "Unpack it and open the .tflite file inside.";
constexpr const char* kOpenModel = "Open the .tflite model instead.";

// Formats that their first bytes tell for certain.
constexpr Mark kMarks[] = {
    {0, "version https://git-lfs"sv, "The file is a Git LFS pointer: the few lines that stand for the model in Git.",
     "Fetch the model itself with `git lfs pull`, or use the repository's download link."},
    {0, "\x89HDF\r\n\x1a\n"sv, "The file is HDF5 (.h5), as Keras saved its models.", kConvertKeras},
    {0, "\x1f\x8b"sv, "The file is compressed with gzip.", kUnpack},
    {0, "BZh"sv, "The file is compressed with bzip2.", kUnpack},
    {0,
     "\xfd"
     "7zXZ"sv,
     "The file is compressed with xz.", kUnpack},
    {0, "\x28\xb5\x2f\xfd"sv, "The file is compressed with zstd.", kUnpack},
    {0, "7z\xbc\xaf\x27\x1c"sv, "The file is a 7-Zip archive.", kUnpack},
    {257, "ustar"sv, "The file is a tar archive.", kUnpack},
    {0, "\x93NUMPY"sv, "The file is a NumPy array (.npy), not a model.", kOpenModel},
    {0, "\x89PNG"sv, "The file is a PNG image, not a model.", kOpenModel},
    {0, "\xff\xd8\xff"sv, "The file is a JPEG image, not a model.", kOpenModel},
    {0, "%PDF"sv, "The file is a PDF document, not a model.", kOpenModel},
    {0, "GGUF"sv, "The file is a GGUF language model.", "GGUF models cannot be converted to TensorFlow Lite."},
    {0, "LITERTLM"sv, "The file is a LiteRT-LM bundle (.litertlm).", kUnpack},
    {0, "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv, "The file is a PyTorch model.", kConvertPyTorch},
    {0, "\x80\x02"sv, "The file is a Python pickle, as PyTorch saves its models.", kConvertPyTorch},
    {0, "\x80\x03"sv, "The file is a Python pickle.", kConvertPyTorch},
    {0, "\x80\x04"sv, "The file is a Python pickle.", kConvertPyTorch},
    {4, "TFL2"sv, "The file is a model of version 2 of the TensorFlow Lite format, which was never released.", ""},
    {4, "M001"sv, "The file is the metadata of a TensorFlow Lite model without the model.", kOpenModel},
};

OtherFile describe_zip(std::string_view head, std::string_view tail) {
  const auto names = [&](std::string_view part) { return contains(head, part) || contains(tail, part); };
  if (names("model.weights.h5")) return other("The file is a Keras 3 model (.keras).", kConvertKeras);
  if (names("/data.pkl")) return other("The file is a PyTorch model.", kConvertPyTorch);
  if (names("saved_model.pb")) {
    return other("The file is a zip archive of a TensorFlow SavedModel.",
                 "Convert it first with TensorFlow: tf.lite.TFLiteConverter.from_saved_model(folder).convert().");
  }
  if (names(".tflite") || names("TF_LITE") || names("TFL3")) {
    return other("The file is a zip archive that holds TensorFlow Lite models (a MediaPipe .task bundle is one).",
                 kUnpack);
  }
  if (names(".npy")) return other("The file is an archive of NumPy arrays (.npz), not a model.", kOpenModel);
  return other("The file is a zip archive.", "Unpack it and open the .tflite file inside, if there is one.");
}

std::optional<OtherFile> describe_text(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  head.remove_prefix(first);
  std::string lower(head.substr(0, 512));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.starts_with("<head") ||
      (lower.starts_with("<") && contains(lower, "<html"))) {
    return other("The file is a web page (HTML), not a model.",
                 "The download probably gave an error or a login page. On GitHub use the link \"Download raw file\".");
  }
  if (lower.starts_with("<?xml") || lower.starts_with("<!--"))
    return other("The file is XML, not a model.", kOpenModel);
  if (head.front() != '{' && head.front() != '[') return std::nullopt;
  if (contains(head, "\"modelTopology\"") || contains(head, "\"weightsManifest\"")) {
    return other("The file is a TensorFlow.js model (model.json).",
                 "Convert it to .tflite first: tensorflowjs_converter to a SavedModel or Keras model, then "
                 "tf.lite.TFLiteConverter.");
  }
  if (contains(head, "\"operator_codes\"") && contains(head, "\"subgraphs\"")) {
    return other("The file is a TensorFlow Lite model in JSON form.",
                 "Turn it back with `flatc -b tflite.fbs model.json`.");
  }
  return other("The file is JSON, not a model.", kOpenModel);
}

// Protocol buffers have no mark; these are the first fields that each kind is written with.
std::optional<OtherFile> describe_protobuf(std::string_view head) {
  if (head.size() < 4) return std::nullopt;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(head[i]); };
  constexpr const char* kConvertSavedModel =
      "Open the folder that holds saved_model.pb and variables/, or convert it first: "
      "tf.lite.TFLiteConverter.from_saved_model(folder).convert().";
  if (byte(0) == 0x08 && byte(1) == 0x01 && byte(2) == 0x12) {  // schema version 1, then a graph
    return other("The file is the graph of a TensorFlow SavedModel (saved_model.pb).", kConvertSavedModel);
  }
  // The version of the format, then producer, domain, graph or opset.
  constexpr std::array<unsigned char, 5> kOnnxFields = {0x12, 0x1a, 0x22, 0x3a, 0x42};
  if (byte(0) == 0x08 && byte(1) >= 1 && byte(1) <= 32 &&
      std::find(kOnnxFields.begin(), kOnnxFields.end(), byte(2)) != kOnnxFields.end()) {
    return other("The file is an ONNX model.", "Convert it to .tflite first, for example with onnx2tf.");
  }
  if (byte(0) == 0x0a && (contains(head, "Placeholder") || contains(head, "Const")) && contains(head, "\x12")) {
    return other("The file is a TensorFlow graph (.pb).",
                 "Convert it first: tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(…).convert().");
  }
  return std::nullopt;
}

}  // namespace

std::optional<OtherFile> recognise_other_file(std::span<const std::byte> file) {
  if (file.empty()) return other("The file is empty.", "Copy or download it again.");
  if (file.size() > kLargestFile) {
    return OtherFile{ErrorCode::too_large,
                     text("The file has ", file.size(), " bytes; models of 2 GiB and more cannot be opened."),
                     "Convert the model with float16 weights, or in parts."};
  }
  const std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
  const std::string_view head = all.substr(0, kSniffed);
  const bool has_mark = head.size() >= 8 && head.substr(4, 4) == "TFL3";
  if (has_mark && file.size() >= kSmallestFile) return std::nullopt;
  if (has_mark)
    return other(text("The file was cut short: it has only ", file.size(), " bytes."), "Download it again.");

  for (const Mark& mark : kMarks) {
    if (head.size() > mark.at && head.substr(mark.at).starts_with(mark.bytes)) return other(mark.what, mark.hint);
  }
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) {
    return describe_zip(head, all.substr(all.size() - std::min(all.size(), size_t{65536})));
  }
  // safetensors: the length of a JSON header, then the header.
  if (head.size() > 16 && head.substr(4, 6) == "\0\0\0\0{\""sv) {
    return other("The file holds weights in the safetensors format, not a model.",
                 "Convert the whole model to .tflite.");
  }
  if (auto found = describe_text(head)) return found;
  if (auto found = describe_protobuf(head)) return found;
  const bool all_zero = std::all_of(head.begin(), head.end(), [](char c) { return c == 0; });
  if (all_zero) return other("The file holds only zeros: the download or copy did not finish.", "Download it again.");
  return other("The file is not a TensorFlow Lite model: the mark TFL3 is missing at byte 4.",
               "Models of other frameworks must be converted to .tflite first.");
}

void reject_other_files(std::span<const std::byte> file) {
  if (auto found = recognise_other_file(file)) fail(found->code, {found->what}, {}, {found->hint});
}

}  // namespace litequant
