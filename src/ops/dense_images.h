// Steps of operators over images (convolutions): the same frame around every optimized kernel.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "kernels/products.h"
#include "ops/dense_optimized.h"
#include "ops/dense_reference.h"

namespace litequant {

// Runs `product(image, zero_point, epilogue)` for each image of a layer that is not float. The epilogue's rows are the
// image's output pixels.
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
  for (int64_t batch = 0; batch < shape.batches; ++batch) {
    const PackedDense::Target target = {.first_output = batch * shape.output_pixels() * output_channels,
                                        .row_stride = output_channels,
                                        .row_scales = scales == nullptr ? nullptr : scales + batch,
                                        .row_scale_stride = 0};
    const int64_t first = batch * batches.elements;
    dense.finish_with(frame, target, [&](const Epilogue& epilogue) {
      switch (layer.kind) {
        case DenseKind::hybrid: return product(hybrid.values_of(frame) + first, scales[batch].zero_point, epilogue);
        case DenseKind::uint8: return product(frame.in<uint8_t>(layer.data) + first, layer.data_zero, epilogue);
        case DenseKind::int16: return product(frame.in<int16_t>(layer.data) + first, layer.data_zero, epilogue);
        default: return product(frame.in<int8_t>(layer.data) + first, layer.data_zero, epilogue);
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
  const size_t rows = scratch.add(convolution_elements(shape), sizeof(int16_t));
  const HybridScratch hybrid = add_hybrid_scratch(
      scratch, layer, {.count = shape.batches, .elements = shape.input_pixels() * shape.input_channels});
  const auto run = [dense, shape, rows, hybrid](const Frame& frame) {
    const int16_t* weights_packed = dense->integer_weights(frame);
    run_integer_images(*dense, shape, hybrid, shape.output_channels, frame,
                       [&](const auto* image, int32_t zero_point, const Epilogue& epilogue) {
                         convolve_int8(shape, image, zero_point, weights_packed, epilogue,
                                       reinterpret_cast<int16_t*>(frame.scratch_bytes + rows));
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
