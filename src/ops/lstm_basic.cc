#include "ops/lstm_basic.h"

#include <cmath>

#include "kernels/lstm_basic.h"
#include "ops/cell_operands.h"
#include "ops/lstm_operands.h"

namespace litequant {
namespace {

constexpr size_t kInput = 0, kLastActivation = 1, kWeights = 2, kBias = 3, kLastState = 4;

BasicLstmShape shape_of(const NodeView& node) {
  node.require_rank(node.input(kInput), "its input", 2, 2);
  node.require_rank(node.input(kLastActivation), "its last activation", 2, 2);
  const Shape& input = node.input(kInput).shape;
  const int32_t units = node.input(kLastActivation).shape[1];
  const BasicLstmShape shape = {.batches = input[0], .inputs = input[1], .units = units};
  node.require(shape.inputs >= 1 && units >= 1 && units <= std::numeric_limits<int32_t>::max() / 4 &&
                   shape.depth() <= std::numeric_limits<int32_t>::max(),
               "cannot take ", shape.inputs, " inputs and ", units, " units");
  return shape;
}

void check_operands(const NodeView& node, const BasicLstmShape& shape, DataType state) {
  const DataType data = node.input(kInput).type;
  const int64_t cells = shape.batches * shape.units;
  require_variable(node, kLastActivation, "its last activation", data, cells);
  require_variable(node, kLastState, "its last state", state, cells);
  const Operand& weights = node.input(kWeights);
  node.require_type(weights, "its weights", data);
  const Shape need = {4 * shape.units, static_cast<int32_t>(shape.depth())};
  node.require(weights.shape == need, "its weights must be ", shape_text(need), ", found ", shape_text(weights.shape));
  require_whole_constant(node, weights, "its weights");
  const Operand& bias = node.input(kBias);
  node.require_type(bias, "its bias", data == DataType::float32 ? DataType::float32 : DataType::int32);
  node.require(bias.shape == Shape{4 * shape.units}, "its bias must have ", 4 * shape.units, " elements");
  require_whole_constant(node, bias, "its bias");
  for (const size_t i : {size_t{0}, size_t{2}}) node.require_type(node.output(i), "its output", data);
  for (const size_t i : {size_t{1}, size_t{3}}) node.require_type(node.output(i), "its state", state);
}

void require_scale(const NodeView& node, const Operand& operand, std::string_view what, TensorScale need) {
  const TensorScale scale = tensor_scale(node, operand, what);
  node.require(scale.scale == need.scale && scale.zero_point == need.zero_point, what, " must have the scale ",
               need.scale, " and zero point ", need.zero_point);
}

template <typename T, typename State>
BasicLstmStep<T, State> step_of(const Frame& frame) {
  // Variables: the only inputs that a step writes.
  return {.input = frame.in<T>(kInput),
          .last_activation = const_cast<T*>(frame.in<T>(kLastActivation)),
          .last_state = const_cast<State*>(frame.in<State>(kLastState)),
          .activation = frame.out<T>(0),
          .state = frame.out<State>(1),
          .joined = frame.out<T>(2),
          .sums = frame.out<State>(3)};
}

}  // namespace

bool is_basic_lstm(const NodeView& node) { return node.input_count() == 5; }

std::vector<Shape> infer_basic_lstm(const NodeView& node) {
  const BasicLstmShape shape = shape_of(node);
  const auto batches = static_cast<int32_t>(shape.batches);
  const Shape cells = {batches, shape.units};
  return {cells, cells, Shape{batches, static_cast<int32_t>(shape.depth())}, Shape{batches, 4 * shape.units}};
}

Step compile_basic_lstm(const NodeView& node) {
  const BasicLstmShape shape = shape_of(node);
  if (node.input(kInput).type == DataType::float32) {
    check_operands(node, shape, DataType::float32);
    return {.run =
                [shape](const Frame& frame) {
                  basic_lstm_step(shape, frame.in<float>(kWeights), frame.in<float>(kBias),
                                  step_of<float, float>(frame));
                },
            .scratch_bytes = 0};
  }
  if (node.input(kInput).type != DataType::uint8) node.fail_type();
  check_operands(node, shape, DataType::int16);
  constexpr TensorScale kData = {1.0f / 128, 128}, kState = {1.0f / 2048, 0};
  require_scale(node, node.input(kInput), "its input", kData);
  require_scale(node, node.input(kLastActivation), "its last activation", kData);
  require_scale(node, node.input(kLastState), "its last state", kState);
  require_scale(node, node.output(0), "its activation", kData);
  require_scale(node, node.output(1), "its state", kState);
  const float bias = symmetric_scale(node, kBias, "its bias");
  const BasicLstmScale scale = {.sums = fixed_multiplier(4096 * double{bias}),
                                .weight_zero = tensor_scale(node, node.input(kWeights), "its weights").zero_point};
  return {.run =
              [shape, scale](const Frame& frame) {
                basic_lstm_step(shape, frame.in<uint8_t>(kWeights), frame.in<int32_t>(kBias), scale,
                                step_of<uint8_t, int16_t>(frame));
              },
          .scratch_bytes = 0};
}

}  // namespace litequant
