// BATCH_MATMUL: [..., rows, depth] x [..., depth, columns]; the leading dimensions broadcast, adj_x and adj_y exchange
// the last two of their operand.
#include "ops/dense_reference.h"
#include "ops/op_def.h"

namespace litequant {
namespace {

struct BatchProduct {
  MatrixShape matrix;
  Shape output;
  // Offsets of each product's operands, in elements.
  std::vector<DenseOffsets> products;
  bool is_left_transposed = false;
};

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
  node.require(depth == right_depth, text("cannot multiply ", shape_text(left), adj_x ? " (transposed)" : "", " by ",
                                          shape_text(right), adj_y ? " (transposed)" : ""));
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
    node.require(a == b || a == 1 || b == 1,
                 text("the batches of ", shape_text(left), " and ", shape_text(right), " do not broadcast"));
    output[axis] = a == 1 ? b : a;
  }
  output[rank - 2] = static_cast<int32_t>(matrix.rows);
  output[rank - 1] = static_cast<int32_t>(matrix.columns);
  return output;
}

std::vector<Shape> infer(const NodeView& node) {
  return {output_shape(node, matrix_shape(node))};
}

BatchProduct batch_product(const NodeView& node) {
  BatchProduct product;
  product.matrix = matrix_shape(node);
  product.output = output_shape(node, product.matrix);
  product.is_left_transposed = node.options().flag("adj_x");
  node.require(node.output(0).shape == product.output, "the shape of its output is not what its inputs give");
  if (product.output.count() == 0) return product;
  const std::vector<int64_t> left = batch_offsets(node, node.input(0).shape, product.output);
  const std::vector<int64_t> right = batch_offsets(node, node.input(1).shape, product.output);
  for (size_t i = 0; i < left.size(); ++i) {
    product.products.push_back({.data = left[i],
                                .weights = right[i],
                                .output = static_cast<int64_t>(i) * product.matrix.rows * product.matrix.columns});
  }
  return product;
}

Step compile(const NodeView& node, const CompileOptions&) {
  const BatchProduct product = batch_product(node);
  DenseLayer layer =
      dense_layer(node, {.channels = static_cast<int32_t>(product.matrix.columns),
                         .weight_axis = node.input(1).shape.rank() - (node.options().flag("adj_y") ? 2 : 1),
                         .rule = ScaleRule::matrix_product,
                         .has_bias_operand = false});
  layer.asymmetric = node.options().flag("asymmetric_quantize_inputs");
  if (layer.kind == DenseKind::hybrid && product.is_left_transposed) {
    node.fail(ErrorCode::unsupported_operator, "adj_x is not executed for float data with INT8 weights");
  }
  const DenseBatches rows = {.count = product.matrix.rows, .elements = product.matrix.depth};
  ScratchLayout scratch(node);
  HybridScratch hybrid;
  if (layer.kind == DenseKind::hybrid) hybrid = add_hybrid_scratch(scratch, rows.count, rows.elements);
  const auto run = [layer, product, rows, hybrid](const Frame& frame) {
    for (const DenseOffsets& offsets : product.products) {
      run_reference(layer, frame, rows, hybrid, offsets, [&](auto sum, auto... operands) {
        reference::multiply<decltype(sum)>(product.matrix, operands...);
      });
    }
  };
  return {.run = run, .scratch_bytes = scratch.total()};
}

int version(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::int16:
      return 3;
    case DataType::int8:
      return 2;
    default:
      return node.input(1).type == DataType::int8 && node.options().flag("asymmetric_quantize_inputs") ? 4 : 1;
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
                            .version = version};

}  // namespace litequant
