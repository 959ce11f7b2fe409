#include "model/strings.h"

#include <cstdint>
#include <cstring>

namespace litequant {
namespace {

constexpr size_t kNumber = sizeof(int32_t);

}  // namespace

std::optional<std::vector<std::string_view>> strings_in(std::span<const std::byte> stored) {
  const auto size = static_cast<int64_t>(stored.size());
  const auto number = [&](int64_t i) {
    int32_t value;
    std::memcpy(&value, stored.data() + static_cast<size_t>(i) * kNumber, kNumber);
    return int64_t{value};
  };
  if (size < static_cast<int64_t>(2 * kNumber)) return std::nullopt;
  const int64_t count = number(0), table = (count + 2) * static_cast<int64_t>(kNumber);
  if (count < 0 || table > size || number(1) != table || number(count + 1) != size) return std::nullopt;
  std::vector<std::string_view> strings;
  strings.reserve(static_cast<size_t>(count));
  for (int64_t i = 1; i <= count; ++i) {
    const int64_t begin = number(i), end = number(i + 1);
    if (begin > end || end > size) return std::nullopt;  // none begins before the table's end: they are in order
    strings.emplace_back(reinterpret_cast<const char*>(stored.data()) + begin, static_cast<size_t>(end - begin));
  }
  return strings;
}

size_t stored_size(std::span<const std::string_view> strings) {
  size_t bytes = (strings.size() + 2) * kNumber;
  for (const std::string_view text : strings) bytes += text.size();
  return bytes;
}

std::vector<std::byte> stored_strings(std::span<const std::string_view> strings) {
  std::vector<std::byte> stored(stored_size(strings));
  size_t place = 0, at = (strings.size() + 2) * kNumber;
  const auto write = [&](size_t value) {
    const auto number = static_cast<int32_t>(value);
    std::memcpy(stored.data() + place, &number, kNumber);
    place += kNumber;
  };
  write(strings.size());
  for (const std::string_view text : strings) {
    write(at);
    if (!text.empty()) std::memcpy(stored.data() + at, text.data(), text.size());
    at += text.size();
  }
  write(at);
  return stored;
}

}  // namespace litequant
