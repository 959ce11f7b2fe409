#include "quantize/parameters.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace litequant {
namespace {

// A range this narrow gives scales so small that integer arithmetic overflows.
constexpr double kNearZero = 1e-6;
constexpr int32_t kBiasLimit = std::numeric_limits<int32_t>::max() / 2;

Parameters parameters_of_range(double min, double max) {
  float scale = (static_cast<float>(max) - static_cast<float>(min)) / 255.0f;
  if (!std::isfinite(scale)) scale = static_cast<float>((max - min) / 255.0);  // the width itself overflowed
  const auto zero_point = static_cast<float>(-128.0 - min / static_cast<double>(scale));
  if (!(zero_point > -128.0f)) return {scale, -128};
  if (zero_point > 127.0f) return {scale, 127};
  return {scale, static_cast<int32_t>(std::round(zero_point))};
}

// Calls visit(element, channel) in order.
template <typename Visit>
void for_each_weight(std::span<const float> weights, ChannelLayout layout, Visit visit) {
  int64_t channel = 0, inside = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    visit(i, static_cast<size_t>(channel));
    if (++inside < layout.inner) continue;
    inside = 0;
    if (++channel == layout.channels) channel = 0;
  }
}

// Per channel; one whose double is not above `least` counts as 5e-7, which gives a scale that arithmetic survives.
std::vector<float> largest_magnitudes(std::span<const float> weights, ChannelLayout layout, double least = kNearZero) {
  std::vector<float> largest(static_cast<size_t>(layout.channels), 0.0f);
  for_each_weight(weights, layout, [&](size_t i, size_t channel) {
    largest[channel] = std::max(largest[channel], std::abs(weights[i]));
  });
  for (float& magnitude : largest) {
    if (!(static_cast<double>(magnitude) * 2 > least)) magnitude = static_cast<float>(kNearZero / 2);
  }
  return largest;
}

template <typename Q>
std::vector<Q> stored_values(std::span<const float> values, Parameters parameters) {
  constexpr double kLeast = std::numeric_limits<Q>::min(), kMost = std::numeric_limits<Q>::max();
  std::vector<Q> quantized(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double steps = static_cast<double>(values[i]) / static_cast<double>(parameters.scale) + parameters.zero_point;
    quantized[i] = static_cast<Q>(std::clamp(std::round(steps), kLeast, kMost));
  }
  return quantized;
}

float reciprocal(float scale) { return scale == 0 ? 0.0f : static_cast<float>(1.0 / static_cast<double>(scale)); }

}  // namespace

Parameters activation_parameters(float min, float max) {
  double low = std::min(static_cast<double>(min), 0.0);
  double high = std::max(static_cast<double>(max), 0.0);
  if (high - low < kNearZero) {
    low -= kNearZero;
    high += kNearZero;
  }
  return parameters_of_range(low, high);
}

Parameters constant_parameters(std::span<const float> values) {
  double low = 0, high = 0;
  for (const float value : values) {
    low = std::min(low, static_cast<double>(value));
    high = std::max(high, static_cast<double>(value));
  }
  if (!(high - low > kNearZero)) {
    low = std::min(low, -kNearZero / 2);
    high = std::max(high, kNearZero / 2);
  }
  return parameters_of_range(low, high);
}

Parameters symmetric_activation_parameters(float min, float max) {
  const float magnitude = std::max({std::abs(min), std::abs(max), static_cast<float>(kNearZero)});
  return {magnitude / 127.0f, 0};
}

Parameters int16_parameters(float min, float max) {
  const float magnitude = std::max({std::abs(min), std::abs(max), static_cast<float>(kNearZero)});
  return {magnitude / 32767.0f, 0};
}

Range range_with_zero(std::span<const float> values) {
  Range range;
  for (const float value : values) {
    range.min = std::min(range.min, value);
    range.max = std::max(range.max, value);
  }
  return range;
}

std::vector<int8_t> quantize_values(std::span<const float> values, Parameters parameters) {
  return stored_values<int8_t>(values, parameters);
}

std::vector<int16_t> quantize_values_int16(std::span<const float> values, Parameters parameters) {
  return stored_values<int16_t>(values, parameters);
}

ChannelLayout channel_layout(std::span<const int32_t> dims, int axis) {
  ChannelLayout layout;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (axis < 0 || static_cast<int>(i) > axis) layout.inner *= dims[i];
  }
  if (axis >= 0) layout.channels = dims[static_cast<size_t>(axis)];
  layout.inner = std::max<int64_t>(layout.inner, 1);
  return layout;
}

std::vector<float> weight_scales(std::span<const float> weights, ChannelLayout layout) {
  std::vector<float> scales = largest_magnitudes(weights, layout);
  for (float& scale : scales) {
    const float width = scale + scale;
    scale = std::isfinite(width) ? width / 254.0f : scale / 127.0f;
  }
  return scales;
}

std::vector<int8_t> quantize_weights(std::span<const float> weights, ChannelLayout layout,
                                     std::span<const float> scale) {
  std::vector<float> factors(scale.size());
  std::transform(scale.begin(), scale.end(), factors.begin(), reciprocal);
  if (scale.size() == 1 && layout.channels == 1) {
    float largest = 0;
    for (const float weight : weights) largest = std::max(largest, std::abs(weight));
    // A scale that was widened for the bias no longer is the weights' own.
    const bool is_own = weight_scales(weights, layout)[0] == scale[0];
    if (is_own && largest > 0) factors[0] = 127.0f / largest;
  }
  std::vector<int8_t> quantized(weights.size());
  for_each_weight(weights, layout, [&](size_t i, size_t channel) {
    const float steps = std::round(weights[i] * factors[channel]);
    quantized[i] = static_cast<int8_t>(std::clamp(steps, -127.0f, 127.0f));
  });
  return quantized;
}

