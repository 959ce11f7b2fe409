// What operators of one operand share: the same shape, one element at a time.
#pragma once

#include "base/half.h"
#include "kernels/elementwise.h"
#include "kernels/lookup_table.h"
#include "ops/op_def.h"
#include "ops/operation_bytes.h"

namespace litequant {

// The operand's shape.
std::vector<Shape> infer_same_shape(const NodeView& node);

// Operand and result have one element type.
void require_result_of_same_type(const NodeView& node);

// The step of one row function, with its operation's bytes.
Step row_of_one_step(const NodeView& node, RowOfOne row, std::vector<std::byte> operation);

// The step result[i] = operation(x[i]); the operation is plain data.
template <typename In, typename Out, typename Operation>
Step unary_step(const NodeView& node, Operation operation) {
  return row_of_one_step(node, row_of_one<In, Out, Operation>, bytes_of(operation));
}

// The same of a function of floats on FLOAT16 or BFLOAT16, whose result is rounded once.
template <float (*kReal)(float)>
Step half_step(const NodeView& node) {
  if (node.input(0).type == DataType::bfloat16) {
    return unary_step<uint16_t, uint16_t>(node, [](uint16_t x) { return float_to_bfloat(kReal(bfloat_to_float(x))); });
  }
  return unary_step<uint16_t, uint16_t>(node, [](uint16_t x) { return float_to_half(kReal(half_to_float(x))); });
}

// The step that looks each stored byte up.
Step byte_table_step(const NodeView& node, ByteTable table);

// The step of an operation on stored integers: a table of all 256 results for INT8 and UINT8, else the operation itself
// on INT16.
template <typename Operation>
Step stored_step(const NodeView& node, Operation operation) {
  switch (node.input(0).type) {
    case DataType::int8:
    case DataType::uint8: {
      const bool is_signed = node.input(0).type == DataType::int8;
      return byte_table_step(node, make_byte_table(is_signed, stored_function<Operation>, &operation));
    }
    case DataType::int16: return unary_step<int16_t, int16_t>(node, operation);
    default: node.fail_type();
  }
}

}  // namespace litequant
