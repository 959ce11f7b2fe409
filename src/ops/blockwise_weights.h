// FULLY_CONNECTED of float activations with 4-bit weights that have a float16 scale for each block of a row.
#pragma once

#include "kernels/dense.h"
#include "ops/op_def.h"

namespace litequant {

// The weights' scales are a tensor of their own, that the weights name.
bool has_blockwise_weights(const NodeView& node);

// Activations are quantized on the fly, each row with a zero point; float32 inside. Source: TensorFlow Lite's
// EvalBlockwise4Bit, which has no fused activation. BAD_MODEL and UNSUPPORTED_OPERATOR for what it does not define.
Step blockwise_step(const NodeView& node, const MatrixShape& shape);

}  // namespace litequant
