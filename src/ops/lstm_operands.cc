#include "ops/lstm_operands.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ops/dense_layer.h"

namespace litequant {
namespace {

constexpr std::array<std::string_view, 4> kGateNames = {"input", "forget", "cell", "output"};

class FormCheck {
 public:
  FormCheck(const NodeView& node, const LstmOperands& operands, LstmForm& form)
      : node_(node), operands_(operands), form_(form) {}

  void check() {
    check_weights();
    check_vectors();
    check_projection();
  }

 private:
  static std::string name_of(size_t gate, std::string_view part) {
    return text("the ", part, " of its ", kGateNames[gate], " gate");
  }

  void matrix(size_t operand, const std::string& what, int32_t rows, int32_t columns) const {
    const Operand& weights = node_.input(operand);
    node_.require_type(weights, what, form_.weights);
    const Shape need = {rows, columns};
    node_.require(weights.shape == need, what, " must be ", shape_text(need), ", found ", shape_text(weights.shape));
    require_constant_whole(weights, what);
  }

  void vector(size_t operand, const std::string& what, DataType type, int32_t count) const {
    const Operand& values = node_.input(operand);
    node_.require_type(values, what, type);
    const Shape need = {count};
    node_.require(values.shape == need, what, " must be ", shape_text(need), ", found ", shape_text(values.shape));
    require_constant_whole(values, what);
  }

  void require_constant_whole(const Operand& operand, const std::string& what) const {
    if (!operand.has_value) return;
    node_.require(operand.constant.size() >= stored_bytes(operand.type, operand.shape.count()), what,
                  " holds fewer bytes than its shape needs");
  }

  bool is_skipped(size_t gate) const { return gate == kInputGate && form_.parts.is_coupled; }

  void check_weights() {
    const LstmSizes& sizes = form_.sizes;
    const bool has_auxiliary = has_operand(node_, operands_.auxiliary_weights[kOutputGate]);
    for (size_t gate = 0; gate < 4; ++gate) {
      if (is_skipped(gate)) {
        node_.require(!has_operand(node_, operands_.recurrent_weights[gate]),
                      "it has recurrent weights of an input gate without its input weights");
        continue;
      }
      matrix(operands_.input_weights[gate], name_of(gate, "input weights"), sizes.cells, sizes.inputs);
      if (node_.input(operands_.recurrent_weights[gate]).shape.rank() == 1) {
        node_.require(sizes.cells == sizes.outputs, "diagonal recurrent weights need as many outputs as cells");
        vector(operands_.recurrent_weights[gate], name_of(gate, "recurrent weights"), DataType::float32, sizes.cells);
      } else {
        matrix(operands_.recurrent_weights[gate], name_of(gate, "recurrent weights"), sizes.cells, sizes.outputs);
      }
      if (has_auxiliary) {
        matrix(operands_.auxiliary_weights[gate], name_of(gate, "auxiliary weights"), sizes.cells, sizes.auxiliary);
      }
    }
  }

  void check_vectors() {
    LstmParts& parts = form_.parts;
    const int32_t cells = form_.sizes.cells;
    const DataType bias = form_.is_integer ? DataType::int32 : DataType::float32;
    const DataType norm = form_.is_integer ? DataType::int16 : DataType::float32;
    const DataType peephole = form_.is_integer ? DataType::int16 : form_.weights;
    parts.has_peephole = has_operand(node_, operands_.peephole[kOutputGate]);
    parts.has_norm = has_operand(node_, operands_.norm[kForgetGate]);
    for (size_t gate = 0; gate < 4; ++gate) {
      if (is_skipped(gate)) {
        node_.require(!has_operand(node_, operands_.bias[gate]),
                      "it has the bias of an input gate without its weights");
        continue;
      }
      vector(operands_.bias[gate], name_of(gate, "bias"), bias, cells);
      if (parts.has_norm) vector(operands_.norm[gate], name_of(gate, "layer normalisation"), norm, cells);
      if (operands_.peephole[gate] == kNoOperand) continue;
      node_.require(has_operand(node_, operands_.peephole[gate]) == parts.has_peephole,
                    "its peephole weights must be given for all gates or none");
      if (parts.has_peephole) vector(operands_.peephole[gate], name_of(gate, "peephole weights"), peephole, cells);
    }
  }

