// What convolutions, FULLY_CONNECTED and BATCH_MATMUL share: their element types, scales, weights and bias, checked
// once.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kernels/dense.h"
#include "kernels/hybrid.h"
#include "ops/op_def.h"

namespace litequant {

// Per-tensor parameters of a quantized operand.
struct TensorScale {
  float scale = 1;
  int32_t zero_point = 0;
};

// Exactly one finite, non-negative scale and a zero point within the element type; `what` ("the input") is for
// messages.
TensorScale tensor_scale(const NodeView& node, const Operand& operand, std::string_view what);

// Which element types meet, and so which arithmetic applies.
enum class DenseKind : uint8_t {
  float32,     // all float
  hybrid,      // float activations and results, int8 weights
  int8,        // int8 throughout, int32 accumulators
  uint8,       // uint8 throughout, zero points on both operands
  int16,       // int16 activations, int8 weights, int64 accumulators
  int16_both,  // int16 activations and weights, int64 accumulators
};

// How the operator scales its accumulators (quantization-spec §2 and §3).
enum class ScaleRule : uint8_t {
  convolution,      // fixed point; the factor is formed in double (uint8: the product of scales in float)
  fully_connected,  // a double, no fixed point (int16 with int16 weights: fixed point)
  matrix_product,   // fixed point; the product of scales in float
};

struct DenseOperands {
  size_t data = 0, weights = 1, bias = 2;
  int32_t channels = 1;  // output channels, the length of bias and of per-channel scales
  int weight_axis = 0;   // of the channels
  ScaleRule rule = ScaleRule::convolution;
  bool has_bias_operand = true;
};

struct DenseLayer {
  DenseKind kind = DenseKind::float32;
  size_t data = 0, weights = 1, bias = 2;  // operands
  bool has_bias = false;
  DataType bias_type = DataType::float32;  // float32, int32 or int64
  bool wide_accumulator = false;           // int64; int32 ones wrap
  bool raw_output = false;                 // int32 results are the accumulators themselves
  bool is_real_scale = false;              // `real_scale`, else `fixed_scale`
  int32_t channels = 1;
  int32_t data_zero = 0, weight_zero = 0;
  FixedScale fixed_scale;
  RealScale real_scale;
  HybridScale hybrid_scale;
  FloatRange float_range;
  bool asymmetric = false;  // hybrid: activations are quantized with a zero point
  // The weights where they are known: as stored, or unpacked from 4 bits. Empty at run time.
  std::span<const std::byte> constant_weights;
  std::shared_ptr<const std::vector<int8_t>> unpacked_weights;
  std::span<const std::byte> constant_bias;

  template <typename T>
  const T* weights_of(const Frame& frame) const {
    return unpacked_weights ? reinterpret_cast<const T*>(unpacked_weights->data()) : frame.in<T>(weights);
  }
};

// Checks the operands of a node and gathers what the kernels need. Rejects unsupported types and activations, scales of
// the wrong number, missing output scales, and weights or biases of the wrong size.
DenseLayer dense_layer(const NodeView& node, const DenseOperands& operands);

// ---- Working memory -------------------------------------------------------------------------------------------------

// Parts of a step's scratch, 16-byte aligned. Sizes are checked: TOO_LARGE beyond what one step may use.
class ScratchLayout {
 public:
  explicit ScratchLayout(const NodeView& node) : node_(&node) {}
  // The offset of a new part of `count` elements of `element_bytes`.
  size_t add(int64_t count, size_t element_bytes);
  size_t total() const { return static_cast<size_t>(total_); }

 private:
  const NodeView* node_;
  int64_t total_ = 0;
};

// Activations that share a scale when they are quantized on the fly: images of a convolution, rows of a matrix.
struct DenseBatches {
  int64_t count = 0, elements = 0;  // of each
};

// Hybrid: the activations quantized on the fly and the scale of each batch.
struct HybridScratch {
  size_t values = 0, scales = 0;  // offsets: int8_t[count * elements], DynamicScale[count]

  int8_t* values_of(const Frame& frame) const { return reinterpret_cast<int8_t*>(frame.scratch_bytes + values); }
  DynamicScale* scales_of(const Frame& frame) const {
    return reinterpret_cast<DynamicScale*>(frame.scratch_bytes + scales);
  }
};
// Nothing is added for a layer that is not hybrid.
HybridScratch add_hybrid_scratch(ScratchLayout& layout, const DenseLayer& layer, const DenseBatches& batches);

// Fills both from the float activations that begin at element `first`.
void quantize_batches(const DenseLayer& layer, const Frame& frame, int64_t first, const DenseBatches& batches,
                      const HybridScratch& scratch);

}  // namespace litequant
