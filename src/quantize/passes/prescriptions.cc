#include "quantize/passes/prescriptions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "quantize/passes/constant_store.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

// Steps between a least and a greatest stored value; with several scales per channel along `axis`.
struct Grid {
  std::vector<double> scale;
  std::vector<int64_t> zero_point;
  int32_t axis = 0;
  int64_t least = 0, greatest = 0;
  int64_t middle = 0;  // the stored value that int8 calls 0

  bool is_symmetric() const {
    return std::all_of(zero_point.begin(), zero_point.end(), [&](int64_t zero) { return zero == middle; });
  }
  Range range() const {
    return {static_cast<float>(static_cast<double>(least - zero_point[0]) * scale[0]),
            static_cast<float>(static_cast<double>(greatest - zero_point[0]) * scale[0])};
  }
  // 8 bits as they are; fewer or more: the same range in 255 steps.
  PrescribedValue value() const {
    const bool is_byte = greatest - least >= 254 && greatest - least <= 255;
    if (!is_byte) return {range(), activation_parameters(range().min, range().max)};
    return {range(), {static_cast<float>(scale[0]), static_cast<int32_t>(zero_point[0] - middle)}};
  }
  float nearest(float real, size_t channel) const {
    const double steps =
        std::round(static_cast<double>(real) / scale[channel]) + static_cast<double>(zero_point[channel]);
    const double stored = std::clamp(steps, static_cast<double>(least), static_cast<double>(greatest));
    return static_cast<float>((stored - static_cast<double>(zero_point[channel])) * scale[channel]);
  }
};

// The range of a FAKE_QUANT node, moved so that 0 is a step; nothing where its options make no sense (the planner
// refuses such a node).
std::optional<Grid> grid_of_node(const Node& node) {
  const int64_t bits = node.options.integer("num_bits");
  const double least = std::min(static_cast<double>(node.options.real("min")), 0.0);
  const double greatest = std::max(static_cast<double>(node.options.real("max")), 0.0);
  if (bits < 2 || bits > 16 || !std::isfinite(greatest - least)) return std::nullopt;
  Grid grid;
  grid.least = node.options.flag("narrow_range") ? 1 : 0;
  grid.greatest = (int64_t{1} << bits) - 1;
  grid.middle = int64_t{1} << (bits - 1);
  const double scale = (greatest - least) / static_cast<double>(grid.greatest - grid.least);
  if (!(static_cast<float>(scale) > 0) || !std::isfinite(1.0f / static_cast<float>(scale))) return std::nullopt;
  const double zero = std::clamp(static_cast<double>(grid.least) - least / scale, static_cast<double>(grid.least),
                                 static_cast<double>(grid.greatest));
  grid.scale = {scale};
  grid.zero_point = {static_cast<int64_t>(std::round(zero))};
  return grid;
}

// The range of a pair's integers.
std::optional<Grid> grid_of_integers(const Tensor& tensor) {
  Grid grid;
  if (tensor.type == DataType::int8) {
    grid.least = std::numeric_limits<int8_t>::min();
    grid.greatest = std::numeric_limits<int8_t>::max();
  } else if (tensor.type == DataType::uint8) {
    grid.greatest = std::numeric_limits<uint8_t>::max();
    grid.middle = 128;
  } else {
    return std::nullopt;
  }
  const Quantization& known = tensor.quantization;
  if (known.scale.empty() || known.zero_point.size() != known.scale.size()) return std::nullopt;
  for (const float scale : known.scale) {
    if (!(scale > 0) || !std::isfinite(1.0f / scale)) return std::nullopt;
    grid.scale.push_back(static_cast<double>(scale));
  }
  grid.zero_point = known.zero_point;
  for (const int64_t zero : grid.zero_point) {
    if (zero < grid.least || zero > grid.greatest) return std::nullopt;
  }
  grid.axis = known.axis;
  return grid;
}

