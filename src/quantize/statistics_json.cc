// Statistics as text, and back.
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "quantize/statistics.h"

namespace litequant {
namespace {

constexpr std::string_view kKind = "statistics";
constexpr int64_t kVersion = 1;
constexpr size_t kHexDigits = 16;

std::string hexadecimal(uint64_t value) {
  std::string digits(kHexDigits, '0');
  for (size_t i = 0; i < kHexDigits; ++i) digits[i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
  return digits;
}

// Reads JSON text front to back; the caller says what comes next.
class JsonReader {
 public:
  explicit JsonReader(std::string_view json) : rest_(json) {}

  // Whether the next character is this one; then it is passed over.
  bool accept(char character) {
    skip_space();
    if (rest_.empty() || rest_.front() != character) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char character) {
    if (!accept(character)) refuse(text("'", std::string_view(&character, 1), "' is missing"));
  }
  void expect_key(std::string_view name) {
    if (string() != name) refuse(text("field ", quoted(name), " is missing"));
    expect(':');
  }

  std::string string() {
    expect('"');
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      char character = next();
      if (character == '\\')
        append_escaped(value);
      else
        value += character;
    }
    if (rest_.empty()) refuse("a string does not end");
    rest_.remove_prefix(1);
    return value;
  }

  int64_t integer() {
    skip_space();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) refuse("a whole number is missing");
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  float real() {
    skip_space();
    const size_t length = std::min(rest_.find_first_not_of("+-.0123456789eE"), rest_.size());
    const std::string number(rest_.substr(0, length));  // strtof needs an end
    char* end = nullptr;
    const float value = std::strtof(number.c_str(), &end);
    if (number.empty() || *end != '\0' || !(value - value == 0)) refuse("a finite number is missing");
    rest_.remove_prefix(length);
    return value;
  }

  void expect_end() {
    skip_space();
    if (!rest_.empty()) refuse("more text follows the end");
  }

  [[noreturn]] void refuse(std::string_view reason) const {
    fail(ErrorCode::bad_file, {"this is no file of calibration statistics: ", reason}, {},
         {"give the file that `calibrate` wrote"});
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || (rest_.front() >= '\t' && rest_.front() <= '\r'))) {
      rest_.remove_prefix(1);
    }
  }

  char next() {
    const char character = rest_.front();
    rest_.remove_prefix(1);
    return character;
  }

  void append_escaped(std::string& value) {
    if (rest_.empty()) refuse("a string does not end");
    const char kind = next();
    switch (kind) {
      case 'n': value += '\n'; return;
      case 't': value += '\t'; return;
      case 'r': value += '\r'; return;
      case 'b': value += '\b'; return;
      case 'f': value += '\f'; return;
      case 'u': append_utf8(value, code_unit()); return;
      default: value += kind; return;  // quote, slash, backslash
    }
  }

  uint32_t code_unit() {
    uint32_t unit = 0;
    if (rest_.size() < 4) refuse("a string does not end");
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, unit, 16);
    if (error != std::errc() || end != rest_.data() + 4) refuse("a string holds a broken escape");
    rest_.remove_prefix(4);
    return unit;
  }

  static void append_utf8(std::string& value, uint32_t unit) {
    if (unit < 0x80) {
      value += static_cast<char>(unit);
    } else if (unit < 0x800) {
      value += static_cast<char>(0xc0 | (unit >> 6));
      value += static_cast<char>(0x80 | (unit & 63));
    } else {
      value += static_cast<char>(0xe0 | (unit >> 12));
      value += static_cast<char>(0x80 | ((unit >> 6) & 63));
      value += static_cast<char>(0x80 | (unit & 63));
    }
  }

  std::string_view rest_;
};

}  // namespace

std::string Statistics::to_json() const {
  JsonWriter json;
  json.begin_object().field("litequant", kKind).field("version", kVersion).field("model", hexadecimal(fingerprint_));
  json.key("graphs").begin_array();
  for (const PerGraph& graph : graphs_) {
    json.begin_object().field("samples", graph.samples).key("ranges").begin_array();
    for (const auto& [tensor, entry] : graph.tensors) {
      json.begin_array().value(tensor).value(std::string_view(entry.name));
      if (entry.range) json.value(entry.range->min).value(entry.range->max);
      json.end_array();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.text();
}

Statistics Statistics::from_json(std::string_view source) {
  JsonReader json(source);
  Statistics statistics;
  json.expect('{');
  json.expect_key("litequant");
  if (json.string() != kKind) json.refuse("it is another kind of file");
  json.expect(',');
  json.expect_key("version");
  const int64_t version = json.integer();
  if (version != kVersion) json.refuse(text("version ", version, " is not known"));
  json.expect(',');
  json.expect_key("model");
  const std::string fingerprint = json.string();
  const auto [end, error] =
      std::from_chars(fingerprint.data(), fingerprint.data() + fingerprint.size(), statistics.fingerprint_, 16);
  if (error != std::errc() || fingerprint.size() != kHexDigits || end != fingerprint.data() + fingerprint.size()) {
    json.refuse("the model's fingerprint is broken");
  }
  json.expect(',');
  json.expect_key("graphs");
  json.expect('[');
  while (!json.accept(']')) {
    if (!statistics.graphs_.empty()) json.expect(',');
    PerGraph& graph = statistics.graphs_.emplace_back();
    json.expect('{');
    json.expect_key("samples");
    graph.samples = json.integer();
    if (graph.samples < 0) json.refuse("a number of samples is negative");
    json.expect(',');
    json.expect_key("ranges");
    json.expect('[');
    while (!json.accept(']')) {
      if (!graph.tensors.empty()) json.expect(',');
      json.expect('[');
      const int64_t tensor = json.integer();
      if (tensor < 0 || tensor > std::numeric_limits<int32_t>::max()) json.refuse("a tensor's index is broken");
      json.expect(',');
      Entry& entry = graph.tensors[static_cast<int32_t>(tensor)];
      entry.name = json.string();
      if (json.accept(']')) continue;
      json.expect(',');
      const float min = json.real();
      json.expect(',');
      const float max = json.real();
      if (min > max) json.refuse("a range ends before it begins");
      entry.range = Range{min + 0.0f, max + 0.0f};
      json.expect(']');
    }
    json.expect('}');
  }
  json.expect('}');
  json.expect_end();
  return statistics;
}

}  // namespace litequant
