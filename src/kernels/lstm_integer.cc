#include "kernels/lstm_integer.h"

#include <algorithm>

#include "kernels/fixed_activation.h"
#include "kernels/reciprocal.h"

namespace litequant {
namespace {

int16_t saturate_int16(int64_t x) { return static_cast<int16_t>(std::clamp<int64_t>(x, -32768, 32767)); }
int8_t saturate_int8(int64_t x) { return static_cast<int8_t>(std::clamp<int64_t>(x, -128, 127)); }

// What every gate reads.
struct Activations {
  int64_t batches = 0;
  const int16_t* input = nullptr;
  const int16_t* state = nullptr;
  const int16_t* cell_state = nullptr;
};

void add_peephole(const IntegerLstmCell& cell, const IntegerLstmGate& gate, const Activations& of, int16_t* sums) {
  const int32_t width = cell.sizes.outputs, cells = cell.sizes.cells;
  for (int64_t b = 0; b < of.batches; ++b) {
    const int64_t first = b * (cell.is_peephole_flat ? width : cells);
    for (int32_t i = 0; i < width; ++i) {
      const int32_t product = int32_t{gate.peephole[i]} * of.cell_state[first + i];
      sums[first + i] = saturate_int16(int64_t{scale_accumulator(product, gate.peephole_scale)} + sums[first + i]);
    }
  }
}

// One row: (x - mean) / deviation * coefficient + bias, with 10 more bits on the way.
void normalize(const IntegerLstmGate& gate, int32_t cells, int16_t* values) {
  int64_t sum = 0, squares = 0;
  for (int32_t i = 0; i < cells; ++i) {
    sum += values[i];
    squares += int32_t{values[i]} * values[i];
  }
  constexpr int32_t kPrecision = 1 << 20;
  const auto mean = static_cast<int32_t>(sum * 1024 / cells);
  const int64_t scaled = squares * (kPrecision / cells) - int64_t{mean} * mean;
  const auto found = static_cast<int32_t>(scaled / kPrecision);
  const FixedMultiplier inverse = inverse_square_root(found < 1 ? gate.least_variance : found);
  const FixedMultiplier norm_scale = {gate.norm_scale.multiplier, gate.norm_scale.shift + 12};
  for (int32_t i = 0; i < cells; ++i) {
    const int32_t deviation = scale_accumulator(1024 * values[i] - mean, inverse);
    const int64_t product = wrapping_add(wrapping_multiply(deviation, gate.norm[i]), gate.bias[i]);
    const auto rounded = static_cast<int32_t>((product > 0 ? product + 512 : product - 512) / 1024);
    values[i] = saturate_int16(scale_accumulator(rounded, norm_scale));
  }
}

void gate_sums(const IntegerLstmCell& cell, const IntegerLstmGate& gate, const Activations& of, int16_t* sums) {
  const LstmSizes& sizes = cell.sizes;
  for (int32_t unit = 0; unit < sizes.cells; ++unit) {
    const int8_t* input_weights = gate.input + int64_t{unit} * sizes.inputs;
    const int8_t* recurrent_weights = gate.recurrent + int64_t{unit} * sizes.outputs;
    const int32_t bias = gate.norm == nullptr ? gate.bias[unit] : 0;
    for (int64_t b = 0; b < of.batches; ++b) {
      const int32_t input = wrapping_add(bias, dot(input_weights, of.input + b * sizes.inputs, sizes.inputs));
      const int32_t recurrent = dot(recurrent_weights, of.state + b * sizes.outputs, sizes.outputs);
      const int16_t first = saturate_int16(scale_accumulator(input, gate.input_scale));
      sums[b * sizes.cells + unit] =
          saturate_int16(int64_t{scale_accumulator(recurrent, gate.recurrent_scale)} + first);
    }
  }
  if (gate.peephole != nullptr) add_peephole(cell, gate, of, sums);
  if (gate.norm == nullptr) return;
  for (int64_t b = 0; b < of.batches; ++b) normalize(gate, sizes.cells, sums + b * sizes.cells);
}

void update_output(const IntegerLstmCell& cell, const IntegerLstmScratch& scratch, int64_t batches,
                   const int16_t* cell_state, int8_t* output_state) {
  const LstmSizes& sizes = cell.sizes;
  const auto hidden = [&](int64_t i, int32_t zero) {
    const int32_t product = int32_t{scratch.gates[kOutputGate][i]} * tanh_fixed(cell_state[i], 15 + cell.cell_exponent);
    return saturate_int8(int64_t{scale_accumulator(product, cell.hidden_scale)} + zero);
  };
  if (cell.projection == nullptr) {
    for (int64_t i = 0; i < batches * sizes.cells; ++i) output_state[i] = hidden(i, cell.hidden_zero);
    return;
  }
  // The reference applies the zero point of the hidden values with the opposite sign.
  for (int64_t i = 0; i < batches * sizes.cells; ++i) {
    scratch.hidden[i] = static_cast<int16_t>(hidden(i, -cell.hidden_zero) + cell.hidden_zero);
  }
  for (int32_t unit = 0; unit < sizes.outputs; ++unit) {
    const int8_t* weights = cell.projection + int64_t{unit} * sizes.cells;
    const int32_t bias = cell.projection_bias == nullptr ? 0 : cell.projection_bias[unit];
    for (int64_t b = 0; b < batches; ++b) {
      const int32_t sum = wrapping_add(bias, dot(weights, scratch.hidden + b * sizes.cells, sizes.cells));
      int8_t output = saturate_int8(int64_t{scale_accumulator(sum, cell.projection_scale)} + cell.output_zero);
      if (cell.projection_clip > 0) {
        output = std::clamp<int8_t>(output, static_cast<int8_t>(-cell.projection_clip), cell.projection_clip);
      }
      output_state[b * sizes.outputs + unit] = output;
    }
  }
}

}  // namespace

void update_cell_state(const CellStateUpdate& of, int64_t count, int16_t* cell_state) {
  for (int64_t i = 0; i < count; ++i) {
    const int16_t forget = of.forget[i];
    const auto input = static_cast<int16_t>(of.input == nullptr ? 32767 - forget : of.input[i]);
    const int32_t kept = rounding_divide_by_power_of_two(int32_t{forget} * cell_state[i], 15);
    const int32_t added = rounding_divide_by_power_of_two(int32_t{input} * of.update[i], 30 + of.cell_exponent);
    int16_t next = saturate_int16(static_cast<int16_t>(kept) + static_cast<int16_t>(added));
    if (of.clip > 0) next = std::clamp<int16_t>(next, static_cast<int16_t>(-of.clip), of.clip);
    cell_state[i] = next;
  }
}

void lstm_step(const IntegerLstmCell& cell, int64_t batches, const int8_t* input, int64_t input_stride,
               int8_t* output_state, int16_t* cell_state, const IntegerLstmScratch& scratch) {
  const LstmSizes& sizes = cell.sizes;
  for (int64_t b = 0; b < batches; ++b) {
    for (int32_t k = 0; k < sizes.inputs; ++k) {
      scratch.input[b * sizes.inputs + k] = static_cast<int16_t>(input[b * input_stride + k] - cell.input_zero);
    }
  }
  for (int64_t i = 0; i < batches * sizes.outputs; ++i) {
    scratch.state[i] = static_cast<int16_t>(output_state[i] - cell.output_zero);
  }
  const Activations of = {.batches = batches, .input = scratch.input, .state = scratch.state, .cell_state = cell_state};
  const int64_t count = batches * sizes.cells;
  const auto logistic_gate = [&](size_t gate) {
    int16_t* sums = scratch.gates[gate];
    gate_sums(cell, cell.gates[gate], of, sums);
    for (int64_t i = 0; i < count; ++i) sums[i] = logistic_q3(sums[i]);
  };
  if (!cell.is_coupled) logistic_gate(kInputGate);
  logistic_gate(kForgetGate);
  int16_t* update = scratch.gates[kCellGate];
  gate_sums(cell, cell.gates[kCellGate], of, update);
  for (int64_t i = 0; i < count; ++i) update[i] = tanh_fixed(update[i], 3);
  update_cell_state({.input = cell.is_coupled ? nullptr : scratch.gates[kInputGate],
                     .forget = scratch.gates[kForgetGate],
                     .update = update,
                     .cell_exponent = cell.cell_exponent,
                     .clip = cell.cell_clip},
                    count, cell_state);
  logistic_gate(kOutputGate);  // its peephole sees the new cell state
  update_output(cell, scratch, batches, cell_state, output_state);
}

}  // namespace litequant
