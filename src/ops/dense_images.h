// Steps of operators over images (convolutions): the same frame around every optimized kernel.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "kernels/products.h"
#include "ops/dense_optimized.h"
#include "ops/dense_reference.h"

namespace litequant {

// The working memory for rows of a form.
template <typename Row>
Row* rows_at(const Frame& frame, size_t offset, const RowForm<Row>&) {
  return reinterpret_cast<Row*>(frame.scratch_bytes + offset);
}

// Runs `product(image, form, packed weights, epilogue)` for each image of a layer that is not float. The epilogue's
// rows are the image's output pixels.
template <typename ImageShape, typename Product>
void run_integer_images(const PackedDense& dense, const ImageShape& shape, const HybridScratch& hybrid,
                        int32_t output_channels, const Frame& frame, const Product& product) {
  const DenseLayer& layer = dense.layer();
  const DenseBatches batches = {.count = shape.batches, .elements = shape.input_pixels() * shape.input_channels};
  const DynamicScale* scales = nullptr;
  if (layer.kind == DenseKind::hybrid) {
    quantize_batches(layer, frame, 0, batches, hybrid);
    scales = hybrid.scales_of(frame);
  }
  dense.prepare(frame);
  const int16_t* weights = dense.integer_weights(frame);
  for (int64_t batch = 0; batch < shape.batches; ++batch) {
    const PackedDense::Target target = {.first_output = batch * shape.output_pixels() * output_channels,
                                        .row_stride = output_channels,
                                        .row_scales = scales == nullptr ? nullptr : scales + batch,
                                        .row_scale_stride = 0};
    const int64_t first = batch * batches.elements;
    dense.finish_with(frame, target, [&](const Epilogue& epilogue) {
      const auto multiply = [&](const auto* image, int32_t zero_point) {
        dense.multiply_with(weights, image, zero_point,
                            [&](const auto& form, const auto* packed) { product(image, form, packed, epilogue); });
      };
      switch (layer.kind) {
        case DenseKind::hybrid:
          return multiply(static_cast<const int8_t*>(hybrid.values_of(frame)) + first, scales[batch].zero_point);
        case DenseKind::uint8: return multiply(frame.in<uint8_t>(layer.data) + first, layer.data_zero);
        case DenseKind::int16: return multiply(frame.in<int16_t>(layer.data) + first, layer.data_zero);
        default: return multiply(frame.in<int8_t>(layer.data) + first, layer.data_zero);
      }
    });
  }
}

// The optimized step of a convolution or its transpose; nothing where only the plain loops serve.
template <typename ImageShape>
std::optional<Step> optimized_image_step(const NodeView& node, const DenseLayer& layer, const ImageShape& shape,
                                         const CompileOptions& options) {
  const int64_t depth = shape.depth();
  const ColumnTiles columns = {.groups = shape.groups, .group_columns = shape.group_outputs()};
  const WeightMatrices weights = {
      .matrix = convolution_weights(shape), .count = columns.groups, .stride = columns.group_columns * depth};
  ScratchLayout scratch(node);
  auto packed = PackedDense::make(layer, weights, columns, scratch);
  if (!packed) return std::nullopt;
  const auto dense = std::make_shared<const PackedDense>(std::move(*packed));
  if (dense->is_float()) {
    const size_t rows = is_image_itself(shape) ? 0 : scratch.add(strip_elements_float(depth), sizeof(float));
    const bool may_fuse = !options.reproducible;
    const auto run = [dense, shape, rows, may_fuse](const Frame& frame) {
      const int64_t image = shape.input_pixels() * shape.input_channels;
      const int64_t result = shape.output_pixels() * shape.output_channels;
      const float* weights_packed = dense->float_weights(frame);
      for (int64_t batch = 0; batch < shape.batches; ++batch) {
        convolve_float(shape, frame.in<float>(dense->layer().data) + batch * image, weights_packed,
                       dense->float_epilogue(frame), may_fuse, frame.out<float>() + batch * result,
                       reinterpret_cast<float*>(frame.scratch_bytes + rows));
      }
    };
    return Step{.run = run, .scratch_bytes = scratch.total()};
  }
  const int64_t row_elements =
      dense->is_bytes() ? convolution_elements<uint8_t>(shape) : convolution_elements<int16_t>(shape);
  const size_t rows = scratch.add(row_elements, dense->row_bytes());
  const HybridScratch hybrid = add_hybrid_scratch(
      scratch, layer, {.count = shape.batches, .elements = shape.input_pixels() * shape.input_channels});
  const auto run = [dense, shape, rows, hybrid](const Frame& frame) {
    run_integer_images(*dense, shape, hybrid, shape.output_channels, frame,
                       [&](const auto* image, const auto& form, const auto* packed, const Epilogue& epilogue) {
                         convolve_int8(shape, image, form, packed, epilogue, rows_at(frame, rows, form));
                       });
  };
  return Step{.run = run, .scratch_bytes = scratch.total()};
}

// The step of a convolution or its transpose with the kernels that the options ask for.
template <typename ImageShape, typename Loops>
Step image_step(const NodeView& node, const DenseLayer& layer, const ImageShape& shape, const CompileOptions& options,
                const Loops& loops) {
  if (options.kernels == KernelSet::optimized) {
    if (auto step = optimized_image_step(node, layer, shape, options)) return std::move(*step);
  }
  return reference_image_step(node, layer, shape, loops);
}

}  // namespace litequant
