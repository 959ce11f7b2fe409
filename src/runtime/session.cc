#include "runtime/session.h"

#include <cstring>
#include <new>
#include <utility>

namespace litequant {
namespace {

constexpr std::align_val_t kArenaAlignment{64};

void release_arena(std::byte* arena) { ::operator delete[](arena, kArenaAlignment); }

}  // namespace

Session::Session(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)),
      arena_(static_cast<std::byte*>(::operator new[](plan_->arena_bytes(), kArenaAlignment)), release_arena) {
  std::memset(arena_.get(), 0, plan_->arena_bytes());
  reset_variables();
  const Graph& graph = plan_->graph();
  for (const auto& [index, step] : plan_->steps()) {
    const Node& node = graph.nodes[static_cast<size_t>(index)];
    Binding binding;
    for (const int32_t input : node.inputs) {
      const std::byte* address = nullptr;
      if (input != kNoTensor) {
        const Plan::Slot& slot = plan_->slot(input);
        address = slot.is_constant ? slot.value.data() : arena_.get() + slot.offset;
      }
      binding.inputs.push_back(address);
    }
    for (const int32_t output : node.outputs) {
      binding.outputs.push_back(output == kNoTensor ? nullptr : arena_.get() + plan_->slot(output).offset);
    }
    bindings_.push_back(std::move(binding));
  }
}

void Session::run(const Observer& observer) {
  const auto steps = plan_->steps();
  for (size_t i = 0; i < steps.size(); ++i) {
    steps[i].step.run({.inputs = bindings_[i].inputs,
                       .outputs = bindings_[i].outputs,
                       .scratch_bytes = arena_.get() + plan_->scratch_offset()});
    if (observer) observer(steps[i].node);
  }
}

void Session::reset_variables() {
  const std::vector<Tensor>& tensors = plan_->graph().tensors;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Plan::Slot& slot = plan_->slot(static_cast<int32_t>(i));
    if (!tensors[i].is_variable || slot.offset < 0) continue;
    // As TensorFlow Lite does: other types start with zero bytes whatever their zero point.
    const std::vector<int64_t>& zeros = tensors[i].quantization.zero_point;
    const bool has_zero_point = slot.type == DataType::int8 && !zeros.empty();
    std::memset(arena_.get() + slot.offset, has_zero_point ? static_cast<int8_t>(zeros[0]) : 0, slot.bytes);
  }
}

std::span<std::byte> Session::input(size_t i) {
  const Plan::Slot& slot = plan_->slot(plan_->graph().inputs[i]);
  return {arena_.get() + slot.offset, slot.bytes};
}

std::span<const std::byte> Session::output(size_t i) const { return tensor(plan_->graph().outputs[i]); }

std::span<const std::byte> Session::scratch() const {
  return {arena_.get() + plan_->scratch_offset(), plan_->arena_bytes() - plan_->scratch_offset()};
}

std::span<const std::byte> Session::tensor(int32_t index) const {
  const Plan::Slot& slot = plan_->slot(index);
  if (slot.is_constant) return slot.value;
  if (slot.offset < 0) return {};
  return {arena_.get() + slot.offset, slot.bytes};
}

}  // namespace litequant
