// An operation kept as bytes, so that steps of all operations are one type.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

namespace litequant {

// A vector's storage is aligned for any of the types that operations hold.
template <typename Operation>
std::vector<std::byte> bytes_of(const Operation& operation) {
  static_assert(std::is_trivially_copyable_v<Operation> && alignof(Operation) <= alignof(std::max_align_t));
  std::vector<std::byte> bytes(sizeof(Operation));
  std::memcpy(bytes.data(), &operation, sizeof(Operation));
  return bytes;
}

}  // namespace litequant
