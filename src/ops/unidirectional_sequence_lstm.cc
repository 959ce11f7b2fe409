// UNIDIRECTIONAL_SEQUENCE_LSTM: input [batches, time, inputs], or time first; and LSTM, one step of it: input
// [batches, inputs]. Both keep output and cell state in variables.
#include <cstddef>

#include "ops/cell_operands.h"
#include "ops/lstm_basic.h"
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
  if (is_single_step(node) && is_basic_lstm(node)) return infer_basic_lstm(node);
  node.require(count == 20 || count == 24, "needs 20 or 24 inputs, found ", count);
  const SequenceShape sequence = sequence_of(node);
  const LstmForm form = lstm_form(node, kOperands, sequence.batches);
  return {sequence_result(node.input(0).shape, form.sizes.outputs)};
}

// Where the ranges of the cell state and of the intermediates lie in an LstmExtremes at `offset`.
std::vector<InnerRange> inner_ranges(const NodeView& node, size_t offset) {
  std::vector<InnerRange> ranges = {
      {.tensor = node.node().inputs[kOperands.cell_state], .offset = offset + offsetof(LstmExtremes, cell_state)}};
  const std::vector<int32_t>& intermediates = node.node().intermediates;
  if (intermediates.size() != 5) return ranges;
  for (size_t i = 0; i < 4; ++i) {
    ranges.push_back(
        {.tensor = intermediates[i], .offset = offset + offsetof(LstmExtremes, sums) + i * sizeof(LstmExtremes::Pair)});
  }
  ranges.push_back({.tensor = intermediates[4], .offset = offset + offsetof(LstmExtremes, hidden)});
  return ranges;
}

// The number of intermediates tells which of the integer forms a node has.
bool has_byte_gates(const NodeView& node) {
  const size_t count = node.node().intermediates.size();
  const bool can_be = is_single_step(node);
  node.require(count == 5 || (can_be && count == 12), "with INT8 data it needs ", can_be ? "5 or 12" : "5",
               " intermediates, found ", count);
  return count == 12;
}

Step compile(const NodeView& node, const CompileOptions& options) {
  if (is_single_step(node) && is_basic_lstm(node)) return compile_basic_lstm(node);
  node.require_type(node.output(0), "its output", node.input(0).type);
  LstmDirection direction = {.operands = kOperands, .sequence = sequence_of(node)};
  direction.output_row = node.output(0).shape.back();
  ScratchLayout layout(node);
  if (node.input(0).type == DataType::int8) {
    auto run = has_byte_gates(node) ? byte_gates_lstm(node, kOperands, layout) : integer_lstm(node, direction, layout);
    return {.run = std::move(run), .scratch_bytes = layout.total()};
  }
  size_t extremes = 0;
  auto run = float_lstm(node, direction, layout, options.reproducible ? &extremes : nullptr);
  Step step = {.run = std::move(run), .scratch_bytes = layout.total()};
  if (options.reproducible) step.inner_ranges = inner_ranges(node, extremes);
  return step;
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
  if (is_basic_lstm(node)) return 2;
  if (!is_hybrid(node)) return 1;
  return node.options().flag("asymmetric_quantize_inputs") ? 4 : 3;
}

constexpr OperandSet kWeights = operand_set(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16);
constexpr QuantRule kQuant = {.roles = {Role::data},
                              .output = OutputRule::free,
                              .int8 = true,
                              .hybrid = true,
                              .cell_weights = kWeights,
                              .cell_form = CellForm::lstm};

}  // namespace

extern const OpDef kUnidirectionalSequenceLstm, kLstm;
const OpDef kUnidirectionalSequenceLstm = {.code = OpCode::unidirectional_sequence_lstm,
                                           .types = types(DataType::float32, DataType::int8),
                                           .hybrid = true,
                                           .is_pure = false,
                                           .infer = infer,

                                           .compile = compile,
                                           .quant = kQuant,
                                           .version = sequence_version,
                                           .operations = cell_operations};
const OpDef kLstm = {.code = OpCode::lstm,
                     .types = types(DataType::float32, DataType::int8, DataType::uint8),
                     .hybrid = true,
                     .is_pure = false,
                     .infer = infer,
                     .compile = compile,
                     .quant = kQuant,
                     .version = step_version,
                     .operations = cell_operations};

}  // namespace litequant
