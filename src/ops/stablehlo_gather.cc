// STABLEHLO_GATHER: slices of an operand whose places an array of indices says, moved so that they lie inside.
// STABLEHLO_SCATTER: an operand with slices combined into it; elements outside are left out. Source: the StableHLO
// specification, as far as TensorFlow Lite runs it.
#include <algorithm>
#include <cstring>
#include <set>

#include "ops/combinations.h"
#include "ops/movement.h"

namespace litequant {
namespace {

// The option's axes, each in [0, rank) and there once.
std::vector<int> axes_of(const NodeView& node, const char* option, int rank) {
  std::vector<int> axes;
  for (const int64_t axis : node.options().integers(option)) {
    node.require(axis >= 0 && axis < rank, "its option ", option, " holds ", axis, " of ", rank, " dimensions");
    axes.push_back(static_cast<int>(axis));
  }
  node.require(std::set<int>(axes.begin(), axes.end()).size() == axes.size(), "its option ", option,
               " holds a dimension twice");
  return axes;
}

bool holds(const std::vector<int>& axes, int axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); }

// The axes in [0, rank) that are not in `axes`.
std::vector<int> other_axes(const std::vector<int>& axes, int rank) {
  std::vector<int> others;
  for (int axis = 0; axis < rank; ++axis) {
    if (!holds(axes, axis)) others.push_back(axis);
  }
  return others;
}

// How the array of indices is read: vectors along one of its axes, one for each place of the others.
struct IndexVectors {
  std::vector<int64_t> sizes, strides;  // of the other axes
  int64_t length = 1, stride = 1;       // of a vector
  std::vector<int> operand_axes;        // [length] that the elements of a vector count along
};

IndexVectors index_vectors(const NodeView& node, const char* map, int operand_rank) {
  const Shape& shape = node.input(1).shape;
  const int64_t along = node.options().integer("index_vector_dim");
  node.require(along >= 0 && along <= shape.rank(), "its index_vector_dim ", along, " is no dimension of ",
               shape_text(shape));
  IndexVectors vectors;
  const std::vector<int64_t> strides = dense_strides(shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis == along) {
      vectors.length = shape[axis];
      vectors.stride = strides[static_cast<size_t>(axis)];
    } else {
      vectors.sizes.push_back(shape[axis]);
      vectors.strides.push_back(strides[static_cast<size_t>(axis)]);
    }
  }
  vectors.operand_axes = axes_of(node, map, operand_rank);
  node.require(vectors.operand_axes.size() == static_cast<size_t>(vectors.length), "its option ", map,
               " is not for vectors of ", vectors.length, " indices");
  return vectors;
}

// One axis of the array that is walked: the result of a gather, the updates of a scatter.
struct WalkedAxis {
  int64_t size = 1;
  int64_t index_stride = 0;  // of an axis of places
  int operand_axis = -1;     // of an axis of a slice
};

struct SliceWalk {
  std::vector<WalkedAxis> axes;
  IndexVectors vectors;
  std::vector<int64_t> operand_sizes, operand_strides;
  std::vector<int64_t> slice_sizes;  // of a gather, which moves slices inside; empty: elements outside are left out
  size_t bytes = 1;
  int64_t count = 0;  // elements walked
};

// The axes `of_slices` of an array of this shape count along the operand's axes that are not in `absent`; the others
// are places.
SliceWalk slice_walk(const NodeView& node, const Shape& walked, const std::vector<int>& of_slices,
                     const std::vector<int>& absent, IndexVectors vectors) {
  const Shape& operand = node.input(0).shape;
  const std::vector<int> present = other_axes(absent, operand.rank());
  const std::vector<int> of_places = other_axes(of_slices, walked.rank());
  node.require(present.size() == of_slices.size() && of_places.size() == vectors.sizes.size(), "slices of ",
               shape_text(operand), " at places ", shape_text(node.input(1).shape), " do not give ",
               shape_text(walked));
  SliceWalk walk{.axes = std::vector<WalkedAxis>(static_cast<size_t>(walked.rank())),
                 .vectors = std::move(vectors),
                 .operand_sizes = {},
                 .operand_strides = dense_strides(operand),
                 .slice_sizes = {},
                 .bytes = bytes_per_element(node.input(0).type),
                 .count = walked.count()};
  for (const int32_t size : operand) walk.operand_sizes.push_back(size);
  for (size_t i = 0; i < of_slices.size(); ++i) {
    walk.axes[static_cast<size_t>(of_slices[i])] = {.size = walked[of_slices[i]], .operand_axis = present[i]};
  }
  for (size_t i = 0; i < of_places.size(); ++i) {
    node.require(walked[of_places[i]] == walk.vectors.sizes[i], "places ", shape_text(node.input(1).shape),
                 " do not give ", shape_text(walked));
    walk.axes[static_cast<size_t>(of_places[i])] = {.size = walked[of_places[i]],
                                                    .index_stride = walk.vectors.strides[i]};
  }
  return walk;
}

