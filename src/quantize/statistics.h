// What calibration learned: the smallest and largest value of every real-valued tensor over all samples.
//
// Min and max are exact and commutative, so any order of samples and any split over machines give the same statistics.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"

namespace litequant {

struct Range {
  float min = 0, max = 0;
  bool operator==(const Range&) const = default;
};

// Of what decides activations: operators, options, operands and the bytes of constants.
uint64_t model_fingerprint(const Model& model);

class Statistics {
 public:
  // Empty, for this model.
  explicit Statistics(const Model& model);

  // Widens the tensor's range by `values` (none: no change). All must be finite; -0 counts as 0.
  void observe(int32_t graph, int32_t tensor, std::span<const float> values);
  // One more sample of this graph.
  void count_sample(int32_t graph);
  // Adds what another machine saw. Throws BAD_ARGUMENT when it calibrated another model.
  void merge(const Statistics& other);

  std::optional<Range> range(int32_t graph, int32_t tensor) const;
  int64_t samples(int32_t graph) const;
  int64_t samples() const;  // of all graphs

  // Throws BAD_ARGUMENT unless these statistics are of this model, tensor by tensor (some have only numbers that this
  // version gave them: see Extended).
  void check_model(const Model& model) const;

  // JSON: {"litequant":"statistics","version":1,"model":"<fingerprint>",
  //        "graphs":[{"samples":n,"ranges":[[tensor,"name",min,max],…]},…]}; numbers are read back exactly.
  std::string to_json() const;
  // Throws BAD_FILE where the text is not that.
  static Statistics from_json(std::string_view json);

  bool operator==(const Statistics&) const = default;

 private:
  Statistics() = default;

  void require_same_names(const Statistics& other) const;

  struct Entry {
    std::string name;
    std::optional<Range> range;
    bool operator==(const Entry&) const = default;
  };
  struct PerGraph {
    int64_t samples = 0;
    std::map<int32_t, Entry> tensors;  // the real-valued tensors that are computed or given
    bool operator==(const PerGraph&) const = default;
  };
  uint64_t fingerprint_ = 0;
  std::vector<PerGraph> graphs_;
};

// Whether all values are finite; nothing else is looked at.
bool all_finite(std::span<const float> values);

}  // namespace litequant
