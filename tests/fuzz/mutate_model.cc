#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "fuzz/mutate.h"
#include "model/op_code.h"

namespace litequant::test {
namespace {

constexpr int32_t kLowest = std::numeric_limits<int32_t>::min(), kHighest = std::numeric_limits<int32_t>::max();

// Boundaries of widths, and those of what it counts or points into.
int32_t extreme(Random& random, size_t end) {
  const auto n = static_cast<int32_t>(end);
  return random.pick({0, 1, -1, 2, 127, -128, 255, 32767, 65536, kLowest, kHighest, n - 1, n, n + 1});
}

double extreme_real(Random& random) {
  const double infinity = std::numeric_limits<double>::infinity();
  return random.pick({0.0, -0.0, -1.0, 1e-45, double{FLT_MAX}, infinity, -infinity,
                      std::numeric_limits<double>::quiet_NaN(), 1.0, 0.5});
}

Graph* any_graph(Model& model, Random& random) {
  if (model.graphs.empty()) return nullptr;
  return &model.graphs[random.percent(70) ? 0 : random.below(model.graphs.size())];
}
Tensor* any_tensor(Model& model, Random& random) {
  Graph* graph = any_graph(model, random);
  return graph == nullptr || graph->tensors.empty() ? nullptr : &random.item(graph->tensors);
}
Node* any_node(Model& model, Random& random) {
  Graph* graph = any_graph(model, random);
  return graph == nullptr || graph->nodes.empty() ? nullptr : &random.item(graph->nodes);
}

std::string change_option(Node& node, Random& random) {
  if (node.options.fields().empty()) return "";
  const auto [name, value] = random.item(node.options.fields());
  if (std::holds_alternative<int64_t>(value)) {
    // Most fields are a byte wide or have few meanings.
    const int64_t small = random.pick<int64_t>({0, 1, -1, 2, 3, 4, 5, 7, 127, -128});
    node.options.set(name, random.percent(50) ? small : int64_t{extreme(random, 4)});
  } else if (std::holds_alternative<double>(value)) {
    node.options.set(name, extreme_real(random));
  } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) {
    auto changed = *integers;
    if (changed.empty() || random.percent(20)) changed.push_back(0);
    random.item(changed) = extreme(random, changed.size());
    node.options.set(name, changed);
  } else if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
    auto changed = *reals;
    if (changed.empty()) changed.push_back(0);
    random.item(changed) = extreme_real(random);
    node.options.set(name, changed);
  }
  return "option " + name;
}

std::string change_node(Graph& graph, Node& node, Random& random) {
  switch (random.below(7)) {
    case 0:
    case 1: return change_option(node, random);
    case 2:
      if (node.inputs.empty()) return "";
      random.item(node.inputs) = extreme(random, graph.tensors.size());
      return "input index";
    case 3:
      if (node.outputs.empty()) return "";
      random.item(node.outputs) = extreme(random, graph.tensors.size());
      return "output index";
    case 4: {
      // A dimension of an operand.
      auto& list = random.percent(70) || node.outputs.empty() ? node.inputs : node.outputs;
      if (list.empty()) return "";
      const int32_t tensor = random.item(list);
      if (tensor < 0 || static_cast<size_t>(tensor) >= graph.tensors.size()) return "";
      Shape& shape = graph.tensors[static_cast<size_t>(tensor)].shape;
      if (shape.rank() == 0) return "";
      shape[static_cast<int>(random.below(static_cast<size_t>(shape.rank())))] = extreme(random, 3);
      return "dimension of an operand";
    }
    case 5: {
      node.version = extreme(random, 3);
      return "version";
    }
    default: {
      node.op = static_cast<OpCode>(random.percent(80) ? static_cast<int32_t>(random.below(kOpCodeCount))
                                                       : extreme(random, kOpCodeCount));
      if (static_cast<int32_t>(node.op) < 0) node.op = OpCode::custom;
      return "operator " + std::to_string(static_cast<int32_t>(node.op));
    }
  }
}

