// Text for messages: joins values without locale, allocation tricks or format strings.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace litequant {

// One part of a message: a string, a number or a list of numbers, where it stands and for as long as the expression
// lasts in which it stands. It is made digits of when the message is made, which most messages never are: what an error
// would say costs two stores a part. Real numbers get as many digits as tell them from their neighbours.
class TextPart {
 public:
  TextPart(const char* string) : tag_(tag(Kind::literal)), address_(string) {}  // NOLINT(google-explicit-constructor)
  TextPart(const std::string& string)
      : tag_(tag(Kind::string)), address_(&string) {}  // NOLINT(google-explicit-constructor)
  TextPart(std::string_view string)  // NOLINT(google-explicit-constructor)
      : tag_(tag(Kind::view, string.size())), address_(string.data()) {}
  TextPart(bool value) : TextPart(value ? "true" : "false") {}  // NOLINT(google-explicit-constructor)
  template <typename T>
    requires std::is_arithmetic_v<T>
  TextPart(T value) {  // NOLINT(google-explicit-constructor)
    if constexpr (std::is_floating_point_v<T>) {
      tag_ = tag(std::is_same_v<T, float> ? Kind::real32 : Kind::real64);
      real_ = static_cast<double>(value);
    } else {
      tag_ = tag(std::is_signed_v<T> ? Kind::integer : Kind::natural);
      integer_ = static_cast<int64_t>(value);
    }
  }
  // As list_text.
  TextPart(std::span<const int32_t> list) : tag_(tag(Kind::list32, list.size())), address_(list.data()) {}
  TextPart(std::span<const int64_t> list) : tag_(tag(Kind::list64, list.size())), address_(list.data()) {}
  TextPart(std::initializer_list<TextPart> parts)  // one after the other
      : tag_(tag(Kind::parts, parts.size())), address_(parts.begin()) {}

  void append_to(std::string& out) const;

 private:
  enum class Kind : uint8_t { literal, string, view, integer, natural, real32, real64, list32, list64, parts };

  // In one word, for one store; the size of what has no end of its own.
  static constexpr int kKindBits = 4;
  static constexpr uint32_t tag(Kind kind, size_t size = 0) {
    return static_cast<uint32_t>(size << kKindBits) | static_cast<uint32_t>(kind);
  }
  Kind kind() const { return static_cast<Kind>(tag_ & ((1u << kKindBits) - 1)); }
  size_t size() const { return tag_ >> kKindBits; }

  uint32_t tag_;
  union {
    const void* address_;
    int64_t integer_;
    double real_;
  };
};

using TextParts = std::initializer_list<TextPart>;

std::string join_text(TextParts parts);

// text("need ", 3, " inputs, found ", n)
template <typename... Parts>
[[gnu::always_inline]] inline std::string text(const Parts&... parts) {
  return join_text({TextPart(parts)...});
}

// "[1, 224, 224, 3]" of any range of numbers; of a long one (out of a file, it has any length) the beginning and how
// many there are.
inline TextPart list_text(std::span<const int32_t> values) { return values; }
inline TextPart list_text(std::span<const int64_t> values) { return values; }

// A name out of a file, made safe to show: control characters and quotes escaped, long names cut in the middle.
std::string quoted(std::string_view name);

}  // namespace litequant
