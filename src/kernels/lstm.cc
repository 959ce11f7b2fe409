#include "kernels/lstm.h"

#include <algorithm>
#include <cmath>

#include "kernels/float_functions.h"

namespace litequant {
namespace {

void widen(LstmExtremes::Pair& pair, const float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    pair.least = std::min(pair.least, values[i]);
    pair.greatest = std::max(pair.greatest, values[i]);
  }
}

void normalize(float* values, int32_t count) {
  float sum = 0;
  for (int32_t i = 0; i < count; ++i) sum += values[i];
  const float mean = sum / static_cast<float>(count);
  float squares = 0;
  for (int32_t i = 0; i < count; ++i) squares += (values[i] - mean) * (values[i] - mean);
  constexpr float kLeastVariance = 1e-8f;
  const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(count) + kLeastVariance);
  for (int32_t i = 0; i < count; ++i) values[i] = (values[i] - mean) * inverse;
}

// The rows that meet the weights of every gate.
struct PreparedRows {
  int64_t batches = 0;
  CellRows input, auxiliary, state;
  const float* output_state = nullptr;
  const float* cell_state = nullptr;
};

void gate_sums(const LstmGate& gate, const LstmSizes& sizes, const PreparedRows& rows, float* sums,
               LstmExtremes::Pair* extremes) {
  const int32_t cells = sizes.cells;
  for (int64_t b = 0; b < rows.batches; ++b) {
    if (gate.norm == nullptr) {
      std::copy_n(gate.bias, cells, sums + b * cells);
    } else {
      std::fill_n(sums + b * cells, cells, 0.0f);
    }
  }
  add_product(gate.input, rows.input, rows.batches, sums, cells);
  add_product(gate.auxiliary, rows.auxiliary, rows.batches, sums, cells);
  add_product(gate.recurrent, rows.state, rows.batches, sums, cells);
  for (int64_t b = 0; b < rows.batches; ++b) {
    float* own = sums + b * cells;
    if (gate.recurrent_diagonal != nullptr) {
      const float* state = rows.output_state + b * cells;
      for (int32_t i = 0; i < cells; ++i) own[i] += gate.recurrent_diagonal[i] * state[i];
    }
    if (gate.peephole != nullptr) {
      const float* state = rows.cell_state + b * cells;
      for (int32_t i = 0; i < cells; ++i) own[i] += gate.peephole[i] * state[i];
    }
    if (extremes != nullptr) widen(*extremes, own, cells);
    if (gate.norm != nullptr) {
      normalize(own, cells);
      for (int32_t i = 0; i < cells; ++i) own[i] = own[i] * gate.norm[i] + gate.bias[i];
    }
  }
}

void clip(float* values, int64_t count, float limit) {
  if (!(limit > 0)) return;
  for (int64_t i = 0; i < count; ++i) values[i] = std::clamp(values[i], -limit, limit);
}

void update_cell(const LstmCell& cell, const LstmScratch& scratch, int64_t count, float* cell_state) {
  const float* input = scratch.gates[kInputGate];
  const float* forget = scratch.gates[kForgetGate];
  const float* update = scratch.gates[kCellGate];
  for (int64_t i = 0; i < count; ++i) {
    const float kept = forget[i] * cell_state[i];
    cell_state[i] = kept + update[i] * (cell.is_coupled ? 1.0f - forget[i] : input[i]);
  }
  clip(cell_state, count, cell.cell_clip);
}

// `hidden` [batches, cells] is working memory.
void update_output(const LstmCell& cell, const LstmScratch& scratch, int64_t batches, const float* cell_state,
                   float* hidden, float* output_state) {
  const LstmSizes& sizes = cell.sizes;
  const int64_t count = batches * sizes.cells;
  std::copy_n(cell_state, count, hidden);
  apply_activation(cell.activation, hidden, count);
  for (int64_t i = 0; i < count; ++i) hidden[i] *= scratch.gates[kOutputGate][i];
  if (scratch.extremes != nullptr) widen(scratch.extremes->hidden, hidden, count);
  if (!cell.projection.is_given()) {
    std::copy_n(hidden, count, output_state);
    return;
  }
  for (int64_t b = 0; b < batches; ++b) {
    float* own = output_state + b * sizes.outputs;
    if (cell.projection_bias != nullptr) {
      std::copy_n(cell.projection_bias, sizes.outputs, own);
    } else {
      std::fill_n(own, sizes.outputs, 0.0f);
    }
  }
  const RowsShape shape = {.count = batches, .depth = sizes.cells, .stride = sizes.cells};
  add_product(cell.projection, cell_rows(hidden, shape, cell.is_asymmetric, scratch.hidden), batches, output_state,
              sizes.outputs);
  clip(output_state, batches * sizes.outputs, cell.projection_clip);
}

}  // namespace

void lstm_step(const LstmCell& cell, const LstmRows& rows, float* output_state, float* cell_state,
               const LstmScratch& scratch) {
  const LstmSizes& sizes = cell.sizes;
  const int64_t count = rows.batches * sizes.cells;
  const auto prepare = [&](const float* real, int32_t depth, int64_t stride, const CellRowsScratch& to) {
    if (real == nullptr) return CellRows{};
    return cell_rows(real, {.count = rows.batches, .depth = depth, .stride = stride}, cell.is_asymmetric, to);
  };
  const PreparedRows prepared = {
      .batches = rows.batches,
      .input = prepare(rows.input, sizes.inputs, rows.input_stride, scratch.input),
      .auxiliary = prepare(rows.auxiliary, sizes.auxiliary, rows.auxiliary_stride, scratch.auxiliary),
      .state = prepare(output_state, sizes.outputs, sizes.outputs, scratch.state),
      .output_state = output_state,
      .cell_state = cell_state};

  const auto sum_gate = [&](size_t gate) {
    LstmExtremes::Pair* extremes = scratch.extremes == nullptr ? nullptr : &scratch.extremes->sums[gate];
    gate_sums(cell.gates[gate], sizes, prepared, scratch.gates[gate], extremes);
  };
  const auto logistic_gate = [&](size_t gate) {
    sum_gate(gate);
    logistic_elements(scratch.gates[gate], scratch.gates[gate], count);
  };
  if (!cell.is_coupled) logistic_gate(kInputGate);
  logistic_gate(kForgetGate);
  sum_gate(kCellGate);
  apply_activation(cell.activation, scratch.gates[kCellGate], count);
  update_cell(cell, scratch, count, cell_state);
  if (scratch.extremes != nullptr) widen(scratch.extremes->cell_state, cell_state, count);
  logistic_gate(kOutputGate);  // its peephole sees the new cell state
  update_output(cell, scratch, rows.batches, cell_state, scratch.gates[kCellGate], output_state);
}

}  // namespace litequant
