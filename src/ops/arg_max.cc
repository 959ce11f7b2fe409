// ARG_MAX and ARG_MIN: where along an axis the extreme value stands; the first of equals.
#include <utility>

#include "ops/movement.h"

namespace litequant {
namespace {

int axis_of(const NodeView& node) { return node.axis(known_integer(node, 1), node.input(0).shape.rank()); }

std::vector<Shape> infer(const NodeView& node) {
  std::vector<int32_t> dims = node.input(0).shape.dims();
  const int axis = axis_of(node);
  node.require(dims[static_cast<size_t>(axis)] >= 1, "axis ", axis, " of its input is empty");
  dims.erase(dims.begin() + axis);
  return {Shape(std::move(dims))};
}

struct Loops {
  int64_t outer = 1, size = 1, inner = 1;
};

template <bool kGreatest, typename T, typename Index>
void find_extremes(const Loops& loops, const T* input, Index* output) {
  for (int64_t o = 0; o < loops.outer; ++o, input += loops.size * loops.inner) {
    for (int64_t i = 0; i < loops.inner; ++i) {
      const T* column = input + i;
      T best = column[0];
      int64_t place = 0;
      for (int64_t k = 1; k < loops.size; ++k) {
        const T value = column[k * loops.inner];
        if (kGreatest ? value > best : value < best) {
          best = value;
          place = k;
        }
      }
      *output++ = static_cast<Index>(place);
    }
  }
}

template <bool kGreatest, typename T>
Step step_of(const NodeView& node, const Loops& loops) {
  switch (node.output(0).type) {
    case DataType::int32:
      return {.run = [loops](const Frame& frame) {
        find_extremes<kGreatest>(loops, frame.in<T>(0), frame.out<int32_t>());
      }};
    case DataType::int64:
      return {.run = [loops](const Frame& frame) {
        find_extremes<kGreatest>(loops, frame.in<T>(0), frame.out<int64_t>());
      }};
    default: node.fail_type();
  }
}

template <bool kGreatest>
Step compile(const NodeView& node, const CompileOptions&) {
  const Shape& shape = node.input(0).shape;
  const int axis = axis_of(node);
  const Loops loops{shape.count(0, axis), shape[axis], shape.count(axis + 1, shape.rank())};
  switch (node.input(0).type) {
    case DataType::float32: return step_of<kGreatest, float>(node, loops);
    case DataType::int8: return step_of<kGreatest, int8_t>(node, loops);
    case DataType::uint8:
    case DataType::boolean: return step_of<kGreatest, uint8_t>(node, loops);
    case DataType::int16: return step_of<kGreatest, int16_t>(node, loops);
    case DataType::int32: return step_of<kGreatest, int32_t>(node, loops);
    case DataType::int64: return step_of<kGreatest, int64_t>(node, loops);
    default: node.fail_type();
  }
}

constexpr TypeSet kTypes = kFloatAndInt16 | types(DataType::boolean, DataType::int32, DataType::int64);
constexpr QuantRule kCompares = {.roles = {Role::data}, .output = OutputRule::none, .int8 = true};

int version(const NodeView& node) {
  if (node.input(0).type == DataType::boolean) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kArgMax;
const OpDef kArgMax = {.code = OpCode::arg_max,
                       .types = kTypes,
                       .infer = infer,
                       .compile = compile<true>,
                       .quant = kCompares,
                       .version = version};

extern const OpDef kArgMin;
const OpDef kArgMin = {.code = OpCode::arg_min,
                       .types = kTypes,
                       .infer = infer,
                       .compile = compile<false>,
                       .quant = kCompares,
                       .version = version};

}  // namespace litequant
