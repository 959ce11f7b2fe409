#include "kernels/hybrid.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/requantize.h"

namespace litequant {
namespace {

DynamicScale all_zero(std::span<const float> values, int8_t* quantized) {
  std::memset(quantized, 0, values.size());
  return {};
}

}  // namespace

DynamicScale quantize_symmetric(std::span<const float> values, int8_t* quantized) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  if (largest == 0) return all_zero(values, quantized);
  const float inverse = 127.0f / largest;
  for (const float value : values) {
    *quantized++ = static_cast<int8_t>(std::clamp(saturating_int(std::round(value * inverse)), -127, 127));
  }
  return {.scale = largest / 127.0f, .zero_point = 0};
}

DynamicScale quantize_asymmetric(std::span<const float> values, int8_t* quantized) {
  float least = 0, greatest = 0;
  for (const float value : values) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  if (least == greatest) return all_zero(values, quantized);
  const double scale = (static_cast<double>(greatest) - static_cast<double>(least)) / 255.0;
  // The zero point follows from the end of the range that it represents with the smaller error.
  const double from_least = -128.0 - least / scale;
  const double from_greatest = 127.0 - greatest / scale;
  const double least_error = 128.0 + std::abs(least / scale);
  const double greatest_error = 127.0 + std::abs(greatest / scale);
  const double nearer = least_error < greatest_error ? from_least : from_greatest;
  const int32_t zero_point = std::clamp(saturating_int(std::round(nearer)), -128, 127);

  const auto stored_scale = static_cast<float>(scale);
  const float inverse = 1.0f / stored_scale;
  const auto offset = static_cast<float>(zero_point);
  for (const float value : values) {
    *quantized++ = static_cast<int8_t>(std::clamp(saturating_int(std::round(offset + value * inverse)), -128, 127));
  }
  return {.scale = stored_scale, .zero_point = zero_point};
}

}  // namespace litequant
