#include "quantize/statistics.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "kernels/extremes.h"
#include "quantize/alternatives.h"

namespace litequant {
namespace {

// A running hash over 64-bit words: multiply and fold, so that every bit of the input reaches every bit of the result.
class Fingerprint {
 public:
  void add(uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15u;
    state_ ^= state_ >> 32;
  }
  void add(std::span<const std::byte> bytes) {
    add(uint64_t{bytes.size()});
    while (bytes.size() >= 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      add(word);
      bytes = bytes.subspan(8);
    }
    uint64_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    add(rest);
  }
  void add(std::string_view characters) { add(std::as_bytes(std::span(characters))); }
  template <typename T>
  void add_numbers(const std::vector<T>& numbers) {
    add(uint64_t{numbers.size()});
    for (const T number : numbers) add(static_cast<uint64_t>(number));
  }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0x6c69746571756e74u;
};

void add_options(Fingerprint& hash, const Options& options) {
  hash.add(options.table());
  for (const auto& [name, value] : options.fields()) {
    hash.add(name);
    if (const auto* number = std::get_if<int64_t>(&value)) hash.add(static_cast<uint64_t>(*number));
    if (const auto* number = std::get_if<double>(&value)) hash.add(std::bit_cast<uint64_t>(*number));
    if (const auto* characters = std::get_if<std::string>(&value)) hash.add(*characters);
    if (const auto* numbers = std::get_if<std::vector<int64_t>>(&value)) hash.add_numbers(*numbers);
    if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
      for (const double number : *numbers) hash.add(std::bit_cast<uint64_t>(number));
    }
  }
}

void add_graph(Fingerprint& hash, const Model& model, const Graph& graph) {
  for (const Tensor& tensor : graph.tensors) {
    hash.add(tensor.name);
    hash.add(static_cast<uint64_t>(tensor.type));
    hash.add_numbers(tensor.shape.dims());
    if (!tensor.is_variable) hash.add(model.constant(tensor));
  }
  hash.add_numbers(graph.inputs);
  hash.add_numbers(graph.outputs);
  for (const Node& node : graph.nodes) {
    hash.add(static_cast<uint64_t>(node.op));
    hash.add(node.custom_code);
    hash.add_numbers(node.inputs);
    hash.add_numbers(node.outputs);
    add_options(hash, node.options);
    hash.add(node.custom_options.bytes());
  }
}

}  // namespace

uint64_t model_fingerprint(const Model& model) {
  Fingerprint hash;
  for (const Graph& graph : model.graphs) add_graph(hash, model, graph);
  return hash.value();
}

bool all_finite(std::span<const float> values) {
  uint32_t found = 0;
  for (const float value : values) {
    const uint32_t exponent = std::bit_cast<uint32_t>(value) & 0x7f800000u;
    found |= static_cast<uint32_t>(exponent == 0x7f800000u);
  }
  return found == 0;
}

Statistics::Statistics(const Model& model) : fingerprint_(model_fingerprint(model)) {
  for (const Graph& graph : model.graphs) {
    PerGraph& own = graphs_.emplace_back();
    const auto list = [&](int32_t tensor) {
      if (tensor == kNoTensor) return;
      const Tensor& described = graph.tensors[static_cast<size_t>(tensor)];
      if (described.type == DataType::float32) own.tensors[tensor].name = described.name;
    };
    for (const int32_t input : graph.inputs) list(input);
    for (const Node& node : graph.nodes) {
      for (const int32_t output : node.outputs) list(output);
      // Values within recurrent kernels.
      for (const int32_t input : node.inputs) {
        if (input != kNoTensor && graph.tensors[static_cast<size_t>(input)].is_variable) list(input);
      }
      for (const int32_t intermediate : node.intermediates) list(intermediate);
    }
  }
  const Extended extended = extend(model);
  for (const Alternative& alternative : extended.alternatives) {
    const auto g = static_cast<size_t>(alternative.graph);
    for (const int32_t tensor : alternative.inside) {
      graphs_[g].tensors[tensor].name = extended.model.graphs[g].tensors[static_cast<size_t>(tensor)].name;
    }
  }
}

void Statistics::observe(int32_t graph, int32_t tensor, std::span<const float> values) {
  if (values.empty()) return;
  const auto found = graphs_[static_cast<size_t>(graph)].tensors.find(tensor);
  if (found == graphs_[static_cast<size_t>(graph)].tensors.end()) return;
  auto [min, max] = extremes_of(values, values[0]);
  std::optional<Range>& range = found->second.range;
  if (range) {
    min = std::min(min, range->min);
    max = std::max(max, range->max);
  }
  range = Range{min + 0.0f, max + 0.0f};  // -0 + 0 is 0
}

void Statistics::count_sample(int32_t graph) { ++graphs_[static_cast<size_t>(graph)].samples; }

void Statistics::require_same_names(const Statistics& other) const {
  for (size_t g = 0; g < graphs_.size(); ++g) {
    for (const auto& [tensor, entry] : graphs_[g].tensors) {
      const auto& theirs = other.graphs_[g].tensors;
      const auto found = theirs.find(tensor);
      if (found != theirs.end() && found->second.name == entry.name) continue;
      fail(ErrorCode::bad_argument,
           {"these statistics call tensor ", tensor, " of subgraph ", g, ' ', quoted(entry.name), ", this version ",
            found == theirs.end() ? "knows no such tensor" : text("calls it ", quoted(found->second.name))},
           {}, {"calibrate again: another version collected them, or the file was edited"});
    }
  }
}

void Statistics::merge(const Statistics& other) {
  if (other.fingerprint_ != fingerprint_ || other.graphs_.size() != graphs_.size()) {
    fail(ErrorCode::bad_argument, {"these statistics were collected on different models"}, {},
         {"calibrate every part with the same float model"});
  }
  other.require_same_names(*this);
  for (size_t g = 0; g < graphs_.size(); ++g) {
    graphs_[g].samples += other.graphs_[g].samples;
    for (auto& [tensor, entry] : graphs_[g].tensors) {
      const auto found = other.graphs_[g].tensors.find(tensor);
      if (found == other.graphs_[g].tensors.end() || !found->second.range) continue;
      const Range seen = *found->second.range;
      if (!entry.range) {
        entry.range = seen;
      } else {
        entry.range = Range{std::min(entry.range->min, seen.min), std::max(entry.range->max, seen.max)};
      }
    }
  }
}

std::optional<Range> Statistics::range(int32_t graph, int32_t tensor) const {
  if (static_cast<size_t>(graph) >= graphs_.size()) return std::nullopt;
  const auto& tensors = graphs_[static_cast<size_t>(graph)].tensors;
  const auto found = tensors.find(tensor);
  return found == tensors.end() ? std::nullopt : found->second.range;
}

int64_t Statistics::samples(int32_t graph) const { return graphs_[static_cast<size_t>(graph)].samples; }

int64_t Statistics::samples() const {
  int64_t total = 0;
  for (const PerGraph& graph : graphs_) total += graph.samples;
  return total;
}

void Statistics::check_model(const Model& model) const {
  if (model_fingerprint(model) != fingerprint_ || model.graphs.size() != graphs_.size()) {
    fail(ErrorCode::bad_argument, {"these statistics were collected on another model"}, {},
         {"calibrate the float model that is to be quantized"});
  }
  require_same_names(Statistics(model));
}

}  // namespace litequant
