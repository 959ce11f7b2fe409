// AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D: windows over height and width. Stored integers are averaged and compared
// as they are, so the result has the input's scale.
#include "kernels/pool.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ops/movement.h"
#include "ops/quantized_operand.h"
#include "ops/window.h"

namespace litequant {
namespace {

PoolShape pool_shape(const NodeView& node) {
  const Operand& input = node.input(0);
  node.require_rank(input, "its input", 4, 4);
  return {.batches = input.shape[0],
          .channels = input.shape[3],
          .window = window_of(node, input.shape, node.options().integer("filter_height"),
                              node.options().integer("filter_width"))};
}

std::vector<Shape> infer(const NodeView& node) {
  const PoolShape pool = pool_shape(node);
  return {Shape{pool.batches, pool.window.height.output, pool.window.width.output, pool.channels}};
}

// Limits of the stored result under the fused activation. Without one, no scale is needed.
IntegerRange result_range(const NodeView& node) {
  const Operand& result = node.output(0);
  const Activation activation = fused_activation(node);
  const IntegerRange whole = stored_range(result.type);
  if (activation == Activation::none) return whole;
  const Affine affine = divisor_affine_of(node, result, "its result");
  return activation_range(activation, affine.scale, affine.zero_point, whole);
}

template <typename T, typename Range>
using Kernel = void (*)(const PoolShape&, Range, const T*, T*);

template <typename T, typename Range>
Step step_of(const PoolShape& pool, Range range, Kernel<T, Range> kernel) {
  return {.run = [=](const Frame& frame) { kernel(pool, range, frame.in<T>(0), frame.out<T>()); }};
}

template <bool kAverage, typename T, typename Range>
Step step_of(const PoolShape& pool, Range range, const CompileOptions& options) {
  const bool plain = options.kernels == KernelSet::reference;
  Kernel<T, Range> kernel = nullptr;
  if constexpr (kAverage) {
    kernel = plain ? Kernel<T, Range>(&reference::average_pool) : Kernel<T, Range>(&average_pool);
  } else {
    kernel = plain ? Kernel<T, Range>(&reference::max_pool) : Kernel<T, Range>(&max_pool);
  }
  return step_of<T, Range>(pool, range, kernel);
}

template <bool kAverage>
Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& input = node.input(0);
  const PoolShape pool = pool_shape(node);
  if (kAverage && input.type != DataType::float32) {
    const IntegerRange values = stored_range(input.type);
    const int64_t largest = std::max(-static_cast<int64_t>(values.low), static_cast<int64_t>(values.high));
    if (most_positions(pool.window) > (std::numeric_limits<int32_t>::max() / (2 * largest))) {
      node.fail(ErrorCode::too_large, {"the sum over its window does not fit 32 bits"});
    }
  }
  switch (input.type) {
    case DataType::float32: return step_of<kAverage, float>(pool, activation_range(fused_activation(node)), options);
    case DataType::int8: return step_of<kAverage, int8_t>(pool, result_range(node), options);
    case DataType::uint8: return step_of<kAverage, uint8_t>(pool, result_range(node), options);
    case DataType::int16:
      require_int16_zero_point(node, input);
      require_int16_zero_point(node, node.output(0));
      return step_of<kAverage, int16_t>(pool, result_range(node), options);
    default: node.fail_type();
  }
}

double operations(const NodeView& node) {
  return visits(node.output(0).shape) * static_cast<double>(most_positions(pool_shape(node).window));
}

Step compile_l2(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  return step_of<float, FloatRange>(pool_shape(node), activation_range(fused_activation(node)), &reference::l2_pool);
}

}  // namespace

extern const OpDef kAveragePool2d;
const OpDef kAveragePool2d = {.code = OpCode::average_pool_2d,
                              .types = kFloatAndInt16,
                              .infer = infer,
                              .compile = compile<true>,
                              .quant = kMovesData,
                              .version = version_by_type<2, 3>,
                              .operations = operations};

extern const OpDef kMaxPool2d;
const OpDef kMaxPool2d = {.code = OpCode::max_pool_2d,
                          .types = kFloatAndInt16,
                          .infer = infer,
                          .compile = compile<false>,
                          .quant = kMovesData,
                          .version = version_by_type<2, 3>,
                          .operations = operations};

extern const OpDef kL2Pool2d;
const OpDef kL2Pool2d = {.code = OpCode::l2_pool_2d,
                         .types = types(DataType::float32),
                         .infer = infer,
                         .compile = compile_l2,
                         .quant = {.roles = {Role::data}, .output = OutputRule::free},
                         .version = version_one,
                         .operations = operations};

}  // namespace litequant
