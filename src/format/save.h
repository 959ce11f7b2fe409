// A Model to the bytes of a .tflite file.
#pragma once

#include <cstddef>
#include <vector>

#include "model/model.h"

namespace litequant {

// The same model gives the same bytes. Everything that `load_model` keeps is written: a saved file reads as the loaded
// one did. Equal vectors, strings, options and constants are written once, so files are usually smaller than those of
// TensorFlow. Constants that lay outside the FlatBuffer are written into it. Throws TOO_LARGE when the file would reach
// 2 GiB. The model must pass `verify_model`.
std::vector<std::byte> save_model(const Model& model);

// Leaves only buffers that something refers to, each content once. Tensors that are not constant get buffer 0.
void compact_buffers(Model& model);

}  // namespace litequant
