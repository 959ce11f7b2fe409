#include "ops/dense_layer.h"

#include <cmath>
#include <limits>

#include "ops/window.h"

namespace litequant {
namespace {

constexpr int64_t kLargestScratch = int64_t{1} << 30;

DenseKind kind_of(const NodeView& node, const DenseOperands& operands) {
  const DataType data = node.input(operands.data).type;
  const DataType weights = node.input(operands.weights).type;
  const DataType result = node.output(0).type;
  const bool is_int8_weights = weights == DataType::int8 || weights == DataType::int4;
  const bool is_product = operands.rule == ScaleRule::matrix_product;
  switch (data) {
    case DataType::float32:
      if (result != DataType::float32) node.fail_type();
      if (weights == DataType::float32) return DenseKind::float32;
      if (is_int8_weights) return DenseKind::hybrid;
      break;
    case DataType::int8:
      if (is_int8_weights && (result == DataType::int8 || (is_product && result == DataType::int32))) {
        return DenseKind::int8;
      }
      break;
    case DataType::uint8:
      if (weights == DataType::uint8 && result == DataType::uint8) return DenseKind::uint8;
      break;
    case DataType::int16:
      if (result != DataType::int16) node.fail_type();
      if (is_int8_weights) return DenseKind::int16;
      if (weights == DataType::int16 && operands.rule != ScaleRule::convolution) return DenseKind::int16_both;
      break;
    default: break;
  }
  node.fail_type();
}

// The scales of the weights, one per channel or one for all, and their zero point.
struct WeightScales {
  std::vector<float> scales;  // [1] or [channels]
  int32_t zero_point = 0;
};

WeightScales weight_scales(const NodeView& node, const DenseOperands& operands, DenseKind kind) {
  const Operand& weights = node.input(operands.weights);
  const Quantization& quantization = weights.quantization();
  if (!quantization.details.empty() && !quantization.is_quantized()) {
    node.fail(ErrorCode::unsupported_operator,
              {"weights quantized by ", quantization.details.table(), " are not executed"});
  }
  if (!quantization.is_per_channel()) {
    const TensorScale scale = tensor_scale(node, weights, "the weights");
    const bool is_zero_ignored = kind == DenseKind::hybrid || operands.rule == ScaleRule::convolution;
    node.require(kind == DenseKind::uint8 || !is_zero_ignored || scale.zero_point == 0,
                 "the zero point of its int8 weights must be 0");
    return {.scales = {scale.scale}, .zero_point = scale.zero_point};
  }
  if (kind == DenseKind::uint8 || operands.rule == ScaleRule::matrix_product) {
    if (kind != DenseKind::hybrid && kind != DenseKind::int16) {
      node.fail(ErrorCode::unsupported_operator,
                {"weights with one scale per channel are not executed for these types"});
    }
  }
  node.require(quantization.scale.size() == static_cast<size_t>(operands.channels), "its weights have ",
               quantization.scale.size(), " scales for ", operands.channels, " channels");
  node.require(quantization.axis == operands.weight_axis, "the scales of its weights lie along dimension ",
               quantization.axis, ", needs ", operands.weight_axis);
  for (const float scale : quantization.scale) {
    node.require(std::isfinite(scale) && scale >= 0, "a scale of its weights is negative or not finite");
  }
  for (const int64_t zero_point : quantization.zero_point) {
    node.require(zero_point == 0, "the zero points of its weights per channel must be 0");
  }
  return {.scales = quantization.scale, .zero_point = 0};
}

// Constants must hold as many bytes as their shape says: the kernels read them blindly.
void require_whole(const NodeView& node, const Operand& operand, std::string_view what) {
  if (operand.tensor->sparsity && operand.has_value) {
    node.fail(ErrorCode::unsupported_operator, {what, " are stored sparse, which is not executed"});
  }
  if (!operand.has_value) return;
  node.require(operand.constant.size() >= stored_bytes(operand.type, operand.shape.count()), what,
               " hold fewer bytes than their shape ", shape_text(operand.shape), " needs");
}

std::vector<int8_t> unpack_int4(std::span<const std::byte> packed, int64_t count) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto pair = static_cast<uint8_t>(packed[i / 2]);
    const auto high = static_cast<int8_t>(i % 2 == 0 ? pair << 4 : pair & 0xf0);
    values[i] = static_cast<int8_t>(high >> 4);
  }
  return values;
}

