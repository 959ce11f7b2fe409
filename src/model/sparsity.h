// Constants that are stored sparse, as dense ones.
#pragma once

#include <cstddef>
#include <span>

#include "model/model.h"

namespace litequant {

// Writes the elements of a tensor with `sparsity`, stored as `stored`, to where they belong, and zeros elsewhere. The
// tensor must have passed the verifier and its elements be whole bytes; `dense` is as long as its shape says.
void write_dense(const Tensor& tensor, std::span<const std::byte> stored, std::span<std::byte> dense);

}  // namespace litequant
