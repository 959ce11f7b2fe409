// LOCAL_RESPONSE_NORMALIZATION: each value over a power of the sum of squares of its neighbours along the last axis.
#include <algorithm>

#include "kernels/math.h"
#include "ops/movement.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

struct Neighbourhood {
  int64_t rows = 0, depth = 0;
  int64_t radius = 0;
  float bias = 0, alpha = 0, beta = 0;
};

// TensorFlow Lite's reference sums [i - radius, i + radius), one neighbour fewer than TensorFlow itself.
void normalize(const Neighbourhood& by, const float* input, float* output) {
  for (int64_t r = 0; r < by.rows; ++r, input += by.depth, output += by.depth) {
    for (int64_t i = 0; i < by.depth; ++i) {
      const int64_t first = std::max<int64_t>(0, i - by.radius), end = std::min(by.depth, i + by.radius);
      float squares = 0;
      for (int64_t k = first; k < end; ++k) squares += input[k] * input[k];
      output[i] = input[i] * math::pow(by.bias + by.alpha * squares, -by.beta);
    }
  }
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_result_of_same_type(node);
  const Shape& shape = node.input(0).shape;
  node.require_rank(node.input(0), "its input", 4, 4);
  const Options& options = node.options();
  const Neighbourhood by{.rows = shape.count(0, 3),
                         .depth = shape[3],
                         .radius = options.integer("radius"),
                         .bias = options.real("bias"),
                         .alpha = options.real("alpha"),
                         .beta = options.real("beta")};
  node.require(by.radius >= 0, "its radius must not be negative, found ", by.radius);
  return {.run = [by](const Frame& frame) { normalize(by, frame.in<float>(0), frame.out<float>()); }};
}

double operations(const NodeView& node) {
  const auto depth = static_cast<double>(node.input(0).shape.back());
  return visits(node.input(0).shape) * std::min(2.0 * static_cast<double>(node.options().integer("radius")), depth);
}

}  // namespace

extern const OpDef kLocalResponseNormalization;
const OpDef kLocalResponseNormalization = {.code = OpCode::local_response_normalization,
                                           .types = types(DataType::float32),
                                           .infer = infer_same_shape,
                                           .compile = compile,
                                           .quant = {.roles = {Role::data}, .output = OutputRule::free},
                                           .version = version_one,
                                           .operations = operations};

}  // namespace litequant
