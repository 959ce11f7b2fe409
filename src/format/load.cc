#include "format/load.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "format/archive.h"
#include "format/option_tables.h"
#include "format/other_files.h"
#include "format/schema.h"
#include "format/verify.h"

namespace litequant {
namespace {

bool is_aligned(const std::byte* address) { return reinterpret_cast<uintptr_t>(address) % 16 == 0; }

std::string to_string(const flatbuffers::String* characters) {
  return characters == nullptr ? std::string() : characters->str();
}

// Converts a file that FlatBuffers' Verifier has passed. Tables and vectors may be shared within the file, so what they
// unfold to is counted: a small file must not become gigabytes.
class Loader {
 public:
  Loader(std::shared_ptr<const void> owner, std::span<const std::byte> file)
      : owner_(std::move(owner)), file_(file), allowance_(kAllowance + kAllowanceFactor * file.size()) {}

  Model load() {
    const tflite::Model& root = *tflite::GetModel(file_.data());
    model_.version = root.version();
    model_.description = to_string(root.description());
    load_operator_codes(root);
    load_buffers(root);
    if (root.subgraphs() != nullptr) {
      for (const tflite::SubGraph* graph : *root.subgraphs()) load_graph(*graph);
    }
    load_signatures(root);
    load_metadata(root);
    load_external_buffers(root);
    model_.has_archive = read_archive(owner_, file_, model_.associated_files);
    return std::move(model_);
  }

 private:
  static constexpr uint64_t kAllowance = uint64_t{64} << 20;
  static constexpr uint64_t kAllowanceFactor = 16;

  void charge(size_t bytes) {
    allowance_ -= std::min<uint64_t>(bytes, allowance_);
    if (allowance_ == 0) {
      fail(ErrorCode::bad_model, {"the file refers to the same parts so often that they would not fit in memory"});
    }
  }

  template <typename T, typename Stored>
  std::vector<T> list(const flatbuffers::Vector<Stored>* stored) {
    if (stored == nullptr) return {};
    charge(stored->size() * sizeof(T));
    std::vector<T> values;
    values.reserve(stored->size());
    // A damaged file may hold them unaligned: the Verifier looks at the length in front of them only.
    for (flatbuffers::uoffset_t i = 0; i < stored->size(); ++i) {
      Stored value;
      std::memcpy(&value, stored->Data() + i * sizeof value, sizeof value);
      values.push_back(static_cast<T>(value));
    }
    return values;
  }

  std::string characters(const flatbuffers::String* stored) {
    if (stored != nullptr) charge(stored->size());
    return to_string(stored);
  }

  Options options(OptionUnion from, uint8_t member, const void* table) {
    Options read = read_options(from, member, table);
    for (const auto& [name, value] : read.fields()) {
      charge(sizeof(std::pair<std::string, OptionValue>));
      if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) charge(integers->size() * sizeof(int64_t));
      if (const auto* reals = std::get_if<std::vector<double>>(&value)) charge(reals->size() * sizeof(double));
      if (const auto* string = std::get_if<std::string>(&value)) charge(string->size());
    }
    return read;
  }

  Buffer bytes_of(std::span<const std::byte> bytes) {
    if (bytes.empty()) return Buffer();
    if (is_aligned(bytes.data())) return Buffer(owner_, bytes);
    charge(bytes.size());
    return Buffer::copy_of(bytes);
  }

  // Bytes that lie behind the FlatBuffer.
  Buffer bytes_at(uint64_t offset, uint64_t size, const std::string& what) {
    if (offset > file_.size() || size > file_.size() - offset) {
      fail(ErrorCode::bad_model, {what, " lies at bytes ", offset, " to ", offset + size, " but the file has ",
                                  file_.size(), ": it was cut short"});
    }
    return bytes_of(file_.subspan(static_cast<size_t>(offset), static_cast<size_t>(size)));
  }

