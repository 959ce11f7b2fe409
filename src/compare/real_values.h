// Tensors as real numbers, whatever they are stored as.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/model.h"

namespace litequant {

// Whether elements of `type` stand for real numbers that can be compared.
bool has_real_values(DataType type);

// Stored elements as real numbers: integers through scale and zero point where the tensor has them (per tensor).
// Appends nothing and fails for types without real values.
std::vector<float> real_values(std::span<const std::byte> stored, DataType type, const Quantization& quantization);

// Real numbers as stored elements of `tensor`'s type: rounded to nearest, halves away from zero, saturated.
// `stored` has room for values.size() elements.
void store_values(std::span<const float> values, const Tensor& tensor, std::span<std::byte> stored);

}  // namespace litequant
