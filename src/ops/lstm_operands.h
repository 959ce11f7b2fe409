// The operands of the LSTM family: where each operator has them, and their sizes, checked once.
#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "kernels/lstm.h"
#include "ops/op_def.h"

namespace litequant {

inline constexpr size_t kNoOperand = std::numeric_limits<size_t>::max();

// Input numbers; gates in the order input, forget, cell, output. kNoOperand where an operator has none.
struct LstmOperands {
  size_t input = 0;
  size_t auxiliary = kNoOperand;
  std::array<size_t, 4> input_weights = {1, 2, 3, 4};
  std::array<size_t, 4> auxiliary_weights = {kNoOperand, kNoOperand, kNoOperand, kNoOperand};
  std::array<size_t, 4> recurrent_weights = {5, 6, 7, 8};
  std::array<size_t, 4> peephole = {9, 10, kNoOperand, 11};
  std::array<size_t, 4> bias = {12, 13, 14, 15};
  size_t projection = 16, projection_bias = 17;
  size_t output_state = 18, cell_state = 19;
  std::array<size_t, 4> norm = {20, 21, 22, 23};
};

// Which of the optional parts a node has.
struct LstmParts {
  bool is_coupled = false;    // no input gate of its own
  bool has_peephole = false;
  bool has_projection = false;
  bool has_norm = false;
};

// The sizes that the weights tell, and what is there; every operand's element type and shape checked against them, the
// constants' bytes too. `batches` is that of the states. Weights are float, or int8 (and all of one type); with int8
// data, peephole and normalisation are int16 and the biases int32, else they are float (the peephole: as the weights).
struct LstmForm {
  LstmSizes sizes;
  LstmParts parts;
  DataType weights = DataType::float32;
  bool is_integer = false;
};
LstmForm lstm_form(const NodeView& node, const LstmOperands& operands, int64_t batches);

// `operand` is given and not kNoOperand.
bool has_operand(const NodeView& node, size_t operand);

// Per-tensor scale of a quantized operand; its zero point must be 0.
float symmetric_scale(const NodeView& node, size_t operand, std::string_view what);

// A limit in stored units, cut towards zero; 0: none.
int32_t stored_limit(float limit, float scale, float most);

// An operand that keeps its value from one run to the next, of this type and number of elements.
void require_variable(const NodeView& node, size_t operand, std::string_view what, DataType type, int64_t count);

// Of an options table: an activation that float cells execute, and a limit that is not negative.
Activation cell_activation(const NodeView& node, std::string_view field = "fused_activation_function");
float clip_limit(const NodeView& node, std::string_view field);

// The time steps of a sequence [batches, time, depth], or [time, batches, depth].
struct SequenceShape {
  int64_t batches = 1, steps = 1, depth = 1;
  bool is_time_major = false;

  // Elements between the rows of two batches, and of two steps, when a row has `row` elements.
  int64_t batch_stride(int64_t row) const { return is_time_major ? row : steps * row; }
  int64_t step_stride(int64_t row) const { return is_time_major ? batches * row : row; }
};
SequenceShape sequence_shape(const NodeView& node, const Operand& input, bool is_time_major);
// The shape of a result with `depth` elements in each row.
Shape sequence_result(const Shape& input, int32_t depth);

}  // namespace litequant
