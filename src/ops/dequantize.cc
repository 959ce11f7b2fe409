// DEQUANTIZE: stored integers and half-precision numbers to float.
#include "base/half.h"
#include "kernels/quantize.h"
#include "ops/channel_quantization.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

template <typename T>
Step from_stored_step(const NodeView& node) {
  ChannelQuantization as = channel_quantization_of(node, node.input(0), "the input", false);
  return {.run = [as = std::move(as)](const Frame& frame) {
    const T* x = frame.in<T>(0);
    float* result = frame.out<float>();
    for (int64_t outer = 0; outer < as.outer; ++outer) {
      for (const Affine& channel : as.channels) {
        dequantize_elements(x, result, as.inner, channel);
        x += as.inner;
        result += as.inner;
      }
    }
  }};
}

// Two values in a byte, the first in the lower half.
template <bool kIsSigned>
Step from_nibbles_step(const NodeView& node) {
  ChannelQuantization as = channel_quantization_of(node, node.input(0), "the input", false);
  return {.run = [as = std::move(as)](const Frame& frame) {
    const auto* x = frame.in<uint8_t>(0);
    float* result = frame.out<float>();
    int64_t element = 0;
    for (int64_t outer = 0; outer < as.outer; ++outer) {
      for (const Affine& channel : as.channels) {
        for (int64_t i = 0; i < as.inner; ++i, ++element) {
          const int32_t nibble = x[element / 2] >> (element % 2 * 4) & 15;
          result[element] = channel.real(kIsSigned && nibble >= 8 ? nibble - 16 : nibble);
        }
      }
    }
  }};
}

Step compile_dequantize(const NodeView& node, const CompileOptions&) {
  if (node.output(0).type != DataType::float32) node.fail_type();
  switch (node.input(0).type) {
    case DataType::int8: return from_stored_step<int8_t>(node);
    case DataType::uint8: return from_stored_step<uint8_t>(node);
    case DataType::int16: return from_stored_step<int16_t>(node);
    case DataType::int4: return from_nibbles_step<true>(node);
    case DataType::uint4: return from_nibbles_step<false>(node);
    default: return unary_step<uint16_t, float>(node, half_to_float);
  }
}

int version_dequantize(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::int16:
    case DataType::float16: return 3;
    case DataType::int4: return 6;
    case DataType::uint4: return 8;
    case DataType::int8: return node.input(0).quantization().is_per_channel() ? 5 : 2;
    default: return 1;
  }
}

}  // namespace

extern const OpDef kDequantize;
const OpDef kDequantize = {.code = OpCode::dequantize,
                           .types = types(DataType::float16, DataType::int8, DataType::uint8, DataType::int16,
                                          DataType::int4, DataType::uint4),
                           .infer = infer_same_shape,
                           .compile = compile_dequantize,
                           .version = version_dequantize};

}  // namespace litequant
