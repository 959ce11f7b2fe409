// Rewrites one graph as its design says.
//
// Each tensor keeps its slot in the form its node writes (or the border gives); another form is made by a QUANTIZE or
// DEQUANTIZE right before its first reader, once. Tensors of the border keep their names.
#include <map>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "quantize/passes/cell_form.h"
#include "quantize/passes/constant_store.h"
#include "quantize/passes/design.h"
#include "quantize/passes/table_form.h"

namespace litequant {
namespace {

// How a tensor is held: float, or integers under parameters.
struct Form {
  DataType type = DataType::float32;
  Parameters parameters = {};
  auto operator<=>(const Form&) const = default;
};

constexpr Form kFloat = {};
// The same values as unsigned integers.
Form uint8_form(Parameters parameters) { return {DataType::uint8, {parameters.scale, parameters.zero_point + 128}}; }

class GraphWriter {
 public:
  GraphWriter(Model& model, const Recipe& recipe, const GraphDesign& design)
      : model_(model),
        recipe_(recipe),
        design_(design),
        g_(static_cast<size_t>(design.graph_index)),
        io_(inner_graphs(model)[g_] ? DataType::float32 : io_of(recipe)),
        main_(is_int16(recipe.mode) ? DataType::int16 : DataType::int8),
        constants_(model, design.graph_index),
        base_(graph().tensors.size(), kFloat) {
    for (const Tensor& held : graph().tensors) is_value_.push_back(is_real_value(model, held));
    for (size_t n = 0; n < graph().nodes.size(); ++n) {
      may_stay_float_.push_back(may_stay_float(graph(), design, static_cast<int32_t>(n)));
    }
  }

  std::vector<int32_t> write() {
    std::vector<Node> float_nodes = std::move(graph().nodes);
    graph().nodes.clear();
    write_inputs();
    origin_.resize(graph().nodes.size(), kNoNode);
    for (size_t n = 0; n < float_nodes.size(); ++n) {
      if (!design_.is_needed[n]) continue;
      write_node(static_cast<int32_t>(n), std::move(float_nodes[n]));
      origin_.resize(graph().nodes.size(), design_.origin[n]);
    }
    write_outputs();
    rename_signature_entries();
    origin_.resize(graph().nodes.size(), kNoNode);
    return std::move(origin_);
  }

 private:
  Graph& graph() { return model_.graphs[g_]; }
  Tensor& tensor(int32_t index) { return graph().tensors[static_cast<size_t>(index)]; }

  // `t` in integers of this type, under its usual parameters.
  Form usual_form(int32_t t, DataType type) { return {type, value(t, type)}; }

  Parameters value(int32_t t, DataType type) {
    const auto& known = design_.of(type).value[static_cast<size_t>(t)];
    if (!known) {
      fail(ErrorCode::empty_dataset, {"calibration has seen no value of this tensor"},
           place_of_tensor(model_, design_.graph_index, t),
           {"calibrate with at least one sample of this subgraph's inputs"});
    }
    return *known;
  }

  // ---- forms ----

  void hold_as(int32_t t, Form form) {
    base_[static_cast<size_t>(t)] = form;
    set_form(tensor(t), form);
  }

  static void set_form(Tensor& tensor, Form form) {
    tensor.type = form.type;
    tensor.quantization = form == kFloat ? Quantization() : per_tensor(form.parameters);
    tensor.has_quantization = form != kFloat;
  }

  int32_t add_tensor_like(int32_t t, Form form, std::string_view suffix) {
    Tensor copy = tensor(t);
    copy.name += suffix;
    copy.buffer = 0;
    set_form(copy, form);
    graph().tensors.push_back(std::move(copy));
    return static_cast<int32_t>(graph().tensors.size() - 1);
  }

  // QUANTIZE and DEQUANTIZE.
  void add_conversion(int32_t from, int32_t to) {
    Node node;
    node.op = tensor(to).type == DataType::float32 ? OpCode::dequantize : OpCode::quantize;
    node.inputs = {from};
    node.outputs = {to};
    graph().nodes.push_back(std::move(node));
    set_version(graph().nodes.size() - 1);
  }

