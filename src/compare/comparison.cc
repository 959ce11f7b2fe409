#include "compare/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "compare/real_values.h"

namespace litequant {
namespace {

// The name that a user knows a graph input or output by: the signature's, else the tensor's.
std::string_view border_name(const Model& model, int32_t graph, int32_t tensor, bool is_input) {
  for (const Signature& signature : model.signatures) {
    if (signature.graph != static_cast<uint32_t>(graph)) continue;
    for (const auto& entry : is_input ? signature.inputs : signature.outputs) {
      if (entry.tensor == static_cast<uint32_t>(tensor)) return entry.name;
    }
  }
  return model.graphs[static_cast<size_t>(graph)].tensors[static_cast<size_t>(tensor)].name;
}

// For each of the reference's inputs (or outputs) the position of the candidate's.
std::vector<size_t> pair_borders(const Plan& reference, const Plan& candidate, bool is_inputs) {
  const auto& ours = is_inputs ? reference.graph().inputs : reference.graph().outputs;
  const auto& theirs = is_inputs ? candidate.graph().inputs : candidate.graph().outputs;
  if (ours.size() != theirs.size()) {
    fail(ErrorCode::bad_argument, {"the models cannot be compared: one has ", ours.size(), ", the other ",
                                   theirs.size(), is_inputs ? " inputs" : " outputs"});
  }
  std::vector<size_t> pairs;
  std::vector<bool> taken(theirs.size(), false);
  for (const int32_t tensor : ours) {
    const auto name = border_name(reference.model(), reference.graph_index(), tensor, is_inputs);
    size_t found = theirs.size();
    for (size_t i = 0; i < theirs.size(); ++i) {
      if (!taken[i] && border_name(candidate.model(), candidate.graph_index(), theirs[i], is_inputs) == name) found = i;
    }
    if (found == theirs.size()) {  // names that do not match one to one: by position
      pairs.resize(theirs.size());
      for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = i;
      return pairs;
    }
    taken[found] = true;
    pairs.push_back(found);
  }
  return pairs;
}

std::unordered_map<std::string_view, int32_t> computed_tensors(const Graph& graph) {
  std::unordered_map<std::string_view, int32_t> tensors;
  for (const Node& node : graph.nodes) {
    for (const int32_t output : node.outputs) {
      if (output != kNoTensor) tensors.emplace(graph.tensors[static_cast<size_t>(output)].name, output);
    }
  }
  return tensors;
}

// How many elements are larger than the one at `index`, or equal to it and before it.
int64_t rank_of(std::span<const float> row, size_t index) {
  int64_t rank = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] > row[index] || (row[i] == row[index] && i < index)) ++rank;
  }
  return rank;
}

size_t largest(std::span<const float> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

}  // namespace

void ErrorSums::add(std::span<const float> reference, std::span<const float> candidate) {
  for (size_t i = 0; i < reference.size(); ++i) {
    const double difference = static_cast<double>(reference[i]) - static_cast<double>(candidate[i]);
    signal += static_cast<double>(reference[i]) * static_cast<double>(reference[i]);
    noise += difference * difference;
    max_error = std::max(max_error, std::abs(difference));
  }
  count += static_cast<int64_t>(reference.size());
}