  void load_operator_codes(const tflite::Model& root) {
    if (root.operator_codes() == nullptr) return;
    charge(root.operator_codes()->size() * sizeof(OperatorCode));
    for (const tflite::OperatorCode* stored : *root.operator_codes()) {
      // Old files have only the first field; codes above 127 only fit in the second.
      const int32_t code =
          std::max<int32_t>(stored->deprecated_builtin_code(), static_cast<int32_t>(stored->builtin_code()));
      if (code < 0) {
        fail(ErrorCode::bad_model,
             {"operator code ", model_.operator_codes.size(), " is ", code, "; codes are not negative"});
      }
      model_.operator_codes.push_back(
          {static_cast<OpCode>(code), characters(stored->custom_code()), stored->version()});
    }
  }

  void load_buffers(const tflite::Model& root) {
    model_.buffers.clear();
    if (root.buffers() != nullptr) {
      charge(root.buffers()->size() * sizeof(Buffer));
      for (const tflite::Buffer* stored : *root.buffers()) {
        if (stored->data() != nullptr && stored->data()->size() > 0) {
          model_.buffers.push_back(bytes_of(std::as_bytes(std::span(stored->data()->data(), stored->data()->size()))));
        } else if (stored->offset() > 1 && stored->size() > 1) {
          has_bytes_outside_ = true;
          model_.buffers.push_back(bytes_at(stored->offset(), stored->size(), text("buffer ", model_.buffers.size())));
        } else {
          model_.buffers.emplace_back();
        }
      }
    }
    if (model_.buffers.empty()) model_.buffers.emplace_back();
  }

  void load_graph(const tflite::SubGraph& stored) {
    Graph& graph = model_.graphs.emplace_back();
    charge(sizeof(Graph));
    graph.name = characters(stored.name());
    graph.debug_metadata_index = stored.debug_metadata_index();
    graph.inputs = list<int32_t>(stored.inputs());
    graph.outputs = list<int32_t>(stored.outputs());
    if (stored.tensors() != nullptr) {
      charge(stored.tensors()->size() * sizeof(Tensor));
      graph.tensors.reserve(stored.tensors()->size());
      for (const tflite::Tensor* tensor : *stored.tensors()) graph.tensors.push_back(load_tensor(*tensor));
    }
    if (stored.operators() != nullptr) {
      charge(stored.operators()->size() * sizeof(Node));
      graph.nodes.reserve(stored.operators()->size());
      for (const tflite::Operator* node : *stored.operators()) load_node(*node, graph);
    }
  }

  Tensor load_tensor(const tflite::Tensor& stored) {
    Tensor tensor;
    tensor.name = characters(stored.name());
    tensor.type = static_cast<DataType>(stored.type());
    tensor.shape = Shape(list<int32_t>(stored.shape()));
    if (stored.shape_signature() != nullptr) tensor.shape_signature = list<int32_t>(stored.shape_signature());
    tensor.buffer = stored.buffer();
    if (stored.quantization() != nullptr) {
      tensor.has_quantization = true;
      tensor.quantization = load_quantization(*stored.quantization(), tensor.shape.rank());
    }
    tensor.is_variable = stored.is_variable();
    tensor.has_rank = stored.has_rank();
    if (stored.sparsity() != nullptr) tensor.sparsity = load_sparsity(*stored.sparsity());
    if (stored.variant_tensors() != nullptr) {
      charge(stored.variant_tensors()->size() * sizeof(VariantSubType));
      for (const tflite::VariantSubType* type : *stored.variant_tensors()) {
        tensor.variant_tensors.push_back(
            {Shape(list<int32_t>(type->shape())), static_cast<DataType>(type->type()), type->has_rank()});
      }
    }
    tensor.external_buffer = stored.external_buffer();
    return tensor;
  }

