#include "describe.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/json.h"
#include "data/metadata.h"
#include "ops/op_def.h"
#include "quantize/passes/cell_form.h"
#include "quantize/passes/choose_integers.h"
#include "quantize/quantize.h"
#include "quantize/targets.h"

namespace litequant {
namespace {

// A description in the making.
struct Writer {
  JsonWriter json;
  std::vector<float> channel_scales;
};

void write_quantization(Writer& to, const Quantization& quantization) {
  if (!quantization.is_quantized()) return;
  const auto& scale = quantization.scale;
  const auto& zero_point = quantization.zero_point;
  to.json.key("quantization").begin_object();
  if (scale.size() == 1) {
    to.json.key("scale").values(scale).key("zeroPoint").values(zero_point);
  } else {
    to.json.field("firstScale", to.channel_scales.size()).field("channels", scale.size());
    to.channel_scales.insert(to.channel_scales.end(), scale.begin(), scale.end());
    if (std::ranges::any_of(zero_point, [](int64_t zero) { return zero != 0; })) {
      to.json.key("zeroPoint").values(zero_point);
    }
  }
  to.json.field("axis", quantization.axis).end_object();
}

void write_type_and_shape(Writer& to, const Tensor& tensor) {
  to.json.field("type", type_text(tensor.type)).key("shape").values(tensor.shape.dims());
  if (tensor.shape_signature && *tensor.shape_signature != tensor.shape.dims()) {
    to.json.key("shapeSignature").values(*tensor.shape_signature);
  }
  write_quantization(to, tensor.quantization);
}

void write_graph(Writer& to, const Model& model, size_t index) {
  JsonWriter& json = to.json;
  const Graph& graph = model.graphs[index];
  json.begin_object().field("index", index).field("name", graph.name).key("tensors").begin_array();
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    json.begin_object().field("index", i).field("name", tensor.name);
    write_type_and_shape(to, tensor);
    json.field("isConstant", model.is_constant(tensor)).field("isVariable", tensor.is_variable);
    json.field("byteLength", model.constant(tensor).size()).end_object();
  }
  json.end_array().key("nodes").begin_array();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    json.begin_object().field("index", i).field("operator", operator_name(node)).field("version", node.version);
    json.key("inputs").values(node.inputs).key("outputs").values(node.outputs);
    json.field("isSupported", find_op(node) != nullptr).end_object();
  }
  json.end_array().key("inputs").values(graph.inputs).key("outputs").values(graph.outputs).end_object();
}

// One input or output of a signature.
struct Port {
  std::string name;
  int32_t tensor = 0;
  const TensorFacts* facts = nullptr;
};

void write_ports(Writer& to, const Graph& graph, const std::vector<Port>& ports) {
  JsonWriter& json = to.json;
  json.begin_array();
  for (const Port& port : ports) {
    json.begin_object().field("name", port.name).field("tensor", port.tensor);
    write_type_and_shape(to, graph.tensors[static_cast<size_t>(port.tensor)]);
    if (port.facts != nullptr) {
      if (!port.facts->mean.empty()) {
        json.key("normalization").begin_object().key("mean").values(port.facts->mean);
        json.key("std").values(port.facts->deviation).end_object();
      }
      if (port.facts->color_space != ColorSpace::unknown) {
        json.field("colorSpace", port.facts->color_space == ColorSpace::rgb ? "rgb" : "grayscale");
      }
      if (!port.facts->labels_file.empty()) json.field("labelsFile", port.facts->labels_file);
    }
    json.end_object();
  }
  json.end_array();
}

// In the order of the graph's inputs or outputs, which is also that of the metadata; named by the signature where it
// names them, else by tensor.
std::vector<Port> ports_of(const Graph& graph, const std::vector<int32_t>& tensors,
                           const std::vector<Signature::Entry>* entries, const std::vector<TensorFacts>* facts) {
  std::vector<Port> ports;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Port port{graph.tensors[static_cast<size_t>(tensors[i])].name, tensors[i],
              facts != nullptr && i < facts->size() ? &(*facts)[i] : nullptr};
    if (entries != nullptr) {
      for (const Signature::Entry& entry : *entries) {
        if (entry.tensor == static_cast<uint32_t>(tensors[i])) port.name = entry.name;
      }
    }
    // Two inputs of one name could not be told apart.
    const auto same = [&](const Port& other) { return other.name == port.name; };
    if (std::any_of(ports.begin(), ports.end(), same)) port.name += text("#", i);
    ports.push_back(std::move(port));
  }
  return ports;
}

