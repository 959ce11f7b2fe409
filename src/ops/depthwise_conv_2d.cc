// DEPTHWISE_CONV_2D: input [batch, height, width, channels], weights [1, height, width, channels * multiplier], bias.
#include "kernels/depthwise_bytes.h"
#include "kernels/depthwise_float.h"
#include "kernels/depthwise_int8.h"
#include "ops/dense_images.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace litequant {
namespace {

// The multiplier follows from the shapes; files disagree with themselves in the option of that name.
DepthwiseShape depthwise_shape(const NodeView& node) {
  node.require_rank(node.input(0), "the input", 4, 4);
  node.require_rank(node.input(1), "its weights", 4, 4);
  const Shape& input = node.input(0).shape;
  const Shape& weights = node.input(1).shape;
  node.require(input[3] >= 1 && weights[3] >= 1, "channels and outputs must be at least 1");
  node.require(weights[0] == 1, "its weights ", shape_text(weights), " must begin with 1");
  node.require(weights[3] % input[3] == 0, "its ", weights[3], " outputs are no multiple of the ", input[3],
               " channels of the input");
  return {.batches = input[0],
          .window = window_of(node, input, weights[1], weights[2]),
          .input_channels = input[3],
          .multiplier = weights[3] / input[3]};
}

Shape output_shape(const DepthwiseShape& shape) {
  return {shape.batches, shape.window.height.output, shape.window.width.output, shape.output_channels()};
}

std::vector<Shape> infer(const NodeView& node) { return {output_shape(depthwise_shape(node))}; }

Step float_step(const DenseLayer& layer, const DepthwiseShape& shape, bool may_fuse) {
  const auto run = [layer, shape, may_fuse](const Frame& frame) {
    const FloatEpilogue epilogue = {.bias = layer.has_bias ? frame.in<float>(layer.bias) : nullptr,
                                    .range = layer.float_range};
    for (int64_t batch = 0; batch < shape.batches; ++batch) {
      depthwise_float(shape, frame.in<float>(layer.data) + batch * shape.input_pixels() * shape.input_channels,
                      layer.weights_of<float>(frame), epilogue, may_fuse,
                      frame.out<float>() + batch * shape.output_pixels() * shape.output_channels());
    }
  };
  return {.run = run};
}

std::optional<Step> integer_step(const NodeView& node, const DenseLayer& layer, const DepthwiseShape& shape) {
  const int64_t channels = shape.output_channels();
  const DepthwiseBytes plan = depthwise_bytes_plan(shape);
  WeightMatrices weights = {.matrix = depthwise_weights(shape), .may_be_bytes = plan.is_used};
  if constexpr (LITEQUANT_BYTE_DOT) {
    weights.pack_bytes = [&](const int8_t* values) { return pack_depthwise_bytes(shape, plan, values); };
  }
  ScratchLayout scratch(node);
  auto packed = PackedDense::make(layer, weights, {.groups = 1, .group_columns = channels}, scratch);
  if (!packed) return std::nullopt;
  const auto dense = std::make_shared<const PackedDense>(std::move(*packed));
  const DepthwiseMemory memory = depthwise_memory(shape);
  const bool is_bytes = dense->is_bytes();
  const size_t ring = scratch.add(is_bytes ? plan.quad_bytes() : memory.ring_elements(), dense->row_bytes());
  const size_t contents = scratch.add(is_bytes ? 0 : memory.ring_rows, sizeof(int32_t));
  const size_t taps = scratch.add(is_bytes ? 0 : memory.taps, sizeof(const int16_t*));
  const HybridScratch hybrid = add_hybrid_scratch(
      scratch, layer, {.count = shape.batches, .elements = shape.input_pixels() * shape.input_channels});
  const auto run = [dense, shape, plan, memory, ring, contents, taps, hybrid](const Frame& frame) {
    const auto multiply = [&]<typename Row>(const auto* image, const RowForm<Row>& form, const auto* by,
                                            const Epilogue& epilogue) {
      if constexpr (sizeof(Row) == 1) {
        depthwise_bytes(shape, plan, image, form, by, epilogue, rows_at(frame, ring, form));
      } else {
        depthwise_int8(shape, image, form, by, 0, epilogue, memory,
                       {.ring = rows_at(frame, ring, form),
                        .ring_contents = reinterpret_cast<int32_t*>(frame.scratch_bytes + contents),
                        .taps = reinterpret_cast<const int16_t**>(frame.scratch_bytes + taps)});
      }
    };
    run_integer_images(*dense, shape, hybrid, shape.output_channels(), frame, multiply);
  };
  return Step{.run = run, .scratch_bytes = scratch.total()};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  const DepthwiseShape shape = depthwise_shape(node);
  node.require(node.output(0).shape == output_shape(shape), "the shape of its output is not what its inputs give");
  DenseLayer layer = dense_layer(node, {.channels = shape.output_channels(), .weight_axis = 3});
  layer.asymmetric = true;
  if (options.kernels == KernelSet::optimized) {
    if (layer.kind == DenseKind::float32) return float_step(layer, shape, !options.reproducible);
    if (auto step = integer_step(node, layer, shape)) return std::move(*step);
  }
  return reference_image_step(node, layer, shape, [](const auto& s, auto sum, auto... rest) {
    reference::depthwise<decltype(sum)>(s, rest...);
  });
}

double operations(const NodeView& node) { return visits(node.output(0).shape) * visits(node.input(1).shape, 1, 3); }

int version(const NodeView& node) {
  const DataType data = node.input(0).type, weights = node.input(1).type;
  if (data == DataType::int16 && weights == DataType::int16) return 5;
  if (data == DataType::float32 && weights == DataType::int8) {
    return node.input(1).quantization().is_per_channel() ? 6 : 4;
  }
  if (data == DataType::int8 && weights == DataType::int8) return 3;
  if (data == DataType::int8 && weights == DataType::int4) return 7;
  const Options& options = node.options();
  const bool is_dilated = options.integer("dilation_w_factor", 1) != 1 || options.integer("dilation_h_factor", 1) != 1;
  return is_dilated && data != DataType::int16 ? 2 : 1;
}

constexpr QuantRule kQuant = {.roles = {Role::data, Role::weight, Role::bias},
                              .output = OutputRule::free,
                              .weight_axis = 3,
                              .int8 = true,
                              .int16 = true,
                              .hybrid = true};

}  // namespace

extern const OpDef kDepthwiseConv2D;
const OpDef kDepthwiseConv2D = {.code = OpCode::depthwise_conv_2d,
                                .types = kFloatAndInt16,
                                .hybrid = true,
                                .infer = infer,
                                .compile = compile,
                                .quant = kQuant,
                                .version = version,
                                .operations = operations};

}  // namespace litequant