class Obedience {
 public:
  Obedience(Model& model, size_t g, bool in_integers, Prescriptions& found)
      : model_(model), g_(g), in_integers_(in_integers), found_(found), links_(graph()) {
    for (int32_t input : graph().inputs) is_border_[input] = true;
    for (int32_t output : graph().outputs) is_border_[output] = true;
  }

  void obey() {
    for (size_t n = 0; n < graph().nodes.size(); ++n) look_at(n);
    collect_records();
  }

 private:
  Graph& graph() { return model_.graphs[g_]; }
  Tensor& tensor(int32_t t) { return graph().tensors[static_cast<size_t>(t)]; }

  void look_at(size_t n) {
    const Node node = graph().nodes[n];
    if (node.inputs.size() != 1 || node.outputs.size() != 1) return;
    const int32_t from = node.inputs[0], to = node.outputs[0];
    if (from == kNoTensor || to == kNoTensor || tensor(from).type != DataType::float32) return;
    if (node.op == OpCode::fake_quant && tensor(to).type == DataType::float32) {
      if (const auto grid = grid_of_node(node)) obey_grid(n, from, to, *grid);
    } else if (node.op == OpCode::quantize && links_.output_uses[static_cast<size_t>(to)] == 0) {
      const auto grid = grid_of_integers(tensor(to));
      const auto& uses = links_.uses[static_cast<size_t>(to)];
      const bool is_pair = !uses.empty() && std::all_of(uses.begin(), uses.end(), [&](Use use) {
        const Node& reader = graph().nodes[static_cast<size_t>(use.node)];
        return reader.op == OpCode::dequantize && reader.outputs.size() == 1 && reader.outputs[0] != kNoTensor &&
               tensor(reader.outputs[0]).type == DataType::float32;
      });
      if (!grid || !is_pair) return;
      for (const Use use : uses) {
        obey_grid(static_cast<size_t>(use.node), from, graph().nodes[static_cast<size_t>(use.node)].outputs[0], *grid);
      }
    }
  }

  // Node `n` puts `from` on this grid and writes `to`.
  void obey_grid(size_t n, int32_t from, int32_t to, const Grid& grid) {
    if (is_real_constant(model_, tensor(from))) {
      if (links_.output_uses[static_cast<size_t>(to)] == 0) fold(from, to, grid);
    } else if (is_real_value(model_, tensor(from)) && grid.scale.size() == 1) {
      const PrescribedValue wanted = grid.value();
      const auto known = found_.values.find(from);
      const bool is_new = known == found_.values.end();
      const bool agrees = is_new || known->second.int8 == wanted.int8 || !in_integers_;
      if (agrees && take_place(from, to)) {
        found_.values.emplace(from, wanted);
      } else if (in_integers_) {
        Node& node = graph().nodes[n];
        node = Node();
        node.op = OpCode::mul;
        node.options = Options("MulOptions");
        node.inputs = {from, one()};
        node.outputs = {to};
        found_.values.emplace(to, wanted);
      }
    }
  }

  // Whoever reads `to` reads `from`, which takes over its name at the border; false where both are of the border.
  bool take_place(int32_t from, int32_t to) {
    if (is_border_[to]) {
      if (is_border_[from]) return false;
      for (int32_t& output : graph().outputs) output = output == to ? from : output;
      for (Signature& signature : model_.signatures) {
        if (signature.graph != g_) continue;
        for (auto& entry : signature.outputs) {
          if (entry.tensor == static_cast<uint32_t>(to)) entry.tensor = static_cast<uint32_t>(from);
        }
      }
      std::swap(tensor(from).name, tensor(to).name);
      is_border_[from] = true;
    }
    read_instead(to, from);
    return true;
  }

  void read_instead(int32_t before, int32_t now) {
    for (const Use use : links_.uses[static_cast<size_t>(before)]) {
      graph().nodes[static_cast<size_t>(use.node)].inputs[static_cast<size_t>(use.operand)] = now;
      if (static_cast<size_t>(now) < links_.uses.size()) links_.uses[static_cast<size_t>(now)].push_back(use);
    }
  }

