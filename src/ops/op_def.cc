#include "ops/op_def.h"

#include <algorithm>

namespace litequant {

#define LITEQUANT_OP(row) extern const OpDef row;
#include "ops/list.h"
#undef LITEQUANT_OP

namespace {

constexpr const OpDef* kRows[] = {
#define LITEQUANT_OP(row) &row,
#include "ops/list.h"
#undef LITEQUANT_OP
};

}  // namespace

double visits(const Shape& shape, int first_axis, int end_axis) {
  double product = 1;
  for (int axis = first_axis; axis < end_axis; ++axis) product *= std::max(shape[axis], 1);
  return product;
}

double operations_of(const OpDef& row, const NodeView& node) {
  double operations = row.operations != nullptr ? row.operations(node) : 0;
  for (size_t i = 0; i < node.input_count(); ++i) {
    if (node.has_input(i)) operations += visits(node.input(i).shape);
  }
  for (size_t i = 0; i < node.output_count(); ++i) operations += visits(node.output(i).shape);
  return operations;
}

std::span<const OpDef* const> all_ops() { return kRows; }

const OpDef* find_op(const Node& node) {
  for (const OpDef* row : kRows) {
    if (row->code != node.op) continue;
    if (node.op != OpCode::custom || node.custom_code == row->custom_code) return row;
  }
  return nullptr;
}

int version_one(const NodeView&) { return 1; }

}  // namespace litequant
