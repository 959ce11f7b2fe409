#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace litequant {

namespace {

// The fewest digits of `least` to `most` that read back as the same number. std::to_chars would do it with 100 kB of
// tables.
template <typename T, typename Read>
std::string_view shortest(T value, int least, int most, Read read, std::span<char> digits) {
  for (int precision = least;; ++precision) {
    const int size = std::snprintf(digits.data(), digits.size(), "%.*g", precision, static_cast<double>(value));
    if (precision >= most || read(digits.data(), nullptr) == value) return {digits.data(), static_cast<size_t>(size)};
  }
}

std::string_view decimal(bool is_negative, uint64_t value, std::span<char> digits) {
  size_t first = digits.size();
  if (is_negative) value = 0 - value;
  do {
    digits[--first] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  if (is_negative) digits[--first] = '-';
  return {digits.data() + first, digits.size() - first};
}

template <typename T>
void append_list(std::string& out, std::span<const T> values) {
  constexpr size_t kMost = 12;
  out += '[';
  for (size_t i = 0; i < std::min(values.size(), kMost); ++i) {
    if (i > 0) out += ", ";
    TextPart(values[i]).append_to(out);
  }
  if (values.size() > kMost) out += text(", ... ", values.size(), " in all");
  out += ']';
}

std::string escaped(char c) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  if (c == '\'' || c == '\\') return {'\\', c};
  return {c};
}

}  // namespace

void TextPart::append_to(std::string& out) const {
  char digits[32];
  switch (kind()) {
    case Kind::literal: out += static_cast<const char*>(address_); break;
    case Kind::string: out += *static_cast<const std::string*>(address_); break;
    case Kind::view: out.append(static_cast<const char*>(address_), size()); break;
    case Kind::integer: out += decimal(integer_ < 0, static_cast<uint64_t>(integer_), digits); break;
    case Kind::natural: out += decimal(false, static_cast<uint64_t>(integer_), digits); break;
    case Kind::real32: out += shortest(static_cast<float>(real_), 6, 9, std::strtof, digits); break;
    case Kind::real64: out += shortest(real_, 15, 17, std::strtod, digits); break;
    case Kind::list32: append_list(out, std::span(static_cast<const int32_t*>(address_), size())); break;
    case Kind::list64: append_list(out, std::span(static_cast<const int64_t*>(address_), size())); break;
    case Kind::parts:
      for (const TextPart& part : std::span(static_cast<const TextPart*>(address_), size())) part.append_to(out);
      break;
  }
}

std::string join_text(TextParts parts) {
  std::string out;
  TextPart(parts).append_to(out);
  return out;
}

// Two halves, from both ends: as much of each as fits when it is escaped.
std::string quoted(std::string_view name) {
  constexpr size_t kHalf = 32;
  std::string front, back;
  size_t begin = 0, end = name.size();
  while (begin < end && front.size() + escaped(name[begin]).size() <= kHalf) front += escaped(name[begin++]);
  while (end > begin && back.size() + escaped(name[end - 1]).size() <= kHalf) back.insert(0, escaped(name[--end]));
  return "'" + front + (begin < end ? "..." : "") + back + "'";
}

}  // namespace litequant