  void fold(int32_t from, int32_t to, const Grid& grid) {
    const auto reals = finite_constant(model_, static_cast<int32_t>(g_), from);
    const Shape shape = tensor(from).shape;
    const bool has_channels = grid.scale.size() > 1;
    if (has_channels &&
        (grid.axis < 0 || grid.axis >= shape.rank() || shape[grid.axis] != static_cast<int32_t>(grid.scale.size()))) {
      return;
    }
    const ChannelLayout layout = channel_layout(shape.dims(), has_channels ? grid.axis : -1);
    std::vector<float> values(reals.begin(), reals.end());
    for (size_t i = 0; i < values.size(); ++i) {
      const auto channel = static_cast<int64_t>(i) / layout.inner % layout.channels;
      values[i] = grid.nearest(values[i], static_cast<size_t>(channel));
    }
    Tensor constant = tensor(from);
    constant.name = tensor(to).name;
    constant.buffer = model_.add_buffer(Buffer::of(values));
    constant.external_buffer = 0;
    graph().tensors.push_back(std::move(constant));
    const auto made = static_cast<int32_t>(graph().tensors.size() - 1);
    if (!has_channels) found_.values.emplace(made, grid.value());
    if (grid.is_symmetric()) {
      PrescribedWeights weights{{}, grid.axis};
      for (const double scale : grid.scale) weights.scale.push_back(static_cast<float>(scale));
      found_.weights.emplace(made, std::move(weights));
    }
    read_instead(to, made);
  }

  int32_t one() {
    if (one_ != kNoTensor) return one_;
    Tensor made;
    made.name = "one";
    made.buffer = model_.add_buffer(Buffer::of(std::vector<float>{1}));
    graph().tensors.push_back(std::move(made));
    return one_ = static_cast<int32_t>(graph().tensors.size() - 1);
  }

  void collect_records() {
    for (size_t t = 0; t < graph().tensors.size(); ++t) {
      const Tensor& recorded = graph().tensors[t];
      const Quantization& known = recorded.quantization;
      if (known.is_quantized() || known.min.size() != 1 || known.max.size() != 1) continue;
      if (!is_real_value(model_, recorded)) continue;
      const float least = known.min[0], greatest = known.max[0];
      if (!std::isfinite(least) || !std::isfinite(greatest) || !(least < greatest)) continue;
      found_.records.emplace(static_cast<int32_t>(t),
                             PrescribedValue{{least, greatest}, activation_parameters(least, greatest)});
    }
  }

  Model& model_;
  size_t g_;
  bool in_integers_;
  Prescriptions& found_;
  Links links_;
  std::map<int32_t, bool> is_border_;  // inputs and outputs of the graph
  int32_t one_ = kNoTensor;
};

}  // namespace

const PrescribedValue* Prescriptions::value(int32_t tensor) const {
  const auto found = values.find(tensor);
  return found == values.end() ? nullptr : &found->second;
}

const PrescribedValue* Prescriptions::record(int32_t tensor) const {
  const auto found = records.find(tensor);
  return found == records.end() ? nullptr : &found->second;
}

std::optional<std::vector<float>> Prescriptions::weight_scales(int32_t tensor, int axis, int64_t channels) const {
  const auto found = weights.find(tensor);
  if (found == weights.end()) return std::nullopt;
  const std::vector<float>& scale = found->second.scale;
  if (scale.size() == 1) return std::vector<float>(static_cast<size_t>(axis < 0 ? 1 : channels), scale[0]);
  if (axis != found->second.axis || channels != static_cast<int64_t>(scale.size())) return std::nullopt;
  return scale;
}

std::vector<Prescriptions> obey_prescriptions(Model& model, bool in_integers) {
  std::vector<Prescriptions> found(model.graphs.size());
  for (size_t g = 0; g < model.graphs.size(); ++g) Obedience(model, g, in_integers, found[g]).obey();
  return found;
}

}  // namespace litequant
