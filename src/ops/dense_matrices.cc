#include "ops/dense_matrices.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "kernels/products.h"
#include "ops/dense_optimized.h"
#include "ops/dense_reference.h"

namespace litequant {
namespace {

DenseBatches rows_of(const MatrixShape& shape) { return {.count = shape.rows, .elements = shape.depth}; }

Step reference_step(const NodeView& node, const DenseLayer& layer, const MatrixProducts& products) {
  ScratchLayout scratch(node);
  const HybridScratch hybrid = add_hybrid_scratch(scratch, layer, rows_of(products.shape));
  const auto run = [layer, products, hybrid](const Frame& frame) {
    for (const DenseOffsets& first : products.products) {
      run_reference(layer, frame, rows_of(products.shape), hybrid, first, [&](auto sum, auto... operands) {
        reference::multiply<decltype(sum)>(products.shape, operands...);
      });
    }
  };
  return {.run = run, .scratch_bytes = scratch.total()};
}

void run_integer(const PackedDense& dense, const MatrixProducts& products, const HybridScratch& hybrid, size_t rows,
                 const Frame& frame) {
  const DenseLayer& layer = dense.layer();
  const MatrixShape& shape = products.shape;
  const int16_t* weights = dense.integer_weights(frame);
  dense.prepare(frame);
  for (const DenseOffsets& first : products.products) {
    const DynamicScale* scales = nullptr;
    if (layer.kind == DenseKind::hybrid) {
      quantize_batches(layer, frame, first.data, rows_of(shape), hybrid);
      scales = hybrid.scales_of(frame);
    }
    const int64_t right = first.weights / std::max<int64_t>(shape.columns * shape.depth, 1);
    const PackedDense::Target target = {
        .first_output = first.output, .row_stride = shape.columns, .row_scales = scales, .row_scale_stride = 1};
    dense.finish_with(frame, target, [&](const Epilogue& epilogue) {
      const auto multiply = [&](const auto* left, int32_t zero_point) {
        dense.multiply_with(weights, left, zero_point, [&]<typename Row>(const RowForm<Row>& form, const auto* packed) {
          multiply_int8(shape, left, form, scales, packed + right * packed_size<Row>(shape.columns, shape.depth),
                        epilogue, reinterpret_cast<Row*>(frame.scratch_bytes + rows));
        });
      };
      switch (layer.kind) {
        case DenseKind::hybrid: return multiply(static_cast<const int8_t*>(hybrid.values_of(frame)), 0);
        case DenseKind::uint8: return multiply(frame.in<uint8_t>(layer.data) + first.data, layer.data_zero);
        case DenseKind::int16: return multiply(frame.in<int16_t>(layer.data) + first.data, layer.data_zero);
        default: return multiply(frame.in<int8_t>(layer.data) + first.data, layer.data_zero);
      }
    });
  }
}

void run_float(const PackedDense& dense, const MatrixProducts& products, bool may_fuse, size_t rows,
               const Frame& frame) {
  const MatrixShape& shape = products.shape;
  const int64_t packed_size = packed_float_size(shape.columns, shape.depth);
  const float* packed = dense.float_weights(frame);
  for (const DenseOffsets& first : products.products) {
    const float* right = packed + first.weights / std::max<int64_t>(shape.columns * shape.depth, 1) * packed_size;
    multiply_float(shape, frame.in<float>(dense.layer().data) + first.data, right, dense.float_epilogue(frame),
                   may_fuse, frame.out<float>() + first.output, reinterpret_cast<float*>(frame.scratch_bytes + rows));
  }
}

std::optional<Step> optimized_step(const NodeView& node, const DenseLayer& layer, const MatrixProducts& products,
                                   bool may_fuse) {
  const MatrixShape& shape = products.shape;
  const WeightMatrices weights = {.matrix = {.columns = shape.columns,
                                             .depth = shape.depth,
                                             .column_stride = shape.right_column_stride,
                                             .depth_stride = shape.right_depth_stride},
                                  .count = products.right_matrices,
                                  .stride = shape.columns * shape.depth};
  ScratchLayout scratch(node);
  auto packed = PackedDense::make(layer, weights, {.groups = 1, .group_columns = shape.columns}, scratch);
  if (!packed) return std::nullopt;
  const auto dense = std::make_shared<const PackedDense>(std::move(*packed));
  if (dense->is_float()) {
    const bool is_direct = shape.left_depth_stride == 1;
    const size_t rows = is_direct ? 0 : scratch.add(strip_elements_float(shape.depth), sizeof(float));
    const auto run = [dense, products, may_fuse, rows](const Frame& frame) {
      run_float(*dense, products, may_fuse, rows, frame);
    };
    return Step{.run = run, .scratch_bytes = scratch.total()};
  }
  const int64_t row_elements =
      dense->is_bytes() ? strip_elements<uint8_t>(shape.depth) : strip_elements<int16_t>(shape.depth);
  const size_t rows = scratch.add(row_elements, dense->row_bytes());
  const HybridScratch hybrid = add_hybrid_scratch(scratch, layer, rows_of(shape));
  const auto run = [dense, products, hybrid, rows](const Frame& frame) {
    run_integer(*dense, products, hybrid, rows, frame);
  };
  return Step{.run = run, .scratch_bytes = scratch.total()};
}

}  // namespace

Step matrix_step(const NodeView& node, const DenseLayer& layer, const MatrixProducts& products,
                 const CompileOptions& options) {
  if (options.kernels == KernelSet::optimized) {
    if (auto step = optimized_step(node, layer, products, !options.reproducible)) return std::move(*step);
  }
  return reference_step(node, layer, products);
}

}  // namespace litequant
