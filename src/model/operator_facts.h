// What the format says of each builtin operator's form: its options table, how many operands, which may be absent.
// Facts of the format, not of what is executed here (that is ops/list.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/model.h"

namespace litequant {

struct OperatorFacts {
  static constexpr uint8_t kAny = 255;

  OpCode code = OpCode::custom;
  const char* options = nullptr;   // the schema's name of its options table; null when it has none
  bool needs_options = false;      // the table has a field without a usable default (a stride, a graph)
  uint8_t least_inputs = 0, most_inputs = kAny;
  uint8_t least_outputs = 0, most_outputs = kAny;
  uint64_t optional_inputs = 0;    // bit i: operand i may be absent

  bool may_be_absent(size_t input) const { return input < 64 && (optional_inputs >> input & 1) != 0; }
};

// Null for operators newer than the list.
const OperatorFacts* find_operator_facts(OpCode code);

// The graphs that a node runs (branches, loop bodies, initialisers), with the field that names each.
struct GraphReference {
  std::string_view field;
  int64_t graph = 0;
};
std::vector<GraphReference> referenced_graphs(const Node& node);

}  // namespace litequant