// Constants of integers: axes, shapes, indices.
std::string change_integer_constant(Model& model, Random& random) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const Tensor* tensor = any_tensor(model, random);
    if (tensor == nullptr) return "";
    const auto bytes = model.constant(*tensor);
    const bool is_wide = tensor->type == DataType::int64;
    if ((!is_wide && tensor->type != DataType::int32) || bytes.size() < 8) continue;
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    const size_t width = is_wide ? 8 : 4;
    const int64_t value = extreme(random, 4);
    std::memcpy(changed.data() + random.below(changed.size() / width) * width, &value, width);
    model.buffers[tensor->buffer] = Buffer::copy_of(changed);
    return "value of an integer constant";
  }
  return "";
}

std::string odd_name(Random& random) {
  switch (random.below(6)) {
    case 0: return "";
    case 1: return std::string(65536, 'n');
    case 2: return "a\nb\x1b[31m\x7f";
    case 3: return "\xff\xfe\x80";
    case 4: return "<img src=x onerror=1>'\"\\";
    default: return std::string("nul\0inside", 10);
  }
}

void change_floats(std::vector<float>& values, Random& random) {
  const auto fill = [&](float value) { std::fill(values.begin(), values.end(), value); };
  switch (random.below(8)) {
    case 0: return fill(0);
    case 1: return fill(random.pick({1.0f, -1.0f, 1e-38f, 1e-45f}));
    case 2: return fill(random.pick({1e10f, 1e30f, FLT_MAX}));
    case 3: random.item(values) = 1e6f; return;
    case 4: random.item(values) = random.pick({std::numeric_limits<float>::infinity(), std::nanf(""), FLT_MAX}); return;
    case 5:
      for (float& value : values) value *= 1e-3f;
      return;
    case 6:
      for (float& value : values) value = std::fabs(value);
      return;
    default:
      for (size_t i = 0; i < values.size() / 2; ++i) values[i] = 0;
  }
}

}  // namespace

std::string change_values(Model& model, Random& random) {
  Tensor* tensor = any_tensor(model, random);
  Node* node = any_node(model, random);
  switch (random.below(11)) {
    case 0:
    case 1:
    case 2: {
      for (int attempt = 0; attempt < 8 && tensor != nullptr; ++attempt, tensor = any_tensor(model, random)) {
        const auto stored = model.constant_as<float>(*tensor);
        if (tensor->type != DataType::float32 || stored.empty()) continue;
        std::vector<float> values(stored.begin(), stored.end());
        change_floats(values, random);
        model.buffers[tensor->buffer] = Buffer::of(values);
        return "values of a float constant";
      }
      return "";
    }
    case 3:
      if (tensor == nullptr) return "";
      tensor->name = odd_name(random);
      return "name of a tensor";
    case 4: {
      // Another batch, or another size, of every input alike.
      if (model.graphs.empty()) return "";
      const int32_t size = random.pick({0, 2, 3, 5});
      std::vector<Tensor>& tensors = model.graphs[0].tensors;
      for (const int32_t input : model.graphs[0].inputs) {
        if (static_cast<size_t>(input) >= tensors.size()) continue;  // an edit before this one has set it so
        Shape& shape = tensors[static_cast<size_t>(input)].shape;
        if (shape.rank() > 0) shape[0] = size;
      }
      return "batch of the inputs";
    }
    case 5:
      if (tensor == nullptr) return "";
      tensor->has_quantization = true;
      tensor->quantization.min = {static_cast<float>(extreme_real(random))};
      tensor->quantization.max = {static_cast<float>(extreme_real(random))};
      return "recorded range";
    case 6:
      if (tensor == nullptr) return "";
      tensor->shape_signature = tensor->shape.dims();
      if (!tensor->shape_signature->empty()) random.item(*tensor->shape_signature) = -1;
      return "shape signature";
    case 7:
      model.metadata.push_back({odd_name(random), 0});
      model.description = odd_name(random);
      return "metadata and description";
    case 8:
      if (node == nullptr) return "";
      if (node->options.has("fused_activation_function")) {
        node->options.set("fused_activation_function", static_cast<int64_t>(random.below(6)));
        return "activation";
      }
      return change_option(*node, random);
    case 9:
      if (model.graphs.empty() || model.graphs[0].tensors.empty()) return "";
      model.signatures.push_back({odd_name(random), {}, {}, 0});
      for (const int32_t input : model.graphs[0].inputs) {
        model.signatures.back().inputs.push_back({odd_name(random), static_cast<uint32_t>(input)});
      }
      return "one more signature";
    default:
      if (tensor == nullptr || tensor->quantization.scale.empty()) return "";
      random.item(tensor->quantization.scale) *= random.pick({1.5f, 0.5f, 1e-3f, 1e3f, 1e-30f, 1e30f});
      return "another scale";
  }
}

