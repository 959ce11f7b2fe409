#include "ops/blockwise_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "base/half.h"
#include "kernels/hybrid.h"

namespace litequant {
namespace {

// Of which 8 x 128 x as many fit an accumulator.
constexpr int64_t kLargestBlock = int64_t{1} << 20;

struct BlockwiseWeights {
  int64_t units = 0, depth = 0, block = 0;
  std::vector<int8_t> values;  // [units, depth]
  std::vector<float> scales;   // [units, depth / block]
  std::vector<float> sums;     // of a unit's weights, as real numbers

  // The real product of a unit's weights with a quantized row.
  float product(int64_t unit, const int8_t* row, DynamicScale by) const {
    const int8_t* weights = values.data() + unit * depth;
    const float* scale = scales.data() + unit * (depth / block);
    float total = 0;
    for (int64_t first = 0; first < depth; first += block) {
      int32_t sum = 0;
      for (int64_t i = first; i < first + block; ++i) sum += int32_t{weights[i]} * row[i];
      total += static_cast<float>(sum) * *scale++;
    }
    total -= static_cast<float>(by.zero_point) * sums[static_cast<size_t>(unit)];
    return total * by.scale;
  }
};

// The tensor that the weights name for their scales: of the same graph.
const Tensor& scales_tensor(const NodeView& node) {
  const Tensor* weights = node.input(1).tensor;
  const auto index = static_cast<size_t>(weights->quantization.details.integer("scales"));
  for (const Graph& graph : node.model().graphs) {
    const Tensor* first = graph.tensors.data();
    const bool is_there = std::less_equal<>()(first, weights) && std::less<>()(weights, first + graph.tensors.size());
    if (is_there && index < graph.tensors.size()) return graph.tensors[index];
  }
  node.fail(ErrorCode::bad_model, {"its weights name scales that are not there"});
}

std::vector<float> block_scales(const NodeView& node, int64_t count) {
  const Tensor& tensor = scales_tensor(node);
  const std::span<const std::byte> bytes = node.model().constant(tensor);
  node.require(tensor.type == DataType::float16, "the scales of its blocks must be FLOAT16");
  node.require(static_cast<int64_t>(bytes.size()) == count * static_cast<int64_t>(sizeof(uint16_t)),
               "the scales of its blocks have ", bytes.size(), " bytes, needs ", count, " of FLOAT16");
  std::vector<float> scales(static_cast<size_t>(count));
  for (size_t i = 0; i < scales.size(); ++i) {
    uint16_t half;
    std::memcpy(&half, bytes.data() + i * sizeof(half), sizeof(half));
    scales[i] = half_to_float(half);
    node.require(std::isfinite(scales[i]), "a scale of its blocks is not finite");
  }
  return scales;
}

BlockwiseWeights blockwise_weights(const NodeView& node, const MatrixShape& shape) {
  const Operand& weights = node.input(1);
  const Options& details = weights.quantization().details;
  BlockwiseWeights result;
  result.units = shape.columns;
  result.depth = shape.depth;
  result.block = details.integer("block_size");
  node.require(
      result.block >= 1 && result.block <= kLargestBlock && result.depth % result.block == 0 && result.depth % 2 == 0,
      "its blocks of ", result.block, " weights do not divide rows of ", result.depth);
  node.require(details.integer("zero_points", -1) < 0, "blocks of weights with zero points are not executed");
  if (!weights.has_value) node.fail(ErrorCode::unsupported_operator, {"weights in blocks must be constant"});
  const int64_t count = result.units * result.depth;
  node.require(static_cast<int64_t>(weights.constant.size()) >= count / 2,
               "its weights hold fewer bytes than their shape needs");
  result.values.resize(static_cast<size_t>(count));
  for (size_t i = 0; i < result.values.size(); ++i) {
    const auto pair = static_cast<uint8_t>(weights.constant[i / 2]);
    const auto high = static_cast<int8_t>(i % 2 == 0 ? pair << 4 : pair & 0xf0);
    result.values[i] = static_cast<int8_t>(high >> 4);
  }
  const int64_t blocks = result.depth / result.block;
  result.scales = block_scales(node, result.units * blocks);
  result.sums.resize(static_cast<size_t>(result.units));
  for (int64_t unit = 0; unit < result.units; ++unit) {
    for (int64_t b = 0; b < blocks; ++b) {
      const int8_t* first = result.values.data() + unit * result.depth + b * result.block;
      const int32_t sum = std::accumulate(first, first + result.block, int32_t{0});
      result.sums[static_cast<size_t>(unit)] +=
          result.scales[static_cast<size_t>(unit * blocks + b)] * static_cast<float>(sum);
    }
  }
  return result;
}

}  // namespace

bool has_blockwise_weights(const NodeView& node) {
  return node.input(1).quantization().details.table() == "BlockwiseQuantization";
}

Step blockwise_step(const NodeView& node, const MatrixShape& shape) {
  const bool has_bias = node.has_input(2);
  const bool are_floats = node.input(0).type == DataType::float32 && node.output(0).type == DataType::float32 &&
                          (!has_bias || node.input(2).type == DataType::float32);
  if (!are_floats || node.input(1).type != DataType::int4) node.fail_type();
  if (node.options().integer("fused_activation_function") != 0) {
    node.fail(ErrorCode::unsupported_operator,
              {"a fused activation is not executed where weights have scales in blocks"});
  }
  node.require(!has_bias || node.input(2).shape.count() == shape.columns, "its bias must have ", shape.columns,
               " elements");
  const auto weights = std::make_shared<const BlockwiseWeights>(blockwise_weights(node, shape));
  const int64_t rows = shape.rows;
  const auto run = [weights, rows, has_bias](const Frame& frame) {
    const auto depth = static_cast<size_t>(weights->depth);
    const float* row = frame.in<float>(0);
    float* result = frame.out<float>();
    for (int64_t r = 0; r < rows; ++r, row += depth) {
      const DynamicScale by = quantize_asymmetric({row, depth}, frame.scratch<int8_t>());
      for (int64_t unit = 0; unit < weights->units; ++unit) {
        const float product = weights->product(unit, frame.scratch<int8_t>(), by);
        *result++ = has_bias ? product + frame.in<float>(2)[unit] : product;
      }
    }
  };
  return {.run = run, .scratch_bytes = static_cast<size_t>(shape.depth)};
}

}  // namespace litequant
