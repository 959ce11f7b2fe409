// What the user asks of the quantizer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/data_type.h"
#include "model/model.h"

namespace litequant {

enum class Mode : uint8_t {
  dynamic,        // int8 weights, float activations quantized on the fly
  int8,           // integers wherever a kernel exists, float elsewhere
  int8_only,      // integers everywhere, or a refusal
  float16,        // constants in half precision
  int16x8,        // int16 activations, int8 weights, float elsewhere
  int16x8_only,   // the same everywhere, or a refusal
};

enum class WeightGranularity : uint8_t {
  per_channel,        // wherever a kernel takes one scale per channel
  per_tensor,
  per_tensor_dense,   // FULLY_CONNECTED alone per tensor, as micro runtimes want
};

// Where the file is to run: decides operator versions, io and granularity, and what must be refused.
enum class Target : uint8_t {
  tflite,      // TensorFlow Lite of today
  tflite_old,  // the releases that know only per-tensor FULLY_CONNECTED and the first versions of integer operators
  micro,       // TensorFlow Lite for Microcontrollers
  edgetpu,     // int8 or uint8 everywhere, static shapes, the compiler's documented operators
  gpu,         // float16 constants
};

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
  Target target = Target::tflite;
  // int8 activations with zero point 0 (those of int16 have it always).
  bool symmetric_activations = false;
  // `dynamic` leaves weights with fewer elements in float.
  int64_t dynamic_minimum_elements = 1024;
  // `float16` leaves constants with fewer elements in float: the DEQUANTIZE that a half needs takes about as many bytes
  // as it saves, and biases keep their precision.
  int64_t float16_minimum_elements = 128;
  // `dynamic`: int8 constants behind DEQUANTIZE also where a hybrid kernel exists (the older guide's weight-only form).
  bool weights_only_form = false;
  // Nodes that stay in float whatever the mode could do with them.
  std::vector<NodeReference> keep_float = {};
  // Nodes that compute with int16 activations inside an int8 model.
  std::vector<NodeReference> keep_int16 = {};
};

// "int8-only" and so on, as users write them.
std::string_view mode_name(Mode mode);

// The inverses; BAD_ARGUMENT naming the choices.
Mode parse_mode(std::string_view name);
DataType parse_io(std::string_view name);  // float32, int8, uint8, int16
WeightGranularity parse_weight_granularity(std::string_view name);  // per-channel, per-tensor, per-tensor-dense
Target parse_target(std::string_view name);  // tflite, tflite-old, micro, edgetpu, gpu

// The nodes that `pattern` names: an index ("12", or "1:12" for subgraph 1), an operator ("SOFTMAX"), or a name of one
// of its results, in which * stands for any text ("block3/*"). Throws BAD_ARGUMENT when it names none.
std::vector<NodeReference> select_nodes(const Model& model, std::string_view pattern);

// float32 unless the recipe says otherwise; int8 for int8-only, int16 for int16x8-only.
DataType io_of(const Recipe& recipe);

// Whether activations are int16.
bool is_int16(Mode mode);
// Whether every operator must compute in integers.
bool is_integer_only(Mode mode);

// Throws BAD_ARGUMENT for a combination that no mode knows (as TensorFlow does for the same requests).
void check_recipe(const Recipe& recipe);

}  // namespace litequant