std::string change_scalar(Model& model, Random& random) {
  Graph* graph = any_graph(model, random);
  if (graph == nullptr) return "";
  Tensor* tensor = any_tensor(model, random);
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      if (graph->nodes.empty()) return "";
      return change_node(*graph, random.item(graph->nodes), random);
    case 6:
    case 7: return change_integer_constant(model, random);
    case 8:
      if (tensor == nullptr || tensor->shape.rank() == 0) return "";
      tensor->shape[static_cast<int>(random.below(static_cast<size_t>(tensor->shape.rank())))] = extreme(random, 4);
      return "dimension";
    case 9:
      if (tensor == nullptr) return "";
      tensor->buffer = static_cast<uint32_t>(extreme(random, model.buffers.size()));
      return "buffer index";
    case 10:
      if (tensor == nullptr) return "";
      tensor->is_variable = !tensor->is_variable;
      return "variable";
    case 11: {
      auto& list = random.percent(50) ? graph->inputs : graph->outputs;
      if (list.empty()) return "";
      random.item(list) = extreme(random, graph->tensors.size());
      return "index of a graph's input or output";
    }
    case 12: {
      if (model.signatures.empty()) return "";
      Signature& signature = random.item(model.signatures);
      auto& entries = random.percent(50) ? signature.inputs : signature.outputs;
      if (entries.empty() || random.percent(30)) {
        signature.graph = static_cast<uint32_t>(extreme(random, model.graphs.size()));
        return "subgraph of a signature";
      }
      random.item(entries).tensor = static_cast<uint32_t>(extreme(random, graph->tensors.size()));
      return "tensor of a signature";
    }
    case 13:
      if (tensor == nullptr) return "";
      tensor->external_buffer = static_cast<uint32_t>(extreme(random, 1));
      if (random.percent(50)) model.external_buffers.push_back({tensor->external_buffer, 0, ~uint64_t{0}, 1, ""});
      return "external buffer";
    case 14:
      if (random.percent(50) && !model.metadata.empty()) {
        random.item(model.metadata).buffer = static_cast<uint32_t>(extreme(random, model.buffers.size()));
        return "buffer of metadata";
      }
      model.version = static_cast<uint32_t>(extreme(random, 3));
      return "format version";
    default: {
      if (tensor == nullptr || !tensor->sparsity || tensor->sparsity->dimensions.empty()) return "";
      Sparsity::Dimension& dimension = random.item(tensor->sparsity->dimensions);
      switch (random.below(4)) {
        case 0: dimension.dense_size = extreme(random, 4); break;
        case 1: dimension.is_compressed = !dimension.is_compressed; break;
        case 2:
          if (!dimension.indices.empty()) random.item(dimension.indices) = extreme(random, dimension.indices.size());
          break;
        default:
          if (!dimension.segments.empty()) random.item(dimension.segments) = extreme(random, dimension.segments.size());
      }
      return "sparsity";
    }
  }
}

namespace {

template <typename T>
void change_vector(std::vector<T>& list, Random& random) {
  switch (random.below(6)) {
    case 0: list.clear(); return;
    case 1:
      if (!list.empty()) list.pop_back();
      return;
    case 2: std::reverse(list.begin(), list.end()); return;
    case 3:
      if (!list.empty()) list.push_back(T(list[random.below(list.size())]));
      return;
    case 4: {
      if (list.size() > 1000) return;
      const auto copy = list;
      list.insert(list.end(), copy.begin(), copy.end());
      return;
    }
    default:
      if (!list.empty()) list.erase(list.begin() + static_cast<ptrdiff_t>(random.below(list.size())));
  }
}

}  // namespace

