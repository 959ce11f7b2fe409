// LSTM with int8 data and int16 cell state.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "kernels/lstm_integer.h"
#include "ops/lstm_step.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

// What does not change between runs. Operands' addresses come with each run.
struct IntegerLstm {
  LstmDirection direction;
  LstmForm form;
  IntegerLstmCell cell;  // sizes, multipliers and options; addresses are null
  std::array<size_t, 4> gates = {};  // offsets of working memory
  size_t input = 0, state = 0, hidden = 0;
};

int power_of_two(const NodeView& node, float scale) {
  const double exponent = std::log2(static_cast<double>(scale));
  const double nearest = std::round(exponent);
  node.require(scale > 0 && std::abs(exponent - nearest) < 1e-3, "the scale ", scale,
               " of its cell state must be a power of two");
  if (nearest < -15 || nearest > -9) {
    node.fail(ErrorCode::unsupported_operator,
              {"the scale 2^", nearest, " of its cell state is not executed; needs 2^-15 to 2^-9"});
  }
  return static_cast<int>(nearest);
}

class Compiler {
 public:
  Compiler(const NodeView& node, IntegerLstm& lstm) : node_(node), lstm_(lstm), operands_(lstm.direction.operands) {}

  void compile() {
    IntegerLstmCell& cell = lstm_.cell;
    const Affine input = divisor_affine_of(node_, node_.input(operands_.input), "its input");
    const Affine state = divisor_affine_of(node_, node_.input(operands_.output_state), "its output state");
    const Affine output = divisor_affine_of(node_, node_.output(lstm_.direction.output), "its output");
    const float cell_scale = symmetric_scale(node_, operands_.cell_state, "its cell state");
    node_.require_type(node_.output(lstm_.direction.output), "its output", DataType::int8);
    cell.sizes = lstm_.form.sizes;
    cell.is_coupled = lstm_.form.parts.is_coupled;
    cell.input_zero = input.zero_point;
    cell.output_zero = state.zero_point;
    cell.cell_exponent = power_of_two(node_, cell_scale);
    cell.cell_clip = static_cast<int16_t>(stored_limit(clip_limit(node_, "cell_clip"), cell_scale, 32767));
    cell.projection_clip = static_cast<int8_t>(stored_limit(clip_limit(node_, "proj_clip"), output.scale, 127));
    for (size_t gate = 0; gate < 4; ++gate) {
      if (gate != kInputGate || !cell.is_coupled) compile_gate(gate, input.scale, state.scale);
    }
    compile_output(state.scale);
  }

 private:
  Affine intermediate(size_t i) const {
    return divisor_affine_of(node_, node_.intermediate(i), text("its intermediate ", i));
  }

  void compile_gate(size_t gate, float input_scale, float state_scale) {
    const LstmParts& parts = lstm_.form.parts;
    IntegerLstmGate& own = lstm_.cell.gates[gate];
    node_.require(node_.input(operands_.recurrent_weights[gate]).shape.rank() == 2,
                  "diagonal recurrent weights need float data");
    const float sum_scale = parts.has_norm ? intermediate(gate).scale : 1.0f / 4096;
    const float input = symmetric_scale(node_, operands_.input_weights[gate], "its input weights");
    const float recurrent = symmetric_scale(node_, operands_.recurrent_weights[gate], "its recurrent weights");
    own.input_scale = multiplier_of(node_, input * input_scale / sum_scale);
    own.recurrent_scale = multiplier_of(node_, recurrent * state_scale / sum_scale);
    if (parts.has_peephole && operands_.peephole[gate] != kNoOperand) {
      const float peephole = symmetric_scale(node_, operands_.peephole[gate], "its peephole weights");
      const double real = std::ldexp(double{peephole}, lstm_.cell.cell_exponent) / double{sum_scale};
      own.peephole_scale = multiplier_of(node_, static_cast<float>(real));
    }
    if (parts.has_norm) {
      const float norm = symmetric_scale(node_, operands_.norm[gate], "its layer normalisation");
      own.norm_scale = multiplier_of(node_, norm);
      node_.require(own.norm_scale.shift <= 18, "the scale of its layer normalisation is too large");
      own.least_variance = std::max(1, saturating_int(10000 * norm));
    }
  }