  // The tensor that holds `t` (a real value) in this form.
  int32_t in_form(int32_t t, Form wanted) {
    const Form base = base_[static_cast<size_t>(t)];
    if (wanted == base) return t;
    const auto key = std::pair(t, wanted);
    if (const auto found = converted_.find(key); found != converted_.end()) return found->second;
    // Readers under other parameters than the usual start from the usual.
    int32_t from = t;
    if (base.type == DataType::int8 && wanted.type == DataType::int16) {
      from = in_form(t, kFloat);  // TensorFlow Lite's QUANTIZE makes no int16 of int8
    } else if (base != kFloat && base.type == wanted.type) {
      const auto& usual = design_.of(base.type).value[static_cast<size_t>(t)];
      if (usual && *usual != wanted.parameters) from = in_form(t, {base.type, *usual});
    }
    const int32_t to = add_tensor_like(t, wanted, wanted == kFloat ? "_dequantized" : "_quantized");
    converted_.emplace(key, to);
    add_conversion(from, to);
    return to;
  }

  // ---- the border ----

  void write_inputs() {
    for (int32_t& input : graph().inputs) {
      const int32_t t = input;
      if (io_ == DataType::float32 || !is_value_[static_cast<size_t>(t)]) continue;
      if (const auto known = borders_in_.find(t); known != borders_in_.end()) {
        input = known->second;
        continue;
      }
      const Form form = usual_form(t, main_);
      if (io_ == DataType::uint8) {
        input = add_tensor_like(t, uint8_form(form.parameters), "");
        tensor(t).name += "_int8";
        hold_as(t, form);
        add_conversion(input, t);
      } else {
        hold_as(t, form);
      }
      borders_in_[t] = input;
    }
  }

  void write_outputs() {
    for (int32_t& output : graph().outputs) {
      const int32_t t = output;
      if (!is_value_[static_cast<size_t>(t)]) continue;
      if (const auto known = borders_out_.find(t); known != borders_out_.end()) {
        output = known->second;
        continue;
      }
      const Form base = base_[static_cast<size_t>(t)];
      Form wanted = kFloat;
      const int32_t producer = design_.links.producer[static_cast<size_t>(t)];
      const bool stays_float = producer != kNoNode && may_stay_float_[static_cast<size_t>(producer)];
      if (io_ != DataType::float32 && !stays_float) {
        wanted = base.type == main_ ? base : usual_form(t, main_);
        if (io_ == DataType::uint8) wanted = uint8_form(wanted.parameters);
      }
      output = border_output(t, base, wanted);
      borders_out_[t] = output;
    }
  }

  int32_t border_output(int32_t t, Form base, Form wanted) {
    if (wanted == base) return t;
    const std::string name = tensor(t).name;
    const int32_t from = wanted.type == DataType::uint8 && base.type != main_ ? in_form(t, usual_form(t, main_)) : t;
    int32_t border = 0;
    if (const auto found = converted_.find({t, wanted}); found != converted_.end()) {
      border = found->second;
    } else {
      border = add_tensor_like(t, wanted, "");
      add_conversion(from, border);
    }
    if (design_.links.is_graph_input[static_cast<size_t>(t)]) return border;  // the input has the name already
    tensor(t).name += base == kFloat ? "_float" : base.type == DataType::int16 ? "_int16" : "_int8";
    tensor(border).name = name;
    return border;
  }

  void rename_signature_entries() {
    for (Signature& signature : model_.signatures) {
      if (signature.graph != g_) continue;
      const auto move = [](std::vector<Signature::Entry>& entries, const std::map<int32_t, int32_t>& borders) {
        for (Signature::Entry& entry : entries) {
          const auto found = borders.find(static_cast<int32_t>(entry.tensor));
          if (found != borders.end()) entry.tensor = static_cast<uint32_t>(found->second);
        }
      };
      move(signature.inputs, borders_in_);
      move(signature.outputs, borders_out_);
    }
  }

  // ---- nodes ----

  void write_node(int32_t n, Node node) {
    if (design_.table[static_cast<size_t>(n)]) {
      write_table(n, node);
    } else if (design_.is_integer(n)) {
      write_integer_node(n, std::move(node));
    } else if (is_bridge(model_, graph(), node)) {
      write_bridge(std::move(node));
    } else {
      for (int32_t& input : node.inputs) {
        if (input != kNoTensor && base_of(input) != kFloat) input = in_form(input, kFloat);
      }
      graph().nodes.push_back(std::move(node));
    }
  }

  Form base_of(int32_t t) const {
    return static_cast<size_t>(t) < base_.size() ? base_[static_cast<size_t>(t)] : kFloat;
  }

