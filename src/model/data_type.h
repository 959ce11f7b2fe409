// Element types, numbered as the file format numbers them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace litequant {

enum class DataType : int8_t {
  float32 = 0,
  float16 = 1,
  int32 = 2,
  uint8 = 3,
  int64 = 4,
  string = 5,
  boolean = 6,
  int16 = 7,
  complex64 = 8,
  int8 = 9,
  float64 = 10,
  complex128 = 11,
  uint64 = 12,
  resource = 13,
  variant = 14,
  uint32 = 15,
  uint16 = 16,
  int4 = 17,
  bfloat16 = 18,
  int2 = 19,
  uint4 = 20,
  float8_e4m3fn = 21,
  float8_e5m2 = 22,
};
inline constexpr int kDataTypeCount = 23;

// "FLOAT32", as the format's schema spells it.
std::string_view data_type_name(DataType type);

// Bits of one element; 0 where the size is not fixed by the type (resource, variant). Of a string, those of the number
// that it has while graphs run (runtime/strings.h), not what the file takes.
int bits_per_element(DataType type);

// Whole bytes of one element; only for types of 8 bits or more.
inline size_t bytes_per_element(DataType type) { return static_cast<size_t>(bits_per_element(type)) / 8; }

inline bool is_quantizable_integer(DataType type) {
  return type == DataType::int8 || type == DataType::uint8 || type == DataType::int16;
}

template <typename T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> {
  static constexpr DataType value = DataType::float32;
};
template <>
struct DataTypeOf<int32_t> {
  static constexpr DataType value = DataType::int32;
};
template <>
struct DataTypeOf<uint8_t> {
  static constexpr DataType value = DataType::uint8;
};
template <>
struct DataTypeOf<int64_t> {
  static constexpr DataType value = DataType::int64;
};
template <>
struct DataTypeOf<bool> {
  static constexpr DataType value = DataType::boolean;
};
template <>
struct DataTypeOf<int16_t> {
  static constexpr DataType value = DataType::int16;
};
template <>
struct DataTypeOf<int8_t> {
  static constexpr DataType value = DataType::int8;
};
template <>
struct DataTypeOf<double> {
  static constexpr DataType value = DataType::float64;
};
template <>
struct DataTypeOf<uint64_t> {
  static constexpr DataType value = DataType::uint64;
};
template <>
struct DataTypeOf<uint32_t> {
  static constexpr DataType value = DataType::uint32;
};
template <>
struct DataTypeOf<uint16_t> {
  static constexpr DataType value = DataType::uint16;
};

}  // namespace litequant
