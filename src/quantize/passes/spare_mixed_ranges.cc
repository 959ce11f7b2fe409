// CONCATENATION of operands with very different ranges.
//
// Its int8 result has one scale, so an operand of a small range is left with few of the 256 levels: class scores beside
// box coordinates in pixels become zeros, whatever the network says. Where only float operators and float outputs read
// the result, joining the operands in float costs a DEQUANTIZE each and loses nothing. Elsewhere it is told.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

// An operand keeps 16 levels at least: 4 bits.
constexpr float kWidestRatio = 16;

class Spare {
 public:
  Spare(const Model& model, const Recipe& recipe, const Statistics& statistics, GraphDesign& design)
      : graph_(model.graphs[static_cast<size_t>(design.graph_index)]),
        model_(model),
        statistics_(statistics),
        design_(design),
        may_spare_(recipe.mode == Mode::int8 && io_of(recipe) == DataType::float32) {}

  void look_at(int32_t node) {
    const Node& use = graph_.nodes[static_cast<size_t>(node)];
    if (use.op != OpCode::concatenation || design_.node_type[static_cast<size_t>(node)] != DataType::int8) return;
    float least = 0, most = 0;
    for (const int32_t input : use.inputs) {
      const float magnitude = magnitude_of(input);
      if (magnitude == 0) continue;
      least = least == 0 ? magnitude : std::min(least, magnitude);
      most = std::max(most, magnitude);
    }
    if (!(most > kWidestRatio * least)) return;
    const std::string reason =
        text("its operands' ranges differ by a factor of ", static_cast<int64_t>(std::min(most / least, 1e9f)),
             ", one scale leaves the smallest fewer than 16 levels");
    std::vector<int32_t> followers = {node};
    if (!may_spare_ || !only_leaves(followers)) {
      design_.warning[static_cast<size_t>(node)] = reason;
      return;
    }
    for (const int32_t follower : followers) {
      design_.node_type[static_cast<size_t>(follower)] = DataType::float32;
      design_.reason[static_cast<size_t>(follower)] =
          follower == node ? reason : text("it follows operator ", node, ", which stays in float");
    }
  }

 private:
  float magnitude_of(int32_t tensor) const {
    if (tensor == kNoTensor || !is_real_value(model_, graph_.tensors[static_cast<size_t>(tensor)])) return 0;
    const auto range = statistics_.range(design_.graph_index, tensor);
    return range ? std::max(std::abs(range->min), std::abs(range->max)) : 0;
  }

  // Adds the nodes that move the result on to `followers`; whether all of it ends in floats: outputs of the graph, or
  // operators that stay in float.
  bool only_leaves(std::vector<int32_t>& followers) const {
    bool is_read = false;
    for (size_t i = 0; i < followers.size(); ++i) {
      for (const int32_t output : graph_.nodes[static_cast<size_t>(followers[i])].outputs) {
        if (output == kNoTensor) continue;
        is_read = is_read || design_.links.output_uses[static_cast<size_t>(output)] > 0;
        for (const Use use : design_.links.uses[static_cast<size_t>(output)]) {
          if (!design_.reason[static_cast<size_t>(use.node)].empty()) {
            is_read = true;
            continue;
          }
          const OpDef* row = find_op(graph_.nodes[static_cast<size_t>(use.node)]);
          if (row == nullptr || output_rule(row->quant, DataType::int8) != OutputRule::same) return false;
          if (std::find(followers.begin(), followers.end(), use.node) == followers.end()) followers.push_back(use.node);
        }
      }
    }
    return is_read;
  }

  const Graph& graph_;
  const Model& model_;
  const Statistics& statistics_;
  GraphDesign& design_;
  const bool may_spare_;
};

}  // namespace

void spare_mixed_ranges(const Model& model, const Recipe& recipe, const Statistics& statistics, GraphDesign& design) {
  Spare spare(model, recipe, statistics, design);
  for (size_t n = 0; n < design.node_type.size(); ++n) spare.look_at(static_cast<int32_t>(n));
}

}  // namespace litequant
