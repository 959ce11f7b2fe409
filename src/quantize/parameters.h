// From ranges and constants to scales, zero points and stored integers: the arithmetic of TensorFlow Lite's converter,
// bit for bit. Checked in numpy against its output (../shared/tools/oracle/recipe_check.py); rounding is half away from
// zero everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quantize/statistics.h"

namespace litequant {

// real = scale * (q - zero_point), q in [-128, 127].
struct Parameters {
  float scale = 1;
  int32_t zero_point = 0;
  bool operator==(const Parameters&) const = default;
  auto operator<=>(const Parameters&) const = default;
};

// int8 activation of a calibrated range: widened to hold zero, and by 1e-6 on both sides where it is narrower than
// that; scale = (float(max) - float(min)) / 255 in float32, zero point = round(float(-128 - min / scale)), clamped.
Parameters activation_parameters(float min, float max);

// int8 activation with zero point 0: scale = max(|min|, |max|) / 127, of at least the same range.
Parameters symmetric_activation_parameters(float min, float max);

// int16 activation: zero point 0, scale = float(max(|min|, |max|)) / 32767, of a range of at least 1e-6.
Parameters int16_parameters(float min, float max);

// int8 constant used as an activation: the same of its smallest and largest value, a range up to 1e-6 becoming at least
// [-5e-7, 5e-7].
Parameters constant_parameters(std::span<const float> values);

// The smallest and largest value and 0.
Range range_with_zero(std::span<const float> values);

// q = round(double(value) / scale + zero_point), clamped to [-128, 127].
std::vector<int8_t> quantize_values(std::span<const float> values, Parameters parameters);
// The same clamped to [-32768, 32767].
std::vector<int16_t> quantize_values_int16(std::span<const float> values, Parameters parameters);

// Symmetric weights in [-127, 127]: one scale, or one per channel.
struct QuantizedWeights {
  std::vector<float> scale;
  std::vector<int8_t> values;
};

// How the elements of a weight tensor belong to channels: element i to channel (i / inner) % channels.
struct ChannelLayout {
  int64_t channels = 1;
  int64_t inner = 1;
};
// Of the channels along `axis`; a negative axis: one channel holds all.
ChannelLayout channel_layout(std::span<const int32_t> dims, int axis);

// scale[c] = (2 * max|w|) / 254 in float32, 1e-6 / 254 for a channel of zeros. One scale: scale = max|w| * 2 / 254 too.
std::vector<float> weight_scales(std::span<const float> weights, ChannelLayout layout);

// Per channel q = round(w * float(1 / scale)); one scale q = round(w * (127 / max|w|)); clamped to [-127, 127].
std::vector<int8_t> quantize_weights(std::span<const float> weights, ChannelLayout layout,
                                     std::span<const float> scale);

// Weights under float activations (dynamic): the same scales, but kept in double until they are stored, and
// q = round(double(w) / scale). Single values differ from those of quantize_weights.
QuantizedWeights quantize_hybrid_weights(std::span<const float> weights, ChannelLayout layout);

// Weights whose scales are settled: q = round(double(w) / scale), clamped to [-128, 127].
std::vector<int8_t> quantize_weights_on(std::span<const float> weights, ChannelLayout layout,
                                        std::span<const float> scale);

// The bias's scales: float(double(input_scale) * weight_scale[c]). Where |b| exceeds 2^30 steps of that, the bias scale
// becomes |b| / (INT32_MAX / 2) and the weight scale follows (bias scale / input_scale): `weight_scale` is widened in
// place. With one weight scale the largest |b| decides.
std::vector<float> bias_scales(std::span<const float> bias, float input_scale, std::span<float> weight_scale);

// q = round(b * float(1 / scale)), clamped to +-INT32_MAX.
std::vector<int32_t> quantize_bias(std::span<const float> bias, std::span<const float> scale);

// ---- 16x8: int8 weights and int64 bias under int16 activations, by the rules of TensorFlow's older quantizer ----

// scale[c] = magnitude / 127 and q = round(w * float(127 / magnitude)), clamped to [-127, 127]. The magnitude is
// max|w|, or 2 * |b| / INT32_MAX * float(127 / input_scale) where |b| >= input_scale * scale * INT32_MAX / 2 (the bias
// has 64 bits, the rule stands anyway); 5e-7 for a channel of zeros. `bias` may be empty. Single values differ from
// those of quantize_weights.
QuantizedWeights quantize_weights_16x8(std::span<const float> weights, ChannelLayout layout,
                                       std::span<const float> bias, float input_scale);

// scale[c] = input_scale * weight_scale[c] in float32.
std::vector<float> bias_scales_16x8(float input_scale, std::span<const float> weight_scale);

// q = round(b * float(1 / scale)).
std::vector<int64_t> quantize_bias_16x8(std::span<const float> bias, std::span<const float> scale);

}  // namespace litequant
