// FAKE_QUANT: each value to the nearest of 2^bits steps between a least and a greatest value, which are moved so that 0
// is a step; a range without 0 is moved to begin or end there. Source: TensorFlow Lite's reference kernel.
#include <algorithm>
#include <cmath>

#include "ops/unary_step.h"

namespace litequant {
namespace {

struct FakeQuantization {
  float low = 0, high = 0, scale = 1;  // of the moved range

  float operator()(float x) const {
    const float inverse = 1.0f / scale;
    const float inside = std::min(high, std::max(low, x));
    return std::round((inside - low) * inverse) * scale + low;
  }
};

FakeQuantization fake_quantization(const NodeView& node) {
  const Options& options = node.options();
  const int64_t bits = options.integer("num_bits");
  node.require(bits >= 2 && bits <= 16, "its num_bits must be 2 to 16, found ", bits);
  const float least = options.real("min"), greatest = options.real("max");
  node.require(std::isfinite(greatest - least) && least < greatest, "its range must be finite and not empty, found ",
               least, " to ", greatest);
  const float first = options.flag("narrow_range") ? 1.0f : 0.0f;
  const auto last = static_cast<float>((1 << bits) - 1);
  const float scale = (greatest - least) / (last - first);
  node.require(scale > 0 && std::isfinite(1.0f / scale), "its range is too narrow");
  const float zero_point = std::round(std::clamp(first - least / scale, first, last));
  return {.low = (first - zero_point) * scale, .high = (last - zero_point) * scale, .scale = scale};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  return unary_step<float, float>(node, fake_quantization(node));
}

int version(const NodeView& node) { return node.options().flag("narrow_range") ? 2 : 1; }

}  // namespace

extern const OpDef kFakeQuant;
const OpDef kFakeQuant = {.code = OpCode::fake_quant,
                          .types = types(DataType::float32),
                          .infer = infer_same_shape,
                          .compile = compile,
                          .quant = {.roles = {Role::data}, .output = OutputRule::free},
                          .version = version};

}  // namespace litequant
