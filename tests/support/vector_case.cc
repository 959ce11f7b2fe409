#include "support/vector_case.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/files.h"

namespace litequant::test {
namespace {

std::vector<std::byte> decode_base64(const std::string& text) {
  std::array<int, 256> value;
  value.fill(-1);
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < alphabet.size(); ++i) value[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
  std::vector<std::byte> bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int digit = value[static_cast<unsigned char>(c)];
    if (digit < 0) continue;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::byte>(bits >> held & 255u));
  }
  return bytes;
}

DataType type_of(const std::string& name) {
  if (name == "i8") return DataType::int8;
  if (name == "u8") return DataType::uint8;
  if (name == "i16") return DataType::int16;
  if (name == "i32") return DataType::int32;
  if (name == "i64") return DataType::int64;
  if (name == "f32") return DataType::float32;
  if (name == "f16") return DataType::float16;
  if (name == "bool") return DataType::boolean;
  if (name == "u16") return DataType::uint16;
  if (name == "u32") return DataType::uint32;
  if (name == "u64") return DataType::uint64;
  if (name == "f64") return DataType::float64;
  if (name == "c64") return DataType::complex64;
  if (name == "c128") return DataType::complex128;
  if (name == "bf16") return DataType::bfloat16;
  if (name == "i4") return DataType::int4;
  if (name == "u4") return DataType::uint4;
  if (name == "str") return DataType::string;
  throw std::runtime_error("unknown element type " + name);
}

std::vector<VectorTensor> tensors_of(const nlohmann::json& list) {
  std::vector<VectorTensor> tensors;
  for (const auto& item : list) {
    tensors.push_back({.name = item.at("name"),
                       .type = type_of(item.at("dtype")),
                       .shape = Shape(item.at("shape").get<std::vector<int32_t>>()),
                       .data = decode_base64(item.at("data"))});
  }
  return tensors;
}

nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return nlohmann::json::parse(stream);
}

std::filesystem::path own_vectors() {
  return std::filesystem::path(LITEQUANT_ROOT) / "tests" / "reference" / "vectors";
}

// Our own come first.
std::filesystem::path path_of(const std::string& id, const std::string& extension) {
  const auto own = own_vectors() / (id + extension);
  return std::filesystem::exists(own) ? own : shared_folder() / "vectors" / (id + extension);
}

}  // namespace

std::vector<std::string> vector_ids() {
  std::vector<std::string> ids;
  if (!shared_folder().empty()) {
    const auto index = read_json(shared_folder() / "vectors" / "index.json");
    for (const auto& item : index.at("cases")) ids.push_back(item.at("id"));
  }
  for (const auto& file : std::filesystem::directory_iterator(own_vectors())) {
    if (file.path().extension() == ".tflite") ids.push_back(file.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

VectorCase read_vector_case(const std::string& id) {
  const auto json = read_json(path_of(id, ".json"));
  VectorCase result{.id = id,
                    .op = json.at("op"),
                    .exact = true,
                    .relative = 0,
                    .absolute = 0,
                    .share_of_largest = 0,
                    .sets = {},
                    .is_stream = json.value("stream", false)};
  const auto& compare = json.at("compare");
  if (compare.is_object()) {
    result.exact = false;
    result.relative = compare.value("rel", 0.0);
    result.absolute = compare.value("abs", 0.0);
    result.share_of_largest = compare.value("largest", 0.0);
  }
  for (const auto& set : json.at("sets")) {
    result.sets.push_back({.inputs = tensors_of(set.at("inputs")), .outputs = tensors_of(set.at("outputs"))});
  }
  return result;
}

std::filesystem::path vector_model_path(const std::string& id) { return path_of(id, ".tflite"); }

std::set<std::string> refused_cells() {
  std::set<std::string> cells;
  const auto json = read_json(own_vectors() / "refused.json");
  for (const auto& [cell, reason] : json.items()) {
    if (!reason.get<std::string>().empty()) cells.insert(cell);
  }
  return cells;
}

}  // namespace litequant::test
