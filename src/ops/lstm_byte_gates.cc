// LSTM, one step, with int8 data and the twelve intermediates of TensorFlow Lite's form 8x8_8: for each gate the
// parameters of its sum, of the input's product and of the recurrent product.
//
// As the reference does, the gates are coupled (an input gate is not looked at), peephole weights too have no effect,
// and normalisation, projection and its bias must be there: it ends the process without them.
#include "kernels/lstm_byte_gates.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "ops/lstm_step.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

// What does not change between runs. Operands' addresses come with each run.
struct ByteGatesLstm {
  LstmOperands operands;
  ByteGatesCell cell;  // sizes and multipliers; addresses are null
  std::array<size_t, 4> gates = {};  // offsets of working memory
  size_t input = 0, state = 0;
  int64_t batches = 0;
};

constexpr size_t kUsedGates[] = {kForgetGate, kCellGate, kOutputGate};

class Compiler {
 public:
  Compiler(const NodeView& node, ByteGatesLstm& lstm) : node_(node), lstm_(lstm), operands_(lstm.operands) {}

  void compile() {
    ByteGatesCell& cell = lstm_.cell;
    const Affine input = divisor_affine_of(node_, node_.input(operands_.input), "its input");
    const Affine state = divisor_affine_of(node_, node_.input(operands_.output_state), "its output state");
    const Affine output = divisor_affine_of(node_, node_.output(0), "its output");
    const float cell_scale = symmetric_scale(node_, operands_.cell_state, "its cell state");
    node_.require(cell_scale == 0x1p-15f, "the scale ", cell_scale, " of its cell state must be 2^-15");
    cell.input_zero = input.zero_point;
    cell.output_zero = state.zero_point;
    const float cell_clip = clip_limit(node_, "cell_clip");
    cell.cell_clip = static_cast<int16_t>(cell_clip < 1 ? stored_limit(cell_clip, cell_scale, 32767) : 0);
    cell.projection_clip = static_cast<int8_t>(stored_limit(clip_limit(node_, "proj_clip"), output.scale, 127));
    for (const size_t gate : kUsedGates) compile_gate(gate, input.scale, state.scale);
    // The reference takes the multiplier of this one product from beyond the end of its table of multipliers, where the
    // forget gate's shift of the same product lies, and its zero point from the cell gate.
    ByteGate& last = cell.gates[kOutputGate];
    last.recurrent_sum_scale.multiplier = cell.gates[kForgetGate].recurrent_sum_scale.shift;
    last.recurrent_zero = cell.gates[kCellGate].input_zero;
    const double projection = symmetric_scale(node_, operands_.projection, "its projection weights");
    cell.projection_scale = multiplier_of(node_, static_cast<float>(std::ldexp(projection, -15) / double{state.scale}));
    node_.require(cell.projection_scale.shift < 8, "the scales of its projection and its output are too far apart");
  }

 private:
  Affine intermediate(size_t i) const {
    return divisor_affine_of(node_, node_.intermediate(i), text("its intermediate ", i));
  }

  void compile_gate(size_t gate, float input_scale, float state_scale) {
    ByteGate& own = lstm_.cell.gates[gate];
    node_.require(node_.input(operands_.recurrent_weights[gate]).shape.rank() == 2,
                  "diagonal recurrent weights need float data");
    for (const size_t product : {3 * gate + 1, 3 * gate + 2}) {
      node_.require_type(node_.intermediate(product), text("its intermediate ", product), DataType::int8);
    }
    const Affine sum = intermediate(3 * gate);
    const Affine input = intermediate(3 * gate + 1);
    const Affine recurrent = intermediate(3 * gate + 2);
    const float input_weights = symmetric_scale(node_, operands_.input_weights[gate], "its input weights");
    const float recurrent_weights = symmetric_scale(node_, operands_.recurrent_weights[gate], "its recurrent weights");
    own.input_scale = multiplier_of(node_, input_weights * input_scale / input.scale);
    own.recurrent_scale = multiplier_of(node_, recurrent_weights * state_scale / recurrent.scale);
    own.input_sum_scale = multiplier_of(node_, input.scale / sum.scale);
    own.recurrent_sum_scale = multiplier_of(node_, recurrent.scale / sum.scale);
    for (const FixedMultiplier by :
         {own.input_scale, own.recurrent_scale, own.input_sum_scale, own.recurrent_sum_scale}) {
      node_.require(by.shift <= 31, "the scales of its intermediates are too far apart");
    }
    own.input_zero = input.zero_point;
    own.recurrent_zero = recurrent.zero_point;
    own.norm_scale = symmetric_scale(node_, operands_.norm[gate], "its layer normalisation");
  }

  const NodeView& node_;
  ByteGatesLstm& lstm_;
  const LstmOperands& operands_;
};

void require_parts(const NodeView& node, const LstmOperands& operands, const LstmParts& parts) {
  const bool has_all = parts.has_norm && parts.has_projection && has_operand(node, operands.projection_bias);
  if (has_all) return;
  node.fail(ErrorCode::unsupported_operator,
            {"with 12 intermediates it is executed only with layer normalisation, a projection and its bias"});
}

void run(const ByteGatesLstm& lstm, const Frame& frame) {
  const LstmOperands& operands = lstm.operands;
  ByteGatesCell cell = lstm.cell;
  ByteGatesScratch scratch;
  const auto part = [&](size_t offset) { return reinterpret_cast<int16_t*>(frame.scratch_bytes + offset); };
  for (const size_t gate : kUsedGates) {
    ByteGate& own = cell.gates[gate];
    own.input = frame.in<int8_t>(operands.input_weights[gate]);
    own.recurrent = frame.in<int8_t>(operands.recurrent_weights[gate]);
    own.norm = frame.in<int16_t>(operands.norm[gate]);
    own.bias = frame.in<int32_t>(operands.bias[gate]);
    scratch.gates[gate] = part(lstm.gates[gate]);
  }
  cell.projection = frame.in<int8_t>(operands.projection);
  cell.projection_bias = frame.in<int32_t>(operands.projection_bias);
  scratch.input = part(lstm.input);
  scratch.state = part(lstm.state);
  // Variables: the only inputs that a step writes.
  auto* output_state = const_cast<int8_t*>(frame.in<int8_t>(operands.output_state));
  auto* cell_state = const_cast<int16_t*>(frame.in<int16_t>(operands.cell_state));
  lstm_step(cell, lstm.batches, frame.in<int8_t>(operands.input), output_state, cell_state, scratch);
  std::copy_n(output_state, lstm.batches * cell.sizes.outputs, frame.out<int8_t>());
}

}  // namespace

StepFunction byte_gates_lstm(const NodeView& node, const LstmOperands& operands, ScratchLayout& layout) {
  auto lstm = std::make_shared<ByteGatesLstm>();
  lstm->operands = operands;
  lstm->batches = node.input(operands.input).shape[0];
  const LstmForm form = lstm_form(node, operands, lstm->batches);
  require_parts(node, operands, form.parts);
  const LstmSizes& sizes = lstm->cell.sizes = form.sizes;
  Compiler(node, *lstm).compile();
  for (const size_t gate : kUsedGates) lstm->gates[gate] = layout.add(lstm->batches * sizes.cells, sizeof(int16_t));
  lstm->input = layout.add(lstm->batches * sizes.inputs, sizeof(int16_t));
  lstm->state = layout.add(lstm->batches * sizes.outputs, sizeof(int16_t));
  return [shared = std::shared_ptr<const ByteGatesLstm>(std::move(lstm))](const Frame& frame) { run(*shared, frame); };
}

}  // namespace litequant