void write_signature(Writer& to, const Model& model, const ModelFacts& facts, const Signature* signature) {
  JsonWriter& json = to.json;
  const size_t index = signature != nullptr ? signature->graph : 0;
  const Graph& graph = model.graphs[index];
  const GraphFacts* known = index < facts.graphs.size() ? &facts.graphs[index] : nullptr;
  json.begin_object().field("key", signature != nullptr ? signature->key : std::string()).field("graph", index);
  json.key("inputs");
  write_ports(to, graph,
              ports_of(graph, graph.inputs, signature != nullptr ? &signature->inputs : nullptr,
                       known != nullptr ? &known->inputs : nullptr));
  json.key("outputs");
  write_ports(to, graph,
              ports_of(graph, graph.outputs, signature != nullptr ? &signature->outputs : nullptr,
                       known != nullptr ? &known->outputs : nullptr));
  json.end_object();
}

void write_operators(JsonWriter& json, const Model& model) {
  struct Use {
    size_t count = 0;
    bool is_supported = true;
  };
  std::map<std::string, Use> uses;
  for (const Graph& graph : model.graphs) {
    for (const Node& node : graph.nodes) {
      Use& use = uses[operator_name(node)];
      ++use.count;
      use.is_supported = use.is_supported && find_op(node) != nullptr;
    }
  }
  std::vector<std::pair<std::string, Use>> sorted(uses.begin(), uses.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  json.begin_array();
  for (const auto& [name, use] : sorted) {
    json.begin_object().field("operator", name).field("count", use.count);
    json.field("isSupported", use.is_supported).end_object();
  }
  json.end_array();
}

void write_metadata(JsonWriter& json, const Model& model, const ModelFacts& facts) {
  json.begin_object().field("name", facts.name).field("description", facts.description);
  json.field("version", facts.version).field("author", facts.author).field("license", facts.license);
  json.key("entries").begin_array();
  for (const Metadata& entry : model.metadata) json.value(entry.name);
  json.end_array().key("associatedFiles").begin_array();
  for (const AssociatedFile& file : model.associated_files) json.value(file.name);
  json.end_array().end_object();
}

// What a mode would do with a model.
struct Outlook {
  struct FloatNode {
    size_t graph = 0, node = 0;
    std::string reason;
  };
  size_t changed = 0;  // nodes, as they would be written, that compute otherwise
  size_t in_the_way = 0;  // those of `stay` that an integer-only mode cannot do with
  std::vector<FloatNode> stay;
  std::string refusal;  // why the mode cannot be had at all

  void stays(size_t graph, size_t node, std::string reason) { stay.push_back({graph, node, std::move(reason)}); }
};

bool is_kept(const Recipe& recipe, size_t graph, size_t node) {
  const NodeReference here{static_cast<int32_t>(graph), static_cast<int32_t>(node)};
  return std::find(recipe.keep_float.begin(), recipe.keep_float.end(), here) != recipe.keep_float.end();
}

// Statistics of no sample, made when they are first asked for: every constant is read for that, so modes share them.
class NoSamples {
 public:
  const Statistics& of(const Model& model) {
    if (!statistics_) statistics_.emplace(model);
    return *statistics_;
  }

 private:
  std::optional<Statistics> statistics_;
};

Outlook integer_outlook(const Model& model, const Recipe& recipe, NoSamples& unknown) {
  Outlook outlook;
  const IntegerDesign chosen = choose_integers(model, recipe, unknown.of(model));
  for (const GraphDesign& design : chosen.graphs) {
    const auto g = static_cast<size_t>(design.graph_index);
    const Graph& graph = chosen.model.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      outlook.changed += design.is_integer(static_cast<int32_t>(n)) ? 1 : 0;
      if (design.reason[n].empty()) continue;
      outlook.stays(g, static_cast<size_t>(design.origin[n]), design.reason[n]);
      outlook.in_the_way += may_stay_float(graph, design, static_cast<int32_t>(n)) ? 0 : 1;
    }
  }
  const auto converts = [&](const Outlook::FloatNode& place) {
    const OpCode op = model.graphs[place.graph].nodes[place.node].op;
    return op == OpCode::quantize || op == OpCode::dequantize;
  };
  if (outlook.changed == 0 && std::all_of(outlook.stay.begin(), outlook.stay.end(), converts)) outlook.stay.clear();
  if (outlook.changed == 0) {
    outlook.refusal = outlook.stay.empty() ? "there is nothing to do: no float operator is left"
                                           : "no operator can compute in integers";
  } else if (is_integer_only(recipe.mode) && outlook.in_the_way > 0) {
    outlook.refusal =
        text(outlook.in_the_way, outlook.in_the_way == 1 ? " operator" : " operators", " would stay in float");
  }
  return outlook;
}

