// POW. A negative power of an integer, which the reference refuses, is the real power truncated; overflow wraps.
#include "kernels/math.h"
#include "kernels/requantize.h"
#include "ops/binary.h"

namespace litequant {
namespace {

int32_t integer_power(int32_t base, int32_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base == -1) return (exponent & 1) != 0 ? -1 : 1;
    return 0;
  }
  int32_t power = 1;
  for (auto rest = static_cast<uint32_t>(exponent); rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) power = wrapping_multiply(power, base);
    base = wrapping_multiply(base, base);
  }
  return power;
}

Step compile_pow(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  if (node.input(0).type == DataType::int32) return binary_step<int32_t, int32_t>(node, options, integer_power);
  return binary_step<float, float>(node, options, math::pow);
}

}  // namespace

extern const OpDef kPow;
const OpDef kPow = {.code = OpCode::pow,
                    .types = types(DataType::float32, DataType::int32),
                    .infer = infer_broadcast,
                    .compile = compile_pow,
                    .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
                    .version = version_one};

}  // namespace litequant
