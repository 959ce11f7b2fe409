// Text for messages: joins values without locale, allocation tricks or format strings.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>

namespace litequant {

inline void append_text(std::string& out, std::string_view value) { out += value; }

template <typename T>
  requires std::is_arithmetic_v<T>
void append_text(std::string& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
  }
}

// text("need ", 3, " inputs, found ", n)
template <typename... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (append_text(out, parts), ...);
  return out;
}

// "[1, 224, 224, 3]" of any range of numbers; of a long one (out of a file, it has any length) the beginning and how
// many there are.
template <typename Range>
std::string list_text(const Range& values) {
  constexpr size_t kMost = 12;
  std::string out = "[";
  size_t count = 0;
  for (const auto& value : values) {
    if (count++ >= kMost) continue;
    if (count > 1) out += ", ";
    append_text(out, value);
  }
  if (count > kMost) out += text(", ... ", count, " in all");
  return out += "]";
}

// A name out of a file, made safe to show: control characters and quotes escaped, long names cut in the middle.
std::string quoted(std::string_view name);

}  // namespace litequant
