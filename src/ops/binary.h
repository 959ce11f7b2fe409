// What operators of two operands that broadcast share.
#pragma once

#include <limits>
#include <vector>

#include "base/half.h"
#include "kernels/elementwise.h"
#include "kernels/requantize.h"
#include "ops/op_def.h"
#include "ops/operation_bytes.h"

namespace litequant {

// One result of the operands' common shape; BAD_MODEL, showing both shapes, when there is none.
std::vector<Shape> infer_broadcast(const NodeView& node);

// How both operands are walked; UNSUPPORTED_OPERATOR when the shapes alternate more often than kMaxBroadcastLoops.
BroadcastWalk walk_of(const NodeView& node);

// Both operands and the result have one element type.
void require_one_type(const NodeView& node);

// The result is BOOL, the operands have one element type.
void require_comparison_types(const NodeView& node);

// 1 when both operands are equal in shape; else the larger rank: what operator versions depend on.
int broadcast_rank(const NodeView& node);

// Lowest and highest result of INT32 or INT64 arithmetic under a fused activation.
template <typename T>
struct WholeNumberRange {
  T low, high;
};
template <typename T>
WholeNumberRange<T> whole_number_range(Activation activation) {
  constexpr T kHighest = std::numeric_limits<T>::max();
  switch (activation) {
    case Activation::relu: return {0, kHighest};
    case Activation::relu6: return {0, 6};
    case Activation::relu_n1_to_1: return {-1, 1};
    default: return {std::numeric_limits<T>::min(), kHighest};
  }
}

// Where two elements of FLOAT16 or BFLOAT16 are compared.
inline auto real_of_half(DataType type) { return type == DataType::bfloat16 ? bfloat_to_float : half_to_float; }
inline auto half_of_real(DataType type) { return type == DataType::bfloat16 ? float_to_bfloat : float_to_half; }

// The step of one row function, with its operation's bytes.
Step row_of_two_step(const NodeView& node, const CompileOptions& options, size_t in_bytes, size_t out_bytes,
                     RowOfTwo row, std::vector<std::byte> operation);

// The step result[i] = operation(a[..], b[..]); the operation is plain data.
template <typename In, typename Out, typename Operation>
Step binary_step(const NodeView& node, const CompileOptions& options, Operation operation) {
  return row_of_two_step(node, options, sizeof(In), sizeof(Out), row_of_two<In, Out, Operation>, bytes_of(operation));
}

// The same on FLOAT16 or BFLOAT16, computed in float and rounded.
template <typename Operation>
Step half_binary_step(const NodeView& node, const CompileOptions& options, Operation operation) {
  const DataType type = node.input(0).type;
  return binary_step<uint16_t, uint16_t>(
      node, options, [operation, real = real_of_half(type), half = half_of_real(type)](uint16_t a, uint16_t b) {
        return half(operation(real(a), real(b)));
      });
}

}  // namespace litequant
