#include "ops/unary_step.h"

namespace litequant {

std::vector<Shape> infer_same_shape(const NodeView& node) { return {node.input(0).shape}; }

void require_result_of_same_type(const NodeView& node) {
  if (node.output(0).type != node.input(0).type) node.fail_type();
}

Step byte_table_step(const NodeView& node, ByteTable table) {
  return {.run = [count = node.input(0).shape.count(), table](const Frame& frame) {
    map_bytes(frame.in<uint8_t>(0), frame.out<uint8_t>(), count, table.data());
  }};
}

}  // namespace litequant
