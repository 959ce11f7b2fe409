// Two models in step on the same samples: how far each tensor and each output of one is from the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/model.h"
#include "runtime/session.h"

namespace litequant {

// Sums over all elements and samples of a tensor.
struct ErrorSums {
  double signal = 0;     // sum of squares of the reference
  double noise = 0;      // sum of squares of the difference
  double max_error = 0;  // largest difference
  int64_t count = 0;

  void add(std::span<const float> reference, std::span<const float> candidate);
  // 10 log10(signal / noise) in dB; infinite when nothing differs.
  double sqnr() const;
  double rmse() const;
};

// A tensor that both graphs have by the same name.
struct TensorReport {
  std::string name;
  std::string operator_name;  // that makes it in the candidate
  int32_t node = -1;          // of the candidate
  DataType type = DataType::float32;
  float scale = 0;  // of the candidate; 0: not quantized
  ErrorSums error;

  // Error in steps of the candidate's scale: uniform rounding gives 0.29. NaN where it is not quantized.
  double rmse_per_scale() const;
};

struct OutputReport {
  std::string name;
  ErrorSums error;
  // Rows along the last axis, where it has at least two elements: in how many the largest element is the same one.
  int64_t rows = 0, agreeing_rows = 0;
};

// Against labels, of the first output that has one row of at least two elements.
struct AccuracyReport {
  int64_t labelled = 0;
  int64_t reference_top1 = 0, reference_top5 = 0, candidate_top1 = 0, candidate_top5 = 0;
};

struct Report {
  int64_t samples = 0;
  std::vector<OutputReport> outputs;
  AccuracyReport accuracy;
  std::vector<TensorReport> tensors;  // in the candidate's execution order

  // {"samples", "outputs": [...], "accuracy": {...} or null, "tensors": [...]}
  std::string json() const;
};

struct ComparisonOptions {
  int32_t reference_graph = 0, candidate_graph = 0;
  std::vector<Shape> input_shapes;  // of the reference's graph inputs; empty: the file's own
  bool per_tensor = true;           // also every tensor that both have; costs memory, each keeps its own
};

class Comparison {
 public:
  // Inputs and outputs are paired by signature name where both have the name, else by position.
  Comparison(std::shared_ptr<const Model> reference, std::shared_ptr<const Model> candidate,
             const ComparisonOptions& options);

  // Where to write input `i` of the reference, in its type and shape, before `add`. The candidate gets the same values,
  // rounded to its own type and scale.
  std::span<std::byte> input(size_t i) { return reference_->input(i); }
  size_t input_count() const { return reference_->plan().graph().inputs.size(); }
  const Session& reference() const { return *reference_; }
  const Session& candidate() const { return *candidate_; }
  // The tensors of output `i`, numbered as the reference's: of the reference and of the candidate.
  std::pair<int32_t, int32_t> output_tensors(size_t i) const { return {outputs_[i].reference, outputs_[i].candidate}; }

  // Runs both on the inputs written; `label`: index of the true class, or -1.
  void add(int64_t label = -1);

  const Report& report() const { return report_; }
  // Tensor `i` of the report after the last `add`, as real numbers: of the reference and of the candidate.
  std::pair<std::vector<float>, std::vector<float>> tensor_values(size_t i) const;

 private:
  void add_outputs(int64_t label);
  std::vector<float> values_of(const Session& session, int32_t tensor) const;

  struct Pair {
    int32_t reference, candidate;  // tensor indices
  };
  std::unique_ptr<Session> reference_, candidate_;
  std::vector<size_t> input_pairs_;  // candidate's input for each of the reference's
  std::vector<Pair> outputs_, tensors_;
  Report report_;
};

}  // namespace litequant