  Quantization load_quantization(const tflite::QuantizationParameters& stored, int rank) {
    Quantization quantization;
    quantization.scale = list<float>(stored.scale());
    quantization.zero_point = list<int64_t>(stored.zero_point());
    // With one scale the axis says nothing. Some files have one that does not exist, which readers of today refuse.
    const bool is_axis = stored.quantized_dimension() >= 0 && stored.quantized_dimension() < rank;
    quantization.axis = is_axis || quantization.is_per_channel() ? stored.quantized_dimension() : 0;
    quantization.min = list<float>(stored.min());
    quantization.max = list<float>(stored.max());
    quantization.details =
        options(OptionUnion::quantization_details, static_cast<uint8_t>(stored.details_type()), stored.details());
    return quantization;
  }

  Sparsity load_sparsity(const tflite::SparsityParameters& stored) {
    Sparsity sparsity;
    sparsity.traversal_order = list<int32_t>(stored.traversal_order());
    sparsity.block_map = list<int32_t>(stored.block_map());
    if (stored.dim_metadata() == nullptr) return sparsity;
    charge(stored.dim_metadata()->size() * sizeof(Sparsity::Dimension));
    for (const tflite::DimensionMetadata* part : *stored.dim_metadata()) {
      Sparsity::Dimension& dimension = sparsity.dimensions.emplace_back();
      dimension.is_compressed = part->format() == tflite::DimensionType::SPARSE_CSR;
      dimension.dense_size = part->dense_size();
      dimension.segments_type = static_cast<uint8_t>(part->array_segments_type());
      dimension.segments = sparse_indices(part->array_segments_type(), part->array_segments());
      dimension.indices_type = static_cast<uint8_t>(part->array_indices_type());
      dimension.indices = sparse_indices(part->array_indices_type(), part->array_indices());
    }
    return sparsity;
  }

  std::vector<int32_t> sparse_indices(tflite::SparseIndexVector type, const void* table) {
    if (table == nullptr) return {};
    switch (type) {
      case tflite::SparseIndexVector::Int32Vector:
        return list<int32_t>(static_cast<const tflite::Int32Vector*>(table)->values());
      case tflite::SparseIndexVector::Uint16Vector:
        return list<int32_t>(static_cast<const tflite::Uint16Vector*>(table)->values());
      case tflite::SparseIndexVector::Uint8Vector:
        return list<int32_t>(static_cast<const tflite::Uint8Vector*>(table)->values());
      default: return {};
    }
  }

  void load_node(const tflite::Operator& stored, Graph& graph) {
    Node& node = graph.nodes.emplace_back();
    const auto place = [&] {
      return Place{.graph = static_cast<int32_t>(model_.graphs.size() - 1),
                   .node = static_cast<int32_t>(graph.nodes.size() - 1),
                   .operator_name = {},
                   .name = {},
                   .is_tensor = false};
    };
    if (stored.opcode_index() >= model_.operator_codes.size()) {
      fail(ErrorCode::bad_model,
           {"operator code ", stored.opcode_index(), " is not in the list of ", model_.operator_codes.size()}, place());
    }
    const OperatorCode& code = model_.operator_codes[stored.opcode_index()];
    charge(code.custom_code.size());
    node.op = code.op;
    node.custom_code = code.custom_code;
    node.version = code.version;
    node.inputs = list<int32_t>(stored.inputs());
    node.outputs = list<int32_t>(stored.outputs());
    node.intermediates = list<int32_t>(stored.intermediates());
    node.mutating_variable_inputs = list<bool>(stored.mutating_variable_inputs());
    node.options = options(OptionUnion::builtin_options, static_cast<uint8_t>(stored.builtin_options_type()),
                           stored.builtin_options());
    Options second = options(OptionUnion::builtin_options_2, static_cast<uint8_t>(stored.builtin_options_2_type()),
                             stored.builtin_options_2());
    if (!second.empty()) {
      if (!node.options.empty()) {
        fail(ErrorCode::bad_model, {"has two options tables, ", node.options.table(), " and ", second.table()},
             place());
      }
      node.options = std::move(second);
    }
    if (stored.custom_options() != nullptr) {
      const auto& bytes = *stored.custom_options();
      node.custom_options = bytes_of(std::as_bytes(std::span(bytes.data(), bytes.size())));
    } else if (stored.large_custom_options_offset() > 1 && stored.large_custom_options_size() > 1) {
      node.custom_options = bytes_at(stored.large_custom_options_offset(), stored.large_custom_options_size(),
                                     text("the custom options of node ", place().node));
    }
    node.custom_options_format = static_cast<int8_t>(stored.custom_options_format());
    node.debug_metadata_index = stored.debug_metadata_index();
  }

