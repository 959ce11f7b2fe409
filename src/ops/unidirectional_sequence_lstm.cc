// UNIDIRECTIONAL_SEQUENCE_LSTM: input [batches, time, inputs], or time first; and LSTM, one step of it: input
// [batches, inputs]. Both keep output and cell state in variables.
#include "ops/lstm_step.h"

namespace litequant {
namespace {

constexpr LstmOperands kOperands;

bool is_single_step(const NodeView& node) { return node.node().op == OpCode::lstm; }

SequenceShape sequence_of(const NodeView& node) {
  const Operand& input = node.input(0);
  if (!is_single_step(node)) return sequence_shape(node, input, node.options().flag("time_major"));
  node.require_rank(input, "its input", 2, 2);
  return {.batches = input.shape[0], .steps = 1, .depth = input.shape[1], .is_time_major = true};
}

std::vector<Shape> infer(const NodeView& node) {
  const size_t count = node.input_count();
  if (is_single_step(node) && count == 5) {
    node.fail(ErrorCode::unsupported_operator, "the BASIC kernel with 5 inputs is not executed");
  }
  node.require(count == 20 || count == 24, text("needs 20 or 24 inputs, found ", count));
  const SequenceShape sequence = sequence_of(node);
  const LstmForm form = lstm_form(node, kOperands, sequence.batches);
  return {sequence_result(node.input(0).shape, form.sizes.outputs)};
}

Step compile(const NodeView& node, const CompileOptions&) {
  node.require_type(node.output(0), "its output", node.input(0).type);
  LstmDirection direction = {.operands = kOperands, .sequence = sequence_of(node)};
  direction.output_row = node.output(0).shape.back();
  ScratchLayout layout(node);
  const bool is_integer = node.input(0).type == DataType::int8;
  auto run = is_integer ? integer_lstm(node, direction, layout) : float_lstm(node, direction, layout);
  return {.run = std::move(run), .scratch_bytes = layout.total()};
}

bool is_hybrid(const NodeView& node) {
  return node.input(0).type == DataType::float32 && node.input(2).type == DataType::int8;
}

int sequence_version(const NodeView& node) {
  if (node.options().flag("diagonal_recurrent_tensors")) return 4;
  if (!is_hybrid(node)) return 1;
  return node.options().flag("asymmetric_quantize_inputs") ? 3 : 2;
}

int step_version(const NodeView& node) {
  if (!is_hybrid(node)) return 1;
  return node.options().flag("asymmetric_quantize_inputs") ? 4 : 3;
}

}  // namespace

extern const OpDef kUnidirectionalSequenceLstm, kLstm;
const OpDef kUnidirectionalSequenceLstm = {.code = OpCode::unidirectional_sequence_lstm,
                                           .types = types(DataType::float32, DataType::int8),
                                           .hybrid = true,
                                           .is_pure = false,
                                           .infer = infer,
                                           .compile = compile,
                                           .version = sequence_version};
const OpDef kLstm = {.code = OpCode::lstm,
                     .types = types(DataType::float32, DataType::int8),
                     .hybrid = true,
                     .is_pure = false,
                     .infer = infer,
                     .compile = compile,
                     .version = step_version};

}  // namespace litequant