  // Integers that the model already held are offered to integer readers as they are.
  void write_bridge(Node node) {
    if (node.op == OpCode::dequantize) {
      const Quantization& known = tensor(node.inputs[0]).quantization;
      const Parameters parameters = {known.scale[0], static_cast<int32_t>(known.zero_point[0])};
      converted_.emplace(std::pair(node.outputs[0], Form{DataType::int8, parameters}), node.inputs[0]);
    } else if (base_of(node.inputs[0]) != kFloat) {
      graph().nodes.push_back(std::move(node));  // from integers to integers now
      set_version(graph().nodes.size() - 1);
      return;
    }
    graph().nodes.push_back(std::move(node));
  }

  void write_integer_node(int32_t n, Node node) {
    const OpDef& row = *find_op(node);
    const DataType type = design_.node_type[static_cast<size_t>(n)];
    const Activations& activations = design_.of(type);
    const std::vector<int32_t> float_inputs = node.inputs;
    const std::vector<Role> roles = roles_of(node, row);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int32_t t = float_inputs[i];
      if (t == kNoTensor || roles[i] != Role::data) continue;
      if (row.needs_only_shapes) {
        node.inputs[i] = t;
      } else if (is_real_constant(model_, tensor(t))) {
        node.inputs[i] = constant_operand(n, t, node.op == OpCode::batch_matmul && i == 1);
      } else {
        const auto other = activations.operand.find({n, static_cast<int32_t>(i)});
        node.inputs[i] = in_form(t, {type, other != activations.operand.end() ? other->second : value(t, type)});
      }
    }
    if (row.quant.cell_form != CellForm::none) {
      const auto& result = activations.produced[static_cast<size_t>(node.outputs[0])];
      const CellParameters parameters = {.input = read_parameters(node.inputs[0]),
                                         .output = result ? *result : value(node.outputs[0], type)};
      write_cell(model_, design_.graph_index, constants_, node, parameters, design_.inner_ranges);
    } else if (type == DataType::int16) {
      write_weights_16x8(node, row, weight_operands(roles));
      if (node.op == OpCode::add || node.op == OpCode::sub) node.options.set("pot_scale_int16", int64_t{0});
    } else {
      write_weights(node, row, weight_operands(roles));
    }
    for (const int32_t output : node.outputs) {
      if (output == kNoTensor || tensor(output).type != DataType::float32) continue;
      const auto& produced = activations.produced[static_cast<size_t>(output)];
      hold_as(output, {type, produced ? *produced : value(output, type)});
    }
    graph().nodes.push_back(std::move(node));
    set_version(graph().nodes.size() - 1);
  }

  // Those that a tensor is stored under.
  Parameters read_parameters(int32_t index) {
    const Quantization& stored = tensor(index).quantization;
    return {stored.scale[0], static_cast<int32_t>(stored.zero_point[0])};
  }

  // CAST to int32, ADD 128, GATHER from the results of every stored value.
  void write_table(int32_t n, const Node& node) {
    const size_t operand = *design_.table[static_cast<size_t>(n)];
    const int32_t t = node.inputs[operand], output = node.outputs[0];
    const Form in = usual_form(t, DataType::int8);
    const auto& produced = design_.int8.produced[static_cast<size_t>(output)];
    const Parameters out = produced ? *produced : value(output, DataType::int8);
    const std::vector<int8_t> results = table_of(model_, graph(), node, operand, in.parameters, out);
    const std::string name = tensor(output).name;
    const int32_t index = table_index(in_form(t, in));
    const int32_t table = constants_.add_new(name + "/table", {static_cast<int32_t>(results.size())}, DataType::int8,
                                             Buffer::of(results), per_tensor(out));
    hold_as(output, {DataType::int8, out});
    Options options("GatherOptions");
    options.set("axis", int64_t{0});
    add_node(OpCode::gather, {table, index}, output, std::move(options));
  }

  // The int32 tensor that counts the stored values of `stored` from 0.
  int32_t table_index(int32_t stored) {
    if (const auto found = table_index_.find(stored); found != table_index_.end()) return found->second;
    const auto add_int32 = [&](std::string_view suffix) {
      const int32_t made = add_tensor_like(stored, kFloat, suffix);
      tensor(made).type = DataType::int32;
      return made;
    };
    const int32_t wide = add_int32("_int32"), index = add_int32("_index");
    const int32_t offset =
        constants_.add_new("table_offset", {}, DataType::int32, Buffer::of(std::vector<int32_t>{128}), Quantization());
    add_node(OpCode::cast, {stored}, wide, Options());
    Options options("AddOptions");
    options.set("pot_scale_int16", int64_t{0});
    add_node(OpCode::add, {wide, offset}, index, std::move(options));
    table_index_[stored] = index;
    return index;
  }

