// A model as the core sees it: the one representation of float and quantized graphs alike.
//
// A Model is a value. Copies are cheap: the bytes of constants are shared and never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/data_type.h"
#include "model/op_code.h"
#include "model/options.h"
#include "model/shape.h"

namespace litequant {

inline constexpr int32_t kNoTensor = -1;

// Immutable bytes together with what keeps them alive (their own storage, or the file they lie in). The address is
// aligned to 16 bytes.
class Buffer {
 public:
  Buffer() = default;
  // A view of `bytes`, which `owner` keeps alive.
  Buffer(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}
  // A copy.
  static Buffer copy_of(std::span<const std::byte> bytes);
  template <typename T>
  static Buffer of(const std::vector<T>& values) {
    return copy_of(std::as_bytes(std::span(values)));
  }

  std::span<const std::byte> bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

// real = scale[c] * (q - zero_point[c]); one entry is per tensor, more are per channel along `axis`.
struct Quantization {
  std::vector<float> scale;
  std::vector<int64_t> zero_point;
  int32_t axis = 0;
  std::vector<float> min, max;  // recorded range, informative
  Options details;              // a blockwise or custom scheme in place of scale and zero point

  bool is_quantized() const { return !scale.empty(); }
  bool is_per_channel() const { return scale.size() > 1; }
  bool operator==(const Quantization&) const = default;
};

// How the stored blocks of a sparse constant lie in the dense tensor.
struct Sparsity {
  struct Dimension {
    bool is_compressed = false;
    int32_t dense_size = 0;
    std::vector<int32_t> segments, indices;
    uint8_t segments_type = 0, indices_type = 0;  // the union members of the file, kept for writing
    bool operator==(const Dimension&) const = default;
  };
  std::vector<int32_t> traversal_order, block_map;
  std::vector<Dimension> dimensions;
  bool operator==(const Sparsity&) const = default;
};

struct VariantSubType {
  Shape shape;
  DataType type = DataType::float32;
  bool has_rank = false;
};

struct Tensor {
  std::string name;
  DataType type = DataType::float32;
  Shape shape;                                          // unknown dimensions are 1
  std::optional<std::vector<int32_t>> shape_signature;  // with -1 for unknown dimensions
  uint32_t buffer = 0;                                  // into Model::buffers; an empty buffer: not a constant
  Quantization quantization;
  bool has_quantization = false;  // the file carries a table, if only an empty one
  bool is_variable = false;       // keeps its value from one run to the next
  bool has_rank = false;
  std::optional<Sparsity> sparsity;
  std::vector<VariantSubType> variant_tensors;
  uint32_t external_buffer = 0;
};

// One use of an operator.
struct Node {
  OpCode op = OpCode::custom;
  std::string custom_code;  // of a custom operator
  int32_t version = 1;
  std::vector<int32_t> inputs;  // tensor indices, kNoTensor for an absent optional operand
  std::vector<int32_t> outputs;
  std::vector<int32_t> intermediates;
  std::vector<bool> mutating_variable_inputs;
  Options options;
  Buffer custom_options;
  int8_t custom_options_format = 0;
  int32_t debug_metadata_index = -1;

  // Whether operand `i` is given.
  bool has_input(size_t i) const { return i < inputs.size() && inputs[i] != kNoTensor; }
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<int32_t> inputs, outputs;
  std::vector<Node> nodes;  // in execution order
  int32_t debug_metadata_index = -1;
};

struct Signature {
  struct Entry {
    std::string name;
    uint32_t tensor = 0;  // index into the graph's tensors
  };
  std::string key;
  std::vector<Entry> inputs, outputs;
  uint32_t graph = 0;
};

struct Metadata {
  std::string name;
  uint32_t buffer = 0;
};

struct OperatorCode {
  OpCode op = OpCode::custom;
  std::string custom_code;
  int32_t version = 1;
  bool operator==(const OperatorCode&) const = default;
};

struct ExternalBuffer {
  uint32_t id = 0, group = 0;
  uint64_t offset = 0, length = 0;
  std::string packing;
};

// A file of the archive that lies behind the model (labels, vocabularies).
struct AssociatedFile {
  std::string name;
  Buffer contents;  // as stored: compressed when `method` is not 0
  uint16_t method = 0;
  uint32_t crc32 = 0, uncompressed_size = 0;
  uint32_t dos_time_and_date = 0;
};

struct Model {
  uint32_t version = 3;
  std::string description;
  std::vector<Graph> graphs;
  std::vector<Buffer> buffers = {Buffer()};  // the first is always empty
  std::vector<Signature> signatures;
  std::vector<Metadata> metadata;
  std::vector<int32_t> metadata_buffer;       // obsolete, kept
  std::vector<OperatorCode> operator_codes;   // order of the file that was loaded; `save` appends what is missing
  std::vector<std::string> external_buffer_groups;
  std::vector<ExternalBuffer> external_buffers;
  std::vector<AssociatedFile> associated_files;
  bool has_archive = false;  // an archive was there, if only an empty one

  // The bytes of a constant tensor; empty when it is not one.
  std::span<const std::byte> constant(const Tensor& tensor) const {
    return tensor.buffer < buffers.size() ? buffers[tensor.buffer].bytes() : std::span<const std::byte>();
  }
  template <typename T>
  std::span<const T> constant_as(const Tensor& tensor) const {
    const auto bytes = constant(tensor);
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  bool is_constant(const Tensor& tensor) const { return !constant(tensor).empty(); }

  // Adds bytes as a new buffer and gives its index.
  uint32_t add_buffer(Buffer buffer);
};

// "CONV_2D", or the custom operator's own name, made safe to show as `quoted` does, without the quotes.
std::string operator_name(const Node& node);

// Where a node or tensor stands, for errors.
Place place_of(const Model& model, int32_t graph, int32_t node);
Place place_of_tensor(const Model& model, int32_t graph, int32_t tensor);

// Bytes of `count` elements as stored (sub-byte types packed); only for types of fixed size.
size_t stored_bytes(DataType type, int64_t count);

}  // namespace litequant
