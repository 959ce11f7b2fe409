#include "describe.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "data/metadata.h"
#include "ops/op_def.h"
#include "quantize/passes/design.h"
#include "quantize/quantize.h"

namespace litequant {
namespace {

void write_quantization(JsonWriter& json, const Tensor& tensor) {
  if (!tensor.quantization.is_quantized()) return;
  json.key("quantization").begin_object();
  json.key("scale").values(tensor.quantization.scale);
  json.key("zeroPoint").values(tensor.quantization.zero_point);
  json.field("axis", tensor.quantization.axis).end_object();
}

void write_type_and_shape(JsonWriter& json, const Tensor& tensor) {
  json.field("type", type_text(tensor.type)).key("shape").values(tensor.shape.dims());
  if (tensor.shape_signature && *tensor.shape_signature != tensor.shape.dims()) {
    json.key("shapeSignature").values(*tensor.shape_signature);
  }
  write_quantization(json, tensor);
}

void write_graph(JsonWriter& json, const Model& model, size_t index) {
  const Graph& graph = model.graphs[index];
  json.begin_object().field("index", index).field("name", graph.name).key("tensors").begin_array();
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    json.begin_object().field("index", i).field("name", tensor.name);
    write_type_and_shape(json, tensor);
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

void write_ports(JsonWriter& json, const Graph& graph, const std::vector<Port>& ports) {
  json.begin_array();
  for (const Port& port : ports) {
    json.begin_object().field("name", port.name).field("tensor", port.tensor);
    write_type_and_shape(json, graph.tensors[static_cast<size_t>(port.tensor)]);
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

void write_signature(JsonWriter& json, const Model& model, const ModelFacts& facts, const Signature* signature) {
  const size_t index = signature != nullptr ? signature->graph : 0;
  const Graph& graph = model.graphs[index];
  const GraphFacts* known = index < facts.graphs.size() ? &facts.graphs[index] : nullptr;
  json.begin_object().field("key", signature != nullptr ? signature->key : std::string()).field("graph", index);
  json.key("inputs");
  write_ports(json, graph,
              ports_of(graph, graph.inputs, signature != nullptr ? &signature->inputs : nullptr,
                       known != nullptr ? &known->inputs : nullptr));
  json.key("outputs");
  write_ports(json, graph,
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

// What stays float or stands in the way, by the indices of the model without its dead nodes, as refusals count them.
void write_integer_mode(JsonWriter& json, const Model& original, Mode mode) {
  Model model = original;
  fold_half_constants(model);
  drop_dead_nodes(model);
  Recipe recipe;
  recipe.mode = mode;
  size_t integer_nodes = 0, float_nodes = 0;
  JsonWriter list;
  list.begin_array();
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const Graph& graph = model.graphs[g];
    GraphDesign design(graph, static_cast<int32_t>(g));
    choose_nodes(model, recipe, design);
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      integer_nodes += design.is_integer(static_cast<int32_t>(n)) ? 1 : 0;
      if (design.reason[n].empty()) continue;
      if (!may_stay_float(graph, design, static_cast<int32_t>(n))) ++float_nodes;
      list.begin_object().field("graph", g).field("node", n).field("operator", operator_name(graph.nodes[n]));
      list.field("reason", design.reason[n]).end_object();
    }
  }
  list.end_array();
  std::string reason;
  if (integer_nodes == 0) {
    reason = float_nodes == 0 ? "there is no float operator left" : "no operator can compute in integers";
  } else if (mode == Mode::int8_only && float_nodes > 0) {
    reason = text(float_nodes, float_nodes == 1 ? " operator" : " operators", " would stay in float");
  }
  json.begin_object().field("possible", reason.empty()).field("reason", reason).field("needsStatistics", true);
  json.key("float").json(list.text()).end_object();
}

void write_modes(JsonWriter& json, const Model& model) {
  json.begin_object();
  for (const Mode mode : {Mode::dynamic, Mode::int8, Mode::int8_only, Mode::float16}) {
    json.key(mode_name(mode));
    if (needs_statistics(mode)) {
      write_integer_mode(json, model, mode);
    } else {
      json.begin_object().field("possible", true).field("reason", "").field("needsStatistics", false);
      json.key("float").begin_array().end_array().end_object();
    }
  }
  json.end_object();
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
  fail(ErrorCode::bad_argument, text("there is no element type ", quoted(name)));
}

std::string describe_model(const Model& model) {
  const ModelFacts facts = read_model_facts(model);
  JsonWriter json;
  json.begin_object().field("description", model.description).key("graphs").begin_array();
  for (size_t i = 0; i < model.graphs.size(); ++i) write_graph(json, model, i);
  json.end_array().key("signatures").begin_array();
  for (const Signature& signature : model.signatures) write_signature(json, model, facts, &signature);
  if (model.signatures.empty() && !model.graphs.empty()) write_signature(json, model, facts, nullptr);
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
  json.key("modes");
  write_modes(json, model);
  return json.end_object().text();
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
