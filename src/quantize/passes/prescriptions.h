// Ranges that a model brings along: what quantization-aware training settled.
//
// Three forms: FAKE_QUANT nodes (older converters), pairs of QUANTIZE and DEQUANTIZE between floats (today's write
// FAKE_QUANT so), and tensors that record a least and a greatest value but no scale. None of them is an operator to
// keep: training has already paid for these very steps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "model/model.h"
#include "quantize/parameters.h"
#include "quantize/statistics.h"

namespace litequant {

// Of a real value that is computed or given, or of a constant that is used as one.
struct PrescribedValue {
  Range range;  // what the steps reach
  Parameters int8;
};

// Of a constant whose steps lie symmetrically about 0.
struct PrescribedWeights {
  std::vector<float> scale;  // one, or one per channel
  int32_t axis = 0;
};

// Of one graph, by tensor.
struct Prescriptions {
  std::map<int32_t, PrescribedValue> values;
  std::map<int32_t, PrescribedWeights> weights;
  // Recorded only: they hold where calibration saw nothing (it may have seen other inputs than the converter was told
  // of: pictures in [-1, 1] where the record says [0, 255]).
  std::map<int32_t, PrescribedValue> records;

  bool empty() const { return values.empty() && weights.empty() && records.empty(); }
  // Null where none is prescribed.
  const PrescribedValue* value(int32_t tensor) const;
  const PrescribedValue* record(int32_t tensor) const;
  // The scales of these weights in a layout of `channels` along `axis` (-1: one scale); nothing where none are
  // prescribed or they do not fit that layout.
  std::optional<std::vector<float>> weight_scales(int32_t tensor, int axis, int64_t channels) const;
};

// What the model prescribes, per graph. Its FAKE_QUANT nodes and pairs lose their readers, who read the value itself,
// or a constant on the steps prescribed; nodes keep their numbers. With `in_integers` a second, different range of the
// same value becomes a MUL by 1 that has it, else it goes like the first.
std::vector<Prescriptions> obey_prescriptions(Model& model, bool in_integers);

}  // namespace litequant
