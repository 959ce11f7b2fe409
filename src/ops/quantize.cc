// QUANTIZE: real numbers to stored integers, or stored integers to those of another scale.
#include "kernels/quantize.h"

#include "kernels/reference/activation.h"
#include "ops/channel_quantization.h"
#include "ops/quantized_operand.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

template <typename T>
Step from_float_step(const NodeView& node, const CompileOptions& options) {
  ChannelQuantization as = channel_quantization_of(node, node.output(0), "the output", true);
  const bool is_reference = options.kernels == KernelSet::reference;
  return {.run = [as = std::move(as), is_reference](const Frame& frame) {
    const float* x = frame.in<float>(0);
    T* result = frame.out<T>();
    for (int64_t outer = 0; outer < as.outer; ++outer) {
      for (const Affine& channel : as.channels) {
        if (is_reference) {
          for (int64_t i = 0; i < as.inner; ++i) result[i] = static_cast<T>(quantize(x[i], channel, range_of<T>()));
        } else {
          quantize_elements(x, result, as.inner, channel);
        }
        x += as.inner;
        result += as.inner;
      }
    }
  }};
}

template <typename In, typename Out>
Step rescale_step(const NodeView& node) {
  const Affine in = affine_of(node, node.input(0), "the input");
  const Affine out = divisor_affine_of(node, node.output(0), "the output");
  const reference::Rescale rescale = {
      .zero_in = in.zero_point,
      .by = multiplier_of(node, static_cast<double>(in.scale) / static_cast<double>(out.scale)),
      .zero_out = out.zero_point,
      .range = range_of<Out>()};
  if constexpr (sizeof(In) == 1 && sizeof(Out) == 1) {
    return byte_table_step(node, make_byte_table(std::is_signed_v<In>, stored_function<reference::Rescale>, &rescale));
  }
  return unary_step<In, Out>(node, rescale);
}

Step compile_quantize(const NodeView& node, const CompileOptions& options) {
  const DataType from = node.input(0).type, to = node.output(0).type;
  switch (from) {
    case DataType::float32:
      if (to == DataType::int8) return from_float_step<int8_t>(node, options);
      if (to == DataType::uint8) return from_float_step<uint8_t>(node, options);
      if (to == DataType::int16) return from_float_step<int16_t>(node, options);
      break;
    case DataType::int8:
      if (to == DataType::int8) return rescale_step<int8_t, int8_t>(node);
      if (to == DataType::uint8) return rescale_step<int8_t, uint8_t>(node);
      break;
    case DataType::uint8:
      if (to == DataType::int8) return rescale_step<uint8_t, int8_t>(node);
      if (to == DataType::uint8) return rescale_step<uint8_t, uint8_t>(node);
      break;
    case DataType::int32:
      if (to == DataType::int8) return rescale_step<int32_t, int8_t>(node);
      if (to == DataType::int16) return rescale_step<int32_t, int16_t>(node);
      break;
    default:
      if (to == DataType::int8) return rescale_step<int16_t, int8_t>(node);
      if (to == DataType::int16) return rescale_step<int16_t, int16_t>(node);
      if (to == DataType::int32) return rescale_step<int16_t, int32_t>(node);
      break;
  }
  node.fail_type();
}

int version_quantize(const NodeView& node) {
  if (node.output(0).quantization().is_per_channel()) return 3;
  return node.output(0).type == DataType::int16 ? 2 : 1;
}

}  // namespace

extern const OpDef kQuantize;
const OpDef kQuantize = {.code = OpCode::quantize,
                         .types = kFloatAndInt16 | types(DataType::int32),
                         .infer = infer_same_shape,
                         .compile = compile_quantize,
                         .version = version_quantize};

}  // namespace litequant
