// ATAN2: the angle of the point (x, y), of y and x of one shape.
#include "kernels/math.h"
#include "ops/binary.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  const Shape& y = node.input(0).shape;
  node.require(node.input(1).shape == y, "needs operands of one shape, found ", shape_text(y), " and ",
               shape_text(node.input(1).shape));
  return {y};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  if (node.input(0).type == DataType::float64) {
    return binary_step<double, double>(node, options, [](double y, double x) { return math::atan2(y, x); });
  }
  const auto angle = [](float y, float x) {
    return static_cast<float>(math::atan2(static_cast<double>(y), static_cast<double>(x)));
  };
  if (node.input(0).type != DataType::float32) return half_binary_step(node, options, angle);
  return binary_step<float, float>(node, options, angle);
}

}  // namespace

extern const OpDef kAtan2;
const OpDef kAtan2 = {.code = OpCode::atan2,
                      .types = types(DataType::float32, DataType::float64, DataType::float16, DataType::bfloat16),
                      .infer = infer,
                      .compile = compile,
                      .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
                      .version = version_one};

}  // namespace litequant
