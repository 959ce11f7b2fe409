// MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL over any axes.
#include "kernels/reduce.h"

#include <cmath>
#include <utility>

#include "kernels/math.h"
#include "kernels/reduce_ops.h"
#include "ops/movement.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

// For each axis of the input, whether it is reduced. An axis may be listed twice.
std::vector<bool> reduced_axes(const NodeView& node) {
  const int rank = node.input(0).shape.rank();
  std::vector<bool> is_reduced(static_cast<size_t>(rank), false);
  if (rank == 0) return is_reduced;
  for (const int64_t value : node.integers(1)) is_reduced[static_cast<size_t>(node.axis(value, rank))] = true;
  return is_reduced;
}

std::vector<Shape> infer(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const bool keep = node.options().flag("keep_dims");
  const std::vector<bool> is_reduced = reduced_axes(node);
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!is_reduced[static_cast<size_t>(axis)]) {
      result.push_back(shape[axis]);
    } else if (keep) {
      result.push_back(1);
    }
  }
  return {result};
}

Reduction loops_of(const NodeView& node) { return make_reduction(node.input(0).shape.dims(), reduced_axes(node)); }

template <typename Op>
Step step_of(const NodeView& node, const CompileOptions& options, Op op) {
  return {.run = [loops = loops_of(node), op, plain = options.kernels == KernelSet::reference](const Frame& frame) {
    const auto* input = frame.in<typename Op::Input>(0);
    auto* output = frame.out<typename Op::Result>();
    if (plain) {
      reference::reduce(loops, op, input, output);
    } else {
      reduce(loops, op, input, output);
    }
  }};
}

// Both operands' parameters, for the operators that compute with them.
struct Parameters {
  Affine input, output;
};

Parameters parameters_of(const NodeView& node) {
  const Parameters parameters{affine_of(node, node.input(0), "its input"),
                              divisor_affine_of(node, node.output(0), "its result")};
  require_symmetric_int16(node, node.input(0), parameters.input, "its input");
  require_symmetric_int16(node, node.output(0), parameters.output, "its result");
  return parameters;
}

template <typename T>
Step mean_step(const NodeView& node, const CompileOptions& options) {
  const auto [input, output] = parameters_of(node);
  const FixedMultiplier by = multiplier_of(node, static_cast<double>(input.scale) / static_cast<double>(output.scale));
  return step_of(node, options, QuantizedMeanOf<T>(by, input.zero_point, output.zero_point, loops_of(node).elements));
}

Step compile_mean(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const int64_t count = loops_of(node).elements;
  switch (node.input(0).type) {
    case DataType::float32: return step_of(node, options, MeanOf<float>{count});
    case DataType::int32: return step_of(node, options, MeanOf<int32_t>{count});
    case DataType::int64: return step_of(node, options, MeanOf<int64_t>{count});
    case DataType::int8: return mean_step<int8_t>(node, options);
    case DataType::uint8: return mean_step<uint8_t>(node, options);
    case DataType::int16: return mean_step<int16_t>(node, options);
    default: node.fail_type();
  }
}

template <typename T>
Step sum_step(const NodeView& node, const CompileOptions& options) {
  const auto [input, output] = parameters_of(node);
  return step_of(node, options, QuantizedSumOf<T>(input, output, loops_of(node).elements));
}

Step compile_sum(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return step_of(node, options, SumOf<float>{});
    case DataType::int32: return step_of(node, options, SumOf<int32_t>{});
    case DataType::int64: return step_of(node, options, SumOf<int64_t>{});
    case DataType::boolean: return step_of(node, options, AnyOf{});
    case DataType::int8: return sum_step<int8_t>(node, options);
    case DataType::uint8: return sum_step<uint8_t>(node, options);
    case DataType::int16: return sum_step<int16_t>(node, options);
    default: node.fail_type();
  }
}

template <typename T>
Step product_step(const NodeView& node, const CompileOptions& options) {
  const auto [input, output] = parameters_of(node);
  const int64_t count = std::max<int64_t>(loops_of(node).elements, 1);
  const double root = math::exp(math::log(static_cast<double>(output.scale)) / static_cast<double>(count));
  const FixedMultiplier by = multiplier_of(node, static_cast<double>(input.scale) / root);
  node.require(by.shift < 8, "its input's scale is too large for its result's");
  return step_of(
      node, options,
      QuantizedProductOf<T>{.by = by, .input_zero_point = input.zero_point, .output_zero_point = output.zero_point});
}

