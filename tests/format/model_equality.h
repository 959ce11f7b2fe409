// Whether two models say the same.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "model/model.h"

namespace litequant {

inline bool equal_bytes(const Buffer& a, const Buffer& b) {
  return std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end());
}

// The first field in which two models differ ("graph 0, node 3: options"), or nothing.
class ModelComparison {
 public:
  static std::string first_difference(const Model& a, const Model& b) {
    ModelComparison comparison;
    comparison.models(a, b);
    return comparison.found_;
  }

 private:
  template <typename T>
  void same(const T& a, const T& b, std::string_view what) {
    if (found_.empty() && !(a == b)) found_ = where_ + std::string(what);
  }
  void same_bytes(const Buffer& a, const Buffer& b, std::string_view what) {
    if (found_.empty() && !equal_bytes(a, b)) found_ = where_ + std::string(what);
  }
  // Bit for bit: NaN is the same as itself.
  void same_floats(const std::vector<float>& a, const std::vector<float>& b, std::string_view what) {
    same_bytes(Buffer::of(a), Buffer::of(b), what);
  }
  void same_options(const Options& a, const Options& b) {
    same(a.table(), b.table(), "options table");
    same_list(a.fields(), b.fields(), "options field", [&](const auto& x, const auto& y) {
      same(x.first, y.first, "name");
      const auto* p = std::get_if<double>(&x.second);
      const auto* q = std::get_if<double>(&y.second);
      if (p != nullptr && q != nullptr && std::isnan(*p) && std::isnan(*q)) return;
      same(x.second, y.second, x.first);
    });
  }
  template <typename List, typename Compare>
  void same_list(const List& a, const List& b, const std::string& what, Compare compare) {
    same(a.size(), b.size(), what + " count");
    if (!found_.empty()) return;
    const std::string outer = where_;
    for (size_t i = 0; i < a.size() && found_.empty(); ++i) {
      where_ = text(outer, what, " ", i, ", ");
      compare(a[i], b[i]);
    }
    where_ = outer;
  }

  void models(const Model& a, const Model& b) {
    same(a.version, b.version, "version");
    same(a.description, b.description, "description");
    same_list(a.buffers, b.buffers, "buffer", [&](const Buffer& x, const Buffer& y) { same_bytes(x, y, "bytes"); });
    same(a.operator_codes, b.operator_codes, "operator codes");
    same_list(a.graphs, b.graphs, "graph", [&](const Graph& x, const Graph& y) { graphs(x, y); });
    const auto entries = [&](const Signature::Entry& x, const Signature::Entry& y) {
      same(x.name, y.name, "name");
      same(x.tensor, y.tensor, "tensor");
    };
    same_list(a.signatures, b.signatures, "signature", [&](const Signature& x, const Signature& y) {
      same(x.key, y.key, "key");
      same(x.graph, y.graph, "graph");
      same_list(x.inputs, y.inputs, "input", entries);
      same_list(x.outputs, y.outputs, "output", entries);
    });
    same_list(a.metadata, b.metadata, "metadata", [&](const Metadata& x, const Metadata& y) {
      same(x.name, y.name, "name");
      same(x.buffer, y.buffer, "buffer");
    });
    same(a.metadata_buffer, b.metadata_buffer, "metadata buffers");
    same(a.external_buffer_groups, b.external_buffer_groups, "external groups");
    same_list(a.external_buffers, b.external_buffers, "external buffer",
              [&](const ExternalBuffer& x, const ExternalBuffer& y) {
                same(x.id, y.id, "id");
                same(x.group, y.group, "group");
                same(x.offset, y.offset, "offset");
                same(x.length, y.length, "length");
                same(x.packing, y.packing, "packing");
              });
    same(a.has_archive, b.has_archive, "archive");
    same_list(a.associated_files, b.associated_files, "file", [&](const AssociatedFile& x, const AssociatedFile& y) {
      same(x.name, y.name, "name");
      same(x.method, y.method, "method");
      same(x.crc32, y.crc32, "crc32");
      same(x.uncompressed_size, y.uncompressed_size, "size");
      same(x.dos_time_and_date, y.dos_time_and_date, "date");
      same_bytes(x.contents, y.contents, "contents");
    });
  }

  void graphs(const Graph& a, const Graph& b) {
    same(a.name, b.name, "name");
    same(a.inputs, b.inputs, "inputs");
    same(a.outputs, b.outputs, "outputs");
    same(a.debug_metadata_index, b.debug_metadata_index, "debug metadata");
    same_list(a.tensors, b.tensors, "tensor", [&](const Tensor& x, const Tensor& y) { tensors(x, y); });
    same_list(a.nodes, b.nodes, "node", [&](const Node& x, const Node& y) { nodes(x, y); });
  }

  void tensors(const Tensor& a, const Tensor& b) {
    same(a.name, b.name, "name");
    same(a.type, b.type, "type");
    same(a.shape, b.shape, "shape");
    same(a.shape_signature, b.shape_signature, "shape signature");
    same(a.buffer, b.buffer, "buffer");
    same(a.has_quantization, b.has_quantization, "quantization table");
    same_floats(a.quantization.scale, b.quantization.scale, "scale");
    same(a.quantization.zero_point, b.quantization.zero_point, "zero point");
    same(a.quantization.axis, b.quantization.axis, "axis");
    same_floats(a.quantization.min, b.quantization.min, "min");
    same_floats(a.quantization.max, b.quantization.max, "max");
    same_options(a.quantization.details, b.quantization.details);
    same(a.is_variable, b.is_variable, "is_variable");
    same(a.has_rank, b.has_rank, "has_rank");
    same(a.sparsity, b.sparsity, "sparsity");
    same(a.external_buffer, b.external_buffer, "external buffer");
    same_list(a.variant_tensors, b.variant_tensors, "variant", [&](const VariantSubType& x, const VariantSubType& y) {
      same(x.shape, y.shape, "shape");
      same(x.type, y.type, "type");
      same(x.has_rank, y.has_rank, "has_rank");
    });
  }

  void nodes(const Node& a, const Node& b) {
    same(a.op, b.op, "operator");
    same(a.custom_code, b.custom_code, "custom code");
    same(a.version, b.version, "version");
    same(a.inputs, b.inputs, "inputs");
    same(a.outputs, b.outputs, "outputs");
    same(a.intermediates, b.intermediates, "intermediates");
    same(a.mutating_variable_inputs, b.mutating_variable_inputs, "mutating inputs");
    same_options(a.options, b.options);
    same_bytes(a.custom_options, b.custom_options, "custom options");
    same(a.custom_options_format, b.custom_options_format, "custom options format");
    same(a.debug_metadata_index, b.debug_metadata_index, "debug metadata");
  }

  std::string where_, found_;
};

}  // namespace litequant
