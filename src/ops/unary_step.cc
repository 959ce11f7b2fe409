#include "ops/unary_step.h"

#include <utility>

namespace litequant {

std::vector<Shape> infer_same_shape(const NodeView& node) { return {node.input(0).shape}; }

void require_result_of_same_type(const NodeView& node) {
  if (node.output(0).type != node.input(0).type) node.fail_type();
}

Step row_of_one_step(const NodeView& node, RowOfOne row, std::vector<std::byte> operation) {
  return {.run = [count = node.input(0).shape.count(), row, operation = std::move(operation)](const Frame& frame) {
    row(operation.data(), frame.inputs[0], frame.outputs[0], count);
  }};
}

Step byte_table_step(const NodeView& node, ByteTable table) {
  return {.run = [count = node.input(0).shape.count(), table](const Frame& frame) {
    map_bytes(frame.in<uint8_t>(0), frame.out<uint8_t>(), count, table.data());
  }};
}

}  // namespace litequant
