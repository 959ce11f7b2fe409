// Text for messages: joins values without locale, allocation tricks or format strings.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace litequant {

// A string, or a number's digits, for as long as the expression lasts in which it stands. Real numbers get as many
// digits as tell them from their neighbours.
class TextPart {
 public:
  template <typename T>
    requires std::is_convertible_v<const T&, std::string_view>
  TextPart(const T& string) : view_(string) {}  // NOLINT(google-explicit-constructor)
  TextPart(bool value) : view_(value ? "true" : "false") {}  // NOLINT(google-explicit-constructor)
  template <typename T>
    requires std::is_arithmetic_v<T>
  TextPart(T value) {  // NOLINT(google-explicit-constructor)
    if constexpr (std::is_same_v<T, float>) {
      write_float(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      write_double(value);
    } else {
      write_integer(std::is_signed_v<T> && value < 0, static_cast<uint64_t>(value));
    }
  }
  TextPart(const TextPart&) = delete;
  TextPart& operator=(const TextPart&) = delete;

  std::string_view view() const { return view_; }

 private:
  void write_float(float value);
  void write_double(double value);
  void write_integer(bool is_negative, uint64_t value);  // two's complement

  char digits_[32];
  std::string_view view_;
};

inline void append_text(std::string& out, const TextPart& part) { out += part.view(); }

std::string join_text(std::initializer_list<TextPart> parts);

// text("need ", 3, " inputs, found ", n)
template <typename... Parts>
std::string text(const Parts&... parts) {
  return join_text({TextPart(parts)...});
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
