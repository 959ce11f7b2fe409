// Quantization parameters of operands, checked, for operators whose arithmetic is given by scales.
#pragma once

#include <string_view>

#include "kernels/affine.h"
#include "kernels/requantize.h"
#include "ops/op_def.h"

namespace litequant {

// The per-tensor parameters of an INT8, UINT8, INT16 or INT32 operand. BAD_MODEL when it has none or one per channel,
// when the scale is negative or not finite, or when the zero point is outside the type. `what` ("input 0") goes into
// messages.
Affine affine_of(const NodeView& node, const Operand& operand, std::string_view what);

// The same, and the scale is not 0: the arithmetic divides by it.
Affine divisor_affine_of(const NodeView& node, const Operand& operand, std::string_view what);

// INT16 activations are symmetric: BAD_MODEL when the operand is INT16 and its zero point is not 0.
void require_symmetric_int16(const NodeView& node, const Operand& operand, const Affine& affine, std::string_view what);

// A real multiplier made of scales; BAD_MODEL when it is not finite.
FixedMultiplier multiplier_of(const NodeView& node, double real);

// Limits of stored values of an integer type of up to 32 bits.
IntegerRange stored_range(DataType type);

}  // namespace litequant
