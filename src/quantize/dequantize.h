// A quantized model back to floats.
#pragma once

#include "model/model.h"

namespace litequant {

// The model with every integer that stands for a real number turned into float32 (constants by their scale and zero
// point, half-precision constants too), and without the QUANTIZE and DEQUANTIZE nodes between. Inputs and outputs
// become float32 and keep their names. The float model computes what the integers stand for, without their rounding and
// without their saturation at the ends of a range, so that it can be quantized again.
//
// Throws REFUSED where there is nothing to do, or naming an operator or tensor that has no float form: a quantized
// state, a blockwise or sparse constant, an operator that only integers have.
Model dequantize(const Model& model);

}  // namespace litequant
