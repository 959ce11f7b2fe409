// Two stored values made one, in any type of numbers: what the STABLEHLO operators and their bodies are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/reduce_ops.h"
#include "ops/op_def.h"

namespace litequant {

template <typename T>
struct Sum {
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, bool>) {
      return a || b;
    } else {
      return wrapping_sum(a, b);
    }
  }
};
template <typename T>
struct Product {
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, bool>) {
      return a && b;
    } else if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
      // Narrow unsigned types would be multiplied as signed ones, which may overflow.
      return static_cast<T>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
    } else {
      return wrapping_product(a, b);
    }
  }
};
template <typename T>
struct Greater {
  T operator()(T a, T b) const { return a < b ? b : a; }
};
template <typename T>
struct Lesser {
  T operator()(T a, T b) const { return b < a ? b : a; }
};

enum class Combination : uint8_t { update, sum, product, greatest, least, all, any };

// *to = *to combined with *from, of one element type; `update` takes *from.
using Combine = void (*)(std::byte* to, const std::byte* from);

// Null where the type has no such combination: `all` and `any` are for BOOL alone.
Combine combine_function(Combination combination, DataType type);

// What the body of a STABLEHLO operator does: a graph of one node, or of none for `update`. UNSUPPORTED_OPERATOR for
// others.
Combination combination_of_body(const NodeView& node, const char* graph_field);

}  // namespace litequant
