// STABLEHLO_REDUCE_WINDOW and the older REDUCE_WINDOW: windows of any rank combined to one value each. Elements may be
// set apart before (base dilations), padded or cropped; where a window sees none of them it sees the starting value.
#include <algorithm>
#include <array>

#include "ops/combinations.h"
#include "ops/movement.h"

namespace litequant {
namespace {

constexpr int kMostAxes = 6;
constexpr int64_t kLargest = (int64_t{1} << 31) - 1;

struct AxisWindow {
  int64_t size = 1, output = 1;            // of the operand and of the result
  int64_t window = 1, stride = 1, dilation = 1;
  int64_t base = 1, before = 0, after = 0;  // places between elements, padding
};

struct Windows {
  int rank = 0;
  std::array<AxisWindow, kMostAxes> axes;
  std::array<int64_t, kMostAxes> strides = {};  // of the operand
  int64_t outputs = 1, window = 1;              // windows, and places of one
};

// Fills in the results' sizes.
Windows checked_windows(const NodeView& node, std::array<AxisWindow, kMostAxes> axes) {
  const Shape& shape = node.input(0).shape;
  Windows windows{.rank = shape.rank(), .axes = axes};
  const std::vector<int64_t> strides = dense_strides(shape);
  for (int i = 0; i < windows.rank; ++i) {
    AxisWindow& axis = windows.axes[static_cast<size_t>(i)];
    axis.size = shape[i];
    for (const int64_t value : {axis.window, axis.stride, axis.dilation, axis.base}) {
      node.require(value >= 1 && value <= kLargest, "windows, strides and dilations must be 1 to ", kLargest,
                   ", found ", value);
    }
    node.require(std::abs(axis.before) <= kLargest && std::abs(axis.after) <= kLargest, "its padding is too large");
    const int64_t spread = axis.size == 0 ? 0 : (axis.size - 1) * axis.base + 1;
    const int64_t seen = (axis.window - 1) * axis.dilation + 1;
    const int64_t room = spread + axis.before + axis.after;
    axis.output = room < seen ? 0 : (room - seen) / axis.stride + 1;
    windows.strides[static_cast<size_t>(i)] = strides[static_cast<size_t>(i)];
    windows.window *= axis.window;
    if (windows.window > kLargest) node.fail(ErrorCode::too_large, {"its window has too many places"});
  }
  return windows;
}

void require_rank(const NodeView& node) {
  node.require_rank(node.input(0), "its operand", 1, kMostAxes);
  node.require(node.input(1).shape.count() == 1, "its starting value must be one number, found ",
               shape_text(node.input(1).shape));
}

Windows stablehlo_windows(const NodeView& node) {
  require_rank(node);
  const int rank = node.input(0).shape.rank();
  const auto list = [&](const char* name, size_t length, int64_t absent) {
    std::vector<int64_t> values = node.options().integers(name);
    if (values.empty()) values.assign(length, absent);
    node.require(values.size() == length, "its option ", name, " is not for ", rank, " dimensions");
    return values;
  };
  const auto count = static_cast<size_t>(rank);
  const auto window = list("window_dimensions", count, 0), strides = list("window_strides", count, 1);
  const auto base = list("base_dilations", count, 1), dilations = list("window_dilations", count, 1);
  const auto padding = list("padding", 2 * count, 0);
  std::array<AxisWindow, kMostAxes> axes;
  for (size_t i = 0; i < count; ++i) {
    axes[i] = {.window = window[i],
               .stride = strides[i],
               .dilation = dilations[i],
               .base = base[i],
               .before = padding[2 * i],
               .after = padding[2 * i + 1]};
  }
  return checked_windows(node, axes);
}

Windows operand_windows(const NodeView& node) {
  require_rank(node);
  const auto count = static_cast<size_t>(node.input(0).shape.rank());
  const std::vector<int64_t> window = node.integers(2), strides = node.integers(3), dilations = node.integers(4);
  node.require(window.size() == count && strides.size() == count && dilations.size() == count,
               "its windows, strides and dilations are not for ", count, " dimensions");
  std::array<AxisWindow, kMostAxes> axes;
  for (size_t i = 0; i < count; ++i) axes[i] = {.window = window[i], .stride = strides[i], .dilation = dilations[i]};
  return checked_windows(node, axes);
}

Shape result_shape(const NodeView& node, const Windows& windows) {
  Shape shape;
  for (int i = 0; i < windows.rank; ++i) {
    shape.push_back(checked_dim(node, windows.axes[static_cast<size_t>(i)].output));
  }
  checked_count(node, shape);
  return shape;
}

using Counters = std::array<int64_t, kMostAxes>;

// The next in row-major order below `limit(axis)`.
template <typename Limit>
void advance(Counters& counters, int rank, Limit limit) {
  for (int i = rank; i-- > 0;) {
    if (++counters[static_cast<size_t>(i)] < limit(i)) return;
    counters[static_cast<size_t>(i)] = 0;
  }
}

// The element that a window at `output` sees at `place`, or -1.
int64_t element_at(const Windows& windows, const Counters& output, const Counters& place) {
  int64_t element = 0;
  for (size_t i = 0; i < static_cast<size_t>(windows.rank); ++i) {
    const AxisWindow& axis = windows.axes[i];
    const int64_t position = output[i] * axis.stride + place[i] * axis.dilation - axis.before;
    if (position < 0 || position % axis.base != 0 || position / axis.base >= axis.size) return -1;
    element += position / axis.base * windows.strides[i];
  }
  return element;
}

Step step_of(const NodeView& node, const Windows& windows, Combination combination) {
  require_same_type(node);
  const DataType type = node.input(0).type;
  if (node.input(1).type != type) node.fail_type();
  const Combine combine = combine_function(combination, type);
  if (combine == nullptr) node.fail_type();
  return {.run = [windows, combine, count = result_shape(node, windows).count(),
                  bytes = bytes_per_element(type)](const Frame& frame) {
    const auto* operand = frame.in<std::byte>(0);
    const auto* start = frame.in<std::byte>(1);
    auto* result = frame.out<std::byte>();
    Counters output = {};
    for (int64_t i = 0; i < count; ++i, result += bytes) {
      std::copy_n(start, bytes, result);
      Counters place = {};
      for (int64_t k = 0; k < windows.window; ++k) {
        const int64_t element = element_at(windows, output, place);
        combine(result, element < 0 ? start : operand + static_cast<size_t>(element) * bytes);
        advance(place, windows.rank, [&](int axis) { return windows.axes[static_cast<size_t>(axis)].window; });
      }
      advance(output, windows.rank, [&](int axis) { return windows.axes[static_cast<size_t>(axis)].output; });
    }
  }};
}

template <Windows (*kWindows)(const NodeView&)>
double operations(const NodeView& node) {
  const Windows windows = kWindows(node);
  return visits(node.output(0).shape) * static_cast<double>(windows.window) * windows.rank;
}

template <Windows (*kWindows)(const NodeView&)>
std::vector<Shape> infer(const NodeView& node) {
  return {result_shape(node, kWindows(node))};
}

Step compile_stablehlo(const NodeView& node, const CompileOptions&) {
  const Combination combination = combination_of_body(node, "body_subgraph_index");
  if (combination == Combination::update)
    node.fail(ErrorCode::unsupported_operator, {"its empty body is not executed"});
  return step_of(node, stablehlo_windows(node), combination);
}

Step compile_reduce_window(const NodeView& node, const CompileOptions&) {
  constexpr Combination kFunctions[] = {Combination::sum,      Combination::product, Combination::least,
                                        Combination::greatest, Combination::all,     Combination::any};
  const int64_t function = node.options().integer("reduce_function");
  node.require(function >= 1 && function <= 6, "its reduce_function ", function, " is not one of the six");
  return step_of(node, operand_windows(node), kFunctions[function - 1]);
}

constexpr TypeSet kNumbers = types(DataType::boolean, DataType::int8, DataType::uint8, DataType::int16, DataType::int32,
                                   DataType::int64, DataType::float32, DataType::float64);

}  // namespace

extern const OpDef kStablehloReduceWindow, kReduceWindow;
const OpDef kStablehloReduceWindow = {.code = OpCode::stablehlo_reduce_window,
                                      .types = kNumbers,
                                      .infer = infer<stablehlo_windows>,
                                      .compile = compile_stablehlo,
                                      .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
                                      .version = version_one,
                                      .operations = operations<stablehlo_windows>};
const OpDef kReduceWindow = {.code = OpCode::reduce_window,
                             .types = kNumbers,
                             .infer = infer<operand_windows>,
                             .compile = compile_reduce_window,
                             .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::free},
                             .version = version_one,
                             .operations = operations<operand_windows>};

}  // namespace litequant
