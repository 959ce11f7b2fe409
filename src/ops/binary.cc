#include "ops/binary.h"

#include <algorithm>
#include <utility>

#include "kernels/reference/binary.h"

namespace litequant {

std::vector<Shape> infer_broadcast(const NodeView& node) {
  const Shape& a = node.input(0).shape;
  const Shape& b = node.input(1).shape;
  const auto shape = broadcast_shape(a, b);
  node.require(shape.has_value(), "the shapes ", shape_text(a), " and ", shape_text(b), " do not broadcast");
  return {*shape};
}

BroadcastWalk walk_of(const NodeView& node) {
  const Shape result = infer_broadcast(node)[0];
  const Shape* const operands[] = {&node.input(0).shape, &node.input(1).shape};
  const auto walk = broadcast_walk(result, operands);
  if (!walk) {
    node.fail(ErrorCode::unsupported_operator,
              {"broadcasting ", shape_text(*operands[0]), " with ", shape_text(*operands[1]), " is not executed"});
  }
  return *walk;
}

void require_one_type(const NodeView& node) {
  const DataType type = node.input(0).type;
  if (node.input(1).type != type || node.output(0).type != type) node.fail_type();
}

void require_comparison_types(const NodeView& node) {
  if (node.input(1).type != node.input(0).type || node.output(0).type != DataType::boolean) node.fail_type();
}

int broadcast_rank(const NodeView& node) {
  const Shape& a = node.input(0).shape;
  const Shape& b = node.input(1).shape;
  return a == b ? 1 : std::max(a.rank(), b.rank());
}

Step row_of_two_step(const NodeView& node, const CompileOptions& options, size_t in_bytes, size_t out_bytes,
                     RowOfTwo row, std::vector<std::byte> operation) {
  if (options.kernels == KernelSet::reference) {
    return {.run = [a = node.input(0).shape, b = node.input(1).shape, out = infer_broadcast(node)[0], in_bytes,
                    out_bytes, row, operation = std::move(operation)](const Frame& frame) {
      reference::map_rows(out, a, frame.inputs[0], b, frame.inputs[1], frame.outputs[0], in_bytes, out_bytes, row,
                          operation.data());
    }};
  }
  return {
      .run = [walk = walk_of(node), in_bytes, out_bytes, row, operation = std::move(operation)](const Frame& frame) {
        map_rows(walk, frame.inputs[0], frame.inputs[1], frame.outputs[0], in_bytes, out_bytes, row, operation.data());
      }};
}

}  // namespace litequant
