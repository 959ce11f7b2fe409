#include <utility>

#include "ops/op_def.h"

namespace litequant {
namespace {

Operand operand_of(const Model& model, const Graph& graph, int32_t index) {
  if (index == kNoTensor) return {};
  const Tensor& tensor = graph.tensors[static_cast<size_t>(index)];
  const auto bytes = model.constant(tensor);
  return {.tensor = &tensor,
          .type = tensor.type,
          .shape = tensor.shape,
          .constant = bytes,
          .has_value = !bytes.empty() && !tensor.is_variable};
}

}  // namespace

NodeView::NodeView(const Model& model, int32_t graph, int32_t node)
    : model_(&model),
      graph_(graph),
      index_(node),
      node_(&model.graphs[static_cast<size_t>(graph)].nodes[static_cast<size_t>(node)]) {
  const Graph& owner = model.graphs[static_cast<size_t>(graph)];
  for (const int32_t input : node_->inputs) inputs_.push_back(operand_of(model, owner, input));
  for (const int32_t output : node_->outputs) outputs_.push_back(operand_of(model, owner, output));
  for (const int32_t between : node_->intermediates) intermediates_.push_back(operand_of(model, owner, between));
}

const Operand& NodeView::input(size_t i) const {
  if (!has_input(i)) fail(ErrorCode::bad_model, {"input ", i, " is needed and absent"});
  return inputs_[i];
}

const Operand& NodeView::output(size_t i) const {
  if (i >= outputs_.size() || outputs_[i].tensor == nullptr) {
    fail(ErrorCode::bad_model, {"output ", i, " is needed and absent"});
  }
  return outputs_[i];
}

const Operand& NodeView::intermediate(size_t i) const {
  if (i >= intermediates_.size() || intermediates_[i].tensor == nullptr) {
    fail(ErrorCode::bad_model, {"intermediate ", i, " is needed and absent"});
  }
  return intermediates_[i];
}

const Operand& NodeView::known(size_t i, DataType type) const {
  const Operand& operand = input(i);
  if (operand.type != type) {
    fail(ErrorCode::bad_model,
         {"input ", i, " must be ", data_type_name(type), ", found ", data_type_name(operand.type)});
  }
  if (!operand.has_value) {
    throw ValueNotKnown(i, text("input ", i, " (", quoted(operand.tensor->name), ") is known only at run time"),
                        place_of(*model_, graph_, index_));
  }
  return operand;
}

std::vector<int64_t> NodeView::integers(size_t i) const {
  const auto widen = [](auto span) { return std::vector<int64_t>(span.begin(), span.end()); };
  switch (input(i).type) {
    case DataType::int64: return widen(values<int64_t>(i));
    case DataType::int16: return widen(values<int16_t>(i));
    default: return widen(values<int32_t>(i));
  }
}

int NodeView::axis(int64_t value, int rank) const {
  const int64_t positive = value < 0 ? value + rank : value;
  if (positive < 0 || positive >= rank) {
    fail(ErrorCode::bad_model, {"axis ", value, " is out of range for ", rank, " dimensions"});
  }
  return static_cast<int>(positive);
}

void NodeView::fail(ErrorCode code, TextParts detail, TextParts hint) const {
  litequant::fail(code, detail, place_of(*model_, graph_, index_), hint);
}

void NodeView::require_rank(const Operand& operand, std::string_view what, int least, int most) const {
  const int rank = operand.shape.rank();
  if (rank >= least && rank <= most) return;
  const std::string need = least == most ? text(least) : text(least, " to ", most);
  fail(ErrorCode::bad_model, {what, " must have ", need, " dimensions, found ", shape_text(operand.shape)});
}

void NodeView::require_type(const Operand& operand, std::string_view what, DataType type) const {
  if (operand.type == type) return;
  fail(ErrorCode::unsupported_type,
       {what, " must be ", data_type_name(type), ", found ", data_type_name(operand.type)});
}

void NodeView::fail_type() const {
  std::string found;
  for (const Operand& operand : inputs_) {
    found += found.empty() ? "" : ", ";
    found += operand.tensor ? data_type_name(operand.type) : "absent";
  }
  found += " -> ";
  for (size_t i = 0; i < outputs_.size(); ++i) {
    found += i == 0 ? "" : ", ";
    found += outputs_[i].tensor ? data_type_name(outputs_[i].type) : "absent";
  }
  fail(ErrorCode::unsupported_type, {"is not executed for these element types: ", found});
}

}  // namespace litequant
