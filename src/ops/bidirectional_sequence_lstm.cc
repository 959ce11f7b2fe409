// BIDIRECTIONAL_SEQUENCE_LSTM: two LSTMs over a sequence, one of them backwards, with float data. Their results are
// joined in one output, or given in two.
#include <utility>

#include "ops/cell_operands.h"
#include "ops/lstm_step.h"

namespace litequant {
namespace {

constexpr size_t kAuxiliary = 39;
constexpr std::array<size_t, 4> kNone = {kNoOperand, kNoOperand, kNoOperand, kNoOperand};

// Without auxiliary weights the auxiliary input, where it is given, is the input of the backward direction.
std::pair<LstmOperands, LstmOperands> both_operands(const NodeView& node) {
  node.require(node.input_count() == 48, "needs 48 inputs, found ", node.input_count());
  LstmOperands forward = {.output_state = 35, .cell_state = 36, .norm = kNone};
  LstmOperands backward = {.input_weights = {18, 19, 20, 21},
                           .recurrent_weights = {22, 23, 24, 25},
                           .peephole = {26, 27, kNoOperand, 28},
                           .bias = {29, 30, 31, 32},
                           .projection = 33,
                           .projection_bias = 34,
                           .output_state = 37,
                           .cell_state = 38,
                           .norm = kNone};
  const bool has_weights = node.has_input(43);
  node.require(has_weights == node.has_input(47), "it has auxiliary weights in one direction only");
  if (has_weights) {
    forward.auxiliary = backward.auxiliary = kAuxiliary;
    forward.auxiliary_weights = {40, 41, 42, 43};
    backward.auxiliary_weights = {44, 45, 46, 47};
  } else if (node.has_input(kAuxiliary)) {
    backward.input = kAuxiliary;
  }
  return {forward, backward};
}

SequenceShape sequence_of(const NodeView& node, size_t input) {
  const SequenceShape sequence = sequence_shape(node, node.input(0), node.options().flag("time_major", true));
  const SequenceShape own = sequence_shape(node, node.input(input), sequence.is_time_major);
  node.require(own.batches == sequence.batches && own.steps == sequence.steps,
               "its auxiliary input must have the batches and steps of its input");
  return own;
}

std::vector<Shape> infer(const NodeView& node) {
  const auto [forward, backward] = both_operands(node);
  const SequenceShape sequence = sequence_of(node, 0);
  if (node.has_input(kAuxiliary)) sequence_of(node, kAuxiliary);
  const Shape& input = node.input(0).shape;
  const int64_t first = lstm_form(node, forward, sequence.batches).sizes.outputs;
  const int64_t second = lstm_form(node, backward, sequence.batches).sizes.outputs;
  if (!node.options().flag("merge_outputs")) {
    return {sequence_result(input, static_cast<int32_t>(first)), sequence_result(input, static_cast<int32_t>(second))};
  }
  node.require(first + second <= std::numeric_limits<int32_t>::max(), "its outputs are too wide");
  return {sequence_result(input, static_cast<int32_t>(first + second))};
}

Step compile(const NodeView& node, const CompileOptions&) {
  const auto [forward_operands, backward_operands] = both_operands(node);
  for (size_t i = 0; i < node.output_count(); ++i) node.require_type(node.output(i), "its output", DataType::float32);
  const bool is_merged = node.options().flag("merge_outputs");
  ScratchLayout layout(node);
  LstmDirection forward = {.operands = forward_operands, .sequence = sequence_of(node, forward_operands.input)};
  forward.output_row = node.output(0).shape.back();
  LstmDirection backward = {
      .operands = backward_operands, .sequence = sequence_of(node, backward_operands.input), .is_backward = true};
  backward.output = is_merged ? 0 : 1;
  backward.output_row = node.output(backward.output).shape.back();
  const LstmForm form = lstm_form(node, forward_operands, forward.sequence.batches);
  backward.output_first = is_merged ? form.sizes.outputs : 0;
  auto run_forward = float_lstm(node, forward, layout), run_backward = float_lstm(node, backward, layout);
  return {.run =
              [first = std::move(run_forward), second = std::move(run_backward)](const Frame& frame) {
                first(frame);
                second(frame);
              },
          .scratch_bytes = layout.total()};
}

int version(const NodeView& node) {
  if (node.input(2).type == DataType::float32) return 1;
  return node.options().flag("asymmetric_quantize_inputs") ? 3 : 2;
}

}  // namespace

extern const OpDef kBidirectionalSequenceLstm;
const OpDef kBidirectionalSequenceLstm = {
    .code = OpCode::bidirectional_sequence_lstm,
    .types = types(DataType::float32),
    .hybrid = true,
    .is_pure = false,
    .infer = infer,
    .compile = compile,
    .quant = {.hybrid = true,
              .cell_weights = operand_set(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
                                          28, 33, 40, 41, 42, 43, 44, 45, 46, 47)},
    .version = version,
    .operations = cell_operations};

}  // namespace litequant
