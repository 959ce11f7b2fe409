// SVDF: input [batches, inputs], feature weights [filters, inputs], time weights [filters, memory], bias [units] or
// absent, state [batches, memory * filters] (a variable).
#include "kernels/svdf.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/cell_operands.h"
#include "ops/lstm_operands.h"

namespace litequant {
namespace {

constexpr size_t kFeatures = 1, kTime = 2, kBias = 3, kState = 4;

SvdfShape shape_of(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 2, 2);
  node.require_rank(node.input(kFeatures), "its feature weights", 2, 2);
  node.require_rank(node.input(kTime), "its time weights", 2, 2);
  const Shape& input = node.input(0).shape;
  const int32_t filters = node.input(kFeatures).shape[0];
  const int64_t rank = node.options().integer("rank");
  node.require(rank >= 1 && filters >= 1 && filters % rank == 0, "its ", filters,
               " filters do not divide into a rank of ", rank);
  const SvdfShape shape = {.batches = input[0],
                           .inputs = input[1],
                           .filters = filters,
                           .memory = node.input(kTime).shape[1],
                           .rank = static_cast<int32_t>(rank)};
  node.require(shape.inputs >= 1 && shape.memory >= 1, "its weights are empty");
  node.require(int64_t{filters} * shape.memory <= std::numeric_limits<int32_t>::max(), "its state is too large");
  node.require(node.input(kTime).shape[0] == filters, "its time weights need one row for each filter");
  require_whole_constant(node, node.input(kTime), "its time weights");
  return shape;
}

std::vector<Shape> infer(const NodeView& node) {
  const SvdfShape shape = shape_of(node);
  return {Shape{static_cast<int32_t>(shape.batches), shape.units()}};
}

// Time weights of int8 as floats.
std::vector<float> restored_time(const NodeView& node) {
  const float scale = symmetric_scale(node, kTime, "its time weights");
  std::vector<float> values;
  for (const int8_t value : node.values<int8_t>(kTime)) values.push_back(static_cast<float>(value) * scale);
  return values;
}

// The least and the greatest value of the state, for calibration.
struct StateExtremes {
  float least, greatest;
};

Step compile_float(const NodeView& node, bool is_reproducible) {
  FloatSvdf cell = {
      .shape = shape_of(node), .features = {}, .time = nullptr, .bias = nullptr, .activation = cell_activation(node)};
  const SvdfShape& shape = cell.shape;
  cell.features = cell_weights(node, kFeatures, "its feature weights", shape.filters, shape.inputs);
  require_variable(node, kState, "its state", DataType::float32, shape.batches * shape.filters * shape.memory);
  if (node.has_input(kBias)) require_float_vector(node, kBias, "its bias", shape.units());
  std::vector<float> time;
  if (node.input(kTime).type == DataType::int8) {
    time = restored_time(node);
  } else {
    node.require_type(node.input(kTime), "its time weights", DataType::float32);
  }
  ScratchLayout layout(node);
  const size_t products = layout.add(shape.batches * shape.filters, sizeof(float));
  const CellRowsLayout rows = add_cell_rows(layout, node.input(kFeatures).type, shape.batches, shape.inputs);
  const bool is_asymmetric = node.options().flag("asymmetric_quantize_inputs");
  const size_t extremes = is_reproducible ? layout.add(1, sizeof(StateExtremes)) : 0;
  Step step = {
      .run =
          [=, time = std::move(time)](const Frame& frame) {
            FloatSvdf own = cell;
            own.features.values = frame.in<float>(kFeatures);
            own.time = time.empty() ? frame.in<float>(kTime) : time.data();
            own.bias = frame.in<float>(kBias);
            const CellRows input = cell_rows(
                frame.in<float>(0), {.count = own.shape.batches, .depth = own.shape.inputs, .stride = own.shape.inputs},
                is_asymmetric, rows.at(frame));
            auto* state = const_cast<float*>(frame.in<float>(kState));
            svdf(own, input, state, reinterpret_cast<float*>(frame.scratch_bytes + products), frame.out<float>());
            if (!is_reproducible) return;
            const auto ends =
                std::minmax_element(state, state + own.shape.batches * own.shape.filters * own.shape.memory);
            *reinterpret_cast<StateExtremes*>(frame.scratch_bytes + extremes) = {*ends.first, *ends.second};
          },
      .scratch_bytes = layout.total()};
  if (is_reproducible) step.inner_ranges = {{.tensor = node.node().inputs[kState], .offset = extremes}};
  return step;
}

FixedMultiplier multiplier_of(const NodeView& node, double left, double right, double result) {
  node.require(left >= 0 && right >= 0 && result > 0 && std::isfinite(left * right / result),
               "the ratio of its scales is not finite");
  return fixed_multiplier(left * right / result);
}

Step compile_integer(const NodeView& node) {
  if (cell_activation(node) != Activation::relu) {
    node.fail(ErrorCode::unsupported_operator, {"with INT8 data only the activation RELU is executed"});
  }
  IntegerSvdf cell;
  cell.shape = shape_of(node);
  const SvdfShape& shape = cell.shape;
  node.require_type(node.input(kFeatures), "its feature weights", DataType::int8);
  node.require_type(node.input(kTime), "its time weights", DataType::int16);
  const CellWeights features = cell_weights(node, kFeatures, "its feature weights", shape.filters, shape.inputs);
  require_variable(node, kState, "its state", DataType::int16, shape.batches * shape.filters * shape.memory);
  if (node.has_input(kBias)) {
    node.require_type(node.input(kBias), "its bias", DataType::int32);
    node.require(node.input(kBias).shape == Shape{shape.units()}, "its bias must have ", shape.units(), " elements");
    require_whole_constant(node, node.input(kBias), "its bias");
  }
  const TensorScale input = tensor_scale(node, node.input(0), "its input");
  const TensorScale output = tensor_scale(node, node.output(0), "its output");
  const float state = symmetric_scale(node, kState, "its state");
  const float time = symmetric_scale(node, kTime, "its time weights");
  cell.state_scale = multiplier_of(node, input.scale, features.scale, state);
  cell.output_scale = multiplier_of(node, state, time, output.scale);
  cell.input_zero = input.zero_point;
  cell.output_zero = output.zero_point;
  ScratchLayout layout(node);
  layout.add(shape.inputs, sizeof(int16_t));
  return {.run =
              [cell](const Frame& frame) {
                IntegerSvdf own = cell;
                own.features = frame.in<int8_t>(kFeatures);
                own.time = frame.in<int16_t>(kTime);
                own.bias = frame.in<int32_t>(kBias);
                svdf(own, frame.in<int8_t>(0), const_cast<int16_t*>(frame.in<int16_t>(kState)),
                     frame.scratch<int16_t>(), frame.out<int8_t>());
              },
          .scratch_bytes = layout.total()};
}

Step compile(const NodeView& node, const CompileOptions& options) {
  node.require(node.input_count() == 5, "needs 5 inputs, found ", node.input_count());
  node.require_type(node.output(0), "its output", node.input(0).type);
  return node.input(0).type == DataType::int8 ? compile_integer(node) : compile_float(node, options.reproducible);
}

int version(const NodeView& node) {
  if (node.input(0).type == DataType::int8) return 3;
  if (node.input(kFeatures).type == DataType::float32) return 1;
  return node.options().flag("asymmetric_quantize_inputs") ? 4 : 2;
}

}  // namespace

extern const OpDef kSvdf;
const OpDef kSvdf = {.code = OpCode::svdf,
                     .types = types(DataType::float32, DataType::int8),
                     .hybrid = true,
                     .is_pure = false,
                     .infer = infer,
                     .compile = compile,
                     .quant = {.roles = {Role::data},
                               .output = OutputRule::free,
                               .int8 = true,
                               .hybrid = true,
                               .cell_weights = operand_set(kFeatures, kTime),
                               .cell_form = CellForm::svdf},
                     .version = version,
                     .operations = cell_operations};

}  // namespace litequant
