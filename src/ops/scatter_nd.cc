// SCATTER_ND: slices added into zeros at given places: result[indices[i, 0], indices[i, 1], ..., ...] += updates[i,
// ...]. Indices that are known are checked when the plan is made; those known only at run time add nothing outside.
#include <cstring>
#include <type_traits>

#include "ops/movement.h"

namespace litequant {
namespace {

constexpr size_t kIndices = 0, kUpdates = 1, kShape = 2;

struct ScatterLoops {
  int64_t picks = 0, slice = 0, total = 0;  // slices, elements of one, elements of the result
  std::vector<int64_t> sizes, strides;      // of the indexed axes; strides in elements
};

Shape result_shape(const NodeView& node) {
  Shape shape;
  for (const int64_t dim : node.integers(kShape)) shape.push_back(checked_dim(node, dim));
  checked_count(node, shape);
  return shape;
}

ScatterLoops loops_of(const NodeView& node, const Shape& shape) {
  const Shape& indices = node.input(kIndices).shape;
  const Shape& updates = node.input(kUpdates).shape;
  node.require(indices.rank() >= 1, "its indices must have a dimension");
  const int depth = indices.back();
  const int outer = indices.rank() - 1;
  bool fits = depth >= 0 && depth <= shape.rank() && updates.rank() == outer + shape.rank() - depth;
  for (int i = 0; fits && i < updates.rank(); ++i)
    fits = updates[i] == (i < outer ? indices[i] : shape[i - outer + depth]);
  node.require(fits, "indices ", shape_text(indices), ", updates ", shape_text(updates), " and the shape ",
               shape_text(shape), " do not go together");
  ScatterLoops loops{.picks = indices.count(0, outer),
                     .slice = shape.count(depth, shape.rank()),
                     .total = shape.count(),
                     .sizes = {},
                     .strides = {}};
  for (int axis = 0; axis < depth; ++axis) {
    loops.sizes.push_back(shape[axis]);
    loops.strides.push_back(shape.count(axis + 1, shape.rank()));
  }
  return loops;
}

std::vector<Shape> infer(const NodeView& node) {
  const Shape shape = result_shape(node);
  loops_of(node, shape);
  return {shape};
}

// Whole numbers wrap; a BOOL is set where any update is.
template <typename T>
T added(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || b;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + static_cast<std::make_unsigned_t<T>>(b));
  } else {
    return a + b;
  }
}

template <typename T>
Step step_of(ScatterLoops loops) {
  return {.run = [loops = std::move(loops)](const Frame& frame) {
    const auto* indices = frame.in<int32_t>(kIndices);
    const T* updates = frame.in<T>(kUpdates);
    T* output = frame.out<T>();
    if (loops.total > 0) std::memset(output, 0, static_cast<size_t>(loops.total) * sizeof(T));
    for (int64_t i = 0; i < loops.picks; ++i, updates += loops.slice) {
      int64_t place = 0;
      bool is_inside = true;
      for (size_t a = 0; a < loops.sizes.size(); ++a) {
        const int64_t index = *indices++;
        is_inside = is_inside && index >= 0 && index < loops.sizes[a];
        place += is_inside ? index * loops.strides[a] : 0;
      }
      if (!is_inside) continue;
      for (int64_t k = 0; k < loops.slice; ++k) output[place + k] = added<T>(output[place + k], updates[k]);
    }
  }};
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node, kUpdates);
  node.require_type(node.input(kIndices), "its indices", DataType::int32);
  ScatterLoops loops = loops_of(node, node.output(0).shape);
  if (node.input(kIndices).has_value && !loops.sizes.empty()) {
    const auto known = node.values<int32_t>(kIndices);
    for (size_t i = 0; i < known.size(); ++i) {
      const size_t axis = i % loops.sizes.size();
      node.require(known[i] >= 0 && known[i] < loops.sizes[axis], "index ", known[i], " is out of range for axis ",
                   axis, " of ", shape_text(node.output(0).shape));
    }
  }
  switch (node.input(kUpdates).type) {
    case DataType::float32: return step_of<float>(std::move(loops));
    case DataType::boolean: return step_of<bool>(std::move(loops));
    case DataType::int8: return step_of<int8_t>(std::move(loops));
    case DataType::uint8: return step_of<uint8_t>(std::move(loops));
    case DataType::int32: return step_of<int32_t>(std::move(loops));
    case DataType::int64: return step_of<int64_t>(std::move(loops));
    default: node.fail_type();
  }
}

}  // namespace

// The untouched places hold stored zeros, which are the real 0 only where nothing is quantized: no integer rule.
extern const OpDef kScatterNd;
const OpDef kScatterNd = {.code = OpCode::scatter_nd,
                          .data_operand = kUpdates,
                          .types = types(DataType::float32, DataType::boolean, DataType::int8, DataType::uint8,
                                         DataType::int32, DataType::int64),
                          .infer = infer,
                          .compile = compile,
                          .quant = {.roles = {Role::none, Role::data, Role::none}, .output = OutputRule::free},
                          .version = version_one};

}  // namespace litequant
