#include "quantize/passes/cell_form.h"

#include "quantize/passes/lstm_form.h"
#include "quantize/passes/svdf_form.h"

namespace litequant {

CellForm cell_form(const Node& node) {
  const OpDef* row = find_op(node);
  return row == nullptr ? CellForm::none : row->quant.cell_form;
}

bool takes_one_step(const Node& node, const Shape& input) {
  switch (cell_form(node)) {
    case CellForm::none: return false;
    case CellForm::svdf: return true;
    case CellForm::lstm: break;
  }
  return input.rank() != 3 || input[node.options.flag("time_major") ? 0 : 1] <= 1;
}

std::string cell_obstacle(const Model& model, const Graph& graph, const Node& node) {
  return cell_form(node) == CellForm::svdf ? svdf_obstacle(model, graph, node) : lstm_obstacle(model, graph, node);
}

std::string cell_range_obstacle(const Graph& graph, const Node& node, const InnerRanges& ranges) {
  const bool is_svdf = cell_form(node) == CellForm::svdf;
  std::string reason = is_svdf ? svdf_range_obstacle(node, ranges) : lstm_range_obstacle(node, ranges);
  const int32_t state = node.inputs[is_svdf ? kSvdfState : kLstmCellState];
  const Shape& input = graph.tensors[static_cast<size_t>(node.inputs[0])].shape;
  if (!ranges.contains(state) && takes_one_step(node, input)) {
    return "it takes one step a run: calibrate on sequences of samples, which show what its states reach";
  }
  return reason;
}

void write_cell(Model& model, int32_t graph, ConstantStore& constants, Node& node, CellParameters parameters,
                const InnerRanges& ranges) {
  if (cell_form(node) == CellForm::svdf) return write_svdf(model, graph, constants, node, parameters, ranges);
  write_lstm(model, graph, constants, node, parameters, ranges);
}

}  // namespace litequant
