// Writes JSON text: descriptions, statistics, reports. Numbers round-trip exactly; what JSON cannot hold becomes null.
#pragma once

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

#include "base/text.h"

namespace litequant {

// JsonWriter json;
// json.begin_object().key("bytes").value(12).key("shape").values(shape).end_object();
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    append_string(name);
    text_ += ':';
    after_key_ = true;
    return *this;
  }

  JsonWriter& value(std::string_view string) {
    separate();
    append_string(string);
    return *this;
  }
  JsonWriter& value(const char* string) { return value(std::string_view(string)); }
  template <typename T>
    requires std::is_arithmetic_v<T>
  JsonWriter& value(T number) {
    separate();
    if constexpr (std::floating_point<T>) {
      if (!std::isfinite(number)) {
        text_ += "null";
        return *this;
      }
    }
    TextPart(number).append_to(text_);
    return *this;
  }
  // A value that is JSON already.
  JsonWriter& json(std::string_view text) {
    separate();
    text_ += text;
    return *this;
  }
  JsonWriter& null() {
    separate();
    text_ += "null";
    return *this;
  }
  template <typename Range>
  JsonWriter& values(const Range& range) {
    begin_array();
    for (const auto& item : range) value(item);
    return end_array();
  }
  template <typename T>
  JsonWriter& field(std::string_view name, const T& item) {
    return key(name).value(item);
  }

  const std::string& text() const { return text_; }

 private:
  JsonWriter& open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  void separate() {
    if (!after_key_ && !first_) text_ += ',';
    first_ = false;
    after_key_ = false;
  }
  void append_string(std::string_view string);

  std::string text_;
  bool first_ = true, after_key_ = false;
};

}  // namespace litequant
