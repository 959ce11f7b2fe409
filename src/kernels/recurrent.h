// What recurrent cells share: products of a weight matrix with a few rows of activations, and the activations of float
// cells. Source of the arithmetic: TensorFlow Lite's portable tensor utilities.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/hybrid.h"
#include "kernels/requantize.h"

namespace litequant {

// Sum over k of a[k] * b[k]: in one fixed order (eight partial sums), the same bits in every build.
float dot(const float* a, const float* b, int64_t count);
// Modulo 2^32.
int32_t dot(const int8_t* a, const int16_t* b, int64_t count);

// Weights [units, depth] of a float cell: float, or int8 with one scale. Null values: the product is absent.
struct CellWeights {
  const void* values = nullptr;
  bool is_int8 = false;
  float scale = 1;
  int32_t units = 0, depth = 0;

  bool is_given() const { return values != nullptr; }
};

// Rows of activations that meet several weight matrices: as they are, and for int8 weights also quantized on the fly,
// without their zero points.
struct CellRows {
  const float* real = nullptr;
  int64_t stride = 0;                    // between rows of `real`
  const int16_t* quantized = nullptr;    // [count, depth]
  const DynamicScale* scales = nullptr;  // [count]
};

// Where rows are quantized to.
struct CellRowsScratch {
  int16_t* quantized = nullptr;    // [count, depth]
  DynamicScale* scales = nullptr;  // [count]
  int8_t* row = nullptr;           // [depth]
};

struct RowsShape {
  int64_t count = 0, depth = 0, stride = 0;  // stride between rows
};

// Quantizes `real` when the scratch is given.
CellRows cell_rows(const float* real, RowsShape shape, bool is_asymmetric, const CellRowsScratch& scratch);

// sums[row * sums_stride + unit] += weights[unit] . rows[row]
void add_product(const CellWeights& weights, const CellRows& rows, int64_t count, float* sums, int64_t sums_stride);

// In place. Activation::sign_bit is rejected by callers.
void apply_activation(Activation activation, float* values, int64_t count);

}  // namespace litequant
