// Scales and zero points of every activation.
//
// A node of rule `same` shares one pair with its operands and results. With a single real operand the operand's pair
// goes down to the results; with several (CONCATENATION, MAXIMUM) the result's goes up into the nodes that make the
// operands, so that no QUANTIZE is needed between them. Both ways some ranges that calibration saw are not used: that
// is settled first. Then pairs spread over the graph until nothing changes, and where two demands meet on one tensor
// the second reader gets its own pair, which `write_integers` turns into a QUANTIZE. The order of visits decides who is
// first; it is that of TensorFlow's converter, so that the same tensors get the same pairs.
#include <algorithm>

#include "base/error.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

class Assignment {
 public:
  Assignment(const Model& model, const Recipe& recipe, const Statistics& statistics, DataType type, GraphDesign& design)
      : model_(model),
        recipe_(recipe),
        type_(type),
        graph_(model.graphs[static_cast<size_t>(design.graph_index)]),
        design_(design),
        activations_(design.of(type)),
        links_(design.links),
        has_range_(graph_.tensors.size(), false),
        is_prescribed_(graph_.tensors.size(), false),
        is_settled_(graph_.tensors.size(), false) {
    collect_ranges(statistics);
    drop_redundant_ranges();
    find_right_operands();
    take_ranges();
    spread();
    make_right_operands_symmetric();
    if (shares_with_producers()) push_into_free_producers();
  }

 private:
  // ---- what a node demands ----

  OutputRule rule(int32_t node) const {
    if (!is_member(node)) return OutputRule::none;
    if (design_.table[static_cast<size_t>(node)]) return OutputRule::free;
    return output_rule(find_op(graph_.nodes[static_cast<size_t>(node)])->quant, type_);
  }
  // Computes with activations of this type.
  bool is_member(int32_t node) const {
    return node != kNoNode && design_.node_type[static_cast<size_t>(node)] == type_;
  }
  // int16 activations keep the ranges of their own: a QUANTIZE before a tied reader costs less than their precision.
  bool shares_with_producers() const { return type_ == DataType::int8; }
  bool is_tied(int32_t node) const { return rule(node) == OutputRule::same; }

  const Tensor& tensor(int32_t index) const { return graph_.tensors[static_cast<size_t>(index)]; }

  // Real-valued operands that are not constants.
  std::vector<int32_t> real_operands(int32_t node) const {
    std::vector<int32_t> operands;
    const Node& use = graph_.nodes[static_cast<size_t>(node)];
    for (size_t i = 0; i < use.inputs.size(); ++i) {
      if (use.inputs[i] != kNoTensor && is_real_value(model_, tensor(use.inputs[i]))) {
        operands.push_back(static_cast<int32_t>(i));
      }
    }
    return operands;
  }
  std::vector<int32_t> real_results(int32_t node) const {
    std::vector<int32_t> results;
    for (const int32_t output : graph_.nodes[static_cast<size_t>(node)].outputs) {
      if (output != kNoTensor && tensor(output).type == DataType::float32) results.push_back(output);
    }
    return results;
  }
  bool prefers_result(int32_t node) const {
    const Node& use = graph_.nodes[static_cast<size_t>(node)];
    return std::count_if(use.inputs.begin(), use.inputs.end(), [&](int32_t input) {
             return input != kNoTensor && tensor(input).type == DataType::float32;
           }) > 1;
  }

  // Whether the operand is the right-hand side of a product of two activations. TensorFlow Lite's default interpreter
  // computes such a product as if the zero point of that side were 0, so it must be.
  bool is_right_operand(int32_t node, int32_t operand) const {
    const OpCode op = graph_.nodes[static_cast<size_t>(node)].op;
    return operand == 1 && is_member(node) && (op == OpCode::batch_matmul || op == OpCode::fully_connected);
  }

  // ---- ranges ----