std::string change_list(Model& model, Random& random) {
  Graph* graph = any_graph(model, random);
  if (graph == nullptr) return "";
  Tensor* tensor = graph->tensors.empty() ? nullptr : &random.item(graph->tensors);
  Node* node = graph->nodes.empty() ? nullptr : &random.item(graph->nodes);
  switch (random.below(18)) {
    case 0: change_vector(graph->tensors, random); return "tensors";
    case 1: change_vector(graph->nodes, random); return "nodes";
    case 2: change_vector(graph->inputs, random); return "inputs of a graph";
    case 3: change_vector(graph->outputs, random); return "outputs of a graph";
    case 4: change_vector(model.graphs, random); return "graphs";
    case 5: change_vector(model.buffers, random); return "buffers";
    case 6: change_vector(model.signatures, random); return "signatures";
    case 7: change_vector(model.operator_codes, random); return "operator codes";
    case 8:
      if (tensor == nullptr) return "";
      {
        auto dims = tensor->shape.dims();
        change_vector(dims, random);
        tensor->shape = Shape(dims);
      }
      return "shape";
    case 9:
    case 10:
      if (node == nullptr) return "";
      change_vector(random.percent(70) ? node->inputs : node->outputs, random);
      return "operands of a node";
    case 11:
    case 12:
      if (node == nullptr) return "";
      if (random.percent(50)) {
        node->options = Options();
        return "no options";
      } else {
        // The table of another operator.
        Node* other = any_node(model, random);
        node->options = other != nullptr && other != node ? other->options : Options("PackOptions");
        return "options of another node";
      }
    case 13:
      if (node == nullptr) return "";
      node->intermediates = {extreme(random, graph->tensors.size())};
      return "intermediates";
    case 14:
      if (node == nullptr) return "";
      node->mutating_variable_inputs.assign(random.below(4), true);
      return "mutating inputs";
    case 15:
      if (node == nullptr) return "";
      node->op = OpCode::custom;
      node->custom_code = odd_name(random);
      node->options = Options();
      return "custom operator";
    case 16:
      if (tensor == nullptr) return "";
      change_vector(random.percent(50) ? tensor->quantization.min : tensor->quantization.max, random);
      return "recorded ranges";
    default:
      if (tensor == nullptr) return "";
      if (tensor->shape_signature) change_vector(*tensor->shape_signature, random);
      if (tensor->sparsity) {
        change_vector(random.percent(50) ? tensor->sparsity->traversal_order : tensor->sparsity->block_map, random);
      }
      return "shape signature or sparsity";
  }
}

std::string change_buffer(Model& model, Random& random) {
  if (model.buffers.size() < 2) return "";
  Buffer& buffer = model.buffers[random.percent(95) ? 1 + random.below(model.buffers.size() - 1) : 0];
  std::vector<std::byte> bytes(buffer.bytes().begin(), buffer.bytes().end());
  switch (random.below(5)) {
    case 0: bytes.push_back({}); break;
    case 1:
      if (!bytes.empty()) bytes.pop_back();
      break;
    case 2: bytes.resize(bytes.size() * 2); break;
    case 3: bytes.clear(); break;
    default:
      for (std::byte& byte : bytes) {
        if (random.percent(10)) byte = static_cast<std::byte>(random.next());
      }
  }
  buffer = Buffer::copy_of(bytes);
  return "bytes of a buffer";
}