void add_weights(const NodeView& node, const DenseOperands& operands, DenseLayer& layer) {
  const Operand& weights = node.input(operands.weights);
  require_whole(node, weights, "its weights");
  if (weights.type == DataType::int4) {
    if (!weights.has_value) node.fail(ErrorCode::unsupported_operator, {"4-bit weights must be constant"});
    layer.unpacked_weights =
        std::make_shared<const std::vector<int8_t>>(unpack_int4(weights.constant, weights.shape.count()));
    layer.constant_weights = std::as_bytes(std::span(*layer.unpacked_weights));
  } else if (weights.has_value) {
    layer.constant_weights = weights.constant;
  }
}

void add_bias(const NodeView& node, const DenseOperands& operands, DenseLayer& layer) {
  layer.has_bias = operands.has_bias_operand && node.has_input(operands.bias);
  const bool is_float = layer.kind == DenseKind::float32 || layer.kind == DenseKind::hybrid;
  const bool is_int16 = layer.kind == DenseKind::int16 || layer.kind == DenseKind::int16_both;
  layer.wide_accumulator = is_int16;
  if (!layer.has_bias) return;
  const Operand& bias = node.input(operands.bias);
  const bool fits = is_float   ? bias.type == DataType::float32
                    : is_int16 ? bias.type == DataType::int64 || bias.type == DataType::int32
                               : bias.type == DataType::int32;
  if (!fits) node.fail_type();
  require_whole(node, bias, "its biases");
  node.require(bias.shape.count() == operands.channels, "its bias ", shape_text(bias.shape), " must have ",
               operands.channels, " elements");
  layer.bias_type = bias.type;
  if (bias.has_value) layer.constant_bias = bias.constant;
  // The format's own statement that int32 accumulators are meant.
  const bool is_narrow = node.options().integer("quantized_bias_type") == static_cast<int64_t>(DataType::int32);
  if (is_int16 && bias.type == DataType::int32 && is_narrow && operands.rule == ScaleRule::convolution) {
    layer.wide_accumulator = false;
  }
}

void add_integer_scales(const NodeView& node, const DenseOperands& operands, DenseLayer& layer) {
  const WeightScales weights = weight_scales(node, operands, layer.kind);
  const TensorScale input = tensor_scale(node, node.input(operands.data), "the input");
  layer.data_zero = input.zero_point;
  layer.weight_zero = weights.zero_point;
  if (layer.kind == DenseKind::int16 || layer.kind == DenseKind::int16_both) {
    node.require(layer.data_zero == 0 && layer.weight_zero == 0, "the zero points of its INT16 operands must be 0");
  }
  const Operand& result = node.output(0);
  if (result.type == DataType::int32) {
    layer.raw_output = true;
    return;
  }
  const TensorScale output = tensor_scale(node, result, "the output");
  node.require(output.scale > 0, "the scale of the output must be above 0");
  const bool is_int16 = result.type == DataType::int16;
  node.require(!is_int16 || output.zero_point == 0, "the zero point of its INT16 output must be 0");
  const IntegerRange whole = is_int16                         ? range_of<int16_t>()
                             : result.type == DataType::uint8 ? range_of<uint8_t>()
                                                              : range_of<int8_t>();
  const Activation activation = fused_activation(node);
  const IntegerRange range = activation_range(activation, output.scale, output.zero_point, whole);
  // A range that the activation leaves empty: everything becomes its upper end.
  const IntegerRange held = {std::min(range.low, range.high), range.high};

  layer.is_real_scale = operands.rule == ScaleRule::fully_connected && layer.kind != DenseKind::int16_both;
  layer.real_scale = {.factors = {}, .zero_point = output.zero_point, .range = held};
  layer.fixed_scale = {.multipliers = {}, .zero_point = output.zero_point, .range = held};
  const bool is_float_product = operands.rule == ScaleRule::matrix_product ||
                                (operands.rule == ScaleRule::convolution && layer.kind == DenseKind::uint8);
  for (int32_t channel = 0; channel < operands.channels; ++channel) {
    const float scale = weights.scales[weights.scales.size() > 1 ? static_cast<size_t>(channel) : 0];
    double product = static_cast<double>(input.scale) * static_cast<double>(scale);
    if (is_float_product) product = static_cast<double>(input.scale * scale);
    const double factor = product / static_cast<double>(output.scale);
    node.require(std::isfinite(factor), "the product of its scales is not finite");
    if (layer.is_real_scale) {
      layer.real_scale.factors.push_back(factor);
    } else {
      const FixedMultiplier multiplier = fixed_multiplier(factor);
      // Beyond this the 64-bit scaling of the format's arithmetic is not defined.
      node.require(!layer.wide_accumulator || multiplier.shift < 8, "the product of its scales is too large");
      layer.fixed_scale.multipliers.push_back(multiplier);
    }
  }
}

}  // namespace

