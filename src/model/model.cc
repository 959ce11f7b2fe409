#include "model/model.h"

#include <cstring>
#include <new>
#include <utility>

#include "base/text.h"

namespace litequant {

Buffer Buffer::copy_of(std::span<const std::byte> bytes) {
  if (bytes.empty()) return Buffer();
  constexpr std::align_val_t kAlignment{16};
  std::shared_ptr<void> owner(::operator new(bytes.size(), kAlignment),
                              [](void* address) { ::operator delete(address, std::align_val_t{16}); });
  std::memcpy(owner.get(), bytes.data(), bytes.size());
  const auto* copied = static_cast<const std::byte*>(owner.get());
  return Buffer(std::move(owner), {copied, bytes.size()});
}

uint32_t Model::add_buffer(Buffer buffer) {
  buffers.push_back(std::move(buffer));
  return static_cast<uint32_t>(buffers.size() - 1);
}

std::string operator_name(const Node& node) {
  if (node.op == OpCode::custom) {
    if (node.custom_code.empty()) return "CUSTOM";
    const std::string shown = quoted(node.custom_code);
    return shown.substr(1, shown.size() - 2);
  }
  return std::string(op_code_name(node.op));
}

Place place_of(const Model& model, int32_t graph, int32_t node) {
  Place place{.graph = graph, .node = node, .operator_name = {}, .name = {}, .is_tensor = false};
  const Graph& owner = model.graphs[static_cast<size_t>(graph)];
  const Node& use = owner.nodes[static_cast<size_t>(node)];
  place.operator_name = operator_name(use);
  for (const int32_t output : use.outputs) {
    if (output < 0 || static_cast<size_t>(output) >= owner.tensors.size()) continue;
    place.name = owner.tensors[static_cast<size_t>(output)].name;
    break;
  }
  return place;
}

Place place_of_tensor(const Model& model, int32_t graph, int32_t tensor) {
  const Graph& owner = model.graphs[static_cast<size_t>(graph)];
  return Place{.graph = graph,
               .node = -1,
               .operator_name = {},
               .name = owner.tensors[static_cast<size_t>(tensor)].name,
               .is_tensor = true};
}

size_t stored_bytes(DataType type, int64_t count) {
  return static_cast<size_t>((count * bits_per_element(type) + 7) / 8);
}

}  // namespace litequant