// Elements of the node's largest float32 constant, biases counted or not.
int64_t largest_constant(const Model& model, const Graph& graph, const Node& node, bool counts_biases) {
  const OpDef* row = find_op(node);
  int64_t largest = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.has_input(i)) continue;
    if (!counts_biases && row != nullptr && row->quant.role(i) == Role::bias) continue;
    const Tensor& tensor = graph.tensors[static_cast<size_t>(node.inputs[i])];
    if (is_real_constant(model, tensor)) largest = std::max(largest, tensor.shape.count());
  }
  return largest;
}

// Weights alone change: what stays are the nodes with constants worth changing that do not.
Outlook weights_outlook(const Model& model, const Recipe& recipe) {
  const bool is_half = recipe.mode == Mode::float16;
  const int64_t least =
      std::max<int64_t>(is_half ? recipe.float16_minimum_elements : recipe.dynamic_minimum_elements, 1);
  Outlook outlook;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const Graph& graph = model.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      const int64_t elements = largest_constant(model, graph, node, is_half);
      if (elements == 0 || (is_half && elements < least)) continue;
      const OpDef* row = find_op(node);
      const bool is_plain = is_half || recipe.weights_only_form;  // every operator can read such constants
      const bool is_hybrid = row != nullptr && row->quant.hybrid;
      const bool changes = is_plain ? elements >= least
                                    : reads_table(model, graph, node, least) ||
                                          (is_hybrid && !hybrid_weights(model, graph, node, *row, least).empty());
      if (is_kept(recipe, g, n)) {
        outlook.stays(g, n, "the recipe keeps it in float");
      } else if (changes) {
        ++outlook.changed;
      } else if ((is_hybrid || is_plain) && elements < least) {
        outlook.stays(g, n, text("its weights have ", elements, " elements, fewer than ", least));
      } else if (elements >= least) {
        outlook.stays(g, n, is_hybrid ? "its operands do not suit the hybrid kernel" : "no hybrid kernel exists");
      }
    }
  }
  if (outlook.changed == 0) {
    outlook.refusal = outlook.stay.empty() ? "there is nothing to do: no float constant is left"
                                           : "no operator has weights that could become smaller";
  }
  return outlook;
}

Outlook outlook_of(const Model& model, const Recipe& recipe, NoSamples& unknown) {
  try {
    check_static_shapes(model, recipe.target);
    return needs_statistics(recipe.mode) ? integer_outlook(model, recipe, unknown) : weights_outlook(model, recipe);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::refused) throw;
    Outlook outlook;
    outlook.refusal = error.message();
    return outlook;
  }
}

// Whether some cell that becomes integers takes one step a run, so that only sequences of samples show its states.
bool needs_sequences(const Model& model, const Outlook& outlook) {
  if (!outlook.refusal.empty()) return false;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const Graph& graph = model.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      if (cell_form(node) == CellForm::none || !node.has_input(0)) continue;
      const bool stays = std::ranges::any_of(
          outlook.stay, [&](const Outlook::FloatNode& one) { return one.graph == g && one.node == n; });
      if (!stays && takes_one_step(node, graph.tensors[static_cast<size_t>(node.inputs[0])].shape)) return true;
    }
  }
  return false;
}

