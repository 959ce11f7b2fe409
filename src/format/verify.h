// The semantic verifier: what FlatBuffers' own Verifier cannot know.
#pragma once

#include "model/model.h"

namespace litequant {

// Throws BAD_MODEL with the place of the first contradiction: indices out of range, operands missing, constants whose
// bytes do not fit their shape, tensors used before they are made, quantization parameters that mean nothing, graphs
// that call themselves. Whatever passes can be planned, quantized and saved without further checks of this kind.
// Unknown and custom operators pass.
void verify_model(const Model& model);

}  // namespace litequant
