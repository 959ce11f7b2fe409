// LSTM with 5 operands, its BASIC kernel: input [batches, inputs], last activation [batches, units], weights [4 *
// units, inputs + units], bias [4 * units], last state [batches, units]; the two of the last step are variables.
// Results: activation, state, and the working values [batches, inputs + units] and [batches, 4 * units].
#pragma once

#include "ops/op_def.h"

namespace litequant {

bool is_basic_lstm(const NodeView& node);
std::vector<Shape> infer_basic_lstm(const NodeView& node);
Step compile_basic_lstm(const NodeView& node);

}  // namespace litequant
