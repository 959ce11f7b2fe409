// The options of custom operators, which the format leaves to each operator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/options.h"

namespace litequant {

// The numbers and strings of a FlexBuffers map, by name. Empty when the bytes are not one; other values are left out.
Options read_flexible_options(std::span<const std::byte> bytes);

// The bytes as 32-bit integers, little endian: some operators store a plain structure.
std::vector<int32_t> read_packed_options(std::span<const std::byte> bytes);

}  // namespace litequant
