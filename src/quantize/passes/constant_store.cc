#include "quantize/passes/constant_store.h"

#include <utility>

#include "base/error.h"
#include "quantize/passes/design.h"

namespace litequant {
namespace {

template <typename T>
void append_bytes(std::string& key, const std::vector<T>& values) {
  key.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  key += '/';
}

}  // namespace

std::span<const float> finite_constant(const Model& model, int32_t graph, int32_t tensor) {
  const auto values =
      model.constant_as<float>(model.graphs[static_cast<size_t>(graph)].tensors[static_cast<size_t>(tensor)]);
  if (!all_finite(values)) {
    fail(ErrorCode::nonfinite_weight, {"this constant holds NaN or infinity"}, place_of_tensor(model, graph, tensor),
         {"repair the float model: a value that is not finite has no quantized form"});
  }
  return values;
}

Quantization per_tensor(Parameters parameters) {
  Quantization quantization;
  quantization.scale = {parameters.scale};
  quantization.zero_point = {parameters.zero_point};
  return quantization;
}

Quantization symmetric(std::vector<float> scale, int32_t axis) {
  Quantization quantization;
  quantization.zero_point.assign(scale.size(), 0);
  quantization.axis = scale.size() > 1 ? axis : 0;
  quantization.scale = std::move(scale);
  return quantization;
}

int32_t ConstantStore::add(int32_t source, DataType type, Buffer bytes, Quantization quantization) {
  std::string key;
  key += static_cast<char>(type);
  append_bytes(key, quantization.scale);
  append_bytes(key, quantization.zero_point);
  key += std::to_string(source);
  if (const auto found = tensors_.find(key); found != tensors_.end()) return found->second;

  Graph& graph = model_.graphs[static_cast<size_t>(graph_)];
  Tensor tensor = graph.tensors[static_cast<size_t>(source)];
  tensor.type = type;
  tensor.has_quantization = quantization.is_quantized();
  tensor.quantization = std::move(quantization);
  tensor.buffer = model_.add_buffer(std::move(bytes));
  tensor.external_buffer = 0;
  graph.tensors.push_back(std::move(tensor));
  const auto index = static_cast<int32_t>(graph.tensors.size() - 1);
  tensors_.emplace(std::move(key), index);
  return index;
}

int32_t ConstantStore::add_new(std::string name, Shape shape, DataType type, Buffer bytes, Quantization quantization) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  tensor.type = type;
  tensor.has_quantization = quantization.is_quantized();
  tensor.quantization = std::move(quantization);
  tensor.buffer = model_.add_buffer(std::move(bytes));
  tensor.has_rank = tensor.shape.rank() > 0;
  Graph& graph = model_.graphs[static_cast<size_t>(graph_)];
  graph.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph.tensors.size() - 1);
}

int32_t ConstantStore::add_values(int32_t source, std::span<const float> values, DataType type, Parameters parameters) {
  Buffer bytes = type == DataType::int16 ? Buffer::of(quantize_values_int16(values, parameters))
                                         : Buffer::of(quantize_values(values, parameters));
  return add(source, type, std::move(bytes), per_tensor(parameters));
}

int32_t ConstantStore::add_weights(int32_t source, QuantizedWeights weights, int32_t axis) {
  return add(source, DataType::int8, Buffer::of(weights.values), symmetric(std::move(weights.scale), axis));
}

}  // namespace litequant