constexpr size_t kMostAxes = 31;
constexpr int64_t kFar = int64_t{1} << 40;  // outside, wherever in a slice

// Calls each(number of the element walked, element of the operand) in order of the walked array.
template <typename Index, typename Each>
void for_each_element(const SliceWalk& walk, const Index* indices, Each each) {
  const size_t rank = walk.operand_sizes.size();
  int64_t counters[kMostAxes] = {};
  int64_t coordinates[kMostAxes] = {};
  for (int64_t i = 0; i < walk.count; ++i) {
    std::fill_n(coordinates, rank, int64_t{0});
    int64_t vector = 0;
    for (size_t a = 0; a < walk.axes.size(); ++a) vector += counters[a] * walk.axes[a].index_stride;
    for (int64_t k = 0; k < walk.vectors.length; ++k) {
      const auto axis = static_cast<size_t>(walk.vectors.operand_axes[static_cast<size_t>(k)]);
      int64_t start = indices[vector + k * walk.vectors.stride];
      if (!walk.slice_sizes.empty()) {
        start = std::clamp<int64_t>(start, 0, walk.operand_sizes[axis] - walk.slice_sizes[axis]);
      } else {
        start = std::clamp(start, -kFar, kFar);
      }
      coordinates[axis] = start;
    }
    for (size_t a = 0; a < walk.axes.size(); ++a) {
      if (walk.axes[a].operand_axis >= 0) coordinates[walk.axes[a].operand_axis] += counters[a];
    }
    bool is_inside = true;
    int64_t element = 0;
    for (size_t axis = 0; axis < rank; ++axis) {
      is_inside = is_inside && coordinates[axis] >= 0 && coordinates[axis] < walk.operand_sizes[axis];
      if (is_inside) element += coordinates[axis] * walk.operand_strides[axis];
    }
    if (is_inside) each(static_cast<size_t>(i) * walk.bytes, static_cast<size_t>(element) * walk.bytes);
    for (size_t a = walk.axes.size(); a-- > 0;) {
      if (++counters[a] < walk.axes[a].size) break;
      counters[a] = 0;
    }
  }
}

void require_few_axes(const NodeView& node, int rank) {
  if (static_cast<size_t>(rank) > kMostAxes) {
    node.fail(ErrorCode::too_large, {"has an operand of ", rank, " dimensions"});
  }
}

template <typename Make>
Step with_index_type(const NodeView& node, Make make) {
  switch (node.input(1).type) {
    case DataType::int32: return make(int32_t{});
    case DataType::int64: return make(int64_t{});
    default: node.fail_type();
  }
}

// ---- STABLEHLO_GATHER -----------------------------------------------------------------------------------------------

struct Gather {
  Shape result;
  SliceWalk walk;
};

Gather gather_of(const NodeView& node) {
  const Shape& operand = node.input(0).shape;
  require_few_axes(node, operand.rank());
  const std::vector<int64_t>& sizes = node.options().integers("slice_sizes");
  bool fits = sizes.size() == static_cast<size_t>(operand.rank());
  for (int i = 0; fits && i < operand.rank(); ++i) {
    fits = sizes[static_cast<size_t>(i)] >= 0 && sizes[static_cast<size_t>(i)] <= operand[i];
  }
  node.require(fits, "slices of ", list_text(sizes), " do not fit ", shape_text(operand));
  const std::vector<int> absent = axes_of(node, "collapsed_slice_dims", operand.rank());
  for (const int axis : absent) node.require(sizes[static_cast<size_t>(axis)] == 1, "a slice it drops is not 1 wide");
  IndexVectors vectors = index_vectors(node, "start_index_map", operand.rank());

  const std::vector<int> present = other_axes(absent, operand.rank());
  const int rank = static_cast<int>(present.size() + vectors.sizes.size());
  require_few_axes(node, rank);
  std::vector<int> of_slices = axes_of(node, "offset_dims", rank);
  std::sort(of_slices.begin(), of_slices.end());
  node.require(of_slices.size() == present.size(), "its offset_dims are not for ", present.size(),
               " dimensions of slices");
  Shape result;
  for (int axis = 0, slice = 0, place = 0; axis < rank; ++axis) {
    const int64_t size = holds(of_slices, axis) ? sizes[static_cast<size_t>(present[static_cast<size_t>(slice++)])]
                                                : vectors.sizes[static_cast<size_t>(place++)];
    result.push_back(static_cast<int32_t>(size));
  }
  checked_count(node, result);
  Gather gather{.result = result, .walk = slice_walk(node, result, of_slices, absent, std::move(vectors))};
  gather.walk.slice_sizes = sizes;
  return gather;
}

