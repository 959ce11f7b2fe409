// The constants that a quantized graph needs: each is made once per form.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"
#include "quantize/parameters.h"

namespace litequant {

// The float32 values of a constant. Throws NONFINITE_WEIGHT naming it when one is NaN or infinite.
std::span<const float> finite_constant(const Model& model, int32_t graph, int32_t tensor);

class ConstantStore {
 public:
  // `graph` is where tensors are added; the float constants stay until nothing refers to them.
  ConstantStore(Model& model, int32_t graph) : model_(model), graph_(graph) {}

  // A tensor like `source` (a constant of the graph) of this type, with these bytes and parameters.
  int32_t add(int32_t source, DataType type, Buffer bytes, Quantization quantization);
  // A constant that has no float form.
  int32_t add_new(std::string name, Shape shape, DataType type, Buffer bytes, Quantization quantization);

  // Per tensor, int8 or int16, with the given parameters.
  int32_t add_values(int32_t source, std::span<const float> values, DataType type, Parameters parameters);
  // Symmetric int8.
  int32_t add_weights(int32_t source, QuantizedWeights weights, int32_t axis);

 private:
  Model& model_;
  int32_t graph_;
  std::map<std::string, int32_t> tensors_;  // by everything that tells two apart
};

Quantization per_tensor(Parameters parameters);
// Symmetric, along `axis` when there are several scales.
Quantization symmetric(std::vector<float> scale, int32_t axis);

}  // namespace litequant
