#include "kernels/lstm_byte_gates.h"

#include <algorithm>
#include <cmath>

#include "kernels/lstm_integer.h"
#include "kernels/math.h"

namespace litequant {
namespace {

constexpr IntegerRange kBytes = range_of<int8_t>(), kWords = range_of<int16_t>();

// The product of a row as int8, and that without its zero point as part of the gate's sum.
int32_t part_of_sum(int32_t sum, FixedMultiplier to_byte, int32_t zero_point, FixedMultiplier to_sum) {
  const int32_t byte = clamp(wrapping_add(scale_accumulator(sum, to_byte), zero_point), kBytes);
  return scale_accumulator(byte - zero_point, to_sum);
}

void gate_sums(const ByteGatesCell& cell, const ByteGate& gate, int64_t batches, const ByteGatesScratch& scratch,
               int16_t* sums) {
  const LstmSizes& sizes = cell.sizes;
  for (int32_t unit = 0; unit < sizes.cells; ++unit) {
    const int8_t* input_weights = gate.input + int64_t{unit} * sizes.inputs;
    const int8_t* recurrent_weights = gate.recurrent + int64_t{unit} * sizes.outputs;
    for (int64_t b = 0; b < batches; ++b) {
      const int32_t input = dot(input_weights, scratch.input + b * sizes.inputs, sizes.inputs);
      const int32_t recurrent = dot(recurrent_weights, scratch.state + b * sizes.outputs, sizes.outputs);
      const int32_t sum =
          wrapping_add(part_of_sum(recurrent, gate.recurrent_scale, gate.recurrent_zero, gate.recurrent_sum_scale),
                       part_of_sum(input, gate.input_scale, gate.input_zero, gate.input_sum_scale));
      sums[b * sizes.cells + unit] = static_cast<int16_t>(clamp(sum, kWords));
    }
  }
}

// One row: (x - mean) / deviation * coefficient + bias, in 2^-12.
void normalize(const ByteGate& gate, int32_t cells, int16_t* values) {
  const float bias_scale = 0x1p-10f * gate.norm_scale;
  const auto count = static_cast<float>(cells);
  float sum = 0, squares = 0;
  for (int32_t i = 0; i < cells; ++i) {
    const float value = values[i];
    sum += value;
    squares += value * value;
  }
  const float mean = sum / count;
  const float variance = squares / count - mean * mean;
  const float inverse = 1 / std::sqrt(variance == 0 ? 1e-8f : variance);
  for (int32_t i = 0; i < cells; ++i) {
    const float normal = (static_cast<float>(values[i]) - mean) * inverse;
    const float result =
        normal * static_cast<float>(gate.norm[i]) * gate.norm_scale + static_cast<float>(gate.bias[i]) * bias_scale;
    values[i] = static_cast<int16_t>(clamp(saturating_int(std::round(result * 4096)), kWords));
  }
}

int16_t cut_to_word(float real) { return static_cast<int16_t>(clamp(static_cast<int32_t>(real * 32768), kWords)); }
int16_t logistic(int16_t x) { return cut_to_word(1 / (1 + math::exp(-(static_cast<float>(x) * 0x1p-12f)))); }
int16_t tanh(int16_t x, float unit) { return cut_to_word(math::tanh(static_cast<float>(x) * unit)); }

void update_output(const ByteGatesCell& cell, const ByteGatesScratch& scratch, int64_t batches,
                   const int16_t* cell_state, int8_t* output_state) {
  const LstmSizes& sizes = cell.sizes;
  int16_t* hidden = scratch.gates[kOutputGate];
  for (int64_t i = 0; i < batches * sizes.cells; ++i) {
    hidden[i] =
        static_cast<int16_t>(rounding_divide_by_power_of_two(int32_t{hidden[i]} * tanh(cell_state[i], 0x1p-15f), 15));
  }
  for (int64_t b = 0; b < batches; ++b) {
    const int16_t* row = hidden + b * sizes.cells;
    for (int32_t unit = 0; unit < sizes.outputs; ++unit) {
      const int8_t* weights = cell.projection + int64_t{unit} * sizes.cells;
      int64_t sum = cell.projection_bias[unit];
      for (int32_t i = 0; i < sizes.cells; ++i) sum += int32_t{weights[i]} * row[i];
      int32_t output = clamp(wrapping_add(scale_accumulator(sum, cell.projection_scale), cell.output_zero), kBytes);
      const int32_t clip = cell.projection_clip;
      if (clip > 0) output = std::clamp(output, -clip, clip);
      output_state[b * sizes.outputs + unit] = static_cast<int8_t>(output);
    }
  }
}

}  // namespace

void lstm_step(const ByteGatesCell& cell, int64_t batches, const int8_t* input, int8_t* output_state,
               int16_t* cell_state, const ByteGatesScratch& scratch) {
  const LstmSizes& sizes = cell.sizes;
  for (int64_t i = 0; i < batches * sizes.inputs; ++i) {
    scratch.input[i] = static_cast<int16_t>(input[i] - cell.input_zero);
  }
  for (int64_t i = 0; i < batches * sizes.outputs; ++i) {
    scratch.state[i] = static_cast<int16_t>(output_state[i] - cell.output_zero);
  }
  const int64_t count = batches * sizes.cells;
  for (const size_t gate : {kForgetGate, kCellGate, kOutputGate}) {
    int16_t* sums = scratch.gates[gate];
    gate_sums(cell, cell.gates[gate], batches, scratch, sums);
    for (int64_t b = 0; b < batches; ++b) normalize(cell.gates[gate], sizes.cells, sums + b * sizes.cells);
    for (int64_t i = 0; i < count; ++i) sums[i] = gate == kCellGate ? tanh(sums[i], 0x1p-12f) : logistic(sums[i]);
  }
  update_cell_state({.input = nullptr,
                     .forget = scratch.gates[kForgetGate],
                     .update = scratch.gates[kCellGate],
                     .cell_exponent = -15,
                     .clip = cell.cell_clip},
                    count, cell_state);
  update_output(cell, scratch, batches, cell_state, output_state);
}

}  // namespace litequant
