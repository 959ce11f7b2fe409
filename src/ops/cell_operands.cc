#include "ops/cell_operands.h"

namespace litequant {

void require_whole_constant(const NodeView& node, const Operand& operand, std::string_view what) {
  if (!operand.has_value) return;
  node.require(operand.constant.size() >= stored_bytes(operand.type, operand.shape.count()), what,
               " hold fewer bytes than their shape ", shape_text(operand.shape), " needs");
}

CellWeights cell_weights(const NodeView& node, size_t operand, std::string_view what, int32_t units, int32_t depth) {
  const Operand& weights = node.input(operand);
  if (weights.type != DataType::float32 && weights.type != DataType::int8) node.fail_type();
  const Shape need = {units, depth};
  node.require(weights.shape == need, what, " must be ", shape_text(need), ", found ", shape_text(weights.shape));
  require_whole_constant(node, weights, what);
  const bool is_int8 = weights.type == DataType::int8;
  const TensorScale scale = is_int8 ? tensor_scale(node, weights, what) : TensorScale{};
  node.require(scale.zero_point == 0, "the zero point of ", what, " must be 0");
  return {.values = nullptr, .is_int8 = is_int8, .scale = scale.scale, .units = units, .depth = depth};
}

void require_float_vector(const NodeView& node, size_t operand, std::string_view what, int32_t count) {
  const Operand& values = node.input(operand);
  node.require_type(values, what, DataType::float32);
  node.require(values.shape == Shape{count}, what, " must have ", count, " elements, found ", shape_text(values.shape));
  require_whole_constant(node, values, what);
}

double cell_operations(const NodeView& node) {
  constexpr double kCellCost = 64;  // exponentials
  const Shape& input = node.input(0).shape;
  double each_row = 0;
  for (size_t i = 1; i < node.input_count(); ++i) {
    if (!node.has_input(i) || node.input(i).tensor->is_variable) continue;
    const Shape& shape = node.input(i).shape;
    each_row += visits(shape) * (shape.rank() == 1 ? kCellCost : 1);
  }
  return visits(input, 0, input.rank() - 1) * each_row;
}

CellRowsScratch CellRowsLayout::at(const Frame& frame) const {
  if (!is_used) return {};
  return {.quantized = reinterpret_cast<int16_t*>(frame.scratch_bytes + quantized),
          .scales = reinterpret_cast<DynamicScale*>(frame.scratch_bytes + scales),
          .row = reinterpret_cast<int8_t*>(frame.scratch_bytes + row)};
}

CellRowsLayout add_cell_rows(ScratchLayout& layout, DataType weights, int64_t batches, int32_t depth) {
  if (weights != DataType::int8) return {};
  return {.quantized = layout.add(batches * depth, sizeof(int16_t)),
          .scales = layout.add(batches, sizeof(DynamicScale)),
          .row = layout.add(depth, 1),
          .is_used = true};
}

}  // namespace litequant