std::vector<Shape> infer_gather(const NodeView& node) { return {gather_of(node).result}; }

Step compile_gather(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  return with_index_type(node, [&]<typename Index>(Index) -> Step {
    return {.run = [walk = gather_of(node).walk](const Frame& frame) {
      const auto* operand = frame.in<std::byte>(0);
      auto* result = frame.out<std::byte>();
      for_each_element(walk, frame.in<Index>(1),
                       [&](size_t to, size_t from) { std::memcpy(result + to, operand + from, walk.bytes); });
    }};
  });
}

// ---- STABLEHLO_SCATTER ----------------------------------------------------------------------------------------------

SliceWalk scatter_of(const NodeView& node) {
  const Shape& operand = node.input(0).shape;
  const Shape& updates = node.input(2).shape;
  require_few_axes(node, operand.rank());
  require_few_axes(node, updates.rank());
  const std::vector<int> absent = axes_of(node, "inserted_window_dims", operand.rank());
  std::vector<int> of_slices = axes_of(node, "update_window_dims", updates.rank());
  std::sort(of_slices.begin(), of_slices.end());
  return slice_walk(node, updates, of_slices, absent,
                    index_vectors(node, "scatter_dims_to_operand_dims", operand.rank()));
}

std::vector<Shape> infer_scatter(const NodeView& node) {
  scatter_of(node);
  return {node.input(0).shape};
}

Step compile_scatter(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const DataType type = node.input(0).type;
  if (node.input(2).type != type) node.fail_type();
  const Combination combination = combination_of_body(node, "update_computation_subgraph_index");
  const Combine combine = combine_function(combination, type);
  if (combine == nullptr) node.fail_type();
  const size_t total = static_cast<size_t>(node.input(0).shape.count()) * bytes_per_element(type);
  return with_index_type(node, [&]<typename Index>(Index) -> Step {
    return {.run = [walk = scatter_of(node), combine, total](const Frame& frame) {
      auto* result = frame.out<std::byte>();
      if (total > 0) std::memcpy(result, frame.inputs[0], total);
      const auto* updates = frame.in<std::byte>(2);
      for_each_element(walk, frame.in<Index>(1), [&](size_t from, size_t to) { combine(result + to, updates + from); });
    }};
  });
}

// Of each element walked its place is computed anew.
double operations(const SliceWalk& walk) {
  const auto steps = walk.operand_sizes.size() + walk.axes.size() + static_cast<size_t>(walk.vectors.length);
  return static_cast<double>(walk.count) * static_cast<double>(steps);
}
double gather_operations(const NodeView& node) { return operations(gather_of(node).walk); }
double scatter_operations(const NodeView& node) { return operations(scatter_of(node)); }

constexpr TypeSet kNumbers =
    types(DataType::boolean, DataType::int8, DataType::uint8, DataType::int16, DataType::uint16, DataType::int32,
          DataType::uint32, DataType::int64, DataType::uint64, DataType::float32, DataType::float64);

}  // namespace

extern const OpDef kStablehloGather, kStablehloScatter;
const OpDef kStablehloGather = {.code = OpCode::stablehlo_gather,
                                .types = (kNumbers & ~types(DataType::boolean)) | types(DataType::float16),
                                .infer = infer_gather,
                                .compile = compile_gather,
                                .quant = {.roles = {Role::data}, .output = OutputRule::free},
                                .version = version_one,
                                .operations = gather_operations};
const OpDef kStablehloScatter = {.code = OpCode::stablehlo_scatter,
                                 .types = kNumbers,
                                 .infer = infer_scatter,
                                 .compile = compile_scatter,
                                 .quant = {.roles = {Role::data, Role::none, Role::data}, .output = OutputRule::free},
                                 .version = version_one,
                                 .operations = scatter_operations};

}  // namespace litequant
