// One sample through the float model, into the statistics. The loop over samples is the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "quantize/statistics.h"
#include "runtime/session.h"

namespace litequant {

// The plan that calibration runs: results do not depend on the build, nor on how samples are batched or spread. What
// follows from an operator that is not executed is not calibrated, and stays float.
PlanOptions calibration_plan_options();

// What calibration runs in place of `model`: the same nodes under the same numbers, then those whose results lie inside
// an alternative (see alternatives.h). Its plans also need CalibrationModel::options.
struct CalibrationModel {
  std::shared_ptr<const Model> model;
  std::vector<int32_t> first_added;  // per graph: the first node that the original does not have

  PlanOptions options() const;
};
CalibrationModel calibration_model(const Model& model);

// Of a model that keeps states: whether a sample is a run of its own, or part of a sequence of runs.
enum class SamplePart : uint8_t {
  alone,  // starts from the states of a first run
  begins,  // the same, and others follow
  continues,  // starts from the states that the sample before left
};

// Runs the session, whose inputs the caller has written, and widens the range of every real-valued input and result of
// the session's graph, and of those that its nodes run; and what the states of cells reach, of cells that take one step
// a run only in sequences. `sample` is its number, for messages. Throws BAD_SAMPLE when an input holds NaN or infinity,
// NONFINITE_ACTIVATION naming the first node that makes one; then the statistics are as they were before.
void calibrate_sample(Session& session, Statistics& statistics, int64_t sample, SamplePart part = SamplePart::alone);

}  // namespace litequant
