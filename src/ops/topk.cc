// TOPK_V2: the k greatest values of each row of the last axis and where they stand; the first of equals first.
#include <algorithm>
#include <bit>
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) {
  Shape shape = node.input(0).shape;
  node.require(shape.rank() >= 1, "its input must have a dimension");
  const int64_t k = known_integer(node, 1);
  node.require(k >= 0 && k <= shape.back(), "k is ", k, ", the rows have ", shape.back(), " values");
  shape[shape.rank() - 1] = static_cast<int32_t>(k);
  return {shape, shape};
}

// Integers in the order of the values: a total order for floats too, NaN at an end.
template <typename T>
int64_t sort_key(T value) {
  return static_cast<int64_t>(value);
}
inline int64_t sort_key(float value) {
  const auto bits = std::bit_cast<int32_t>(value + 0.0f);  // -0 becomes 0
  return bits >= 0 ? int64_t{bits} : -int64_t{bits & 0x7fffffff};
}

struct Rows {
  int64_t count = 0, depth = 0, k = 0;
};

template <typename T, typename Index>
void find_greatest(const Rows& rows, const T* input, T* values, Index* indices, int32_t* order) {
  for (int64_t r = 0; r < rows.count; ++r, input += rows.depth) {
    for (int64_t i = 0; i < rows.depth; ++i) order[i] = static_cast<int32_t>(i);
    std::partial_sort(order, order + rows.k, order + rows.depth, [input](int32_t a, int32_t b) {
      const int64_t key_a = sort_key(input[a]), key_b = sort_key(input[b]);
      return key_a != key_b ? key_a > key_b : a < b;
    });
    for (int64_t i = 0; i < rows.k; ++i) {
      *values++ = input[order[i]];
      *indices++ = static_cast<Index>(order[i]);
    }
  }
}

template <typename T>
Step step_of(const NodeView& node, const Rows& rows) {
  const size_t scratch = static_cast<size_t>(rows.depth) * sizeof(int32_t);
  switch (node.output(1).type) {
    case DataType::int32:
      return {.run =
                  [rows](const Frame& frame) {
                    find_greatest(rows, frame.in<T>(0), frame.out<T>(0), frame.out<int32_t>(1),
                                  frame.scratch<int32_t>());
                  },
              .scratch_bytes = scratch};
    case DataType::int16:
      node.require(rows.depth <= 32768, "rows of ", rows.depth, " values need INT32 indices");
      return {.run =
                  [rows](const Frame& frame) {
                    find_greatest(rows, frame.in<T>(0), frame.out<T>(0), frame.out<int16_t>(1),
                                  frame.scratch<int32_t>());
                  },
              .scratch_bytes = scratch};
    default: node.fail_type();
  }
}

Step compile(const NodeView& node, const CompileOptions&) {
  if (node.output(0).type != node.input(0).type) node.fail_type();
  const Shape& shape = node.input(0).shape;
  const Rows rows{shape.count(0, shape.rank() - 1), shape.back(), node.output(0).shape.back()};
  switch (node.input(0).type) {
    case DataType::float32: return step_of<float>(node, rows);
    case DataType::int8: return step_of<int8_t>(node, rows);
    case DataType::uint8: return step_of<uint8_t>(node, rows);
    case DataType::int16: return step_of<int16_t>(node, rows);
    case DataType::int32: return step_of<int32_t>(node, rows);
    case DataType::int64: return step_of<int64_t>(node, rows);
    default: node.fail_type();
  }
}

int version(const NodeView& node) {
  if (node.input(0).type == DataType::int16 || node.input(1).type == DataType::int16) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kTopKV2;
const OpDef kTopKV2 = {.code = OpCode::topk_v2,
                       .types = kFloatAndInt16 | types(DataType::int32, DataType::int64),
                       .infer = infer,
                       .compile = compile,
                       .quant = {.roles = {Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true},
                       .version = version};

}  // namespace litequant