Step compile_product(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  switch (node.input(0).type) {
    case DataType::float32: return step_of(node, options, ProductOf<float>{});
    case DataType::int32: return step_of(node, options, ProductOf<int32_t>{});
    case DataType::int64: return step_of(node, options, ProductOf<int64_t>{});
    case DataType::boolean: return step_of(node, options, AllOf{});
    case DataType::int8: return product_step<int8_t>(node, options);
    case DataType::uint8: return product_step<uint8_t>(node, options);
    case DataType::int16: return product_step<int16_t>(node, options);
    default: node.fail_type();
  }
}

template <template <typename> typename Op, typename Logical>
Step compile_extreme(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  if (is_quantizable_integer(node.input(0).type)) require_same_parameters(node, node.input(0), node.output(0));
  switch (node.input(0).type) {
    case DataType::float32: return step_of(node, options, Op<float>{});
    case DataType::int32: return step_of(node, options, Op<int32_t>{});
    case DataType::int64: return step_of(node, options, Op<int64_t>{});
    case DataType::boolean: return step_of(node, options, Logical{});
    case DataType::int8: return step_of(node, options, Op<int8_t>{});
    case DataType::uint8: return step_of(node, options, Op<uint8_t>{});
    case DataType::int16: return step_of(node, options, Op<int16_t>{});
    default: node.fail_type();
  }
}

template <typename Op>
Step compile_logical(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  return step_of(node, options, Op{});
}

constexpr TypeSet kNumbers = kFloatAndInt16 | types(DataType::int32, DataType::int64);
constexpr TypeSet kTypes = kNumbers | types(DataType::boolean);  // sums and maxima are `any`, the others `all`

constexpr QuantRule kRescales = {.roles = {Role::data}, .output = OutputRule::free, .int8 = true, .int16 = true};
// TensorFlow Lite's int16 kernel adds stored integers and saturates: nothing is quantized for it.
constexpr QuantRule kSums = {.roles = {Role::data}, .output = OutputRule::free, .int8 = true};

}  // namespace

extern const OpDef kMean;
const OpDef kMean = {.code = OpCode::mean,
                     .types = kNumbers,
                     .infer = infer,
                     .compile = compile_mean,
                     .quant = kRescales,
                     .version = version_by_type<2, 3>};

extern const OpDef kSum;
const OpDef kSum = {.code = OpCode::sum,
                    .types = kTypes,
                    .infer = infer,
                    .compile = compile_sum,
                    .quant = kSums,
                    .version = version_by_type<2, 1>};

extern const OpDef kReduceProd;
const OpDef kReduceProd = {.code = OpCode::reduce_prod,
                           .types = kTypes,
                           .infer = infer,
                           .compile = compile_product,
                           .quant = kRescales,
                           .version = version_by_type<2, 2>};

extern const OpDef kReduceMax;
const OpDef kReduceMax = {.code = OpCode::reduce_max,
                          .types = kTypes,
                          .infer = infer,
                          .compile = compile_extreme<MaximumOf, AnyOf>,
                          .quant = kMovesData,
                          .version = version_by_type<2, 3>};

extern const OpDef kReduceMin;
const OpDef kReduceMin = {.code = OpCode::reduce_min,
                          .types = kTypes,
                          .infer = infer,
                          .compile = compile_extreme<MinimumOf, AllOf>,
                          .quant = kMovesData,
                          .version = version_by_type<2, 3>};

extern const OpDef kReduceAny;
const OpDef kReduceAny = {.code = OpCode::reduce_any,
                          .types = types(DataType::boolean),
                          .infer = infer,
                          .compile = compile_logical<AnyOf>,
                          .version = version_one};

extern const OpDef kReduceAll;
const OpDef kReduceAll = {.code = OpCode::reduce_all,
                          .types = types(DataType::boolean),
                          .infer = infer,
                          .compile = compile_logical<AllOf>,
                          .version = version_one};

}  // namespace litequant
