// What the operators share that only move elements: the types they take, how they are quantized, and steps made of
// copies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/strided_copy.h"
#include "ops/op_def.h"

namespace litequant {

// Every type whose elements are whole bytes; these operators never look at the values.
inline constexpr TypeSet kWholeByteTypes = types(
    DataType::float32, DataType::float16, DataType::int32, DataType::uint8, DataType::int64, DataType::boolean,
    DataType::int16, DataType::complex64, DataType::int8, DataType::float64, DataType::complex128, DataType::uint64,
    DataType::uint32, DataType::uint16, DataType::bfloat16, DataType::float8_e4m3fn, DataType::float8_e5m2);

inline constexpr QuantRule kMovesData = {
    .roles = {Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true};
inline constexpr QuantRule kMovesDataOfAll = {
    .roles = {Role::data}, .variadic = true, .output = OutputRule::same, .int8 = true, .int16 = true};

// Fails unless every result has the element type of input `data`.
void require_same_type(const NodeView& node, size_t data = 0);
// Fails unless both share scale and zero point, as TensorFlow Lite's kernel for this operator demands.
void require_same_parameters(const NodeView& node, const Operand& a, const Operand& b);
bool same_parameters(const Operand& a, const Operand& b);
// Fails unless the zero point of an INT16 operand is 0.
void require_int16_zero_point(const NodeView& node, const Operand& operand);

// Whether the first operand has elements of 4 bits.
bool has_nibbles(const NodeView& node);
using CompileStep = Step (*)(const NodeView&, const CompileOptions&);
// The step that `compile` makes for INT8, run on a byte per element: operands of 4 bits are spread before it, results
// packed after. For operators that do not look at the values.
Step nibble_step(const NodeView& node, const CompileOptions& options, CompileStep compile);
template <CompileStep kCompile>
Step compile_any_width(const NodeView& node, const CompileOptions& options) {
  return has_nibbles(node) ? nibble_step(node, options, kCompile) : kCompile(node, options);
}

// A dimension, which must be in [0, 2^31).
int32_t checked_dim(const NodeView& node, int64_t dim);
// Number of elements, which must stay below 2^31.
int64_t checked_count(const NodeView& node, const Shape& shape);

// The one value of an input that must be known when the plan is made.
int64_t known_integer(const NodeView& node, size_t input);

// The stored value that stands for the real 0: the zero point where there is one. As long as one element.
std::array<std::byte, 16> stored_zero(const Operand& operand);

// Elements between neighbours along each axis of a dense array.
std::vector<int64_t> dense_strides(const Shape& shape);

// One copy from an input to a result.
struct Move {
  size_t input = 0, output = 0;
  StridedCopy copy;
};

// A step that makes these copies, in order.
Step move_step(std::vector<Move> moves, const CompileOptions& options);

}  // namespace litequant
