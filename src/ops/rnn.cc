// RNN (input [batches, inputs]: one step), UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN (input [batches,
// time, inputs], or time first). The state is a variable.
#include "kernels/rnn.h"

#include <utility>

#include "ops/cell_operands.h"
#include "ops/lstm_operands.h"

namespace litequant {
namespace {

struct RnnOperands {
  size_t input = 0, weights = 1, recurrent = 2, bias = 3, state = 4;
  size_t auxiliary = kNoOperand, auxiliary_weights = kNoOperand;
};

// One direction of a node.
struct Direction {
  RnnOperands operands;
  SequenceShape sequence;
  bool is_backward = false;
  int64_t passes = 1;
  size_t output = 0;
  int64_t output_row = 0, output_first = 0;  // elements of a row of outputs; the first of its own
  RnnCell cell;                              // addresses come with each run
  bool is_asymmetric = false;
  CellRowsLayout input_rows, auxiliary_rows, state_rows;
  size_t sums = 0;
};

SequenceShape sequence_of(const NodeView& node, size_t input) {
  if (node.node().op != OpCode::rnn) return sequence_shape(node, node.input(input), node.options().flag("time_major"));
  node.require_rank(node.input(0), "its input", 2, 2);
  const Shape& shape = node.input(0).shape;
  return {.batches = shape[0], .steps = 1, .depth = shape[1], .is_time_major = true};
}

int32_t units_of(const NodeView& node, const RnnOperands& operands) {
  node.require_rank(node.input(operands.weights), "its weights", 2, 2);
  const Shape& weights = node.input(operands.weights).shape;
  node.require(weights[0] >= 1 && weights[1] >= 1, "its weights ", shape_text(weights), " are empty");
  return weights[0];
}

Direction direction_of(const NodeView& node, const RnnOperands& operands, ScratchLayout& layout) {
  Direction direction;
  direction.operands = operands;
  direction.sequence = sequence_of(node, operands.input);
  direction.is_asymmetric = node.options().flag("asymmetric_quantize_inputs");
  const int32_t units = units_of(node, operands);
  const auto inputs = static_cast<int32_t>(direction.sequence.depth);
  const int64_t batches = direction.sequence.batches;
  RnnCell& cell = direction.cell;
  cell.activation = cell_activation(node);
  cell.input = cell_weights(node, operands.weights, "its weights", units, inputs);
  cell.recurrent = cell_weights(node, operands.recurrent, "its recurrent weights", units, units);
  const DataType weights = node.input(operands.weights).type;
  node.require_type(node.input(operands.recurrent), "its recurrent weights", weights);
  require_float_vector(node, operands.bias, "its bias", units);
  require_variable(node, operands.state, "its state", DataType::float32, batches * units);
  direction.input_rows = add_cell_rows(layout, weights, batches, inputs);
  direction.state_rows = add_cell_rows(layout, weights, batches, units);
  direction.sums = layout.add(batches * units, sizeof(float));
  if (operands.auxiliary_weights == kNoOperand) return direction;
  const SequenceShape auxiliary = sequence_of(node, operands.auxiliary);
  node.require(auxiliary.batches == batches && auxiliary.steps == direction.sequence.steps,
               "its auxiliary input must have the batches and steps of its input");
  const auto depth = static_cast<int32_t>(auxiliary.depth);
  cell.auxiliary = cell_weights(node, operands.auxiliary_weights, "its auxiliary weights", units, depth);
  node.require_type(node.input(operands.auxiliary_weights), "its auxiliary weights", weights);
  direction.auxiliary_rows = add_cell_rows(layout, weights, batches, depth);
  return direction;
}

void run_pass(const Direction& direction, const RnnCell& cell, const Frame& frame) {
  const SequenceShape& sequence = direction.sequence;
  const int32_t units = cell.units();
  auto* state = const_cast<float*>(frame.in<float>(direction.operands.state));  // a variable
  auto* sums = reinterpret_cast<float*>(frame.scratch_bytes + direction.sums);
  const auto rows_at = [&](size_t operand, int64_t step, int32_t depth, const CellRowsLayout& layout) {
    return cell_rows(frame.in<float>(operand) + step * sequence.step_stride(depth),
                     {.count = sequence.batches, .depth = depth, .stride = sequence.batch_stride(depth)},
                     direction.is_asymmetric, layout.at(frame));
  };
  for (int64_t t = 0; t < sequence.steps; ++t) {
    const int64_t step = direction.is_backward ? sequence.steps - 1 - t : t;
    const CellRows input = rows_at(direction.operands.input, step, cell.input.depth, direction.input_rows);
    const CellRows auxiliary = cell.auxiliary.is_given() ? rows_at(direction.operands.auxiliary, step,
                                                                   cell.auxiliary.depth, direction.auxiliary_rows)
                                                         : CellRows{};
    const CellRows recurrent = cell_rows(state, {.count = sequence.batches, .depth = units, .stride = units},
                                         direction.is_asymmetric, direction.state_rows.at(frame));
    rnn_step(cell, sequence.batches, input, auxiliary, recurrent, state, sums);
    float* output =
        frame.out<float>(direction.output) + step * sequence.step_stride(direction.output_row) + direction.output_first;
    for (int64_t b = 0; b < sequence.batches; ++b) {
      std::copy_n(state + b * units, units, output + b * sequence.batch_stride(direction.output_row));
    }
  }
}

void run(const Direction& direction, const Frame& frame) {
  RnnCell cell = direction.cell;
  const RnnOperands& operands = direction.operands;
  cell.input.values = frame.in<float>(operands.weights);
  cell.recurrent.values = frame.in<float>(operands.recurrent);
  cell.bias = frame.in<float>(operands.bias);
  if (operands.auxiliary_weights != kNoOperand) cell.auxiliary.values = frame.in<float>(operands.auxiliary_weights);
  for (int64_t pass = 0; pass < direction.passes; ++pass) run_pass(direction, cell, frame);
}

bool is_hybrid(const NodeView& node) { return node.input(1).type == DataType::int8; }

int version(const NodeView& node) {
  if (!is_hybrid(node)) return 1;
  return node.options().flag("asymmetric_quantize_inputs") ? 3 : 2;
}

// ---- One direction --------------------------------------------------------------------------------------------------

std::vector<Shape> infer(const NodeView& node) {
  sequence_of(node, 0);
  return {sequence_result(node.input(0).shape, units_of(node, {}))};
}

Step compile(const NodeView& node, const CompileOptions&) {
  node.require_type(node.output(0), "its output", DataType::float32);
  ScratchLayout layout(node);
  Direction direction = direction_of(node, {}, layout);
  direction.output_row = direction.cell.units();
  return {.run = [direction](const Frame& frame) { run(direction, frame); }, .scratch_bytes = layout.total()};
}

// ---- Both directions ------------------------------------------------------------------------------------------------

constexpr size_t kAuxiliary = 9, kForwardAuxiliaryWeights = 10, kBackwardAuxiliaryWeights = 11;

// Without auxiliary weights the auxiliary input, where it is given, is the input of the backward direction.
std::pair<RnnOperands, RnnOperands> both_operands(const NodeView& node) {
  RnnOperands forward, backward = {.input = 0, .weights = 5, .recurrent = 6, .bias = 7, .state = 8};
  if (node.has_input(kForwardAuxiliaryWeights)) {
    forward.auxiliary = backward.auxiliary = kAuxiliary;
    forward.auxiliary_weights = kForwardAuxiliaryWeights;
    backward.auxiliary_weights = kBackwardAuxiliaryWeights;
  } else {
    node.require(!node.has_input(kBackwardAuxiliaryWeights), "it has auxiliary weights in one direction only");
    // The reference does so only when time comes first; else both directions read the input.
    if (node.has_input(kAuxiliary) && node.options().flag("time_major")) backward.input = kAuxiliary;
  }
  return {forward, backward};
}

std::vector<Shape> infer_both(const NodeView& node) {
  const auto [forward, backward] = both_operands(node);
  sequence_of(node, 0);
  const Shape& input = node.input(0).shape;
  const int64_t first = units_of(node, forward), second = units_of(node, backward);
  if (!node.options().flag("merge_outputs")) {
    return {sequence_result(input, static_cast<int32_t>(first)), sequence_result(input, static_cast<int32_t>(second))};
  }
  node.require(first + second <= std::numeric_limits<int32_t>::max(), "its outputs are too wide");
  return {sequence_result(input, static_cast<int32_t>(first + second))};
}

Step compile_both(const NodeView& node, const CompileOptions&) {
  const auto [forward_operands, backward_operands] = both_operands(node);
  ScratchLayout layout(node);
  Direction forward = direction_of(node, forward_operands, layout);
  Direction backward = direction_of(node, backward_operands, layout);
  backward.is_backward = true;
  if (is_hybrid(node) && forward.sequence.is_time_major) {
    // The reference runs the whole sequence once for each of its steps, the state going on from pass to pass.
    constexpr int64_t kMostPasses = 4096;
    if (forward.sequence.steps > kMostPasses) {
      node.fail(ErrorCode::too_large, {"runs over its ", forward.sequence.steps, " steps as often as it has steps"});
    }
    forward.passes = backward.passes = forward.sequence.steps;
  }
  node.require(
      backward.sequence.batches == forward.sequence.batches && backward.sequence.steps == forward.sequence.steps,
      "its auxiliary input must have the batches and steps of its input");
  const bool is_merged = node.options().flag("merge_outputs");
  for (size_t i = 0; i < node.output_count(); ++i) node.require_type(node.output(i), "its output", DataType::float32);
  forward.output_row = node.output(0).shape.back();
  backward.output = is_merged ? 0 : 1;
  backward.output_row = node.output(backward.output).shape.back();
  backward.output_first = is_merged ? forward.cell.units() : 0;
  return {.run =
              [forward, backward](const Frame& frame) {
                run(forward, frame);
                run(backward, frame);
              },
          .scratch_bytes = layout.total()};
}

double operations_of_both(const NodeView& node) {
  const Shape& input = node.input(0).shape;
  const bool is_repeated = is_hybrid(node) && node.options().flag("time_major") && input.rank() == 3;
  return cell_operations(node) * (is_repeated ? visits(input, 0, 1) : 1);
}

constexpr OpDef row(OpCode code, decltype(OpDef::infer) infer_shapes, decltype(OpDef::compile) compile_cell,
                    OperandSet weights, decltype(OpDef::operations) operations) {
  return {.code = code,
          .types = types(DataType::float32),
          .hybrid = true,
          .is_pure = false,
          .infer = infer_shapes,
          .compile = compile_cell,
          .quant = {.hybrid = true, .cell_weights = weights},
          .version = version,
          .operations = operations};
}

}  // namespace

extern const OpDef kRnn, kUnidirectionalSequenceRnn, kBidirectionalSequenceRnn;
const OpDef kRnn = row(OpCode::rnn, infer, compile, operand_set(1, 2), cell_operations);
const OpDef kUnidirectionalSequenceRnn =
    row(OpCode::unidirectional_sequence_rnn, infer, compile, operand_set(1, 2), cell_operations);
const OpDef kBidirectionalSequenceRnn = row(OpCode::bidirectional_sequence_rnn, infer_both, compile_both,
                                            operand_set(1, 2, 5, 6, 10, 11), operations_of_both);

}  // namespace litequant
