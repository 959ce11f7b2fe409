// A FlatBuffers builder that writes equal vectors once: the format refers to vectors by offset, so equal ones may be
// one. (Scales and zero points of per-channel tensors make up to a fifth of a small quantized model.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flatbuffers/flatbuffers.h"

namespace litequant {

class FlatWriter {
 public:
  // `bytes`: what the file will take, about.
  explicit FlatWriter(size_t bytes) : builder_(bytes) {}

  flatbuffers::FlatBufferBuilder& builder() { return builder_; }

  // `alignment` of the elements, in bytes, where the schema asks for more than their own.
  template <typename T>
  flatbuffers::Offset<flatbuffers::Vector<T>> vector(std::span<const T> values, size_t alignment = sizeof(T)) {
    const auto bytes = std::as_bytes(values);
    std::string key(1, static_cast<char>(alignment));
    key += static_cast<char>(sizeof(T));  // the length that is stored counts elements
    key.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto [entry, is_new] = vectors_.try_emplace(std::move(key), 0);
    if (is_new) {
      builder_.ForceVectorAlignment(values.size(), sizeof(T), alignment);
      entry->second = builder_.CreateVector(values.data(), values.size()).o;
    }
    return flatbuffers::Offset<flatbuffers::Vector<T>>(entry->second);
  }
  template <typename T>
  flatbuffers::Offset<flatbuffers::Vector<T>> vector(const std::vector<T>& values, size_t alignment = sizeof(T)) {
    return vector(std::span<const T>(values), alignment);
  }

  // No offset for no characters: an absent string reads as an empty one.
  flatbuffers::Offset<flatbuffers::String> string(std::string_view characters) {
    if (characters.empty()) return 0;
    return builder_.CreateSharedString(characters.data(), characters.size());
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
  std::map<std::string, flatbuffers::uoffset_t, std::less<>> vectors_;
};

}  // namespace litequant