void write_outlook(JsonWriter& json, const Model& model, const Recipe& recipe, NoSamples& unknown) {
  const Outlook outlook = outlook_of(model, recipe, unknown);
  json.begin_object().field("possible", outlook.refusal.empty()).field("reason", outlook.refusal);
  const bool needs_samples = needs_statistics(model, recipe);
  json.field("needsStatistics", needs_samples);
  json.field("needsSequences", needs_samples && needs_sequences(model, outlook));
  const auto write_place = [&](size_t graph, size_t node, const std::string& reason) {
    json.begin_object().field("graph", graph).field("node", node);
    json.field("operator", operator_name(model.graphs[graph].nodes[node])).field("reason", reason).end_object();
  };
  json.key("float").begin_array();
  for (const auto& [graph, node, reason] : outlook.stay) write_place(graph, node, reason);
  json.end_array().key("unsupported").begin_array();
  // What is float now may be an integer then: only operators that the target lacks altogether are sure.
  for (const auto& [place, reason] : target_obstacles(model, recipe.target)) {
    const auto graph = static_cast<size_t>(place.graph), node = static_cast<size_t>(place.node);
    if (!has_operator(recipe.target, model.graphs[graph].nodes[node])) write_place(graph, node, reason);
  }
  json.end_array().end_object();
}

}  // namespace

std::string type_text(DataType type) {
  std::string name(data_type_name(type));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

DataType type_of_text(std::string_view name) {
  for (int i = 0; i < kDataTypeCount; ++i) {
    if (type_text(static_cast<DataType>(i)) == name) return static_cast<DataType>(i);
  }
  fail(ErrorCode::bad_argument, {"there is no element type ", quoted(name)});
}

ModelDescription describe_model(const Model& model) {
  const ModelFacts facts = read_model_facts(model);
  Writer to;
  JsonWriter& json = to.json;
  json.begin_object().field("description", model.description).key("graphs").begin_array();
  for (size_t i = 0; i < model.graphs.size(); ++i) write_graph(to, model, i);
  json.end_array().key("signatures").begin_array();
  for (const Signature& signature : model.signatures) write_signature(to, model, facts, &signature);
  if (model.signatures.empty() && !model.graphs.empty()) write_signature(to, model, facts, nullptr);
  json.end_array().key("operators");
  write_operators(json, model);
  json.key("metadata");
  write_metadata(json, model, facts);

  int64_t parameters = 0;
  size_t bytes = 0;
  bool is_quantized = false;
  std::vector<bool> counted(model.buffers.size(), false);  // shared constants count once
  for (const Graph& graph : model.graphs) {
    for (const Tensor& tensor : graph.tensors) {
      is_quantized = is_quantized || (tensor.quantization.is_quantized() && is_quantizable_integer(tensor.type));
      if (!model.is_constant(tensor) || counted[tensor.buffer]) continue;
      counted[tensor.buffer] = true;
      parameters += tensor.shape.count();
      bytes += model.constant(tensor).size();
    }
  }
  json.field("parameterCount", parameters).field("constantBytes", bytes).field("isQuantized", is_quantized);
  return {.json = json.end_object().text(), .channel_scales = std::move(to.channel_scales)};
}

std::string describe_modes(const Model& original) {
  Model model = original;
  fold_half_constants(model);
  NoSamples unknown;
  JsonWriter json;
  json.begin_object();
  for (const Mode mode :
       {Mode::dynamic, Mode::int8, Mode::int8_only, Mode::float16, Mode::int16x8, Mode::int16x8_only}) {
    Recipe recipe;
    recipe.mode = mode;
    json.key(mode_name(mode));
    write_outlook(json, mode == Mode::float16 ? original : model, recipe, unknown);
  }
  return json.end_object().text();
}

std::string describe_recipe(const Model& original, const Recipe& wanted) {
  const Recipe recipe = recipe_for_target(wanted);
  check_recipe(recipe);
  Model model = original;
  if (recipe.mode != Mode::float16) fold_half_constants(model);
  JsonWriter json;
  NoSamples unknown;
  write_outlook(json, model, recipe, unknown);
  return json.text();
}

std::string describe_plan(const Plan& plan) {
  JsonWriter json;
  const auto write = [&](const std::vector<int32_t>& tensors) {
    json.begin_array();
    for (const int32_t tensor : tensors) {
      const Plan::Slot& slot = plan.slot(tensor);
      json.begin_object().field("type", type_text(slot.type)).key("shape").values(slot.shape.dims()).end_object();
    }
    json.end_array();
  };
  json.begin_object().key("inputs");
  write(plan.graph().inputs);
  json.key("outputs");
  write(plan.graph().outputs);
  return json.end_object().text();
}

}  // namespace litequant
