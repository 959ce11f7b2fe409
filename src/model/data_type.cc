#include "model/data_type.h"

namespace litequant {
namespace {

struct TypeRow {
  std::string_view name;
  int bits;
};

// In the order of the enumeration.
constexpr TypeRow kTypes[kDataTypeCount] = {
    {"FLOAT32", 32},  {"FLOAT16", 16}, {"INT32", 32},     {"UINT8", 8},         {"INT64", 64},      {"STRING", 32},
    {"BOOL", 8},      {"INT16", 16},   {"COMPLEX64", 64}, {"INT8", 8},          {"FLOAT64", 64},    {"COMPLEX128", 128},
    {"UINT64", 64},   {"RESOURCE", 0}, {"VARIANT", 0},    {"UINT32", 32},       {"UINT16", 16},     {"INT4", 4},
    {"BFLOAT16", 16}, {"INT2", 2},     {"UINT4", 4},      {"FLOAT8_E4M3FN", 8}, {"FLOAT8_E5M2", 8},
};

bool is_known(DataType type) { return static_cast<int>(type) >= 0 && static_cast<int>(type) < kDataTypeCount; }

}  // namespace

std::string_view data_type_name(DataType type) {
  return is_known(type) ? kTypes[static_cast<int>(type)].name : "UNKNOWN";
}

int bits_per_element(DataType type) { return is_known(type) ? kTypes[static_cast<int>(type)].bits : 0; }

}  // namespace litequant
