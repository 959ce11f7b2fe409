#include "compare/real_values.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/half.h"

namespace litequant {
namespace {

// Calls `use` with a value of the element type that `type` names; false where it has no real values.
template <typename Use>
bool with_element_type(DataType type, Use use) {
  switch (type) {
    case DataType::float32: use(float{}); return true;
    case DataType::float64: use(double{}); return true;
    case DataType::int8: use(int8_t{}); return true;
    case DataType::uint8: use(uint8_t{}); return true;
    case DataType::int16: use(int16_t{}); return true;
    case DataType::uint16: use(uint16_t{}); return true;
    case DataType::int32: use(int32_t{}); return true;
    case DataType::uint32: use(uint32_t{}); return true;
    case DataType::int64: use(int64_t{}); return true;
    case DataType::boolean: use(uint8_t{}); return true;
    default: return false;
  }
}

}  // namespace

bool has_real_values(DataType type) {
  return type == DataType::float16 || with_element_type(type, [](auto) {});
}

std::vector<float> real_values(std::span<const std::byte> stored, DataType type, const Quantization& quantization) {
  std::vector<float> values;
  if (type == DataType::float16) {
    const auto* halves = reinterpret_cast<const uint16_t*>(stored.data());
    values.resize(stored.size() / 2);
    std::transform(halves, halves + values.size(), values.begin(), half_to_float);
    return values;
  }
  const bool scaled = quantization.scale.size() == 1 && quantization.zero_point.size() == 1;
  const double scale = scaled ? static_cast<double>(quantization.scale[0]) : 1;
  const double zero_point = scaled ? static_cast<double>(quantization.zero_point[0]) : 0;
  const bool known = with_element_type(type, [&]<typename T>(T) {
    const auto* elements = reinterpret_cast<const T*>(stored.data());
    values.resize(stored.size() / sizeof(T));
    std::transform(elements, elements + values.size(), values.begin(),
                   [&](T element) { return static_cast<float>(scale * (static_cast<double>(element) - zero_point)); });
  });
  if (!known) fail(ErrorCode::unsupported_type, {data_type_name(type), " has no values to compare"});
  return values;
}

void store_values(std::span<const float> values, const Tensor& tensor, std::span<std::byte> stored) {
  if (tensor.type == DataType::float16) {
    std::transform(values.begin(), values.end(), reinterpret_cast<uint16_t*>(stored.data()), float_to_half);
    return;
  }
  const bool scaled = tensor.quantization.scale.size() == 1 && tensor.quantization.zero_point.size() == 1 &&
                      tensor.quantization.scale[0] > 0;
  const float scale = scaled ? tensor.quantization.scale[0] : 1;
  const double zero_point = scaled ? static_cast<double>(tensor.quantization.zero_point[0]) : 0;
  const bool known = with_element_type(tensor.type, [&]<typename T>(T) {
    auto* elements = reinterpret_cast<T*>(stored.data());
    std::transform(values.begin(), values.end(), elements, [&](float value) {
      if constexpr (std::is_floating_point_v<T>) {
        return static_cast<T>(value);
      } else {
        const double whole = static_cast<double>(std::round(value / scale)) + zero_point;
        const auto low = static_cast<double>(std::numeric_limits<T>::min());
        const auto high = static_cast<double>(std::numeric_limits<T>::max());
        if (!(whole > low)) return std::numeric_limits<T>::min();
        return whole >= high ? std::numeric_limits<T>::max() : static_cast<T>(whole);
      }
    });
  });
  if (!known) fail(ErrorCode::unsupported_type, {"cannot write ", data_type_name(tensor.type), " elements"});
}

}  // namespace litequant
