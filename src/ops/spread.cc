// DILATE and STABLEHLO_PAD: elements set apart by a filling value, which also surrounds them; negative padding crops.
#include <algorithm>

#include "ops/movement.h"

namespace litequant {
namespace {

// Of one axis: element i of the input comes to place before + i * step.
struct SpreadAxis {
  int64_t before = 0, step = 1, after = 0;
};

std::vector<SpreadAxis> dilation_axes(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  node.require_type(node.input(1), "its dilations", DataType::int32);
  const std::vector<int64_t> dilations = node.integers(1);
  node.require(shape.rank() >= 1 && dilations.size() == static_cast<size_t>(shape.rank()), "its dilations ",
               list_text(dilations), " are not one for each dimension of ", shape_text(shape));
  std::vector<SpreadAxis> axes;
  for (const int64_t dilation : dilations) {
    node.require(dilation >= 1, "its dilations must be at least 1, found ", list_text(dilations));
    axes.push_back({.step = dilation});
  }
  return axes;
}

std::vector<SpreadAxis> padding_axes(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const auto rank = static_cast<size_t>(shape.rank());
  const auto& low = node.options().integers("edge_padding_low");
  const auto& high = node.options().integers("edge_padding_high");
  const auto& interior = node.options().integers("interior_padding");
  node.require(rank >= 1 && low.size() == rank && high.size() == rank && interior.size() == rank,
               "its padding is not for each dimension of ", shape_text(shape));
  constexpr int64_t kMost = int64_t{1} << 31;
  std::vector<SpreadAxis> axes;
  for (size_t i = 0; i < rank; ++i) {
    node.require(std::abs(low[i]) < kMost && std::abs(high[i]) < kMost && interior[i] >= 0 && interior[i] < kMost,
                 "its padding is too large, or negative between elements");
    axes.push_back({low[i], interior[i] + 1, high[i]});
  }
  return axes;
}

Shape spread_shape(const NodeView& node, const std::vector<SpreadAxis>& axes) {
  const Shape& shape = node.input(0).shape;
  Shape result;
  for (int i = 0; i < shape.rank(); ++i) {
    const auto& [before, step, after] = axes[static_cast<size_t>(i)];
    const int64_t spread = std::max<int64_t>(shape[i] - 1, 0) * step + (shape[i] > 0 ? 1 : 0);
    result.push_back(checked_dim(node, std::max<int64_t>(before + spread + after, 0)));
  }
  checked_count(node, result);
  return result;
}

// The part of the input that lies inside the result, and where it goes.
StridedCopy copy_of(const Shape& from, const Shape& to, const std::vector<SpreadAxis>& axes, size_t bytes) {
  StridedCopy copy{.element_bytes = bytes, .from_start = 0, .to_start = 0, .axes = {}};
  const std::vector<int64_t> from_strides = dense_strides(from), to_strides = dense_strides(to);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto& [before, step, after] = axes[i];
    const int32_t size = from[static_cast<int>(i)], room = to[static_cast<int>(i)];
    const int64_t first = before >= 0 ? 0 : (-before + step - 1) / step;
    const int64_t end = room - before <= 0 ? 0 : std::min<int64_t>(size, (room - before + step - 1) / step);
    copy.from_start += first * from_strides[i];
    copy.to_start += (before + first * step) * to_strides[i];
    copy.axes.push_back({std::max<int64_t>(end - first, 0), from_strides[i], step * to_strides[i]});
  }
  return copy;
}

template <std::vector<SpreadAxis> (*kAxes)(const NodeView&)>
std::vector<Shape> infer(const NodeView& node) {
  return {spread_shape(node, kAxes(node))};
}

template <std::vector<SpreadAxis> (*kAxes)(const NodeView&), size_t kFilling>
Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Operand& filling = node.input(kFilling);
  if (filling.type != node.input(0).type) node.fail_type();
  node.require(filling.shape.count() == 1, "its filling value must be one number, found ", shape_text(filling.shape));
  const size_t bytes = bytes_per_element(node.input(0).type);
  const Shape shape = spread_shape(node, kAxes(node));
  const StridedCopy copy = copy_of(node.input(0).shape, shape, kAxes(node), bytes);
  const bool is_empty = std::any_of(copy.axes.begin(), copy.axes.end(), [](const CopyAxis& a) { return a.count == 0; });
  std::vector<Move> moves;
  if (!is_empty) moves.push_back({.input = 0, .output = 0, .copy = copy});
  Step move = move_step(std::move(moves), options);
  return {.run = [move = std::move(move.run), count = shape.count(), bytes](const Frame& frame) {
    fill_elements(frame.out<std::byte>(), count, frame.in<std::byte>(kFilling), bytes);
    move(frame);
  }};
}

constexpr TypeSet kTypes =
    types(DataType::int8, DataType::uint8, DataType::int16, DataType::uint16, DataType::int32, DataType::uint32,
          DataType::int64, DataType::uint64, DataType::float32, DataType::float64, DataType::float16);

}  // namespace

extern const OpDef kDilate, kStablehloPad;
const OpDef kDilate = {.code = OpCode::dilate,
                       .types = kTypes | types(DataType::bfloat16),
                       .infer = infer<dilation_axes>,
                       .compile = compile<dilation_axes, 2>,
                       .quant = {.roles = {Role::data, Role::none, Role::data}, .output = OutputRule::free},
                       .version = version_one};
const OpDef kStablehloPad = {.code = OpCode::stablehlo_pad,
                             .types = kTypes | types(DataType::boolean),
                             .infer = infer<padding_axes>,
                             .compile = compile<padding_axes, 1>,
                             .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
                             .version = version_one};

}  // namespace litequant
