// L2_NORMALIZATION: rows of the last axis scaled to length 1.
#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/reciprocal.h"
#include "ops/movement.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

struct Rows {
  int64_t count = 0, depth = 0;
};

std::vector<Shape> infer(const NodeView& node) {
  node.require(node.input(0).shape.rank() >= 1, "its input must have a dimension");
  return {node.input(0).shape};
}

void normalize(Rows rows, const float* input, float* output) {
  for (int64_t r = 0; r < rows.count; ++r, input += rows.depth, output += rows.depth) {
    float sum = 0;
    for (int64_t i = 0; i < rows.depth; ++i) sum += input[i] * input[i];
    const float length = std::max(std::sqrt(sum), 1e-6f);
    for (int64_t i = 0; i < rows.depth; ++i) output[i] = input[i] / length;
  }
}

// Result scale 1/128, zero point in the middle of the type.
template <typename T>
void normalize(Rows rows, int32_t zero_point, const T* input, T* output) {
  constexpr bool kSigned = std::is_signed_v<T>;
  for (int64_t r = 0; r < rows.count; ++r, input += rows.depth, output += rows.depth) {
    int32_t sum = 0;
    for (int64_t i = 0; i < rows.depth; ++i) {
      const int32_t value = input[i] - zero_point;
      sum = wrapping_add(sum, value * value);
    }
    FixedMultiplier by = inverse_square_root(sum);
    if (kSigned) by.shift += 7;
    for (int64_t i = 0; i < rows.depth; ++i) {
      const int32_t value = input[i] - zero_point;
      const int32_t stored = kSigned ? scale_accumulator(value, by) : scale_accumulator(128 * value, by) + 128;
      output[i] = static_cast<T>(clamp(stored, range_of<T>()));
    }
  }
}

template <typename T>
Step integer_step(const NodeView& node, Rows rows) {
  constexpr int32_t kMiddle = std::is_signed_v<T> ? 0 : 128;
  const Affine result = divisor_affine_of(node, node.output(0), "its result");
  node.require(result.scale == 0x1p-7f && result.zero_point == kMiddle,
               "its result must have scale 0.0078125 and zero point ", kMiddle, ", found ", result.scale, " and ",
               result.zero_point);
  const int32_t zero_point = affine_of(node, node.input(0), "its input").zero_point;
  return {.run = [=](const Frame& frame) { normalize(rows, zero_point, frame.in<T>(0), frame.out<T>()); }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  node.require(node.options().integer("fused_activation_function") == 0, "a fused activation is not supported");
  const Shape& dims = node.input(0).shape;
  const int64_t depth = dims.back();
  const Rows rows{.count = depth == 0 ? 0 : dims.count() / depth, .depth = depth};
  switch (node.input(0).type) {
    case DataType::float32:
      return {.run = [rows](const Frame& frame) { normalize(rows, frame.in<float>(0), frame.out<float>()); }};
    case DataType::int8: return integer_step<int8_t>(node, rows);
    case DataType::uint8: return integer_step<uint8_t>(node, rows);
    default: node.fail_type();
  }
}

}  // namespace

extern const OpDef kL2Normalization;
const OpDef kL2Normalization = {
    .code = OpCode::l2_normalization,
    .types = kFloatAndInt8,
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::data}, .output = OutputRule::fixed, .fixed_int8 = {0x1p-7f, 0}, .int8 = true},
    .version = version_by_type<2, 1>};

}  // namespace litequant