QuantizedWeights quantize_hybrid_weights(std::span<const float> weights, ChannelLayout layout) {
  std::vector<double> scales;
  for (const float magnitude : largest_magnitudes(weights, layout)) {
    scales.push_back(static_cast<double>(magnitude) * 2 / 254);
  }
  QuantizedWeights quantized;
  for (const double scale : scales) quantized.scale.push_back(static_cast<float>(scale));
  quantized.values.resize(weights.size());
  for_each_weight(weights, layout, [&](size_t i, size_t channel) {
    const double steps = std::round(static_cast<double>(weights[i]) / scales[channel]);
    quantized.values[i] = static_cast<int8_t>(std::clamp(steps, -127.0, 127.0));
  });
  return quantized;
}

std::vector<int8_t> quantize_weights_on(std::span<const float> weights, ChannelLayout layout,
                                        std::span<const float> scale) {
  std::vector<int8_t> quantized(weights.size());
  for_each_weight(weights, layout, [&](size_t i, size_t channel) {
    const float own = scale[scale.size() == 1 ? 0 : channel];
    const double steps = std::round(static_cast<double>(weights[i]) / static_cast<double>(own));
    quantized[i] = static_cast<int8_t>(std::clamp(steps, -128.0, 127.0));
  });
  return quantized;
}

std::vector<float> bias_scales(std::span<const float> bias, float input_scale, std::span<float> weight_scale) {
  std::vector<float> scales(weight_scale.size());
  const bool one_scale = weight_scale.size() == 1;
  for (size_t c = 0; c < scales.size(); ++c) {
    scales[c] = static_cast<float>(static_cast<double>(input_scale) * static_cast<double>(weight_scale[c]));
    float magnitude = 0;
    if (one_scale) {
      for (const float value : bias) magnitude = std::max(magnitude, std::abs(value));
    } else if (c < bias.size()) {
      magnitude = std::abs(bias[c]);
    }
    if (!(static_cast<double>(magnitude) / static_cast<double>(scales[c]) > kBiasLimit)) continue;
    const double widened = static_cast<double>(magnitude) / kBiasLimit;
    scales[c] = static_cast<float>(widened);
    weight_scale[c] = static_cast<float>(widened / static_cast<double>(input_scale));
  }
  return scales;
}

std::vector<int32_t> quantize_bias(std::span<const float> bias, std::span<const float> scale) {
  constexpr double kMost = std::numeric_limits<int32_t>::max();
  std::vector<int32_t> quantized(bias.size());
  for (size_t i = 0; i < bias.size(); ++i) {
    const float factor = reciprocal(scale[scale.size() == 1 ? 0 : i]);
    const auto steps = static_cast<double>(std::round(bias[i] * factor));
    quantized[i] = static_cast<int32_t>(std::clamp(steps, -kMost, kMost));
  }
  return quantized;
}

QuantizedWeights quantize_weights_16x8(std::span<const float> weights, ChannelLayout layout,
                                       std::span<const float> bias, float input_scale) {
  constexpr double kMost = std::numeric_limits<int32_t>::max();
  constexpr double kLeast = 1e-30;  // the older quantizer keeps every scale; below this products leave float's range
  std::vector<float> magnitudes = largest_magnitudes(weights, layout, kLeast);
  for (size_t c = 0; c < magnitudes.size(); ++c) {
    float largest = 0;
    if (magnitudes.size() == 1) {
      for (const float value : bias) largest = std::max(largest, std::abs(value));
    } else if (c < bias.size()) {
      largest = std::abs(bias[c]);
    }
    const double step = static_cast<double>(input_scale) * static_cast<double>(magnitudes[c] / 127.0f);
    if (largest == 0 || static_cast<double>(largest) < 0.5 * step * kMost) continue;
    magnitudes[c] =
        static_cast<float>(2.0 * static_cast<double>(largest) / kMost * static_cast<double>(127.0f / input_scale));
  }
  QuantizedWeights quantized;
  std::vector<float> factors;
  for (const float magnitude : magnitudes) {
    quantized.scale.push_back(magnitude / 127.0f);
    factors.push_back(127.0f / magnitude);
  }
  quantized.values.resize(weights.size());
  for_each_weight(weights, layout, [&](size_t i, size_t channel) {
    const float steps = std::round(weights[i] * factors[channel]);
    quantized.values[i] = static_cast<int8_t>(std::clamp(steps, -127.0f, 127.0f));
  });
  return quantized;
}

std::vector<float> bias_scales_16x8(float input_scale, std::span<const float> weight_scale) {
  std::vector<float> scales;
  for (const float scale : weight_scale) scales.push_back(input_scale * scale);
  return scales;
}

std::vector<int64_t> quantize_bias_16x8(std::span<const float> bias, std::span<const float> scale) {
  constexpr double kMost = 1LL << 40;  // what 64-bit accumulators of TensorFlow Lite's kernels can scale
  std::vector<int64_t> quantized(bias.size());
  for (size_t i = 0; i < bias.size(); ++i) {
    const float of_value = scale[scale.size() == 1 ? 0 : i];
    const float factor = of_value == 0 ? 0.0f : 1.0f / of_value;
    quantized[i] = static_cast<int64_t>(std::clamp(static_cast<double>(std::round(bias[i] * factor)), -kMost, kMost));
  }
  return quantized;
}

}  // namespace litequant
