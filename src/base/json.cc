#include "base/json.h"

#include <cstdint>

namespace litequant {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `string`, or 0. Names in model files may hold any bytes.
size_t utf8_sequence(std::string_view string) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(string[i]); };
  const auto continues = [&](size_t i) { return i < string.size() && (byte(i) & 0xc0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead < 0xf0) {
    if (!continues(1) || !continues(2)) return 0;
    const uint32_t code = (lead & 15u) << 12 | (byte(1) & 63u) << 6 | (byte(2) & 63u);
    return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead < 0xf5) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    const uint32_t code = (lead & 7u) << 18 | (byte(1) & 63u) << 12 | (byte(2) & 63u) << 6 | (byte(3) & 63u);
    return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

}  // namespace

void JsonWriter::append_string(std::string_view string) {
  constexpr char kHex[] = "0123456789abcdef";
  text_ += '"';
  while (!string.empty()) {
    const size_t length = utf8_sequence(string);
    const char c = string[0];
    if (length == 0) {
      text_ += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
      text_ += "\\u00";
      text_ += kHex[static_cast<uint8_t>(c) >> 4];
      text_ += kHex[c & 15];
    } else {
      text_ += string.substr(0, length);
    }
    string.remove_prefix(length == 0 ? 1 : length);
  }
  text_ += '"';
}

}  // namespace litequant
