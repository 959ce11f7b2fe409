#include "format/save.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "format/archive.h"
#include "format/flat_writer.h"
#include "format/option_tables.h"
#include "format/schema.h"

namespace litequant {
namespace {

using flatbuffers::Offset;
using flatbuffers::Vector;

constexpr uint64_t kLargestFile = (uint64_t{1} << 31) - (uint64_t{1} << 20);

std::string_view characters_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// For each buffer the first one with the same bytes.
std::vector<uint32_t> first_equal(const std::vector<Buffer>& buffers) {
  std::unordered_map<std::string_view, uint32_t> first;
  std::vector<uint32_t> result;
  result.reserve(buffers.size());
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    result.push_back(first.try_emplace(characters_of(buffers[i].bytes()), i).first->second);
  }
  return result;
}

// Bytes that the file will take, about. What is not a constant seldom needs more than the room given here, and the
// builder grows when it does.
size_t bytes_needed(const Model& model, const std::vector<uint32_t>& first) {
  constexpr uint64_t kRoomForTables = uint64_t{64} << 10, kRoomForPadding = 32;
  uint64_t bytes = kRoomForTables;
  for (uint32_t i = 0; i < first.size(); ++i) {
    if (first[i] == i) bytes += model.buffers[i].size() + kRoomForPadding;
  }
  for (const Graph& graph : model.graphs) {
    for (const Node& node : graph.nodes) bytes += node.custom_options.size();
  }
  for (const AssociatedFile& file : model.associated_files) bytes += file.contents.size();
  if (bytes > kLargestFile) {
    fail(ErrorCode::too_large, {"the model's constants take ", bytes, " bytes; a file holds less than 2 GiB"}, {},
         {"Quantize it further or split it."});
  }
  return static_cast<size_t>(bytes);
}

class Saver {
 public:
  explicit Saver(const Model& model)
      : model_(model),
        first_equal_(first_equal(model.buffers)),
        writer_(bytes_needed(model, first_equal_)),
        codes_(model.operator_codes) {}

  std::vector<std::byte> save() {
    const auto buffers = write_buffers();
    const auto graphs = write_list(model_.graphs, [&](const Graph& graph) { return write_graph(graph); });
    const auto codes = write_operator_codes();
    const auto metadata = write_metadata();
    const auto signatures = write_signatures();
    const auto groups = write_external_groups();
    const auto external_buffers = write_external_buffers();
    const auto metadata_buffer = vector_or_none(model_.metadata_buffer);
    const auto description = writer_.string(model_.description);

    tflite::ModelBuilder root(builder());
    root.add_version(model_.version);
    root.add_operator_codes(codes);
    root.add_subgraphs(graphs);
    root.add_description(description);
    root.add_buffers(buffers);
    root.add_metadata_buffer(metadata_buffer);
    root.add_metadata(metadata);
    root.add_signature_defs(signatures);
    root.add_external_buffer_groups(groups);
    root.add_external_buffers(external_buffers);
    tflite::FinishModelBuffer(builder(), root.Finish());

    const auto written = std::as_bytes(builder().GetBufferSpan());
    std::vector<std::byte> file(written.begin(), written.end());
    if (model_.has_archive || !model_.associated_files.empty()) write_archive(model_.associated_files, file);
    return file;
  }

 private:
  flatbuffers::FlatBufferBuilder& builder() { return writer_.builder(); }

  template <typename T>
  Offset<Vector<T>> vector_or_none(const std::vector<T>& values) {
    if (values.empty()) return 0;
    return writer_.vector(values);
  }

  template <typename Item, typename Write>
  using Tables = Offset<Vector<std::invoke_result_t<Write, const Item&>>>;

  // The tables that `write` makes of the items. An empty list is written as such.
  template <typename Item, typename Write>
  Tables<Item, Write> write_list(const std::vector<Item>& items, Write write) {
    std::vector<std::invoke_result_t<Write, const Item&>> tables;
    tables.reserve(items.size());
    for (const Item& item : items) tables.push_back(write(item));
    return builder().CreateVector(tables);
  }
  template <typename Item, typename Write>
  Tables<Item, Write> write_list_or_none(const std::vector<Item>& items, Write write) {
    if (items.empty()) return 0;
    return write_list(items, write);
  }

