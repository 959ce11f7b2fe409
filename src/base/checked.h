// Arithmetic on numbers out of files, checked: overflow and division by zero become errors, never a trap or a wrap.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

namespace litequant {

template <typename T>
std::optional<T> checked_add(T a, T b) {
  T sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <typename T>
std::optional<T> checked_mul(T a, T b) {
  T product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// Rounded up; nothing when the divisor is not positive.
template <typename T>
std::optional<T> checked_ceil_div(T a, T b) {
  if (b <= 0) return std::nullopt;
  return a / b + (a % b > 0 ? 1 : 0);
}

}  // namespace litequant
