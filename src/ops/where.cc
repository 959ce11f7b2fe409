// WHERE (the coordinates of what is not zero) and UNIQUE (each value once, in order of appearance, and which of them
// every element is): results as long as the values make them.
#include <map>
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

// ---- WHERE ----------------------------------------------------------------------------------------------------------

template <typename T>
int64_t count_set(std::span<const T> values) {
  int64_t count = 0;
  for (const T& value : values) count += value != T{0};
  return count;
}

// As they are in a file: any byte but 0 is true.
std::span<const uint8_t> bytes_of_booleans(std::span<const bool> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size()};
}

std::vector<Shape> infer_where(const NodeView& node) {
  int64_t count = 0;
  switch (node.input(0).type) {
    case DataType::boolean: count = count_set(bytes_of_booleans(node.values<bool>(0))); break;
    case DataType::float32: count = count_set(node.values<float>(0)); break;
    case DataType::int32: count = count_set(node.values<int32_t>(0)); break;
    case DataType::uint32: count = count_set(node.values<uint32_t>(0)); break;
    case DataType::int64: count = count_set(node.values<int64_t>(0)); break;
    case DataType::int8: count = count_set(node.values<int8_t>(0)); break;
    case DataType::uint8: count = count_set(node.values<uint8_t>(0)); break;
    default: node.fail_type();
  }
  const Shape result = {checked_dim(node, count), node.input(0).shape.rank()};
  checked_count(node, result);
  return {result};
}

// coordinates: [elements that are set, rank]
template <typename T>
void find_set(const std::vector<int64_t>& strides, int64_t count, const T* values, int64_t* coordinates) {
  for (int64_t i = 0; i < count; ++i) {
    if (values[i] == T{0}) continue;
    int64_t rest = i;
    for (const int64_t stride : strides) {
      *coordinates++ = rest / stride;
      rest %= stride;
    }
  }
}

template <typename T>
Step where_step(const NodeView& node) {
  const int64_t count = node.input(0).shape.count();
  return {.run = [strides = dense_strides(node.input(0).shape), count](const Frame& frame) {
    find_set(strides, count, frame.in<T>(0), frame.out<int64_t>());
  }};
}

Step compile_where(const NodeView& node, const CompileOptions&) {
  node.require_type(node.output(0), "its result", DataType::int64);
  switch (node.input(0).type) {
    case DataType::boolean: return where_step<uint8_t>(node);
    case DataType::float32: return where_step<float>(node);
    case DataType::int32: return where_step<int32_t>(node);
    case DataType::uint32: return where_step<uint32_t>(node);
    case DataType::int64: return where_step<int64_t>(node);
    case DataType::int8: return where_step<int8_t>(node);
    case DataType::uint8: return where_step<uint8_t>(node);
    default: node.fail_type();
  }
}

int where_version(const NodeView& node) { return node.input(0).type == DataType::boolean ? 1 : 2; }

// ---- UNIQUE ---------------------------------------------------------------------------------------------------------

template <typename T>
int64_t count_unique(std::span<const T> values) {
  std::map<T, int64_t> seen;
  for (const T& value : values) seen.try_emplace(value, 0);
  return static_cast<int64_t>(seen.size());
}

std::vector<Shape> infer_unique(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 1, 1);
  int64_t count = 0;
  switch (node.input(0).type) {
    case DataType::float32: count = count_unique(node.values<float>(0)); break;
    case DataType::int32: count = count_unique(node.values<int32_t>(0)); break;
    case DataType::int64: count = count_unique(node.values<int64_t>(0)); break;
    case DataType::int16: count = count_unique(node.values<int16_t>(0)); break;
    case DataType::int8: count = count_unique(node.values<int8_t>(0)); break;
    case DataType::uint8: count = count_unique(node.values<uint8_t>(0)); break;
    default: node.fail_type();
  }
  return {Shape{checked_dim(node, count)}, node.input(0).shape};
}

template <typename T, typename Index>
Step unique_step(const NodeView& node) {
  return {.run = [count = node.input(0).shape.count()](const Frame& frame) {
    const T* values = frame.in<T>(0);
    Index* indices = frame.out<Index>(1);
    std::map<T, Index> seen;
    for (int64_t i = 0; i < count; ++i) {
      indices[i] = seen.try_emplace(values[i], static_cast<Index>(seen.size())).first->second;
    }
    for (const auto& [value, index] : seen) frame.out<T>(0)[index] = value;
  }};
}

template <typename T>
Step unique_step_of(const NodeView& node) {
  switch (node.output(1).type) {
    case DataType::int32: return unique_step<T, int32_t>(node);
    case DataType::int64: return unique_step<T, int64_t>(node);
    default: node.fail_type();
  }
}

Step compile_unique(const NodeView& node, const CompileOptions&) {
  if (node.output(0).type != node.input(0).type) node.fail_type();
  switch (node.input(0).type) {
    case DataType::float32: return unique_step_of<float>(node);
    case DataType::int32: return unique_step_of<int32_t>(node);
    case DataType::int64: return unique_step_of<int64_t>(node);
    case DataType::int16: return unique_step_of<int16_t>(node);
    case DataType::int8: return unique_step_of<int8_t>(node);
    case DataType::uint8: return unique_step_of<uint8_t>(node);
    default: node.fail_type();
  }
}

}  // namespace

extern const OpDef kWhere;
const OpDef kWhere = {.code = OpCode::where,
                      .types = types(DataType::boolean, DataType::float32, DataType::int32, DataType::uint32,
                                     DataType::int64, DataType::int8, DataType::uint8),
                      .infer = infer_where,
                      .compile = compile_where,
                      .version = where_version};

extern const OpDef kUnique;
const OpDef kUnique = {.code = OpCode::unique,
                       .types = kFloatAndInt16 | types(DataType::int32, DataType::int64),
                       .infer = infer_unique,
                       .compile = compile_unique,
                       .version = version_one};

}  // namespace litequant
