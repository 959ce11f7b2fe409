// The part of the semantic verifier that looks at one tensor.
#pragma once

#include "model/model.h"

namespace litequant {

// Elements of the shape and their bytes fit in 63 bits; a constant has as many bytes as its shape and type ask for, in
// the layout of its type. Throws BAD_MODEL.
void verify_storage(const Model& model, int32_t graph, int32_t tensor);

// Scales are finite and not negative, zero points within the type, both as many as the axis has channels. A scale of
// zero says that all values are the zero point (TensorFlow writes it for channels of zeros): a constant must hold it.
void verify_quantization(const Model& model, int32_t graph, int32_t tensor);

}  // namespace litequant
