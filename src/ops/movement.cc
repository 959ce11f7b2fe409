#include "ops/movement.h"

#include <cstring>
#include <limits>
#include <utility>

#include "base/checked.h"

namespace litequant {

void require_same_type(const NodeView& node, size_t data) {
  for (size_t i = 0; i < node.output_count(); ++i) {
    if (node.output(i).type != node.input(data).type) node.fail_type();
  }
}

bool same_parameters(const Operand& a, const Operand& b) {
  if (a.is_quantized() != b.is_quantized()) return false;
  return !a.is_quantized() || (a.scale() == b.scale() && a.zero_point() == b.zero_point());
}

void require_same_parameters(const NodeView& node, const Operand& a, const Operand& b) {
  if (same_parameters(a, b)) return;
  node.fail(ErrorCode::bad_model,
            text("needs ", quoted(a.tensor->name), " and ", quoted(b.tensor->name), " to share scale and zero point"));
}

void require_int16_zero_point(const NodeView& node, const Operand& operand) {
  if (operand.type != DataType::int16 || !operand.is_quantized()) return;
  node.require(operand.zero_point() == 0, text("INT16 needs a zero point of 0, found ", operand.zero_point()));
}

int32_t checked_dim(const NodeView& node, int64_t dim) {
  node.require(dim >= 0, text("a dimension of its result would be ", dim));
  if (dim > std::numeric_limits<int32_t>::max()) {
    node.fail(ErrorCode::too_large, text("a dimension of its result would be ", dim));
  }
  return static_cast<int32_t>(dim);
}

int64_t checked_count(const NodeView& node, const Shape& shape) {
  int64_t count = 1;
  for (const int32_t dim : shape) {
    const auto product = checked_mul<int64_t>(count, dim);
    if (dim < 0 || !product || *product > std::numeric_limits<int32_t>::max()) {
      node.fail(ErrorCode::too_large, text("the shape ", shape_text(shape), " has too many elements"));
    }
    count = *product;
  }
  return count;
}

int64_t known_integer(const NodeView& node, size_t input) {
  const std::vector<int64_t> values = node.integers(input);
  node.require(values.size() == 1, text("input ", input, " must be one number, found ", values.size()));
  return values[0];
}

std::array<std::byte, 16> stored_zero(const Operand& operand) {
  std::array<std::byte, 16> value{};
  if (operand.is_quantized() && is_quantizable_integer(operand.type)) {
    const auto zero_point = static_cast<int16_t>(operand.zero_point());
    std::memcpy(value.data(), &zero_point, bytes_per_element(operand.type));  // little-endian everywhere we run
  }
  return value;
}

std::vector<int64_t> dense_strides(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()));
  int64_t stride = 1;
  for (int axis = shape.rank(); axis-- > 0;) {
    strides[static_cast<size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

Step move_step(std::vector<Move> moves, const CompileOptions& options) {
  const bool plain = options.kernels == KernelSet::reference;
  for (Move& move : moves) move.copy = plain ? without_short_axes(move.copy) : simplified(move.copy);
  return {.run = [moves = std::move(moves), plain](const Frame& frame) {
    for (const Move& move : moves) {
      const auto* from = frame.in<std::byte>(move.input);
      auto* to = frame.out<std::byte>(move.output);
      if (plain) {
        reference::copy_strided(move.copy, from, to);
      } else {
        copy_strided(move.copy, from, to);
      }
    }
  }};
}

}  // namespace litequant