  void compile_output(float state_scale) {
    IntegerLstmCell& cell = lstm_.cell;
    const Affine hidden = intermediate(4);
    const double hidden_real = std::ldexp(std::ldexp(1.0, -15) / double{hidden.scale}, -15);
    cell.hidden_scale = multiplier_of(node_, static_cast<float>(hidden_real));
    cell.hidden_zero = hidden.zero_point;
    if (!lstm_.form.parts.has_projection) return;
    const float projection = symmetric_scale(node_, operands_.projection, "its projection weights");
    cell.projection_scale = multiplier_of(node_, projection * hidden.scale / state_scale);
    if (lstm_.form.parts.has_peephole && cell.sizes.outputs > cell.sizes.cells) {
      node_.fail(ErrorCode::unsupported_operator, {"peephole weights with more outputs than cells are not executed"});
    }
    cell.is_peephole_flat = lstm_.direction.sequence.is_time_major;
  }

  const NodeView& node_;
  IntegerLstm& lstm_;
  const LstmOperands& operands_;
};

IntegerLstmCell bind(const IntegerLstm& lstm, const Frame& frame) {
  IntegerLstmCell cell = lstm.cell;
  const LstmOperands& operands = lstm.direction.operands;
  const LstmParts& parts = lstm.form.parts;
  for (size_t gate = 0; gate < 4; ++gate) {
    if (gate == kInputGate && cell.is_coupled) continue;
    IntegerLstmGate& own = cell.gates[gate];
    own.input = frame.in<int8_t>(operands.input_weights[gate]);
    own.recurrent = frame.in<int8_t>(operands.recurrent_weights[gate]);
    own.bias = frame.in<int32_t>(operands.bias[gate]);
    if (parts.has_peephole && operands.peephole[gate] != kNoOperand) {
      own.peephole = frame.in<int16_t>(operands.peephole[gate]);
    }
    if (parts.has_norm) own.norm = frame.in<int16_t>(operands.norm[gate]);
  }
  if (parts.has_projection) {
    cell.projection = frame.in<int8_t>(operands.projection);
    cell.projection_bias = frame.in<int32_t>(operands.projection_bias);
  }
  return cell;
}

void run(const IntegerLstm& lstm, const Frame& frame) {
  const IntegerLstmCell cell = bind(lstm, frame);
  const LstmDirection& direction = lstm.direction;
  const SequenceShape& sequence = direction.sequence;
  const LstmSizes& sizes = cell.sizes;
  IntegerLstmScratch scratch;
  const auto part = [&](size_t offset) { return reinterpret_cast<int16_t*>(frame.scratch_bytes + offset); };
  for (size_t gate = 0; gate < 4; ++gate) scratch.gates[gate] = part(lstm.gates[gate]);
  scratch.input = part(lstm.input);
  scratch.state = part(lstm.state);
  scratch.hidden = part(lstm.hidden);
  // Variables: the only inputs that a step writes.
  auto* output_state = const_cast<int8_t*>(frame.in<int8_t>(direction.operands.output_state));
  auto* cell_state = const_cast<int16_t*>(frame.in<int16_t>(direction.operands.cell_state));
  const auto* input = frame.in<int8_t>(direction.operands.input);
  for (int64_t t = 0; t < sequence.steps; ++t) {
    const int64_t step = direction.is_backward ? sequence.steps - 1 - t : t;
    lstm_step(cell, sequence.batches, input + step * sequence.step_stride(sizes.inputs),
              sequence.batch_stride(sizes.inputs), output_state, cell_state, scratch);
    int8_t* output = frame.out<int8_t>(direction.output) + step * sequence.step_stride(direction.output_row) +
                     direction.output_first;
    for (int64_t b = 0; b < sequence.batches; ++b) {
      std::copy_n(output_state + b * sizes.outputs, sizes.outputs,
                  output + b * sequence.batch_stride(direction.output_row));
    }
  }
}

}  // namespace

StepFunction integer_lstm(const NodeView& node, const LstmDirection& direction, ScratchLayout& layout) {
  auto lstm = std::make_shared<IntegerLstm>();
  const int64_t batches = direction.sequence.batches;
  lstm->direction = direction;
  lstm->form = lstm_form(node, direction.operands, batches);
  const LstmSizes& sizes = lstm->form.sizes;
  Compiler(node, *lstm).compile();
  for (size_t& gate : lstm->gates) gate = layout.add(batches * sizes.cells, sizeof(int16_t));
  lstm->input = layout.add(batches * sizes.inputs, sizeof(int16_t));
  lstm->state = layout.add(batches * sizes.outputs, sizeof(int16_t));
  lstm->hidden = layout.add(batches * sizes.cells, sizeof(int16_t));
  return [shared = std::shared_ptr<const IntegerLstm>(std::move(lstm))](const Frame& frame) { run(*shared, frame); };
}

}  // namespace litequant
