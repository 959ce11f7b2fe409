// Constants that are stored sparse, as dense ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "model/model.h"

namespace litequant {

// Writes the elements of a tensor with `sparsity`, stored as `stored`, to where they belong, and zeros elsewhere. The
// tensor must have passed the verifier and its elements be whole bytes; `dense` is as long as its shape says.
void write_dense(const Tensor& tensor, std::span<const std::byte> stored, std::span<std::byte> dense);

// The model with every sparse constant that other operators than DENSIFY read (weights of FULLY_CONNECTED, in files of
// TensorFlow's) written out; the model itself where there is none. TOO_LARGE where they need more than `limit` bytes.
std::shared_ptr<const Model> with_dense_constants(std::shared_ptr<const Model> model, int64_t limit);

}  // namespace litequant
