#include "base/text.h"

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

std::string escaped(char c) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  if (c == '\'' || c == '\\') return {'\\', c};
  return {c};
}

}  // namespace

void TextPart::write_float(float value) { view_ = shortest(value, 6, 9, std::strtof, digits_); }
void TextPart::write_double(double value) { view_ = shortest(value, 15, 17, std::strtod, digits_); }

void TextPart::write_integer(bool is_negative, uint64_t value) {
  char* const end = digits_ + sizeof digits_;
  char* first = end;
  if (is_negative) value = 0 - value;
  do {
    *--first = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  if (is_negative) *--first = '-';
  view_ = {first, static_cast<size_t>(end - first)};
}

std::string join_text(std::initializer_list<TextPart> parts) {
  std::string out;
  for (const TextPart& part : parts) out += part.view();
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
