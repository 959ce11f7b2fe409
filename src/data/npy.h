// NumPy's .npy: a header that describes an array, then its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/data_type.h"

namespace litequant {

struct NpyHeader {
  DataType type = DataType::float32;
  std::vector<int64_t> shape;
  size_t data_offset = 0;        // where the values begin
  size_t value_count = 0;        // product of the shape
  bool is_column_major = false;  // first dimension fastest
  bool is_big_endian = false;
  bool is_plain() const { return !is_column_major && !is_big_endian; }
};

// `beginning` is the file, or as much of its beginning as holds the header; `file_size` its whole size. Versions 1
// to 3. Errors: BAD_SAMPLE for anything that is not an array of numbers or booleans whose bytes are all there.
NpyHeader read_npy_header(std::span<const std::byte> beginning, uint64_t file_size);

// The values in row-major, little-endian order. `file` is the whole file.
std::vector<std::byte> npy_values(std::span<const std::byte> file, const NpyHeader& header);

// A header of version 1 for row-major values, padded so that the values begin at a multiple of 64.
// Errors: UNSUPPORTED_TYPE for types that NumPy does not have.
std::vector<std::byte> make_npy_header(DataType type, std::span<const int64_t> shape);

}  // namespace litequant
