#include "quantize/calibrate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "quantize/alternatives.h"

namespace litequant {
namespace {

std::span<const float> floats(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

Range range_of(std::span<const float> values) {
  Range range{values[0], values[0]};
  for (const float value : values) {
    range.min = value < range.min ? value : range.min;
    range.max = value > range.max ? value : range.max;
  }
  return range;
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

PlanOptions CalibrationModel::options(int32_t graph) const {
  PlanOptions options = calibration_plan_options();
  // A graph that is not there is refused by the plan.
  if (graph >= 0 && static_cast<size_t>(graph) < first_added.size()) {
    options.needed_from = first_added[static_cast<size_t>(graph)];
  }
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

void calibrate_sample(Session& session, Statistics& statistics, int64_t sample) {
  const Plan& plan = session.plan();
  const Graph& graph = plan.graph();
  const int32_t graph_index = plan.graph_index();
  std::vector<std::pair<int32_t, Range>> seen;  // kept back until the whole sample has proved sound
  const auto see = [&](int32_t tensor, std::span<const float> values) {
    if (!values.empty()) seen.emplace_back(tensor, range_of(values));
  };

  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const int32_t tensor = graph.inputs[i];
    if (plan.slot(tensor).type != DataType::float32) continue;
    const auto values = floats(session.input(i));
    if (!all_finite(values)) {
      fail(ErrorCode::bad_sample,
           text("sample ", sample, " holds NaN or infinity in input ",
                quoted(graph.tensors[static_cast<size_t>(tensor)].name), " at ",
                position_of_nonfinite(values, plan.slot(tensor).shape)),
           place_of_tensor(plan.model(), graph_index, tensor), "remove the sample, or repair how it is made");
    }
    see(tensor, values);
  }

  const auto see_outputs = [&](int32_t node, auto&& bytes_of) {
    for (const int32_t tensor : graph.nodes[static_cast<size_t>(node)].outputs) {
      if (tensor == kNoTensor || plan.slot(tensor).type != DataType::float32) continue;
      const auto values = floats(bytes_of(tensor));
      if (!all_finite(values)) {
        fail(ErrorCode::nonfinite_activation, text("the float model makes NaN or infinity here from sample ", sample),
             place_of(plan.model(), graph_index, node), "a model that does so cannot be calibrated with this sample");
      }
      see(tensor, values);
    }
  };
  // Results that were computed when the plan was made have no step.
  for (size_t node = 0; node < graph.nodes.size(); ++node) {
    const auto& outputs = graph.nodes[node].outputs;
    if (outputs.empty() || outputs[0] == kNoTensor || !plan.slot(outputs[0]).is_constant) continue;
    see_outputs(static_cast<int32_t>(node), [&](int32_t tensor) { return plan.slot(tensor).value; });
  }
  const auto see_inside = [&](std::span<const InnerRange> inner) {
    for (const InnerRange& range : inner) {
      const auto ends = floats(session.scratch().subspan(range.offset, 2 * sizeof(float)));
      if (range.tensor != kNoTensor && all_finite(ends)) see(range.tensor, ends);
    }
  };
  // Each sample starts from the states of a first run, so that no order of samples counts.
  session.reset_variables();
  size_t step = 0;
  session.run([&](int32_t node) {
    see_outputs(node, [&](int32_t tensor) { return session.tensor(tensor); });
    see_inside(plan.steps()[step++].step.inner_ranges);
  });

  for (const auto& [tensor, range] : seen) {
    const float ends[] = {range.min, range.max};
    statistics.observe(graph_index, tensor, ends);
  }
  statistics.count_sample(graph_index);
}

}  // namespace litequant