  std::vector<Signature::Entry> entries(const flatbuffers::Vector<flatbuffers::Offset<tflite::TensorMap>>* stored) {
    std::vector<Signature::Entry> read;
    if (stored == nullptr) return read;
    charge(stored->size() * sizeof(Signature::Entry));
    for (const tflite::TensorMap* entry : *stored) read.push_back({characters(entry->name()), entry->tensor_index()});
    return read;
  }

  void load_signatures(const tflite::Model& root) {
    if (root.signature_defs() == nullptr) return;
    charge(root.signature_defs()->size() * sizeof(Signature));
    for (const tflite::SignatureDef* stored : *root.signature_defs()) {
      Signature& signature = model_.signatures.emplace_back();
      signature.key = characters(stored->signature_key());
      signature.graph = stored->subgraph_index();
      signature.inputs = entries(stored->inputs());
      signature.outputs = entries(stored->outputs());
    }
  }

  void load_metadata(const tflite::Model& root) {
    model_.metadata_buffer = list<int32_t>(root.metadata_buffer());
    if (root.metadata() == nullptr) return;
    charge(root.metadata()->size() * sizeof(Metadata));
    for (const tflite::Metadata* stored : *root.metadata()) {
      std::string name = characters(stored->name());
      // It tells that constants lie behind the FlatBuffer. Here, and in what is saved, they are ordinary buffers.
      if (has_bytes_outside_ && name == "buffer_location") continue;
      model_.metadata.push_back({std::move(name), stored->buffer()});
    }
  }

  void load_external_buffers(const tflite::Model& root) {
    if (root.external_buffer_groups() != nullptr) {
      charge(root.external_buffer_groups()->size() * sizeof(std::string));
      for (const tflite::ExternalBufferGroup* group : *root.external_buffer_groups()) {
        model_.external_buffer_groups.push_back(characters(group->name()));
      }
    }
    if (root.external_buffers() == nullptr) return;
    charge(root.external_buffers()->size() * sizeof(ExternalBuffer));
    for (const tflite::ExternalBuffer* stored : *root.external_buffers()) {
      model_.external_buffers.push_back(
          {stored->id(), stored->group(), stored->offset(), stored->length(), characters(stored->packing())});
    }
  }

  std::shared_ptr<const void> owner_;
  std::span<const std::byte> file_;
  uint64_t allowance_;  // bytes that the model may still take
  bool has_bytes_outside_ = false;
  Model model_;
};

}  // namespace

std::shared_ptr<const Model> load_model(std::shared_ptr<const void> owner, std::span<const std::byte> file) {
  reject_other_files(file);
  // The Verifier and every reader after it rely on natural alignment in memory.
  if (!is_aligned(file.data())) return load_model(file);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(file.data()), file.size());
  if (!tflite::VerifyModelBuffer(verifier)) {
    fail(ErrorCode::bad_file,
         {"the file begins like a TensorFlow Lite model but its structure is broken: it is damaged, or was cut "
          "short at ",
          file.size(), " bytes"},
         {}, {"Copy or download the file again and compare its size with the original."});
  }
  auto model = std::make_shared<Model>(Loader(std::move(owner), file).load());
  verify_model(*model);
  return model;
}

std::shared_ptr<const Model> load_model(std::span<const std::byte> file) {
  reject_other_files(file);
  const Buffer copy = Buffer::copy_of(file);
  auto keeper = std::make_shared<const Buffer>(copy);
  return load_model(std::shared_ptr<const void>(keeper, copy.bytes().data()), copy.bytes());
}

}  // namespace litequant
