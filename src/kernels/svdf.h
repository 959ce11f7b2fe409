// SVDF: each filter keeps its last `memory` feature products in the state, oldest first, and weighs them by time;
// `rank` filters make a unit. Source of the arithmetic: TensorFlow Lite's reference kernels.
#pragma once

#include <cstdint>

#include "kernels/recurrent.h"
#include "kernels/requantize.h"

namespace litequant {

struct SvdfShape {
  int64_t batches = 1;
  int32_t inputs = 1, filters = 1, memory = 1, rank = 1;

  int32_t units() const { return filters / rank; }
};

// Time weights [filters, memory], state [batches, filters, memory], output [batches, units].
struct FloatSvdf {
  SvdfShape shape;
  CellWeights features;           // [filters, inputs]
  const float* time = nullptr;
  const float* bias = nullptr;    // [units] or null
  Activation activation = Activation::none;
};

// `products` [batches, filters] is working memory.
void svdf(const FloatSvdf& svdf, const CellRows& rows, float* state, float* products, float* output);

struct IntegerSvdf {
  SvdfShape shape;
  const int8_t* features = nullptr;
  const int16_t* time = nullptr;
  const int32_t* bias = nullptr;  // [units] or null
  FixedMultiplier state_scale, output_scale;
  int32_t input_zero = 0, output_zero = 0;
};

// `row` [inputs] is working memory.
void svdf(const IntegerSvdf& svdf, const int8_t* input, int16_t* state, int16_t* row, int8_t* output);

}  // namespace litequant
