#include "quantize/calibrate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "kernels/extremes.h"
#include "quantize/alternatives.h"
#include "quantize/passes/cell_form.h"

namespace litequant {
namespace {

std::span<const float> floats(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

Range range_of(std::span<const float> values) {
  const auto [least, greatest] = extremes_of(values, values[0]);
  return {least, greatest};
}

// "[0, 3, 17]": where the first value lies that is not finite.
std::string position_of_nonfinite(std::span<const float> values, const Shape& shape) {
  size_t at = 0;
  while (std::isfinite(values[at])) ++at;
  std::string position;
  auto rest = static_cast<int64_t>(at);
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const int64_t size = shape[axis];
    position = text(rest % size, position.empty() ? "" : ", ", position);
    rest /= size;
  }
  return text("[", position, "]");
}

}  // namespace

PlanOptions calibration_plan_options() {
  return {.kernels = KernelSet::optimized, .reproducible = true, .skip_unsupported = true};
}

PlanOptions CalibrationModel::options() const {
  PlanOptions options = calibration_plan_options();
  options.needed_from = first_added;
  return options;
}

CalibrationModel calibration_model(const Model& model) {
  Extended extended = extend(model);
  CalibrationModel made;
  for (const Graph& graph : model.graphs) made.first_added.push_back(static_cast<int32_t>(graph.nodes.size()));
  for (Alternative& alternative : extended.alternatives) {
    std::vector<Node>& nodes = extended.model.graphs[static_cast<size_t>(alternative.graph)].nodes;
    for (Node& node : alternative.nodes) {
      const auto& inside = alternative.inside;
      if (std::find(inside.begin(), inside.end(), node.outputs[0]) != inside.end()) nodes.push_back(std::move(node));
    }
  }
  made.model = std::make_shared<const Model>(std::move(extended.model));
  return made;
}

void calibrate_sample(Session& session, Statistics& statistics, int64_t sample, SamplePart part) {
  struct Seen {
    int32_t graph, tensor;
    Range range;
  };
  std::vector<Seen> seen;  // kept back until the whole sample has proved sound
  const auto see = [&](const Session& from, int32_t tensor, std::span<const float> values) {
    if (!values.empty()) seen.push_back({from.plan().graph_index(), tensor, range_of(values)});
  };
  const auto see_inputs = [&](const Session& from) {
    const Graph& graph = from.plan().graph();
    for (const int32_t tensor : graph.inputs) {
      if (from.slot(tensor).type != DataType::float32) continue;
      const auto values = floats(from.tensor(tensor));
      if (!all_finite(values)) {
        fail(ErrorCode::bad_sample,
             {"sample ", sample, " holds NaN or infinity in input ",
              quoted(graph.tensors[static_cast<size_t>(tensor)].name), " at ",
              position_of_nonfinite(values, from.slot(tensor).shape)},
             place_of_tensor(from.plan().model(), from.plan().graph_index(), tensor),
             {"remove the sample, or repair how it is made"});
      }
      see(from, tensor, values);
    }
  };
  const auto see_results = [&](const Session& from, int32_t node) {
    for (const int32_t tensor : from.plan().graph().nodes[static_cast<size_t>(node)].outputs) {
      if (tensor == kNoTensor || from.slot(tensor).type != DataType::float32) continue;
      const auto values = floats(from.tensor(tensor));
      if (!all_finite(values)) {
        fail(ErrorCode::nonfinite_activation, {"the float model makes NaN or infinity here from sample ", sample},
             place_of(from.plan().model(), from.plan().graph_index(), node),
             {"a model that does so cannot be calibrated with this sample"});
      }
      see(from, tensor, values);
    }
  };
  const auto see_inside = [&](const Session& from, int32_t n) {
    const Node& node = from.plan().graph().nodes[static_cast<size_t>(n)];
    if (from.inner_ranges().empty()) return;
    if (part == SamplePart::alone && takes_one_step(node, from.slot(node.inputs[0]).shape)) return;
    for (const InnerRange& range : from.inner_ranges()) {
      const auto ends = floats(from.scratch().subspan(range.offset, 2 * sizeof(float)));
      if (range.tensor != kNoTensor && all_finite(ends)) see(from, range.tensor, ends);
    }
  };
  // No order of samples counts, but that within a sequence.
  if (part != SamplePart::continues) session.reset();
  session.run([&](const Session& from, int32_t node) {
    if (node == Session::kBeginning) return see_inputs(from);
    see_results(from, node);
    see_inside(from, node);
  });

  for (const auto& [graph, tensor, range] : seen) {
    const float ends[] = {range.min, range.max};
    statistics.observe(graph, tensor, ends);
  }
  statistics.count_sample(session.plan().graph_index());
}

}  // namespace litequant
