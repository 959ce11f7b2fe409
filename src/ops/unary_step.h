// What operators of one operand share: the same shape, one element at a time.
#pragma once

#include <utility>

#include "kernels/elementwise.h"
#include "kernels/lookup_table.h"
#include "ops/op_def.h"

namespace litequant {

// The operand's shape.
std::vector<Shape> infer_same_shape(const NodeView& node);

// Operand and result have one element type.
void require_result_of_same_type(const NodeView& node);

// The step result[i] = operation(x[i]).
template <typename In, typename Out, typename Operation>
Step unary_step(const NodeView& node, Operation operation) {
  return {.run = [count = node.input(0).shape.count(), operation = std::move(operation)](const Frame& frame) {
    map_elements(frame.in<In>(0), frame.out<Out>(), count, operation);
  }};
}

// The step that looks each stored byte up.
Step byte_table_step(const NodeView& node, ByteTable table);

// The step of an operation on stored integers: a table of all 256 results for INT8 and UINT8, else the operation itself
// on INT16.
template <typename Operation>
Step stored_step(const NodeView& node, Operation operation) {
  switch (node.input(0).type) {
    case DataType::int8: return byte_table_step(node, make_byte_table<int8_t>(operation));
    case DataType::uint8: return byte_table_step(node, make_byte_table<uint8_t>(operation));
    case DataType::int16: return unary_step<int16_t, int16_t>(node, std::move(operation));
    default: node.fail_type();
  }
}

}  // namespace litequant