  Offset<Vector<Offset<tflite::Buffer>>> write_buffers() {
    std::vector<Offset<tflite::Buffer>> tables;
    tables.reserve(model_.buffers.size());
    for (uint32_t i = 0; i < model_.buffers.size(); ++i) {
      if (first_equal_[i] != i) {
        tables.push_back(tables[first_equal_[i]]);
        continue;
      }
      const auto bytes = model_.buffers[i].bytes();
      Offset<Vector<uint8_t>> data = 0;
      if (!bytes.empty()) {
        builder().ForceVectorAlignment(bytes.size(), 1, 16);
        data = builder().CreateVector(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      }
      tables.push_back(tflite::CreateBuffer(builder(), data));
    }
    return builder().CreateVector(tables);
  }

  Offset<tflite::SubGraph> write_graph(const Graph& graph) {
    const auto tensors = write_list(graph.tensors, [&](const Tensor& tensor) { return write_tensor(tensor); });
    const auto nodes = write_list(graph.nodes, [&](const Node& node) { return write_node(node); });
    const auto inputs = writer_.vector(graph.inputs);
    const auto outputs = writer_.vector(graph.outputs);
    const auto name = writer_.string(graph.name);
    tflite::SubGraphBuilder table(builder());
    table.add_tensors(tensors);
    table.add_inputs(inputs);
    table.add_outputs(outputs);
    table.add_operators(nodes);
    table.add_name(name);
    table.add_debug_metadata_index(graph.debug_metadata_index);
    return table.Finish();
  }

  Offset<tflite::Tensor> write_tensor(const Tensor& tensor) {
    const auto shape = writer_.vector(tensor.shape.dims());
    const auto signature = tensor.shape_signature ? writer_.vector(*tensor.shape_signature) : 0;
    const auto name = writer_.string(tensor.name);
    const bool has_quantization = tensor.has_quantization || !(tensor.quantization == Quantization());
    const auto quantization = has_quantization ? write_quantization(tensor.quantization) : 0;
    const auto sparsity = tensor.sparsity ? write_sparsity(*tensor.sparsity) : 0;
    const auto variants = write_list_or_none(tensor.variant_tensors, [&](const VariantSubType& type) {
      const auto type_shape = writer_.vector(type.shape.dims());
      return tflite::CreateVariantSubType(builder(), type_shape, static_cast<tflite::TensorType>(type.type),
                                          type.has_rank);
    });
    tflite::TensorBuilder table(builder());
    table.add_shape(shape);
    table.add_buffer(tensor.buffer);
    table.add_name(name);
    table.add_quantization(quantization);
    table.add_sparsity(sparsity);
    table.add_shape_signature(signature);
    table.add_variant_tensors(variants);
    table.add_external_buffer(tensor.external_buffer);
    table.add_type(static_cast<tflite::TensorType>(tensor.type));
    table.add_is_variable(tensor.is_variable);
    table.add_has_rank(tensor.has_rank);
    return table.Finish();
  }

  Offset<tflite::QuantizationParameters> write_quantization(const Quantization& quantization) {
    const auto min = vector_or_none(quantization.min);
    const auto max = vector_or_none(quantization.max);
    const auto scale = vector_or_none(quantization.scale);
    const auto zero_point = vector_or_none(quantization.zero_point);
    const OptionMember where{OptionUnion::quantization_details,
                             find_quantization_details(quantization.details.table())};
    const Offset<void> details = where.member == 0 ? 0 : shared_options(where, quantization.details);
    const auto key = std::make_tuple(min.o, max.o, scale.o, zero_point.o, details.o, quantization.axis);
    const auto [entry, is_new] = quantizations_.try_emplace(key, 0);
    if (is_new) {
      tflite::QuantizationParametersBuilder table(builder());
      table.add_min(min);
      table.add_max(max);
      table.add_scale(scale);
      table.add_zero_point(zero_point);
      table.add_details(details);
      table.add_quantized_dimension(quantization.axis);
      table.add_details_type(static_cast<tflite::QuantizationDetails>(where.member));
      entry->second = table.Finish().o;
    }
    return entry->second;
  }

  Offset<tflite::SparsityParameters> write_sparsity(const Sparsity& sparsity) {
    const auto dimensions = write_list(sparsity.dimensions, [&](const Sparsity::Dimension& dimension) {
      const auto segments = write_sparse_indices(dimension.segments_type, dimension.segments);
      const auto indices = write_sparse_indices(dimension.indices_type, dimension.indices);
      return tflite::CreateDimensionMetadata(
          builder(), dimension.is_compressed ? tflite::DimensionType::SPARSE_CSR : tflite::DimensionType::DENSE,
          dimension.dense_size, static_cast<tflite::SparseIndexVector>(dimension.segments_type), segments,
          static_cast<tflite::SparseIndexVector>(dimension.indices_type), indices);
    });
    const auto order = vector_or_none(sparsity.traversal_order);
    const auto block_map = vector_or_none(sparsity.block_map);
    return tflite::CreateSparsityParameters(builder(), order, block_map, dimensions);
  }

  Offset<void> write_sparse_indices(uint8_t type, const std::vector<int32_t>& values) {
    switch (static_cast<tflite::SparseIndexVector>(type)) {
      case tflite::SparseIndexVector::Int32Vector:
        return tflite::CreateInt32Vector(builder(), writer_.vector(values)).Union();
      case tflite::SparseIndexVector::Uint16Vector:
        return tflite::CreateUint16Vector(builder(), writer_.vector(narrow<uint16_t>(values), 4)).Union();
      case tflite::SparseIndexVector::Uint8Vector:
        return tflite::CreateUint8Vector(builder(), writer_.vector(narrow<uint8_t>(values), 4)).Union();
      default: return 0;
    }
  }

  template <typename T>
  static std::vector<T> narrow(const std::vector<int32_t>& values) {
    std::vector<T> narrowed;
    narrowed.reserve(values.size());
    for (const int32_t value : values) narrowed.push_back(static_cast<T>(value));
    return narrowed;
  }

  Offset<tflite::Operator> write_node(const Node& node) {
    const auto inputs = writer_.vector(node.inputs);
    const auto outputs = writer_.vector(node.outputs);
    const auto intermediates = vector_or_none(node.intermediates);
    const std::vector<uint8_t> is_mutating(node.mutating_variable_inputs.begin(), node.mutating_variable_inputs.end());
    const auto mutating = vector_or_none(is_mutating);
    Offset<Vector<uint8_t>> custom = 0;
    if (!node.custom_options.empty()) {
      const auto bytes = node.custom_options.bytes();
      custom = writer_.vector(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
    }
    OptionMember where;
    Offset<void> options = 0;
    if (!node.options.empty()) {
      where = find_operator_options(node.options.table());
      options = shared_options(where, node.options);
    }
    tflite::OperatorBuilder table(builder());
    table.add_opcode_index(operator_code_index(node));
    table.add_inputs(inputs);
    table.add_outputs(outputs);
    table.add_custom_options(custom);
    table.add_mutating_variable_inputs(mutating);
    table.add_intermediates(intermediates);
    if (where.member != 0 && where.in == OptionUnion::builtin_options) {
      table.add_builtin_options(options);
      table.add_builtin_options_type(static_cast<tflite::BuiltinOptions>(where.member));
    } else if (where.member != 0) {
      table.add_builtin_options_2(options);
      table.add_builtin_options_2_type(static_cast<tflite::BuiltinOptions2>(where.member));
    }
    table.add_debug_metadata_index(node.debug_metadata_index);
    table.add_custom_options_format(static_cast<tflite::CustomOptionsFormat>(node.custom_options_format));
    return table.Finish();
  }

  // Equal options of the same table are written once.
  Offset<void> shared_options(OptionMember where, const Options& options) {
    std::vector<std::pair<Options, flatbuffers::uoffset_t>>& written = options_[options.table()];
    for (const auto& [earlier, offset] : written) {
      if (earlier == options) return offset;
    }
    const Offset<void> offset = write_options(writer_, where, options);
    if (written.size() < kMostOptionsCompared) written.emplace_back(options, offset.o);
    return offset;
  }

  uint32_t operator_code_index(const Node& node) {
    const OperatorCode code{node.op, node.custom_code, node.version};
    const auto found = std::find(codes_.begin(), codes_.end(), code);
    if (found != codes_.end()) return static_cast<uint32_t>(found - codes_.begin());
    codes_.push_back(code);
    return static_cast<uint32_t>(codes_.size() - 1);
  }

  Offset<Vector<Offset<tflite::OperatorCode>>> write_operator_codes() {
    return write_list(codes_, [&](const OperatorCode& code) {
      constexpr int32_t kLargestOldCode = 127;  // all that fits the field of old readers
      const auto custom = writer_.string(code.custom_code);
      const auto number = static_cast<int32_t>(code.op);
      return tflite::CreateOperatorCode(builder(), static_cast<int8_t>(std::min(number, kLargestOldCode)), custom,
                                        code.version, static_cast<tflite::BuiltinOperator>(number));
    });
  }

  // A name that readers insist on, though it be empty.
  Offset<flatbuffers::String> name(const std::string& characters) { return builder().CreateSharedString(characters); }

  Offset<Vector<Offset<tflite::Metadata>>> write_metadata() {
    return write_list_or_none(model_.metadata, [&](const Metadata& entry) {
      return tflite::CreateMetadata(builder(), name(entry.name), entry.buffer);
    });
  }

  Offset<Vector<Offset<tflite::SignatureDef>>> write_signatures() {
    const auto write_entries = [&](const std::vector<Signature::Entry>& entries) {
      return write_list(entries, [&](const Signature::Entry& entry) {
        return tflite::CreateTensorMap(builder(), name(entry.name), entry.tensor);
      });
    };
    return write_list_or_none(model_.signatures, [&](const Signature& signature) {
      const auto inputs = write_entries(signature.inputs);
      const auto outputs = write_entries(signature.outputs);
      const auto key = name(signature.key);
      tflite::SignatureDefBuilder table(builder());
      table.add_inputs(inputs);
      table.add_outputs(outputs);
      table.add_signature_key(key);
      table.add_subgraph_index(signature.graph);
      return table.Finish();
    });
  }

  Offset<Vector<Offset<tflite::ExternalBufferGroup>>> write_external_groups() {
    return write_list_or_none(model_.external_buffer_groups, [&](const std::string& group) {
      return tflite::CreateExternalBufferGroup(builder(), name(group));
    });
  }

  Offset<Vector<Offset<tflite::ExternalBuffer>>> write_external_buffers() {
    return write_list_or_none(model_.external_buffers, [&](const ExternalBuffer& buffer) {
      const auto packing = writer_.string(buffer.packing);
      return tflite::CreateExternalBuffer(builder(), buffer.id, buffer.group, buffer.offset, buffer.length, packing);
    });
  }

  // More kinds of options than this in one table are not looked through for an equal one.
  static constexpr size_t kMostOptionsCompared = 64;

  const Model& model_;
  std::vector<uint32_t> first_equal_;
  FlatWriter writer_;
  std::vector<OperatorCode> codes_;
  std::map<std::string, std::vector<std::pair<Options, flatbuffers::uoffset_t>>> options_;
  std::map<std::tuple<flatbuffers::uoffset_t, flatbuffers::uoffset_t, flatbuffers::uoffset_t, flatbuffers::uoffset_t,
                      flatbuffers::uoffset_t, int32_t>,
           flatbuffers::uoffset_t>
      quantizations_;
};

}  // namespace

std::vector<std::byte> save_model(const Model& model) { return Saver(model).save(); }

void compact_buffers(Model& model) {
  const std::vector<uint32_t> first = first_equal(model.buffers);
  constexpr uint32_t kUnset = UINT32_MAX;
  std::vector<uint32_t> renumbered(model.buffers.size(), kUnset);
  std::vector<Buffer> kept = {Buffer()};
  const auto renumber = [&](uint32_t buffer) -> uint32_t {
    if (buffer >= model.buffers.size() || model.buffers[buffer].empty()) return 0;
    uint32_t& number = renumbered[first[buffer]];
    if (number == kUnset) {
      number = static_cast<uint32_t>(kept.size());
      kept.push_back(model.buffers[buffer]);
    }
    return number;
  };
  for (Graph& graph : model.graphs) {
    for (Tensor& tensor : graph.tensors) tensor.buffer = renumber(tensor.buffer);
  }
  for (Metadata& entry : model.metadata) entry.buffer = renumber(entry.buffer);
  for (int32_t& buffer : model.metadata_buffer) {
    if (buffer >= 0) buffer = static_cast<int32_t>(renumber(static_cast<uint32_t>(buffer)));
  }
  model.buffers = std::move(kept);
}

}  // namespace litequant
