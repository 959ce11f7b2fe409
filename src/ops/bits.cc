// BITWISE_XOR and RIGHT_SHIFT of whole numbers, and BITCAST: the same bytes as elements of another type.
#include <algorithm>
#include <cstring>

#include "ops/binary.h"
#include "ops/movement.h"

namespace litequant {
namespace {

template <typename T>
struct ExclusiveOr {
  T operator()(T a, T b) const { return static_cast<T>(a ^ b); }
};

// Shifts below 0 count as 0, those beyond the type as all its bits but one; signs are kept.
template <typename T>
struct ShiftedRight {
  T operator()(T a, T b) const {
    constexpr int kMost = static_cast<int>(sizeof(T) * 8 - 1);
    const int shift = b < T{0} ? 0 : b > static_cast<T>(kMost) ? kMost : static_cast<int>(b);
    return static_cast<T>(a >> shift);
  }
};

template <template <typename> typename Operation>
Step compile(const NodeView& node, const CompileOptions& options) {
  require_one_type(node);
  const auto step_of = [&]<typename T>(T) { return binary_step<T, T>(node, options, Operation<T>()); };
  switch (node.input(0).type) {
    case DataType::int8: return step_of(int8_t{});
    case DataType::uint8: return step_of(uint8_t{});
    case DataType::int16: return step_of(int16_t{});
    case DataType::uint16: return step_of(uint16_t{});
    case DataType::int32: return step_of(int32_t{});
    case DataType::uint32: return step_of(uint32_t{});
    default: node.fail_type();
  }
}

// ---- BITCAST --------------------------------------------------------------------------------------------------------

std::vector<Shape> infer_bitcast(const NodeView& node) {
  Shape shape = node.input(0).shape;
  const DataType type = node.output(0).type;
  if ((kWholeByteTypes >> static_cast<int>(type) & 1u) == 0) node.fail_type();
  const size_t from = bytes_per_element(node.input(0).type), to = bytes_per_element(type);
  if (from > to) {
    shape.push_back(static_cast<int32_t>(from / to));
    checked_count(node, shape);
  } else if (from < to) {
    node.require(shape.rank() >= 1 && shape.back() == static_cast<int32_t>(to / from), "the last dimension of ",
                 shape_text(shape), " must be ", to / from, " for ", data_type_name(type));
    std::vector<int32_t> dims = shape.dims();
    dims.pop_back();
    shape = Shape(std::move(dims));
  }
  return {shape};
}

Step compile_bitcast(const NodeView& node, const CompileOptions&) {
  const size_t bytes = stored_bytes(node.output(0).type, node.output(0).shape.count());
  return {.run = [bytes](const Frame& frame) {
    if (bytes != 0) std::memcpy(frame.out<std::byte>(), frame.in<std::byte>(0), bytes);
  }};
}

constexpr TypeSet kTypes =
    types(DataType::int8, DataType::uint8, DataType::int16, DataType::uint16, DataType::int32, DataType::uint32);

}  // namespace

extern const OpDef kBitwiseXor, kRightShift, kBitcast;
const OpDef kBitwiseXor = {.code = OpCode::bitwise_xor,
                           .types = kTypes,
                           .infer = infer_broadcast,
                           .compile = compile<ExclusiveOr>,
                           .version = version_one};
const OpDef kRightShift = {.code = OpCode::right_shift,
                           .types = kTypes,
                           .infer = infer_broadcast,
                           .compile = compile<ShiftedRight>,
                           .version = version_one};
const OpDef kBitcast = {.code = OpCode::bitcast,
                        .types = kWholeByteTypes,
                        .infer = infer_bitcast,
                        .compile = compile_bitcast,
                        .version = version_one};

}  // namespace litequant
