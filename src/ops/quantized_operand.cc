#include "ops/quantized_operand.h"

#include <cmath>

namespace litequant {

IntegerRange stored_range(DataType type) {
  switch (type) {
    case DataType::uint8: return range_of<uint8_t>();
    case DataType::int16: return range_of<int16_t>();
    case DataType::int32: return range_of<int32_t>();
    default: return range_of<int8_t>();
  }
}

Affine affine_of(const NodeView& node, const Operand& operand, std::string_view what) {
  const Quantization& quantization = operand.quantization();
  node.require(!quantization.scale.empty(), what, " is ", data_type_name(operand.type),
               " without quantization parameters");
  node.require(quantization.scale.size() == 1 && quantization.zero_point.size() <= 1, what,
               " must have one scale and zero point for the whole tensor");
  const float scale = quantization.scale[0];
  node.require(std::isfinite(scale) && scale >= 0, "the scale ", scale, " of ", what, " is not a positive number");
  const int64_t zero_point = quantization.zero_point.empty() ? 0 : quantization.zero_point[0];
  const IntegerRange range = stored_range(operand.type);
  node.require(zero_point >= range.low && zero_point <= range.high, "the zero point ", zero_point, " of ", what,
               " is outside ", data_type_name(operand.type));
  return {scale, static_cast<int32_t>(zero_point)};
}

Affine divisor_affine_of(const NodeView& node, const Operand& operand, std::string_view what) {
  const Affine affine = affine_of(node, operand, what);
  node.require(affine.scale > 0, "the scale of ", what, " is 0");
  return affine;
}

void require_symmetric_int16(const NodeView& node, const Operand& operand, const Affine& affine,
                             std::string_view what) {
  node.require(operand.type != DataType::int16 || affine.zero_point == 0, "the zero point of ", what, " is ",
               affine.zero_point, "; INT16 must have 0");
}

FixedMultiplier multiplier_of(const NodeView& node, double real) {
  node.require(std::isfinite(real), "the scales are too far apart");
  return fixed_multiplier(real);
}

}  // namespace litequant
