// Runs the plain loops of kernels/reference for any dense operator: chooses element types, accumulator and epilogue.
#pragma once

#include <cstdint>

#include "kernels/reference/dense.h"
#include "ops/dense_layer.h"
#include "ops/dense_matrices.h"

namespace litequant {

// `loops(accumulator_tag, input, zero, weights, weight_zero, output, finish)` is one of the functions of
// kernels/reference with its shape bound; `first` is where the operands begin (BATCH_MATMUL walks through its batches).
template <typename Loops>
void run_reference(const DenseLayer& layer, const Frame& frame, const DenseBatches& batches,
                   const HybridScratch& hybrid, const DenseOffsets& first, const Loops& loops) {
  const auto run_integer = [&]<typename Accumulator, typename Data, typename Weight, typename Output>(
                               Accumulator accumulator_tag, Data, Weight, Output) {
    const auto biased = [&](Accumulator sum, int64_t channel) {
      if (!layer.has_bias) return sum;
      const auto c = static_cast<size_t>(channel);
      if (layer.bias_type == DataType::int64) {
        const auto wide = static_cast<uint64_t>(sum) + static_cast<uint64_t>(frame.in<int64_t>(layer.bias)[c]);
        return static_cast<Accumulator>(wide);
      }
      return static_cast<Accumulator>(static_cast<uint64_t>(sum) +
                                      static_cast<uint64_t>(int64_t{frame.in<int32_t>(layer.bias)[c]}));
    };
    loops(
        accumulator_tag, frame.in<Data>(layer.data) + first.data, [&](int64_t) { return layer.data_zero; },
        layer.weights_of<Weight>(frame) + first.weights, layer.weight_zero, frame.out<Output>() + first.output,
        [&](int64_t, int64_t channel, Accumulator sum) {
          const Accumulator total = biased(sum, channel);
          const auto c = static_cast<size_t>(channel);
          return static_cast<Output>(layer.is_real_scale ? layer.real_scale.apply(total, c)
                                                         : layer.fixed_scale.apply(total, c));
        });
  };

  switch (layer.kind) {
    case DenseKind::float32:
      loops(
          float{}, frame.in<float>(layer.data) + first.data, [](int64_t) { return 0.0f; },
          layer.weights_of<float>(frame) + first.weights, 0.0f, frame.out<float>() + first.output,
          [&](int64_t, int64_t channel, float sum) {
            return clamp(layer.has_bias ? sum + frame.in<float>(layer.bias)[channel] : sum, layer.float_range);
          });
      break;
    case DenseKind::hybrid: {
      quantize_batches(layer, frame, first.data, batches, hybrid);
      const int8_t* quantized = hybrid.values_of(frame);
      const DynamicScale* scales = hybrid.scales_of(frame);
      loops(
          int32_t{}, quantized, [&](int64_t batch) { return scales[batch].zero_point; },
          layer.weights_of<int8_t>(frame) + first.weights, int32_t{0}, frame.out<float>() + first.output,
          [&](int64_t batch, int64_t channel, int32_t sum) {
            const float real = layer.hybrid_scale.apply(sum, scales[batch].scale, static_cast<size_t>(channel));
            return clamp(layer.has_bias ? real + frame.in<float>(layer.bias)[channel] : real, layer.float_range);
          });
      break;
    }
    case DenseKind::int8:
      if (layer.raw_output) {
        loops(
            int32_t{}, frame.in<int8_t>(layer.data) + first.data, [&](int64_t) { return layer.data_zero; },
            layer.weights_of<int8_t>(frame) + first.weights, layer.weight_zero, frame.out<int32_t>() + first.output,
            [](int64_t, int64_t, int32_t sum) { return sum; });
      } else {
        run_integer(int32_t{}, int8_t{}, int8_t{}, int8_t{});
      }
      break;
    case DenseKind::uint8: run_integer(int32_t{}, uint8_t{}, uint8_t{}, uint8_t{}); break;
    case DenseKind::int16:
      if (layer.wide_accumulator) {
        run_integer(int64_t{}, int16_t{}, int8_t{}, int16_t{});
      } else {
        run_integer(int32_t{}, int16_t{}, int8_t{}, int16_t{});
      }
      break;
    case DenseKind::int16_both: run_integer(int64_t{}, int16_t{}, int16_t{}, int16_t{}); break;
  }
}

// The step of an operator over images; `loops` as above, with the shape as its first argument.
template <typename ImageShape, typename Loops>
Step reference_image_step(const NodeView& node, const DenseLayer& layer, const ImageShape& shape, const Loops& loops) {
  const DenseBatches batches = {.count = shape.batches, .elements = shape.input_pixels() * shape.input_channels};
  ScratchLayout scratch(node);
  const HybridScratch hybrid = add_hybrid_scratch(scratch, layer, batches);
  const auto run = [layer, shape, batches, hybrid, loops](const Frame& frame) {
    run_reference(layer, frame, batches, hybrid, {}, [&](auto... operands) { loops(shape, operands...); });
  };
  return {.run = run, .scratch_bytes = scratch.total()};
}

}  // namespace litequant