std::string change_graph(Model& model, Random& random) {
  Graph* graph = any_graph(model, random);
  if (graph == nullptr || graph->tensors.empty() || graph->nodes.empty()) return "";
  Tensor& tensor = random.item(graph->tensors);
  Node& node = random.item(graph->nodes);
  const auto any = [&] { return static_cast<int32_t>(random.below(graph->tensors.size())); };
  switch (random.below(12)) {
    case 0: std::swap(random.item(graph->nodes), random.item(graph->nodes)); return "order of nodes";
    case 1:
      if (graph->outputs.empty()) return "";
      random.item(graph->outputs) = any();
      return "output is another tensor";
    case 2:
      if (node.outputs.empty()) return "";
      random.item(node.outputs) = any();
      return "result is another tensor";
    case 3:
      if (node.inputs.empty()) return "";
      random.item(node.inputs) = any();
      return "operand is another tensor";
    case 4:
      if (node.inputs.empty() || node.outputs.empty()) return "";
      random.item(node.outputs) = random.item(node.inputs);
      return "result is an operand";
    case 5:
    case 6:
      tensor.type = static_cast<DataType>(random.below(kDataTypeCount + 1));
      return "type " + std::to_string(static_cast<int>(tensor.type));
    case 7: {
      std::vector<int32_t> dims(random.below(34), 1);
      if (!dims.empty() && random.percent(30)) random.item(dims) = 3;
      tensor.shape = Shape(dims);
      return "rank " + std::to_string(dims.size());
    }
    case 8:
      tensor.shape = random.pick<Shape>({{65536, 65536},
                                         {65536, 65537},
                                         {kHighest, 2, 2},
                                         {46341, 46341},
                                         {1, 1 << 30},
                                         {1, 5000, 5000, 1},
                                         {2, 1 << 16, 1 << 15}});
      return "huge shape";
    case 9:
      tensor.shape = random.pick<Shape>({{0}, {0, kHighest}, {kHighest, 0, kHighest}, {1, 0, 4, 4}, {0, 0, 0, 0}});
      return "empty shape";
    case 10: {
      // A call that comes back, or to a graph of another form.
      const auto target = static_cast<int64_t>(random.below(model.graphs.size() + 1));
      const bool is_loop = random.percent(50);
      node.op = is_loop ? OpCode::while_ : OpCode::if_;
      node.options = Options(is_loop ? "WhileOptions" : "IfOptions");
      node.options.set(is_loop ? "cond_subgraph_index" : "then_subgraph_index", target);
      node.options.set(is_loop ? "body_subgraph_index" : "else_subgraph_index",
                       static_cast<int64_t>(random.below(model.graphs.size() + 1)));
      return "control flow to graph " + std::to_string(target);
    }
    default: {
      if (graph->nodes.size() > 50) return "";
      const size_t count = 1 + random.below(300);
      const Node copy = node;
      for (size_t i = 0; i < count; ++i) graph->nodes.push_back(copy);
      return "node repeated " + std::to_string(count) + " times";
    }
  }
}

std::string change_quantization(Model& model, Random& random) {
  Tensor* tensor = any_tensor(model, random);
  for (int attempt = 0; attempt < 4 && tensor != nullptr && !tensor->quantization.is_quantized(); ++attempt) {
    tensor = any_tensor(model, random);
  }
  if (tensor == nullptr) return "";
  Quantization& quantization = tensor->quantization;
  tensor->has_quantization = true;
  if (!quantization.is_quantized()) {
    quantization.scale = {0.5f};
    quantization.zero_point = {random.pick<int64_t>({0, 3, -128, 200})};
    return "quantized without reason";
  }
  switch (random.below(9)) {
    case 0:
    case 1: random.item(quantization.scale) = static_cast<float>(extreme_real(random)); return "scale";
    case 2:
      if (quantization.zero_point.empty()) return "";
      random.item(quantization.zero_point) =
          random.pick<int64_t>({0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, kHighest, kLowest,
                                std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()});
      return "zero point";
    case 3: quantization.axis = extreme(random, static_cast<size_t>(tensor->shape.rank())); return "axis";
    case 4: change_vector(quantization.scale, random); return "scales";
    case 5: change_vector(quantization.zero_point, random); return "zero points";
    case 6: {
      // One scale for each channel of some axis.
      if (tensor->shape.rank() == 0) return "";
      quantization.axis = static_cast<int32_t>(random.below(static_cast<size_t>(tensor->shape.rank())));
      const auto channels = static_cast<size_t>(std::clamp(tensor->shape[quantization.axis], 0, 10000));
      quantization.scale.assign(channels, quantization.scale[0]);
      quantization.zero_point.assign(channels, random.percent(70) ? 0 : 5);
      return "per channel";
    }
    case 7:
      tensor->type = random.pick({DataType::int4, DataType::int16, DataType::uint8, DataType::int8, DataType::int32,
                                  DataType::float16, DataType::int64});
      return "type of a quantized tensor";
    default:
      for (float& scale : quantization.scale) scale *= random.pick({1e-20f, 1e20f, 3.0f, 1e-38f});
      return "scales far from those of the others";
  }
}

std::string change_node_twice(Model& model, Random& random) {
  Graph* graph = any_graph(model, random);
  if (graph == nullptr || graph->nodes.empty()) return "";
  Node& node = random.item(graph->nodes);
  const std::string first = change_node(*graph, node, random);
  return first + " and " + change_node(*graph, node, random);
}

}  // namespace litequant::test
