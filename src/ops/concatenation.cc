// CONCATENATION: inputs laid side by side along one axis. In legacy UINT8 models the inputs may have scales of their
// own and are rescaled to the result's; everywhere else they must share them.
#include <array>
#include <cmath>
#include <utility>

#include "kernels/requantize.h"
#include "ops/movement.h"

namespace litequant {
namespace {

int axis_of(const NodeView& node) { return node.axis(node.options().integer("axis"), node.input(0).shape.rank()); }

std::vector<Shape> infer(const NodeView& node) {
  const Shape& first = node.input(0).shape;
  const int axis = axis_of(node);
  int64_t total = 0;
  for (size_t i = 0; i < node.input_count(); ++i) {
    const Shape& shape = node.input(i).shape;
    node.require(shape.rank() == first.rank(), "inputs ", shape_text(first), " and ", shape_text(shape),
                 " differ in rank");
    for (int other = 0; other < first.rank(); ++other) {
      node.require(other == axis || shape[other] == first[other], "inputs ", shape_text(first), " and ",
                   shape_text(shape), " differ beside axis ", axis);
    }
    total += shape[axis];
  }
  Shape result = first;
  result[axis] = checked_dim(node, total);
  checked_count(node, result);
  return {result};
}

std::vector<Move> moves_of(const NodeView& node) {
  const int axis = axis_of(node);
  const Shape& result = node.output(0).shape;
  const int64_t inner = result.count(axis + 1, result.rank());
  const int64_t row = result[axis] * inner;
  std::vector<Move> moves;
  int64_t start = 0;
  for (size_t i = 0; i < node.input_count(); ++i) {
    const int64_t piece = node.input(i).shape[axis] * inner;
    moves.push_back({.input = i,
                     .output = 0,
                     .copy = {.element_bytes = bytes_per_element(node.input(i).type),
                              .to_start = start,
                              .axes = {{result.count(0, axis), piece, row}, {piece, 1, 1}}}});
    start += piece;
  }
  return moves;
}

// Stored value of the result for each stored value of an input with other parameters. In single precision and without
// intermediate clamping, as TensorFlow Lite's ConcatenationWithScaling.
std::array<uint8_t, 256> rescaling_table(const Operand& input, const Operand& result) {
  const float inverse_scale = 1.0f / result.scale();
  const float scale = input.scale() * inverse_scale;
  const float bias = static_cast<float>(-input.zero_point()) * scale;
  std::array<uint8_t, 256> table{};
  for (size_t q = 0; q < table.size(); ++q) {
    const int32_t value =
        wrapping_add(saturating_int(std::round(static_cast<float>(q) * scale + bias)), result.zero_point());
    table[q] = static_cast<uint8_t>(clamp(value, range_of<uint8_t>()));
  }
  return table;
}

struct RescaledPiece {
  size_t input = 0;
  int64_t rows = 0, piece = 0, row = 0, start = 0;
  std::array<uint8_t, 256> table{};
};

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& result = node.output(0);
  node.require(node.options().integer("fused_activation_function") == 0, "a fused activation is not supported");
  std::vector<Move> moves = moves_of(node);
  std::vector<Move> plain;
  std::vector<RescaledPiece> rescaled;
  for (size_t i = 0; i < node.input_count(); ++i) {
    const Operand& input = node.input(i);
    if (input.type != result.type) node.fail_type();
    require_int16_zero_point(node, input);
    if (input.type == DataType::int8) require_same_parameters(node, input, result);
    if (input.type == DataType::uint8 && !same_parameters(input, result)) {
      node.require(input.is_quantized() && result.is_quantized() && result.scale() > 0,
                   "needs scales to rescale its inputs");
      const StridedCopy& copy = moves[i].copy;
      rescaled.push_back({.input = i,
                          .rows = copy.axes[0].count,
                          .piece = copy.axes[1].count,
                          .row = copy.axes[0].to_stride,
                          .start = copy.to_start,
                          .table = rescaling_table(input, result)});
    } else {
      plain.push_back(std::move(moves[i]));
    }
  }
  Step copies = move_step(std::move(plain), options);
  if (rescaled.empty()) return copies;
  return {.run = [copies = std::move(copies), rescaled = std::move(rescaled)](const Frame& frame) {
    copies.run(frame);
    for (const RescaledPiece& part : rescaled) {
      const auto* from = frame.in<uint8_t>(part.input);
      auto* to = frame.out<uint8_t>() + part.start;
      for (int64_t r = 0; r < part.rows; ++r, from += part.piece, to += part.row) {
        for (int64_t i = 0; i < part.piece; ++i) to[i] = part.table[from[i]];
      }
    }
  }};
}

int version(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::float16: return 6;
    case DataType::int4: return 5;
    case DataType::uint32: return 4;
    case DataType::int16: return 3;
    case DataType::int8: return 2;
    default: return 1;
  }
}

}  // namespace

extern const OpDef kConcatenation;
const OpDef kConcatenation = {.code = OpCode::concatenation,
                              .types = kWholeByteTypes | types(DataType::int4),
                              .infer = infer,
                              .compile = compile_any_width<compile>,
                              .quant = kMovesDataOfAll,
                              .version = version};

}  // namespace litequant