  void add_node(OpCode op, std::vector<int32_t> inputs, int32_t output, Options options) {
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    node.options = std::move(options);
    graph().nodes.push_back(std::move(node));
    set_version(graph().nodes.size() - 1);
  }

  // The default interpreter takes the zero point of a product's right-hand side for 0.
  int32_t constant_operand(int32_t n, int32_t t, bool is_right_hand) {
    const auto values = finite_constant(model_, design_.graph_index, t);
    const DataType type = design_.node_type[static_cast<size_t>(n)];
    const auto& tied = design_.of(type).tied[static_cast<size_t>(n)];
    if (tied) return constants_.add_values(t, values, type, *tied);
    if (is_right_hand && type == DataType::int8) {
      const Range range = range_with_zero(values);
      return constants_.add_values(t, values, type, symmetric_activation_parameters(range.min, range.max));
    }
    const PrescribedValue* prescribed = type == DataType::int8 ? design_.prescribed.value(t) : nullptr;
    return constants_.add_values(t, values, type, prescribed ? prescribed->int8 : own_parameters(values, type));
  }

  static Parameters own_parameters(std::span<const float> values, DataType type) {
    if (type != DataType::int16) return constant_parameters(values);
    const Range range = range_with_zero(values);
    return int16_parameters(range.min, range.max);
  }

  // Which operands hold weights, bias and the data they meet.
  struct WeightOperands {
    std::optional<size_t> weight, bias, data;
  };
  WeightOperands weight_operands(std::span<const Role> roles) const {
    WeightOperands found;
    for (size_t i = 0; i < roles.size(); ++i) {
      if (roles[i] == Role::weight) found.weight = i;
      if (roles[i] == Role::bias) found.bias = i;
      if (roles[i] == Role::data && !found.data) found.data = i;
    }
    return found;
  }

  // Of the operands that are there, and of a bias that may be added; before any of them is rewritten.
  std::vector<Role> roles_of(const Node& node, const OpDef& row) {
    std::vector<Role> roles;
    for (size_t i = 0; i < std::max(node.inputs.size(), row.quant.roles.size()); ++i) {
      const Role role = row.quant.role(i);
      const bool is_activation = node.has_input(i) && static_cast<size_t>(node.inputs[i]) < is_value_.size() &&
                                 is_value_[static_cast<size_t>(node.inputs[i])];
      if (role == Role::weight && (is_activation || !node.has_input(i))) {
        roles.push_back(is_activation ? Role::data : Role::none);
      } else {
        roles.push_back(node.has_input(i) || role == Role::bias ? role : Role::none);
      }
    }
    return roles;
  }

  // A bias of zeros where the kernel must have one and the float model has none.
  template <typename T>
  void add_zero_bias(Node& node, const OpDef& row, WeightOperands operands, DataType type, std::vector<float> scale) {
    const int32_t channels = tensor(node.inputs[*operands.weight]).shape[row.quant.weight_axis];
    const std::vector<T> zeros(static_cast<size_t>(channels), 0);
    node.inputs.resize(std::max(node.inputs.size(), *operands.bias + 1), kNoTensor);
    node.inputs[*operands.bias] = constants_.add_new(tensor(node.outputs[0]).name + "_bias", Shape{channels}, type,
                                                     Buffer::of(zeros), symmetric(std::move(scale), 0));
  }

