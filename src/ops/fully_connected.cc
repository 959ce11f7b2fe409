// FULLY_CONNECTED: input seen as [batch, depth], weights [units, depth], bias [units].
#include "ops/blockwise_weights.h"
#include "ops/dense_matrices.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace litequant {
namespace {

MatrixShape matrix_shape(const NodeView& node) {
  node.require_rank(node.input(1), "its weights", 2, 2);
  const Shape& weights = node.input(1).shape;
  const int32_t units = weights[0], depth = weights[1];
  node.require(units >= 1 && depth >= 1, "its weights ", shape_text(weights), " are empty");
  const int64_t count = node.input(0).shape.count();
  node.require(count % depth == 0, "the ", count, " elements of the input do not divide into rows of ", depth);
  return {.rows = count / depth,
          .columns = units,
          .depth = depth,
          .left_row_stride = depth,
          .left_depth_stride = 1,
          .right_column_stride = depth,
          .right_depth_stride = 1};
}

Shape output_shape(const NodeView& node, const MatrixShape& shape) {
  const auto units = static_cast<int32_t>(shape.columns);
  if (!node.options().flag("keep_num_dims")) return {static_cast<int32_t>(shape.rows), units};
  Shape kept = node.input(0).shape;
  node.require(kept.rank() >= 1 && kept.back() == shape.depth, "the input ", shape_text(kept), " must end with ",
               shape.depth);
  kept[kept.rank() - 1] = units;
  return kept;
}

std::vector<Shape> infer(const NodeView& node) { return {output_shape(node, matrix_shape(node))}; }

Step compile(const NodeView& node, const CompileOptions& options) {
  if (node.options().integer("weights_format") != 0) {
    node.fail(ErrorCode::unsupported_operator, {"shuffled weights are not executed"});
  }
  const MatrixShape shape = matrix_shape(node);
  node.require(node.output(0).shape == output_shape(node, shape),
               "the shape of its output is not what its inputs give");
  if (has_blockwise_weights(node)) return blockwise_step(node, shape);
  DenseLayer layer = dense_layer(
      node, {.channels = static_cast<int32_t>(shape.columns), .weight_axis = 0, .rule = ScaleRule::fully_connected});
  layer.asymmetric = node.options().flag("asymmetric_quantize_inputs");

  return matrix_step(node, layer, {.shape = shape, .products = {{}}}, options);
}

double operations(const NodeView& node) { return visits(node.output(0).shape) * visits(node.input(1).shape, 1, 2); }

int version(const NodeView& node) {
  const DataType data = node.input(0).type, weights = node.input(1).type;
  const Options& options = node.options();
  const bool is_hybrid = data == DataType::float32 && weights == DataType::int8;
  if (data == DataType::int16 && weights == DataType::int4) return 13;
  if (is_hybrid && node.input(1).quantization().is_per_channel()) return 12;
  if (data == DataType::int16 && weights == DataType::int8 && options.integer("quantized_bias_type") != 0) return 11;
  if (node.input(1).tensor->sparsity) return 8;
  if (data == DataType::int16 && weights == DataType::int16) return 7;
  if (node.input_count() == 2) return 6;
  if (options.flag("keep_num_dims")) return 5;
  if (data == DataType::int8 && weights == DataType::int8) return 4;
  if (data == DataType::int8 && weights == DataType::int4) return 10;
  if (is_hybrid) return options.flag("asymmetric_quantize_inputs") ? 9 : 3;
  return options.integer("weights_format") != 0 ? 2 : 1;
}

constexpr QuantRule kQuant = {.roles = {Role::data, Role::weight, Role::bias},
                              .output = OutputRule::free,
                              .weight_axis = 0,
                              .int8 = true,
                              .int16 = true,
                              .hybrid = true};

}  // namespace

extern const OpDef kFullyConnected;
const OpDef kFullyConnected = {.code = OpCode::fully_connected,
                               .types = kFloatAndInt16,
                               .hybrid = true,
                               .infer = infer,
                               .compile = compile,
                               .quant = kQuant,
                               .version = version,
                               .operations = operations};

}  // namespace litequant
