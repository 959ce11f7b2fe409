// Who makes and who reads each tensor of a graph.
#pragma once

#include <cstdint>
#include <vector>

#include "model/model.h"

namespace litequant {

struct Use {
  int32_t node = 0;
  int32_t operand = 0;
  bool operator==(const Use&) const = default;
};

inline constexpr int32_t kNoNode = -1;

struct Links {
  explicit Links(const Graph& graph);

  std::vector<int32_t> producer;       // per tensor: node, or kNoNode
  std::vector<std::vector<Use>> uses;  // per tensor, in node order
  std::vector<int32_t> output_uses;    // per tensor: how often the graph returns it
  std::vector<bool> is_graph_input;    // per tensor
};

}  // namespace litequant