  void collect_ranges(const Statistics& statistics) {
    ranges_.resize(graph_.tensors.size());
    for (size_t t = 0; t < graph_.tensors.size(); ++t) {
      if (!is_real_value(model_, graph_.tensors[t])) continue;
      const auto seen = statistics.range(design_.graph_index, static_cast<int32_t>(t));
      const PrescribedValue* prescribed = design_.prescribed.value(static_cast<int32_t>(t));
      const PrescribedValue* recorded = design_.prescribed.record(static_cast<int32_t>(t));
      is_prescribed_[t] = prescribed != nullptr;
      has_range_[t] = prescribed != nullptr || seen || recorded != nullptr;
      if (!has_range_[t]) continue;
      ranges_[t] = prescribed != nullptr ? prescribed->range : seen ? *seen : recorded->range;
    }
  }

  void drop_redundant_ranges() {
    std::vector<bool> is_redundant(graph_.tensors.size(), false);
    // Down: prescribed results, and results tied to a single operand whose range is known.
    std::vector<int32_t> work;
    std::vector<bool> is_visited(graph_.tensors.size(), false);
    for (size_t t = 0; t < has_range_.size(); ++t) {
      if (!has_range_[t]) continue;
      work.push_back(static_cast<int32_t>(t));
      is_visited[t] = true;
    }
    while (!work.empty()) {
      const int32_t t = work.back();
      work.pop_back();
      if (rule(links_.producer[static_cast<size_t>(t)]) == OutputRule::fixed)
        is_redundant[static_cast<size_t>(t)] = true;
      for (const Use use : links_.uses[static_cast<size_t>(t)]) {
        if (!is_tied(use.node) || prefers_result(use.node)) continue;
        for (const int32_t result : real_results(use.node)) {
          if (!has_range_[static_cast<size_t>(result)]) continue;
          is_redundant[static_cast<size_t>(result)] = true;
          if (is_visited[static_cast<size_t>(result)]) continue;
          is_visited[static_cast<size_t>(result)] = true;
          work.push_back(result);
        }
      }
    }
    if (!shares_with_producers()) {
      forget(is_redundant);
      return;
    }
    // Up: operands of what is tied to a result whose range is kept.
    is_visited.assign(is_visited.size(), false);
    for (size_t t = 0; t < has_range_.size(); ++t) {
      if (has_range_[t] && !is_redundant[t]) work.push_back(static_cast<int32_t>(t));
    }
    while (!work.empty()) {
      const int32_t producer = links_.producer[static_cast<size_t>(work.back())];
      work.pop_back();
      if (!is_tied(producer)) continue;
      for (const int32_t operand : real_operands(producer)) {
        const auto t =
            static_cast<size_t>(graph_.nodes[static_cast<size_t>(producer)].inputs[static_cast<size_t>(operand)]);
        if (!has_range_[t]) continue;
        is_redundant[t] = true;
        if (is_visited[t]) continue;
        is_visited[t] = true;
        work.push_back(static_cast<int32_t>(t));
      }
    }
    forget(is_redundant);
  }

  void forget(const std::vector<bool>& is_redundant) {
    for (size_t t = 0; t < has_range_.size(); ++t) {
      // Training has settled what it prescribes; only what the operator itself prescribes counts for more.
      const bool is_kept = is_prescribed_[t] && rule(links_.producer[t]) != OutputRule::fixed;
      if (is_redundant[t] && !is_kept) has_range_[t] = false;
    }
  }

  Parameters parameters_of(Range range) const {
    if (type_ == DataType::int16) return int16_parameters(range.min, range.max);
    if (recipe_.symmetric_activations) return symmetric_activation_parameters(range.min, range.max);
    return activation_parameters(range.min, range.max);
  }

