#include "ops/channel_quantization.h"

#include <cmath>

#include "ops/quantized_operand.h"

namespace litequant {

ChannelQuantization channel_quantization_of(const NodeView& node, const Operand& operand, std::string_view what,
                                            bool divides) {
  const Quantization& quantization = operand.quantization();
  const std::vector<float>& scales = quantization.scale;
  const std::vector<int64_t>& zero_points = quantization.zero_point;
  node.require(!scales.empty(), what, " is ", data_type_name(operand.type), " without quantization parameters");
  ChannelQuantization result;
  if (scales.size() == 1) {
    result.inner = operand.shape.count();
  } else {
    const int axis = node.axis(quantization.axis, operand.shape.rank());
    node.require(static_cast<size_t>(operand.shape[axis]) == scales.size(), what, " has ", scales.size(),
                 " scales for a dimension of ", operand.shape[axis]);
    result.outer = operand.shape.count(0, axis);
    result.inner = operand.shape.count(axis + 1, operand.shape.rank());
  }
  node.require(zero_points.size() <= 1 || zero_points.size() == scales.size(), what, " has ", scales.size(),
               " scales and ", zero_points.size(), " zero points");
  const IntegerRange range = stored_range(operand.type);
  for (size_t i = 0; i < scales.size(); ++i) {
    node.require(std::isfinite(scales[i]) && (divides ? scales[i] > 0 : scales[i] >= 0), "the scale ", scales[i],
                 " of ", what, " is not a positive number");
    const int64_t zero_point = zero_points.empty() ? 0 : zero_points[zero_points.size() == 1 ? 0 : i];
    node.require(zero_point >= range.low && zero_point <= range.high, "the zero point ", zero_point, " of ", what,
                 " is outside ", data_type_name(operand.type));
    result.channels.push_back({scales[i], static_cast<int32_t>(zero_point)});
  }
  return result;
}

}  // namespace litequant