  void check_projection() {
    const LstmSizes& sizes = form_.sizes;
    form_.parts.has_projection = has_operand(node_, operands_.projection);
    if (form_.parts.has_projection) {
      matrix(operands_.projection, "its projection weights", sizes.outputs, sizes.cells);
    } else {
      node_.require(sizes.cells == sizes.outputs, "without a projection its ", sizes.cells, " cells must be its ",
                    sizes.outputs, " outputs");
      node_.require(!has_operand(node_, operands_.projection_bias), "it has a projection bias without its weights");
    }
    if (has_operand(node_, operands_.projection_bias)) {
      vector(operands_.projection_bias, "its projection bias", form_.is_integer ? DataType::int32 : DataType::float32,
             sizes.outputs);
    }
  }

  const NodeView& node_;
  const LstmOperands& operands_;
  LstmForm& form_;
};

}  // namespace

bool has_operand(const NodeView& node, size_t operand) { return operand != kNoOperand && node.has_input(operand); }

void require_variable(const NodeView& node, size_t operand, std::string_view what, DataType type, int64_t count) {
  const Operand& state = node.input(operand);
  node.require(state.tensor->is_variable, what, " (input ", operand, ") must be a variable");
  node.require_type(state, what, type);
  node.require(state.shape.count() == count, what, " must have ", count, " elements, found ", shape_text(state.shape));
}

float symmetric_scale(const NodeView& node, size_t operand, std::string_view what) {
  const TensorScale scale = tensor_scale(node, node.input(operand), what);
  node.require(scale.zero_point == 0, "the zero point of ", what, " must be 0");
  return scale.scale;
}

int32_t stored_limit(float limit, float scale, float most) {
  return limit > 0 ? static_cast<int32_t>(std::min(limit / scale, most)) : 0;
}

Activation cell_activation(const NodeView& node, std::string_view field) {
  const int64_t activation = node.options().integer(field);
  node.require(activation >= 0 && activation <= 5, "its activation ", activation, " is unknown");
  if (activation == static_cast<int64_t>(Activation::sign_bit)) {
    node.fail(ErrorCode::unsupported_operator, {"the activation SIGN_BIT is not executed"});
  }
  return static_cast<Activation>(activation);
}

float clip_limit(const NodeView& node, std::string_view field) {
  const float limit = node.options().real(field);
  node.require(limit >= 0, field, " must not be negative or NaN");
  return limit;
}

SequenceShape sequence_shape(const NodeView& node, const Operand& input, bool is_time_major) {
  node.require_rank(input, "its input", 3, 3);
  return {.batches = input.shape[is_time_major ? 1 : 0],
          .steps = input.shape[is_time_major ? 0 : 1],
          .depth = input.shape[2],
          .is_time_major = is_time_major};
}

Shape sequence_result(const Shape& input, int32_t depth) {
  Shape result = input;
  result[result.rank() - 1] = depth;
  return result;
}

LstmForm lstm_form(const NodeView& node, const LstmOperands& operands, int64_t batches) {
  LstmForm form;
  const Operand& input = node.input(operands.input);
  const Operand& weights = node.input(operands.input_weights[kOutputGate]);
  const Operand& recurrent = node.input(operands.recurrent_weights[kOutputGate]);
  node.require_rank(weights, "the input weights of its output gate", 2, 2);
  node.require_rank(recurrent, "the recurrent weights of its output gate", 1, 2);
  form.is_integer = input.type == DataType::int8;
  form.weights = weights.type;
  if (form.weights != DataType::int8 && (form.is_integer || form.weights != DataType::float32)) node.fail_type();
  form.sizes = {.inputs = input.shape.back(),
                .auxiliary = operands.auxiliary == kNoOperand ? 0 : node.input(operands.auxiliary).shape.back(),
                .cells = weights.shape[0],
                .outputs = recurrent.shape.back()};
  node.require(form.sizes.inputs >= 1 && form.sizes.cells >= 1 && form.sizes.outputs >= 1, "its weights ",
               shape_text(weights.shape), " and ", shape_text(recurrent.shape), " are empty");
  form.parts.is_coupled = !has_operand(node, operands.input_weights[kInputGate]);
  FormCheck(node, operands, form).check();
  require_variable(node, operands.output_state, "its output state", input.type, batches * form.sizes.outputs);
  require_variable(node, operands.cell_state, "its cell state", form.is_integer ? DataType::int16 : DataType::float32,
                   batches * form.sizes.cells);
  return form;
}

}  // namespace litequant
