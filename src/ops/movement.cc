#include "ops/movement.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/checked.h"
#include "ops/dense_layer.h"

namespace litequant {

namespace {

// An operand or a result of 4 bits: its number, its elements, where they lie in the scratch as bytes.
struct Nibbles {
  size_t operand = 0;
  int64_t count = 0;
  size_t offset = 0;
};

// The low half of each byte comes first.
void spread(const uint8_t* packed, int64_t count, uint8_t* bytes) {
  for (int64_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(packed[i / 2] >> (i % 2 * 4) & 15);
}
void pack(const uint8_t* bytes, int64_t count, uint8_t* packed) {
  for (int64_t i = 0; i < count; i += 2) {
    const int high = i + 1 < count ? bytes[i + 1] & 15 : 0;
    packed[i / 2] = static_cast<uint8_t>((bytes[i] & 15) | high << 4);
  }
}

struct NibbleStep {
  Step step;  // on bytes
  std::vector<Nibbles> inputs, outputs;
  size_t input_addresses = 0, output_addresses = 0, scratch = 0;  // offsets
};

void run_on_nibbles(const NibbleStep& nibbles, const Frame& frame) {
  auto* inputs = reinterpret_cast<const std::byte**>(frame.scratch_bytes + nibbles.input_addresses);
  auto* outputs = reinterpret_cast<std::byte**>(frame.scratch_bytes + nibbles.output_addresses);
  std::copy(frame.inputs.begin(), frame.inputs.end(), inputs);
  std::copy(frame.outputs.begin(), frame.outputs.end(), outputs);
  for (const Nibbles& part : nibbles.inputs) {
    spread(frame.in<uint8_t>(part.operand), part.count, reinterpret_cast<uint8_t*>(frame.scratch_bytes + part.offset));
    inputs[part.operand] = frame.scratch_bytes + part.offset;
  }
  for (const Nibbles& part : nibbles.outputs) outputs[part.operand] = frame.scratch_bytes + part.offset;
  nibbles.step.run({.inputs = {inputs, frame.inputs.size()},
                    .outputs = {outputs, frame.outputs.size()},
                    .scratch_bytes = frame.scratch_bytes + nibbles.scratch});
  for (const Nibbles& part : nibbles.outputs) {
    pack(reinterpret_cast<const uint8_t*>(frame.scratch_bytes + part.offset), part.count,
         frame.out<uint8_t>(part.operand));
  }
}

}  // namespace

bool has_nibbles(const NodeView& node) { return bits_per_element(node.input(0).type) == 4; }

Step nibble_step(const NodeView& node, const CompileOptions& options, CompileStep compile) {
  const DataType type = node.input(0).type;
  NodeView bytes = node;
  NibbleStep nibbles;
  ScratchLayout layout(node);
  const auto widen = [&](Operand& operand, size_t i, std::vector<Nibbles>& parts) {
    const int64_t count = operand.shape.count();
    parts.push_back({.operand = i, .count = count, .offset = layout.add(count, 1)});
    operand.type = DataType::int8;
    operand.constant = {};
    operand.has_value = false;
  };
  for (size_t i = 0; i < node.input_count(); ++i) {
    if (node.has_input(i) && node.input(i).type == type) widen(bytes.mutable_input(i), i, nibbles.inputs);
  }
  require_same_type(node);
  for (size_t i = 0; i < node.output_count(); ++i) {
    widen(bytes.mutable_output(i), i, nibbles.outputs);
  }
  nibbles.step = compile(bytes, options);
  nibbles.input_addresses = layout.add(static_cast<int64_t>(node.input_count()), sizeof(void*));
  nibbles.output_addresses = layout.add(static_cast<int64_t>(node.output_count()), sizeof(void*));
  nibbles.scratch = layout.add(static_cast<int64_t>(nibbles.step.scratch_bytes), 1);
  return {.run = [nibbles = std::move(nibbles)](const Frame& frame) { run_on_nibbles(nibbles, frame); },
          .scratch_bytes = layout.total()};
}

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
            {"needs ", quoted(a.tensor->name), " and ", quoted(b.tensor->name), " to share scale and zero point"});
}

void require_int16_zero_point(const NodeView& node, const Operand& operand) {
  if (operand.type != DataType::int16 || !operand.is_quantized()) return;
  node.require(operand.zero_point() == 0, "INT16 needs a zero point of 0, found ", operand.zero_point());
}

int32_t checked_dim(const NodeView& node, int64_t dim) {
  node.require(dim >= 0, "a dimension of its result would be ", dim);
  if (dim > std::numeric_limits<int32_t>::max()) {
    node.fail(ErrorCode::too_large, {"a dimension of its result would be ", dim});
  }
  return static_cast<int32_t>(dim);
}

int64_t checked_count(const NodeView& node, const Shape& shape) {
  int64_t count = 1;
  for (const int32_t dim : shape) {
    const auto product = checked_mul<int64_t>(count, dim);
    if (dim < 0 || !product || *product > std::numeric_limits<int32_t>::max()) {
      node.fail(ErrorCode::too_large, {"the shape ", shape_text(shape), " has too many elements"});
    }
    count = *product;
  }
  return count;
}

int64_t known_integer(const NodeView& node, size_t input) {
  const std::vector<int64_t> values = node.integers(input);
  node.require(values.size() == 1, "input ", input, " must be one number, found ", values.size());
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