double ErrorSums::sqnr() const {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

double ErrorSums::rmse() const { return count == 0 ? 0 : std::sqrt(noise / static_cast<double>(count)); }

double TensorReport::rmse_per_scale() const {
  return scale > 0 ? error.rmse() / static_cast<double>(scale) : std::numeric_limits<double>::quiet_NaN();
}

Comparison::Comparison(std::shared_ptr<const Model> reference, std::shared_ptr<const Model> candidate,
                       const ComparisonOptions& options) {
  const PlanOptions plan_options = {
      .kernels = KernelSet::optimized, .reproducible = false, .keep_all_tensors = options.per_tensor};
  reference_ = std::make_unique<Session>(
      Plan::make(std::move(reference), options.reference_graph, options.input_shapes, plan_options));
  const Plan& ours = reference_->plan();

  // The candidate's inputs take the reference's shapes.
  const auto file_plan_graph = static_cast<size_t>(options.candidate_graph);
  if (file_plan_graph >= candidate->graphs.size()) {
    fail(ErrorCode::bad_argument, {"the compared model has no subgraph ", options.candidate_graph});
  }
  std::vector<Shape> shapes(ours.graph().inputs.size());
  {
    const auto first = Plan::make(candidate, options.candidate_graph, {}, {.keep_all_tensors = false});
    input_pairs_ = pair_borders(ours, *first, true);
  }
  for (size_t i = 0; i < shapes.size(); ++i) shapes[input_pairs_[i]] = ours.slot(ours.graph().inputs[i]).shape;
  candidate_ =
      std::make_unique<Session>(Plan::make(std::move(candidate), options.candidate_graph, shapes, plan_options));
  const Plan& theirs = candidate_->plan();

  const auto output_pairs = pair_borders(ours, theirs, false);
  for (size_t i = 0; i < output_pairs.size(); ++i) {
    const Pair pair = {ours.graph().outputs[i], theirs.graph().outputs[output_pairs[i]]};
    const bool is_open = ours.slot(pair.reference).is_open || theirs.slot(pair.candidate).is_open;
    if (!is_open && ours.slot(pair.reference).shape.count() != theirs.slot(pair.candidate).shape.count()) {
      fail(ErrorCode::shape_mismatch,
           {"output ", i, " has the shape ", shape_text(ours.slot(pair.reference).shape), " in one model and ",
            shape_text(theirs.slot(pair.candidate).shape), " in the other"});
    }
    outputs_.push_back(pair);
    OutputReport report;
    report.name = border_name(ours.model(), ours.graph_index(), pair.reference, false);
    report_.outputs.push_back(std::move(report));
  }

  if (!options.per_tensor) return;
  const auto by_name = computed_tensors(ours.graph());
  std::vector<int32_t> computed;  // nodes that run
  for (const Plan::CompiledStep& step : theirs.steps()) computed.push_back(step.node);
  const auto nodes = static_cast<int32_t>(theirs.graph().nodes.size());
  for (int32_t late = theirs.first_stage().end; late < nodes; ++late) computed.push_back(late);
  for (const int32_t index : computed) {
    for (const int32_t output : theirs.graph().nodes[static_cast<size_t>(index)].outputs) {
      if (output == kNoTensor) continue;
      const Tensor& tensor = theirs.graph().tensors[static_cast<size_t>(output)];
      const auto found = by_name.find(tensor.name);
      if (found == by_name.end() || !has_real_values(tensor.type)) continue;
      const Plan::Slot& slot = ours.slot(found->second);
      if (!has_real_values(slot.type)) continue;
      const bool is_open = slot.is_open || theirs.slot(output).is_open;
      if (!is_open && slot.shape.count() != theirs.slot(output).shape.count()) continue;
      tensors_.push_back({found->second, output});
      TensorReport report;
      report.name = tensor.name;
      report.operator_name = operator_name(theirs.graph().nodes[static_cast<size_t>(index)]);
      report.node = index;
      report.type = tensor.type;
      report.scale = tensor.quantization.is_quantized() ? tensor.quantization.scale[0] : 0;
      report_.tensors.push_back(std::move(report));
    }
  }
}

std::vector<float> Comparison::values_of(const Session& session, int32_t tensor) const {
  const Plan::Slot& slot = session.slot(tensor);
  return real_values(session.tensor(tensor), slot.type,
                     session.plan().graph().tensors[static_cast<size_t>(tensor)].quantization);
}

std::pair<std::vector<float>, std::vector<float>> Comparison::tensor_values(size_t i) const {
  if (i >= tensors_.size()) {
    fail(ErrorCode::bad_argument, {"there is no tensor ", i, ", ", tensors_.size(), " are compared"});
  }
  return {values_of(*reference_, tensors_[i].reference), values_of(*candidate_, tensors_[i].candidate)};
}

void Comparison::add(int64_t label) {
  for (size_t i = 0; i < input_pairs_.size(); ++i) {
    const int32_t from = reference_->plan().graph().inputs[i];
    const int32_t to = candidate_->plan().graph().inputs[input_pairs_[i]];
    const Tensor& source = reference_->plan().graph().tensors[static_cast<size_t>(from)];
    const Tensor& target = candidate_->plan().graph().tensors[static_cast<size_t>(to)];
    const auto stored = candidate_->input(input_pairs_[i]);
    if (source.type == target.type && source.quantization == target.quantization) {
      std::memcpy(stored.data(), reference_->input(i).data(), stored.size());
    } else {
      store_values(values_of(*reference_, from), target, stored);
    }
  }
  // Each sample starts from the states of a first run.
  reference_->reset();
  candidate_->reset();
  reference_->run();
  candidate_->run();
  ++report_.samples;
  add_outputs(label);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const auto reference = values_of(*reference_, tensors_[i].reference);
    const auto candidate = values_of(*candidate_, tensors_[i].candidate);
    // Lengths that follow from values can differ: then no element corresponds to another.
    if (reference.size() == candidate.size()) report_.tensors[i].error.add(reference, candidate);
  }
}

void Comparison::add_outputs(int64_t label) {
  bool judged = label < 0;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const auto [ours, theirs] = outputs_[i];
    const Plan::Slot& slot = reference_->slot(ours);
    if (!has_real_values(slot.type) || !has_real_values(candidate_->slot(theirs).type)) continue;
    const auto reference = values_of(*reference_, ours);
    const auto candidate = values_of(*candidate_, theirs);
    OutputReport& report = report_.outputs[i];
    if (reference.size() != candidate.size()) {
      ++report.rows;  // a result of another length agrees in nothing
      continue;
    }
    report.error.add(reference, candidate);
    const size_t width = slot.shape.rank() > 0 ? static_cast<size_t>(slot.shape.back()) : 1;
    if (width < 2) continue;
    const size_t rows = reference.size() / width;
    for (size_t row = 0; row < rows; ++row) {
      const auto a = std::span(reference).subspan(row * width, width);
      const auto b = std::span(candidate).subspan(row * width, width);
      ++report.rows;
      if (largest(a) == largest(b)) ++report.agreeing_rows;
      if (judged || rows != 1) continue;
      if (static_cast<size_t>(label) >= width) {
        fail(ErrorCode::bad_argument,
             {"label ", label, " is beyond the ", width, " classes of output ", quoted(report.name)});
      }
      AccuracyReport& accuracy = report_.accuracy;
      const int64_t reference_rank = rank_of(a, static_cast<size_t>(label));
      const int64_t candidate_rank = rank_of(b, static_cast<size_t>(label));
      ++accuracy.labelled;
      accuracy.reference_top1 += reference_rank < 1;
      accuracy.reference_top5 += reference_rank < 5;
      accuracy.candidate_top1 += candidate_rank < 1;
      accuracy.candidate_top5 += candidate_rank < 5;
      judged = true;
    }
  }
}

}  // namespace litequant
