// BATCH_MATMUL: [..., rows, depth] x [..., depth, columns]; the leading dimensions broadcast, adj_x and adj_y exchange
// the last two of their operand.
#include "ops/dense_matrices.h"
#include "ops/op_def.h"

namespace litequant {
namespace {

// Where an operand's matrices lie for each of the output's batches: an axis of 1 is repeated.
std::vector<int64_t> batch_offsets(const NodeView& node, const Shape& operand, const Shape& output) {
  const int rank = output.rank() - 2;
  const int missing = output.rank() - operand.rank();
  int64_t batches = 1;
  for (int axis = 0; axis < rank; ++axis) batches *= output[axis];
  std::vector<int64_t> offsets(static_cast<size_t>(batches), 0);
  int64_t inner = 1, stride = int64_t{operand.back(0)} * operand.back(1);
  for (int axis = rank - 1; axis >= 0; --axis) {
    const int32_t own = axis < missing ? 1 : operand[axis - missing];
    node.require(own == 1 || own == output[axis], "its batches do not broadcast");
    if (own != 1) {
      for (int64_t i = 0; i < batches; ++i) offsets[static_cast<size_t>(i)] += i / inner % own * stride;
    }
    inner *= output[axis];
    stride *= own;
  }
  return offsets;
}

MatrixShape matrix_shape(const NodeView& node) {
  node.require_rank(node.input(0), "the left operand", 2, 8);
  node.require_rank(node.input(1), "the right operand", 2, 8);
  const Shape& left = node.input(0).shape;
  const Shape& right = node.input(1).shape;
  const bool adj_x = node.options().flag("adj_x"), adj_y = node.options().flag("adj_y");
  const int32_t depth = left.back(adj_x ? 1 : 0);
  const int32_t right_depth = right.back(adj_y ? 0 : 1);
  node.require(depth == right_depth, "cannot multiply ", shape_text(left), adj_x ? " (transposed)" : "", " by ",
               shape_text(right), adj_y ? " (transposed)" : "");
  return {.rows = left.back(adj_x ? 0 : 1),
          .columns = right.back(adj_y ? 1 : 0),
          .depth = depth,
          .left_row_stride = adj_x ? 1 : left.back(),
          .left_depth_stride = adj_x ? left.back() : 1,
          .right_column_stride = adj_y ? right.back() : 1,
          .right_depth_stride = adj_y ? 1 : right.back()};
}

Shape output_shape(const NodeView& node, const MatrixShape& matrix) {
  const Shape& left = node.input(0).shape;
  const Shape& right = node.input(1).shape;
  const int rank = std::max(left.rank(), right.rank());
  Shape output(std::vector<int32_t>(static_cast<size_t>(rank), 1));
  for (int axis = 0; axis < rank - 2; ++axis) {
    const int in_left = axis - (rank - left.rank()), in_right = axis - (rank - right.rank());
    const int32_t a = in_left < 0 ? 1 : left[in_left], b = in_right < 0 ? 1 : right[in_right];
    node.require(a == b || a == 1 || b == 1, "the batches of ", shape_text(left), " and ", shape_text(right),
                 " do not broadcast");
    output[axis] = a == 1 ? b : a;
  }
  output[rank - 2] = static_cast<int32_t>(matrix.rows);
  output[rank - 1] = static_cast<int32_t>(matrix.columns);
  return output;
}

std::vector<Shape> infer(const NodeView& node) { return {output_shape(node, matrix_shape(node))}; }

MatrixProducts matrix_products(const NodeView& node) {
  const MatrixShape matrix = matrix_shape(node);
  const Shape output = output_shape(node, matrix);
  node.require(node.output(0).shape == output, "the shape of its output is not what its inputs give");
  MatrixProducts products = {.shape = matrix, .products = {}, .right_matrices = 0};
  if (output.count() == 0) return products;
  const std::vector<int64_t> left = batch_offsets(node, node.input(0).shape, output);
  const std::vector<int64_t> right = batch_offsets(node, node.input(1).shape, output);
  for (size_t i = 0; i < left.size(); ++i) {
    products.products.push_back(
        {.data = left[i], .weights = right[i], .output = static_cast<int64_t>(i) * matrix.rows * matrix.columns});
  }
  products.right_matrices = node.input(1).shape.count(0, node.input(1).shape.rank() - 2);
  return products;
}

Step compile(const NodeView& node, const CompileOptions& options) {
  const MatrixProducts products = matrix_products(node);
  const bool adj_x = node.options().flag("adj_x"), adj_y = node.options().flag("adj_y");
  DenseLayer layer = dense_layer(node, {.channels = static_cast<int32_t>(products.shape.columns),
                                        .weight_axis = node.input(1).shape.rank() - (adj_y ? 2 : 1),
                                        .rule = ScaleRule::matrix_product,
                                        .has_bias_operand = false});
  layer.asymmetric = node.options().flag("asymmetric_quantize_inputs");
  if (layer.kind == DenseKind::hybrid && adj_x) {
    node.fail(ErrorCode::unsupported_operator, {"adj_x is not executed for float data with INT8 weights"});
  }
  return matrix_step(node, layer, products, options);
}

double operations(const NodeView& node) {
  const Shape& left = node.input(0).shape;
  return visits(node.output(0).shape) * left.back(node.options().flag("adj_x") ? 1 : 0);
}

int version(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::int16: return 3;
    case DataType::int8: return 2;
    default: return node.input(1).type == DataType::int8 && node.options().flag("asymmetric_quantize_inputs") ? 4 : 1;
  }
}

constexpr QuantRule kQuant = {
    .roles = {Role::data, Role::data}, .output = OutputRule::free, .int8 = true, .int16 = true, .hybrid = true};

}  // namespace

extern const OpDef kBatchMatmul;
const OpDef kBatchMatmul = {.code = OpCode::batch_matmul,
                            .types = types(DataType::float32, DataType::int8, DataType::int16),
                            .hybrid = true,
                            .infer = infer,
                            .compile = compile,
                            .quant = kQuant,
                            .version = version,
                            .operations = operations};

}  // namespace litequant
