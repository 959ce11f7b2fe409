#include "ops/op_def.h"

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
