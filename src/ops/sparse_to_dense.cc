// SPARSE_TO_DENSE: values at given places of an array filled with a default value. Indices known only at run time write
// nothing outside; of two equal ones the later counts.
#include <cstring>

#include "ops/movement.h"

namespace litequant {
namespace {

constexpr size_t kIndices = 0, kShape = 1, kValues = 2, kDefault = 3;

// Indices are a number, [n], or [n, rank of the result].
struct ScatteredValues {
  int64_t count = 0;
  bool is_one_value = false;  // the same at all places
  std::vector<int64_t> sizes, strides;
  int64_t total = 0;
  size_t bytes = 1;  // of an element
};

ScatteredValues scattered_values(const NodeView& node, const Shape& shape) {
  const Shape& indices = node.input(kIndices).shape;
  const Shape& values = node.input(kValues).shape;
  node.require_rank(node.input(kIndices), "its indices", 0, 2);
  const int depth = indices.rank() == 2 ? indices[1] : 1;
  node.require(depth == shape.rank(), "indices ", shape_text(indices), " are not for a result ", shape_text(shape));
  ScatteredValues scattered{.count = indices.rank() == 0 ? 1 : indices[0],
                            .is_one_value = values.rank() == 0,
                            .sizes = {},
                            .strides = dense_strides(shape),
                            .total = shape.count(),
                            .bytes = bytes_per_element(node.input(kValues).type)};
  for (const int32_t dim : shape) scattered.sizes.push_back(dim);
  node.require(scattered.is_one_value || (values.rank() == 1 && values[0] == scattered.count), "its values ",
               shape_text(values), " are not one for each of ", scattered.count, " places");
  node.require(node.input(kDefault).shape.count() == 1, "its default value must be one number, found ",
               shape_text(node.input(kDefault).shape));
  return scattered;
}

std::vector<Shape> infer(const NodeView& node) {
  Shape shape;
  for (const int64_t dim : node.integers(kShape)) shape.push_back(checked_dim(node, dim));
  checked_count(node, shape);
  scattered_values(node, shape);
  return {shape};
}

template <typename Index>
void scatter(const ScatteredValues& scattered, const Index* indices, const std::byte* values, std::byte* output) {
  for (int64_t i = 0; i < scattered.count; ++i) {
    int64_t place = 0;
    bool is_inside = true;
    for (size_t a = 0; a < scattered.sizes.size(); ++a) {
      const int64_t index = *indices++;
      is_inside = is_inside && index >= 0 && index < scattered.sizes[a];
      place += is_inside ? index * scattered.strides[a] : 0;
    }
    if (is_inside) std::memcpy(output + static_cast<size_t>(place) * scattered.bytes, values, scattered.bytes);
    if (!scattered.is_one_value) values += scattered.bytes;
  }
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node, kValues);
  if (node.input(kDefault).type != node.input(kValues).type) node.fail_type();
  const ScatteredValues scattered = scattered_values(node, node.output(0).shape);
  if (node.input(kIndices).has_value && !scattered.sizes.empty()) {
    const std::vector<int64_t> known = node.integers(kIndices);
    for (size_t i = 0; i < known.size(); ++i) {
      const size_t axis = i % scattered.sizes.size();
      node.require(known[i] >= 0 && known[i] < scattered.sizes[axis], "index ", known[i], " is out of range for axis ",
                   axis, " of ", shape_text(node.output(0).shape));
    }
  }
  const auto step_of = [&]<typename Index>(Index) -> Step {
    return {.run = [scattered](const Frame& frame) {
      fill_elements(frame.out<std::byte>(), scattered.total, frame.in<std::byte>(kDefault), scattered.bytes);
      scatter(scattered, frame.in<Index>(kIndices), frame.in<std::byte>(kValues), frame.out<std::byte>());
    }};
  };
  switch (node.input(kIndices).type) {
    case DataType::int32: return step_of(int32_t{});
    case DataType::int64: return step_of(int64_t{});
    default: node.fail_type();
  }
}

int version(const NodeView& node) {
  switch (node.input(kValues).type) {
    case DataType::int8:
    case DataType::uint8: return 3;
    case DataType::int64: return 2;
    default: return 1;
  }
}

}  // namespace

extern const OpDef kSparseToDense;
const OpDef kSparseToDense = {
    .code = OpCode::sparse_to_dense,
    .data_operand = kValues,
    .types = types(DataType::float32, DataType::int8, DataType::uint8, DataType::int32, DataType::int64),
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::none, Role::none, Role::data, Role::data}, .output = OutputRule::same, .int8 = true},
    .version = version};

}  // namespace litequant
