#include "format/custom_options.h"

#include <cstring>

#include "flatbuffers/flexbuffers.h"

namespace litequant {

Options read_flexible_options(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (bytes.size() < 3 || !flexbuffers::VerifyBuffer(data, bytes.size())) return {};
  const flexbuffers::Reference root = flexbuffers::GetRoot(data, bytes.size());
  if (!root.IsMap()) return {};
  const flexbuffers::Map map = root.AsMap();
  const auto keys = map.Keys();
  const auto values = map.Values();
  Options options("custom");
  for (size_t i = 0; i < keys.size(); ++i) {
    const char* name = keys[i].AsKey();
    const flexbuffers::Reference value = values[i];
    if (value.IsBool()) {
      options.set(name, static_cast<int64_t>(value.AsBool() ? 1 : 0));
    } else if (value.IsIntOrUint()) {
      options.set(name, value.AsInt64());
    } else if (value.IsFloat()) {
      options.set(name, value.AsDouble());
    } else if (value.IsString()) {
      options.set(name, value.AsString().str());
    }
  }
  return options;
}

std::vector<int32_t> read_packed_options(std::span<const std::byte> bytes) {
  std::vector<int32_t> values(bytes.size() / sizeof(int32_t));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(int32_t));
  return values;
}

}  // namespace litequant
