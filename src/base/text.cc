#include "base/text.h"

namespace litequant {

std::string quoted(std::string_view name) {
  constexpr size_t kLongest = 64;
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "'";
  const auto append = [&](std::string_view part) {
    for (const char c : part) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f) {
        out += "\\x";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      } else {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
      }
    }
  };
  if (name.size() <= kLongest) {
    append(name);
  } else {
    append(name.substr(0, kLongest / 2));
    out += "...";
    append(name.substr(name.size() - kLongest / 2));
  }
  return out += "'";
}

}  // namespace litequant
