// Small models for tests, a line per tensor and node:
//
//   ModelBuilder b;
//   const int x = b.input("x", DataType::float32, {1, 8});
//   const int y = b.constant("y", DataType::float32, {8}, std::vector<float>(8, 1.0f));
//   const int sum = b.output("sum", DataType::float32, {1, 8});
//   b.node(OpCode::add, {x, y}, {sum}, b.options("AddOptions", {{"fused_activation_function", int64_t{1}}}));
//   const auto model = b.load();  // saved, then loaded and verified
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "format/load.h"
#include "format/save.h"
#include "model/model.h"

namespace litequant {

class ModelBuilder {
 public:
  ModelBuilder() { model_.graphs.emplace_back(); }

  // Further calls describe this new graph. Gives its index.
  int graph(std::string name = "") {
    model_.graphs.emplace_back().name = std::move(name);
    return static_cast<int>(model_.graphs.size() - 1);
  }

  int tensor(std::string name, DataType type, Shape shape, Quantization quantization = {}) {
    Tensor made;
    made.name = std::move(name);
    made.type = type;
    made.shape = std::move(shape);
    made.has_quantization = quantization.is_quantized();
    made.quantization = std::move(quantization);
    current().tensors.push_back(std::move(made));
    return static_cast<int>(current().tensors.size() - 1);
  }
  int input(std::string name, DataType type, Shape shape, Quantization quantization = {}) {
    const int made = tensor(std::move(name), type, std::move(shape), std::move(quantization));
    current().inputs.push_back(made);
    return made;
  }
  int output(std::string name, DataType type, Shape shape, Quantization quantization = {}) {
    const int made = tensor(std::move(name), type, std::move(shape), std::move(quantization));
    current().outputs.push_back(made);
    return made;
  }
  template <typename T>
  int constant(std::string name, DataType type, Shape shape, const std::vector<T>& values,
               Quantization quantization = {}) {
    const int made = tensor(std::move(name), type, std::move(shape), std::move(quantization));
    at(made).buffer = model_.add_buffer(Buffer::of(values));
    return made;
  }
  int variable(std::string name, DataType type, Shape shape, Quantization quantization = {}) {
    const int made = tensor(std::move(name), type, std::move(shape), std::move(quantization));
    at(made).is_variable = true;
    return made;
  }

  // One scale for the whole tensor, or one per channel along `axis` (then all zero points are 0).
  static Quantization per_tensor(float scale, int64_t zero_point = 0) {
    Quantization made;
    made.scale = {scale};
    made.zero_point = {zero_point};
    return made;
  }
  static Quantization per_channel(std::vector<float> scales, int32_t axis) {
    Quantization made;
    made.zero_point.assign(scales.size(), 0);
    made.scale = std::move(scales);
    made.axis = axis;
    return made;
  }

  static Options options(std::string table,
                         std::initializer_list<std::pair<std::string_view, OptionValue>> fields = {}) {
    Options made(std::move(table));
    for (const auto& [field, value] : fields) made.set(field, value);
    return made;
  }

  Node& node(OpCode op, std::vector<int> inputs, std::vector<int> outputs, Options node_options = {}, int version = 1) {
    Node made;
    made.op = op;
    made.version = version;
    made.inputs.assign(inputs.begin(), inputs.end());
    made.outputs.assign(outputs.begin(), outputs.end());
    made.options = std::move(node_options);
    current().nodes.push_back(std::move(made));
    return current().nodes.back();
  }

  void signature(std::string key, std::vector<Signature::Entry> inputs, std::vector<Signature::Entry> outputs) {
    model_.signatures.push_back(
        {std::move(key), std::move(inputs), std::move(outputs), static_cast<uint32_t>(model_.graphs.size() - 1)});
  }

  // What was built, to be changed further.
  Model& model() { return model_; }
  Graph& current() { return model_.graphs.back(); }
  Tensor& at(int tensor) { return current().tensors[static_cast<size_t>(tensor)]; }

  std::vector<std::byte> save() const { return save_model(model_); }
  std::shared_ptr<const Model> load() const { return load_model(save()); }

 private:
  Model model_;
};

}  // namespace litequant
