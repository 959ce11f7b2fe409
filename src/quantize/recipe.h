// What the user asks of the quantizer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/data_type.h"

namespace litequant {

enum class Mode : uint8_t {
  dynamic,        // int8 weights, float activations quantized on the fly
  int8,           // integers wherever a kernel exists, float elsewhere
  int8_only,      // integers everywhere, or a refusal
  float16,        // constants in half precision
  int16x8,        // int16 activations, int8 weights, float elsewhere
  int16x8_only,   // the same everywhere, or a refusal
};

enum class WeightGranularity : uint8_t { per_channel, per_tensor };

// A node of the float model.
struct NodeReference {
  int32_t graph = 0, node = 0;
  bool operator==(const NodeReference&) const = default;
};

struct Recipe {
  Mode mode = Mode::dynamic;
  // Element type of the model's real-valued inputs and outputs; nothing: the mode's own (see io_of).
  std::optional<DataType> io = std::nullopt;
  WeightGranularity weights = WeightGranularity::per_channel;
  // `dynamic` leaves weights with fewer elements in float.
  int64_t dynamic_minimum_elements = 1024;
  // Nodes that stay in float whatever the mode could do with them.
  std::vector<NodeReference> keep_float = {};
};

// "int8-only" and so on, as users write them.
std::string_view mode_name(Mode mode);

// The inverses; BAD_ARGUMENT naming the choices.
Mode parse_mode(std::string_view name);
DataType parse_io(std::string_view name);  // float32, int8, uint8
WeightGranularity parse_weight_granularity(std::string_view name);  // per-channel, per-tensor

// float32 unless the recipe says otherwise; int8 for int8-only.
DataType io_of(const Recipe& recipe);

// Throws BAD_ARGUMENT for a combination that no mode knows (as TensorFlow does for the same requests), REFUSED for a
// mode that this version does not make.
void check_recipe(const Recipe& recipe);

}  // namespace litequant
