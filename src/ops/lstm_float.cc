// LSTM with float data; int8 weights are multiplied by data quantized on the fly.
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "kernels/lstm.h"
#include "ops/cell_operands.h"
#include "ops/lstm_step.h"

namespace litequant {
namespace {

// What does not change between runs. Operands' addresses come with each run.
struct FloatLstm {
  LstmDirection direction;
  LstmForm form;
  LstmCell cell;  // sizes, scales and options; addresses are null
  std::array<std::vector<float>, 4> peepholes;  // restored from int8
  std::array<size_t, 4> gates = {};             // offsets of working memory
  CellRowsLayout input, auxiliary, state, hidden;
  std::optional<size_t> extremes;
};

CellWeights weights_of(const NodeView& node, size_t operand) {
  if (!has_operand(node, operand) || node.input(operand).shape.rank() != 2) return {};
  const Shape& shape = node.input(operand).shape;
  return cell_weights(node, operand, "its weights", shape[0], shape[1]);
}

std::vector<float> restored_peephole(const NodeView& node, size_t operand) {
  const float scale = symmetric_scale(node, operand, "its peephole weights");
  std::vector<float> values;
  for (const int8_t value : node.values<int8_t>(operand)) values.push_back(scale * static_cast<float>(value));
  return values;
}

// Addresses of one run.
LstmCell bind(const FloatLstm& lstm, const Frame& frame) {
  LstmCell cell = lstm.cell;
  const LstmOperands& operands = lstm.direction.operands;
  const auto floats = [&](size_t operand) -> const float* {
    return operand != kNoOperand && operand < frame.inputs.size() ? frame.in<float>(operand) : nullptr;
  };
  for (size_t gate = 0; gate < 4; ++gate) {
    LstmGate& own = cell.gates[gate];
    own.input.values = floats(operands.input_weights[gate]);
    own.auxiliary.values = floats(operands.auxiliary_weights[gate]);
    const float* recurrent = floats(operands.recurrent_weights[gate]);
    (own.recurrent.units > 0 ? own.recurrent.values = recurrent : own.recurrent_diagonal = recurrent);
    own.peephole = lstm.peepholes[gate].empty() ? floats(operands.peephole[gate]) : lstm.peepholes[gate].data();
    own.norm = lstm.form.parts.has_norm ? floats(operands.norm[gate]) : nullptr;
    own.bias = floats(operands.bias[gate]);
  }
  cell.projection.values = floats(operands.projection);
  cell.projection_bias = floats(operands.projection_bias);
  return cell;
}

LstmScratch scratch_of(const FloatLstm& lstm, const Frame& frame) {
  LstmScratch scratch;
  for (size_t gate = 0; gate < 4; ++gate) {
    scratch.gates[gate] = reinterpret_cast<float*>(frame.scratch_bytes + lstm.gates[gate]);
  }
  scratch.input = lstm.input.at(frame);
  scratch.auxiliary = lstm.auxiliary.at(frame);
  scratch.state = lstm.state.at(frame);
  scratch.hidden = lstm.hidden.at(frame);
  if (lstm.extremes) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    constexpr LstmExtremes::Pair kNone = {kInfinity, -kInfinity};
    scratch.extremes = reinterpret_cast<LstmExtremes*>(frame.scratch_bytes + *lstm.extremes);
    *scratch.extremes = {.sums = {kNone, kNone, kNone, kNone}, .hidden = kNone, .cell_state = kNone};
  }
  return scratch;
}

void run(const FloatLstm& lstm, const Frame& frame) {
  const LstmCell cell = bind(lstm, frame);
  const LstmScratch scratch = scratch_of(lstm, frame);
  const LstmDirection& direction = lstm.direction;
  const SequenceShape& sequence = direction.sequence;
  const LstmSizes& sizes = cell.sizes;
  // Variables: the only inputs that a step writes.
  auto* output_state = const_cast<float*>(frame.in<float>(direction.operands.output_state));
  auto* cell_state = const_cast<float*>(frame.in<float>(direction.operands.cell_state));
  const auto* input = frame.in<float>(direction.operands.input);
  const float* auxiliary = sizes.auxiliary > 0 ? frame.in<float>(direction.operands.auxiliary) : nullptr;
  for (int64_t t = 0; t < sequence.steps; ++t) {
    const int64_t step = direction.is_backward ? sequence.steps - 1 - t : t;
    const LstmRows rows = {
        .batches = sequence.batches,
        .input = input + step * sequence.step_stride(sizes.inputs),
        .input_stride = sequence.batch_stride(sizes.inputs),
        .auxiliary = auxiliary == nullptr ? nullptr : auxiliary + step * sequence.step_stride(sizes.auxiliary),
        .auxiliary_stride = sequence.batch_stride(sizes.auxiliary)};
    lstm_step(cell, rows, output_state, cell_state, scratch);
    float* output =
        frame.out<float>(direction.output) + step * sequence.step_stride(direction.output_row) + direction.output_first;
    for (int64_t b = 0; b < sequence.batches; ++b) {
      std::copy_n(output_state + b * sizes.outputs, sizes.outputs,
                  output + b * sequence.batch_stride(direction.output_row));
    }
  }
}

}  // namespace

StepFunction float_lstm(const NodeView& node, const LstmDirection& direction, ScratchLayout& layout, size_t* extremes) {
  auto lstm = std::make_shared<FloatLstm>();
  const LstmOperands& operands = direction.operands;
  const int64_t batches = direction.sequence.batches;
  lstm->direction = direction;
  lstm->form = lstm_form(node, operands, batches);
  const LstmSizes& sizes = lstm->form.sizes;
  LstmCell& cell = lstm->cell;
  cell.sizes = sizes;
  cell.is_coupled = lstm->form.parts.is_coupled;
  cell.activation = cell_activation(node);
  cell.cell_clip = clip_limit(node, "cell_clip");
  cell.projection_clip = clip_limit(node, "proj_clip");
  cell.is_asymmetric = node.options().flag("asymmetric_quantize_inputs");
  for (size_t gate = 0; gate < 4; ++gate) {
    cell.gates[gate] = {.input = weights_of(node, operands.input_weights[gate]),
                        .auxiliary = weights_of(node, operands.auxiliary_weights[gate]),
                        .recurrent = weights_of(node, operands.recurrent_weights[gate])};
    if (lstm->form.weights == DataType::int8 && has_operand(node, operands.peephole[gate])) {
      lstm->peepholes[gate] = restored_peephole(node, operands.peephole[gate]);
    }
    lstm->gates[gate] = layout.add(batches * sizes.cells, sizeof(float));
  }
  cell.projection = weights_of(node, operands.projection);
  if (extremes != nullptr) lstm->extremes = *extremes = layout.add(1, sizeof(LstmExtremes));
  const DataType weights = lstm->form.weights;
  lstm->input = add_cell_rows(layout, weights, batches, sizes.inputs);
  lstm->auxiliary = add_cell_rows(layout, weights, batches, sizes.auxiliary);
  lstm->state = add_cell_rows(layout, weights, batches, sizes.outputs);
  lstm->hidden = add_cell_rows(layout, weights, batches, sizes.cells);
  return [shared = std::shared_ptr<const FloatLstm>(std::move(lstm))](const Frame& frame) { run(*shared, frame); };
}

}  // namespace litequant