  // Values that end as right operands only, be it through nodes that move them on, take a zero point of 0 themselves;
  // others are rescaled there.
  void find_right_operands() {
    ends_right_.assign(graph_.tensors.size(), false);
    if (type_ != DataType::int8) return;
    const auto look_at = [&](int32_t result) {
      if (result == kNoTensor || !is_real_value(model_, tensor(result))) return;
      const auto t = static_cast<size_t>(result);
      ends_right_[t] = !links_.uses[t].empty() && links_.output_uses[t] == 0 && !is_prescribed_[t] &&
                       std::all_of(links_.uses[t].begin(), links_.uses[t].end(), [&](Use use) {
                         if (is_right_operand(use.node, use.operand)) return true;
                         if (!is_tied(use.node) || real_operands(use.node).size() != 1) return false;
                         const auto results = real_results(use.node);
                         return std::all_of(results.begin(), results.end(),
                                            [&](int32_t next) { return ends_right_[static_cast<size_t>(next)]; });
                       });
    };
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      for (const int32_t result : graph_.nodes[n].outputs) look_at(result);
    }
    for (const int32_t input : graph_.inputs) look_at(input);
  }

  void make_right_operands_symmetric() {
    if (type_ != DataType::int8) return;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const auto node = static_cast<int32_t>(n);
      const std::vector<int32_t>& inputs = graph_.nodes[n].inputs;
      if (inputs.size() < 2 || inputs[1] == kNoTensor || !is_right_operand(node, 1)) continue;
      const auto& known = activations_.value[static_cast<size_t>(inputs[1])];
      if (!is_real_value(model_, tensor(inputs[1])) || !known || known->zero_point == 0) continue;
      const auto real = [&](int32_t stored) { return static_cast<float>(stored - known->zero_point) * known->scale; };
      activations_.operand[{node, 1}] = symmetric_activation_parameters(real(-128), real(127));
    }
  }

  void take_ranges() {
    for (size_t t = 0; t < graph_.tensors.size(); ++t) {
      const int32_t producer = links_.producer[t];
      if (type_ == DataType::int8 && producer != kNoNode &&
          graph_.nodes[static_cast<size_t>(producer)].op == OpCode::dequantize &&
          is_bridge(model_, graph_, graph_.nodes[static_cast<size_t>(producer)])) {
        const Quantization& known = tensor(graph_.nodes[static_cast<size_t>(producer)].inputs[0]).quantization;
        activations_.value[t] = Parameters{known.scale[0], static_cast<int32_t>(known.zero_point[0])};
        is_settled_[t] = true;
      } else if (has_range_[t]) {
        const bool as_prescribed = is_prescribed_[t] && type_ == DataType::int8 && !recipe_.symmetric_activations;
        activations_.value[t] = as_prescribed    ? design_.prescribed.value(static_cast<int32_t>(t))->int8
                                : ends_right_[t] ? symmetric_activation_parameters(ranges_[t].min, ranges_[t].max)
                                                 : parameters_of(ranges_[t]);
        is_settled_[t] = true;
      }
    }
  }

  // ---- spreading ----

  void spread() {
    std::vector<bool> is_done(graph_.nodes.size(), false);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (design_.node_type[n] == type_) work_.push_back(static_cast<int32_t>(n));
    }
    while (!work_.empty()) {
      const int32_t node = work_.back();
      work_.pop_back();
      const auto n = static_cast<size_t>(node);
      if (is_done[n] || !is_member(node)) continue;
      is_done[n] = true;
      if (is_tied(node)) {
        const auto common = common_parameters(node);
        if (!common) {
          is_done[n] = false;  // comes again when a neighbour learns its own
          continue;
        }
        activations_.tied[n] = common;
        for (const int32_t operand : real_operands(node)) demand_operand(node, operand, *common);
        for (const int32_t result : real_results(node)) demand_result(result, *common);
      } else if (rule(node) == OutputRule::fixed) {
        const QuantRule& prescribed = find_op(graph_.nodes[n])->quant;
        const FixedOutput& fixed = type_ == DataType::int16 ? prescribed.fixed_int16 : prescribed.fixed_int8;
        for (const int32_t result : real_results(node)) demand_result(result, {fixed.scale, fixed.zero_point});
      }
    }
  }

  std::optional<Parameters> common_parameters(int32_t node) const {
    std::vector<int32_t> settled, known;  // tensors; operands before results
    const Node& use = graph_.nodes[static_cast<size_t>(node)];
    const auto sort_in = [&](int32_t t) {
      if (is_settled_[static_cast<size_t>(t)]) {
        settled.push_back(t);
      } else if (activations_.value[static_cast<size_t>(t)]) {
        known.push_back(t);
      }
    };
    for (const int32_t operand : real_operands(node)) sort_in(use.inputs[static_cast<size_t>(operand)]);
    const size_t settled_operands = settled.size(), known_operands = known.size();
    const bool one_operand = use.inputs.size() == 1, one_result = use.outputs.size() == 1;
    const auto parameters = [&](int32_t t) { return activations_.value[static_cast<size_t>(t)]; };
    if (one_operand && settled_operands == 1) return parameters(settled.front());
    for (const int32_t result : real_results(node)) sort_in(result);
    if (one_result && settled.size() - settled_operands == 1) return parameters(settled.back());
    if (!settled.empty()) return parameters(settled.front());
    if (one_operand && known_operands == 1) return parameters(known.front());
    if (one_result && known.size() - known_operands == 1) return parameters(known.back());
    if (!known.empty()) return parameters(known.front());
    return std::nullopt;
  }

  void demand_operand(int32_t node, int32_t operand, Parameters wanted) {
    const auto t = static_cast<size_t>(graph_.nodes[static_cast<size_t>(node)].inputs[static_cast<size_t>(operand)]);
    if (activations_.value[t] == wanted) return;
    if (activations_.value[t]) {
      activations_.operand[{node, operand}] = wanted;
      return;
    }
    activations_.value[t] = wanted;
    if (links_.producer[t] != kNoNode) work_.push_back(links_.producer[t]);
    // Readers of the same tensor that wait for parameters.
    push_readers(t);
  }

  void demand_result(int32_t result, Parameters wanted) {
    const auto t = static_cast<size_t>(result);
    if (activations_.value[t] == wanted) return;
    if (activations_.value[t]) {
      activations_.produced[t] = wanted;
      return;
    }
    activations_.value[t] = wanted;
    push_readers(t);
  }

  void push_readers(size_t t) {
    const auto& uses = links_.uses[t];
    for (auto use = uses.rbegin(); use != uses.rend(); ++use) work_.push_back(use->node);
  }

  // A node of free range whose only reader wants other parameters writes those at once.
  void push_into_free_producers() {
    for (auto demand = activations_.operand.begin(); demand != activations_.operand.end();) {
      const auto [node, operand] = demand->first;
      const auto t = static_cast<size_t>(graph_.nodes[static_cast<size_t>(node)].inputs[static_cast<size_t>(operand)]);
      const bool only_reader = links_.uses[t].size() == 1 && links_.output_uses[t] == 0;
      if (only_reader && rule(links_.producer[t]) == OutputRule::free) {
        activations_.value[t] = demand->second;
        demand = activations_.operand.erase(demand);
      } else {
        ++demand;
      }
    }
  }

  const Model& model_;
  const Recipe& recipe_;
  DataType type_;
  const Graph& graph_;
  GraphDesign& design_;
  Activations& activations_;
  const Links& links_;
  std::vector<Range> ranges_;
  std::vector<bool> has_range_;  // per tensor: a range that is used
  std::vector<bool> is_prescribed_;  // per tensor: that range is training's
  std::vector<bool> is_settled_;  // per tensor: parameters that spreading never changes
  std::vector<bool> ends_right_;  // per tensor: see find_right_operands
  std::vector<int32_t> work_;  // nodes to visit, the last first
};

}  // namespace

void assign_parameters(const Model& model, const Recipe& recipe, const Statistics& statistics, DataType type,
                       GraphDesign& design) {
  Assignment(model, recipe, statistics, type, design);
}

}  // namespace litequant
