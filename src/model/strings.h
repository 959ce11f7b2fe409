// Tensors of strings as the format stores them: how many, the offset of each and of the end (int32 each, from the
// beginning of the buffer), then the bytes of all. TensorFlow Lite's DynamicBuffer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace litequant {

// Views of the strings within `stored`; nothing where the layout contradicts itself.
std::optional<std::vector<std::string_view>> strings_in(std::span<const std::byte> stored);

// Bytes that storing them takes.
size_t stored_size(std::span<const std::string_view> strings);
// `stored_size` must be below 2^31.
std::vector<std::byte> stored_strings(std::span<const std::string_view> strings);

}  // namespace litequant
