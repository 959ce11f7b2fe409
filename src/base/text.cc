#include "base/text.h"

namespace litequant {

namespace {

std::string escaped(char c) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  if (c == '\'' || c == '\\') return {'\\', c};
  return {c};
}

}  // namespace

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