TensorScale tensor_scale(const NodeView& node, const Operand& operand, std::string_view what) {
  const Quantization& quantization = operand.quantization();
  node.require(quantization.scale.size() == 1, what, " must have one scale, found ", quantization.scale.size());
  const float scale = quantization.scale[0];
  node.require(std::isfinite(scale) && scale >= 0, "the scale of ", what, " is negative or not finite");
  const int64_t zero_point = quantization.zero_point.empty() ? 0 : quantization.zero_point[0];
  IntegerRange range = range_of<int8_t>();
  if (operand.type == DataType::uint8) range = range_of<uint8_t>();
  if (operand.type == DataType::int16) range = range_of<int16_t>();
  node.require(zero_point >= range.low && zero_point <= range.high, "the zero point ", zero_point, " of ", what,
               " is outside its element type");
  return {.scale = scale, .zero_point = static_cast<int32_t>(zero_point)};
}

DenseLayer dense_layer(const NodeView& node, const DenseOperands& operands) {
  DenseLayer layer;
  layer.kind = kind_of(node, operands);
  layer.data = operands.data;
  layer.weights = operands.weights;
  layer.bias = operands.bias;
  layer.channels = operands.channels;
  add_weights(node, operands, layer);
  add_bias(node, operands, layer);
  const Activation activation = fused_activation(node);
  layer.float_range = activation_range(activation);
  if (layer.kind == DenseKind::hybrid) {
    WeightScales weights = weight_scales(node, operands, layer.kind);
    if (weights.scales.size() == 1) weights.scales.resize(static_cast<size_t>(operands.channels), weights.scales[0]);
    layer.hybrid_scale = {
        .weight_scales = std::move(weights.scales), .weight_first = false, .range = layer.float_range};
  } else if (layer.kind != DenseKind::float32) {
    add_integer_scales(node, operands, layer);
  }
  return layer;
}

size_t ScratchLayout::add(int64_t count, size_t element_bytes) {
  const int64_t room = kLargestScratch - total_;
  if (count > room / static_cast<int64_t>(element_bytes)) {
    node_->fail(ErrorCode::too_large, {"needs working memory for ", count, " elements"});
  }
  const auto offset = static_cast<size_t>(total_);
  total_ = (total_ + count * static_cast<int64_t>(element_bytes) + 15) / 16 * 16;
  return offset;
}

HybridScratch add_hybrid_scratch(ScratchLayout& layout, const DenseLayer& layer, const DenseBatches& batches) {
  if (layer.kind != DenseKind::hybrid) return {};
  const size_t values = layout.add(batches.count * batches.elements, sizeof(int8_t));
  return {.values = values, .scales = layout.add(batches.count, sizeof(DynamicScale))};
}

void quantize_batches(const DenseLayer& layer, const Frame& frame, int64_t first, const DenseBatches& batches,
                      const HybridScratch& scratch) {
  const float* values = frame.in<float>(layer.data) + first;
  int8_t* quantized = scratch.values_of(frame);
  for (int64_t batch = 0; batch < batches.count; ++batch) {
    const std::span<const float> row(values + batch * batches.elements, static_cast<size_t>(batches.elements));
    int8_t* target = quantized + batch * batches.elements;
    scratch.scales_of(frame)[batch] =
        layer.asymmetric ? quantize_asymmetric(row, target) : quantize_symmetric(row, target);
  }
}

}  // namespace litequant