  void write_weights_16x8(Node& node, const OpDef& row, WeightOperands operands) {
    if (!operands.weight) return;
    const float input_scale = tensor(node.inputs[*operands.data]).quantization.scale[0];
    const auto weights = finite_constant(model_, design_.graph_index, node.inputs[*operands.weight]);
    const int axis = channel_axis(recipe_, node, row);
    const ChannelLayout layout = channel_layout(tensor(node.inputs[*operands.weight]).shape.dims(), axis);
    std::span<const float> bias;
    const bool has_bias = operands.bias && node.has_input(*operands.bias);
    if (has_bias) bias = finite_constant(model_, design_.graph_index, node.inputs[*operands.bias]);
    QuantizedWeights quantized = quantize_weights_16x8(weights, layout, bias, input_scale);
    if (auto known = design_.prescribed.weight_scales(node.inputs[*operands.weight], axis, layout.channels)) {
      quantized = {*known, quantize_weights_on(weights, layout, *known)};
    }
    std::vector<float> scale = bias_scales_16x8(input_scale, quantized.scale);
    if (has_bias) {
      Buffer bytes = Buffer::of(quantize_bias_16x8(bias, scale));
      node.inputs[*operands.bias] = constants_.add(node.inputs[*operands.bias], DataType::int64, std::move(bytes),
                                                   symmetric(std::move(scale), 0));
    } else if (operands.bias && needs_bias(node.op)) {
      add_zero_bias<int64_t>(node, row, operands, DataType::int64, std::move(scale));
    }
    node.inputs[*operands.weight] =
        constants_.add_weights(node.inputs[*operands.weight], std::move(quantized), row.quant.weight_axis);
  }

  void write_weights(Node& node, const OpDef& row, WeightOperands operands) {
    const auto [weight, bias, data] = operands;
    if (!weight && !bias) return;
    const float input_scale = tensor(node.inputs[*data]).quantization.scale[0];

    // Weights and bias decide their scales together.
    std::vector<float> weight_scale;
    std::optional<std::vector<float>> prescribed;
    ChannelLayout layout;
    std::span<const float> weights;
    if (weight) {
      weights = finite_constant(model_, design_.graph_index, node.inputs[*weight]);
      const int axis = channel_axis(recipe_, node, row);
      layout = channel_layout(tensor(node.inputs[*weight]).shape.dims(), axis);
      prescribed = design_.prescribed.weight_scales(node.inputs[*weight], axis, layout.channels);
      weight_scale = prescribed ? *prescribed : weight_scales(weights, layout);
    } else {
      weight_scale = {tensor(node.inputs[1]).quantization.scale[0]};
    }
    if (bias && node.has_input(*bias)) {
      const int32_t t = node.inputs[*bias];
      const auto values = finite_constant(model_, design_.graph_index, t);
      std::vector<float> widened = weight_scale;
      std::vector<float> scale = bias_scales(values, input_scale, widened);
      if (weight) weight_scale = widened;
      const std::vector<int32_t> quantized = quantize_bias(values, scale);
      node.inputs[*bias] = constants_.add(t, DataType::int32, Buffer::of(quantized), symmetric(std::move(scale), 0));
    } else if (weight && needs_bias(node.op)) {
      add_zero_bias<int32_t>(node, row, operands, DataType::int32, bias_scales({}, input_scale, weight_scale));
    }
    if (weight) {
      QuantizedWeights quantized{weight_scale, prescribed ? quantize_weights_on(weights, layout, weight_scale)
                                                          : quantize_weights(weights, layout, weight_scale)};
      node.inputs[*weight] = constants_.add_weights(node.inputs[*weight], std::move(quantized), row.quant.weight_axis);
    }
  }

  // TensorFlow Lite's integer kernels of these crash without one.
  static bool needs_bias(OpCode op) { return op == OpCode::conv_2d || op == OpCode::depthwise_conv_2d; }

  void set_version(size_t n) {
    Node& node = graph().nodes[n];
    const OpDef* row = find_op(node);
    if (row == nullptr) return;
    const NodeView view(model_, design_.graph_index, static_cast<int32_t>(n));
    node.version = std::max(node.version, row->version(view));
  }

  Model& model_;
  const Recipe& recipe_;
  const GraphDesign& design_;
  size_t g_;
  DataType io_;
  DataType main_;  // of activations
  ConstantStore constants_;
  std::vector<bool> is_value_;                              // per tensor of the float graph: real, no constant
  std::vector<bool> may_stay_float_;                        // per node of the float graph
  std::vector<Form> base_;                                  // the same: in which form its slot is now
  std::map<std::pair<int32_t, Form>, int32_t> converted_;   // other forms made so far
  std::map<int32_t, int32_t> table_index_;                  // int8 tensor -> what counts its values from 0
  std::vector<int32_t> origin_;                             // per node written: whose it is in the model given
  std::map<int32_t, int32_t> borders_in_, borders_out_;     // from float graph tensors to border tensors
};

}  // namespace

std::vector<int32_t> write_integers(Model& model, const Recipe& recipe, const GraphDesign& design) {
  return GraphWriter(model, recipe, design).write();
}

}  // namespace litequant
