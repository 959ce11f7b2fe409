#include "format/verify_tensor.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

bool is_known(DataType type) { return static_cast<int>(type) >= 0 && static_cast<int>(type) < kDataTypeCount; }

// Looks at one tensor and fails with its place.
class TensorCheck {
 public:
  TensorCheck(const Model& model, int32_t graph, int32_t index)
      : model_(model),
        graph_(graph),
        index_(index),
        tensor_(model.graphs[static_cast<size_t>(graph)].tensors[static_cast<size_t>(index)]) {}

  void storage() const;
  void quantization() const;

 private:
  [[noreturn]] void fail_here(TextParts parts) const {
    Place place = place_of_tensor(model_, graph_, index_);
    if (!place.name.empty()) fail(ErrorCode::bad_model, parts, place);
    place.is_tensor = false;
    fail(ErrorCode::bad_model, {"tensor ", index_, " ", parts}, place);
  }

  int64_t element_count(std::span<const int32_t> dims) const;
  void string_layout(std::span<const std::byte> bytes, int64_t count) const;
  int64_t sparse_count(const Sparsity& sparsity) const;
  int64_t compressed_blocks(const Sparsity::Dimension& dimension, size_t level, int64_t outer, int64_t size) const;
  void details() const;
  void zero_points() const;
  void zero_scales() const;
  template <typename T>
  void zero_scales_of(int64_t inner, int64_t channels) const;

  const Model& model_;
  int32_t graph_, index_;
  const Tensor& tensor_;
};

int64_t TensorCheck::element_count(std::span<const int32_t> dims) const {
  std::optional<int64_t> count = 1;
  bool is_empty = false;
  for (const int32_t dim : dims) {
    if (dim < 0) fail_here({"has the shape ", list_text(tensor_.shape.dims()), "; dimensions are not negative"});
    if (dim == 0) is_empty = true;  // the other dimensions must fit all the same
    if (count && dim != 0) count = checked_mul<int64_t>(*count, dim);
  }
  if (!count || !checked_mul<int64_t>(*count, 128)) {
    fail_here({"has the shape ", list_text(tensor_.shape.dims()), ", more elements than can be counted"});
  }
  return is_empty ? 0 : *count;
}

void TensorCheck::storage() const {
  if (!is_known(tensor_.type)) {
    fail_here({"has element type ", static_cast<int>(tensor_.type), ", which the format does not define"});
  }
  const int64_t count = element_count(tensor_.shape.dims());
  if (tensor_.shape_signature && !tensor_.shape_signature->empty()) {
    const std::vector<int32_t>& signature = *tensor_.shape_signature;
    if (signature.size() != static_cast<size_t>(tensor_.shape.rank())) {
      fail_here({"has ", tensor_.shape.rank(), " dimensions, but its shape signature ", list_text(signature), " has ",
                 signature.size()});
    }
    for (const int32_t dim : signature) {
      if (dim < -1) fail_here({"has the shape signature ", list_text(signature), "; unknown dimensions are -1"});
    }
  }
  if (tensor_.buffer >= model_.buffers.size()) {
    fail_here({"names buffer ", tensor_.buffer, ", but there are ", model_.buffers.size()});
  }
  const auto bytes = model_.constant(tensor_);
  if (tensor_.external_buffer != 0) {
    if (!bytes.empty()) fail_here({"has data in buffer ", tensor_.buffer, " and in an external buffer as well"});
    bool found = false;
    for (const ExternalBuffer& buffer : model_.external_buffers) found = found || buffer.id == tensor_.external_buffer;
    if (!found) fail_here({"names external buffer ", tensor_.external_buffer, ", which is not listed"});
  }
  const int64_t stored = tensor_.sparsity ? sparse_count(*tensor_.sparsity) : count;
  if (bytes.empty()) return;
  if (tensor_.is_variable) fail_here({"is a variable, yet has constant data in buffer ", tensor_.buffer});
  switch (tensor_.type) {
    case DataType::string: string_layout(bytes, count); return;
    case DataType::resource:
    case DataType::variant:
      fail_here({"is of type ", data_type_name(tensor_.type), ", which holds no data in a file, but has ", bytes.size(),
                 " bytes"});
    default: break;
  }
  const auto bits = checked_mul<int64_t>(stored, bits_per_element(tensor_.type));
  const int64_t needed = bits ? *bits / 8 + (*bits % 8 != 0 ? 1 : 0) : std::numeric_limits<int64_t>::max();
  if (static_cast<uint64_t>(needed) != bytes.size()) {
    fail_here({tensor_.sparsity ? "is sparse with " : "has the shape ",
               tensor_.sparsity ? text(stored, " stored elements") : list_text(tensor_.shape.dims()), " of ",
               data_type_name(tensor_.type), ", which takes ", needed, " bytes, but buffer ", tensor_.buffer, " has ",
               bytes.size()});
  }
}

// The number of strings, the offset of each and of the end, the characters.
void TensorCheck::string_layout(std::span<const std::byte> bytes, int64_t count) const {
  const auto number = [&](uint64_t position) {
    int32_t value;
    std::memcpy(&value, bytes.data() + position * sizeof value, sizeof value);
    return value;
  };
  const int64_t strings = bytes.size() >= 8 ? number(0) : -1;
  const int64_t first = (strings + 2) * 4;
  if (strings < 0 || first > static_cast<int64_t>(bytes.size())) {
    fail_here({"holds strings, but its ", bytes.size(), " bytes are too few for their table"});
  }
  if (strings != count) {
    fail_here({"has the shape ", list_text(tensor_.shape.dims()), ", which takes ", count, " strings, but buffer ",
               tensor_.buffer, " has ", strings});
  }
  int64_t last = first;
  for (int64_t i = 0; i <= strings; ++i) {
    const int64_t offset = number(static_cast<uint64_t>(i) + 1);
    if (offset < last || (i == 0 && offset != first) || offset > static_cast<int64_t>(bytes.size())) {
      fail_here({"has string ", i, " at byte ", offset, ", out of order or outside its ", bytes.size(), " bytes"});
    }
    last = offset;
  }
  if (last != static_cast<int64_t>(bytes.size())) {
    fail_here({"has strings that end at byte ", last, ", but ", bytes.size(), " bytes"});
  }
}

// How many elements are stored: the dense dimensions and the blocks, in traversal order, less what is left out.
int64_t TensorCheck::sparse_count(const Sparsity& sparsity) const {
  const size_t rank = static_cast<size_t>(tensor_.shape.rank());
  const size_t levels = rank + sparsity.block_map.size();
  if (sparsity.traversal_order.size() != levels || sparsity.dimensions.size() != levels) {
    fail_here({"is sparse with ", levels, " dimensions and blocks, but orders ", sparsity.traversal_order.size(),
               " and describes ", sparsity.dimensions.size()});
  }
  // The extent of each dimension, then of each block.
  std::vector<int64_t> extents(tensor_.shape.begin(), tensor_.shape.end());
  std::vector<bool> is_seen(levels, false);
  for (size_t level = 0; level < levels; ++level) {
    const int32_t dimension = sparsity.traversal_order[level];
    if (dimension < 0 || static_cast<size_t>(dimension) >= levels || is_seen[static_cast<size_t>(dimension)]) {
      fail_here({"is sparse, but its traversal order ", list_text(sparsity.traversal_order), " is no permutation"});
    }
    is_seen[static_cast<size_t>(dimension)] = true;
  }
  for (size_t block = 0; block < sparsity.block_map.size(); ++block) {
    const int32_t blocked = sparsity.block_map[block];
    int64_t extent = 0;
    for (size_t level = 0; level < levels; ++level) {
      if (static_cast<size_t>(sparsity.traversal_order[level]) == rank + block) {
        extent = sparsity.dimensions[level].dense_size;
        if (sparsity.dimensions[level].is_compressed) fail_here({"is sparse with a block that is not dense"});
      }
    }
    if (blocked < 0 || static_cast<size_t>(blocked) >= rank || extent <= 0 ||
        extents[static_cast<size_t>(blocked)] % extent != 0) {
      fail_here({"is sparse with blocks of ", extent, " along dimension ", blocked, ", which do not divide ",
                 list_text(tensor_.shape.dims())});
    }
    extents[static_cast<size_t>(blocked)] /= extent;
    extents.push_back(extent);
  }

  int64_t count = 1;
  for (size_t level = 0; level < levels; ++level) {
    const Sparsity::Dimension& dimension = sparsity.dimensions[level];
    const int64_t extent = extents[static_cast<size_t>(sparsity.traversal_order[level])];
    if (dimension.is_compressed) {
      count = compressed_blocks(dimension, level, count, extent);
      continue;
    }
    if (dimension.dense_size != extent) {
      fail_here(
          {"is sparse and states ", dimension.dense_size, " for level ", level, ", where its shape gives ", extent});
    }
    const auto product = checked_mul<int64_t>(count, extent);
    if (!product) fail_here({"is sparse with more elements than can be counted"});
    count = *product;
  }
  return count;
}

// A level of which only some positions are stored: `segments` delimits, for each of the `outer` positions before it,
// its part of `indices`.
int64_t TensorCheck::compressed_blocks(const Sparsity::Dimension& dimension, size_t level, int64_t outer,
                                       int64_t size) const {
  const std::vector<int32_t>& segments = dimension.segments;
  if (segments.size() != static_cast<uint64_t>(outer) + 1) {
    fail_here({"is sparse with ", segments.size(), " segments at level ", level, ", where ", outer, " + 1 are needed"});
  }
  int32_t last = 0;
  for (const int32_t segment : segments) {
    if (segment < last) fail_here({"is sparse with segments at level ", level, " that are out of order"});
    last = segment;
  }
  if (segments.front() != 0 || static_cast<size_t>(last) != dimension.indices.size()) {
    fail_here({"is sparse with ", dimension.indices.size(), " indices at level ", level, ", but segments from ",
               segments.front(), " to ", last});
  }
  for (size_t segment = 0; segment + 1 < segments.size(); ++segment) {
    int64_t previous = -1;
    for (int32_t i = segments[segment]; i < segments[segment + 1]; ++i) {
      const int32_t index = dimension.indices[static_cast<size_t>(i)];
      if (index <= previous || index >= size) {
        fail_here({"is sparse with index ", index, " at level ", level, ", out of order or outside its ", size});
      }
      previous = index;
    }
  }
  return static_cast<int64_t>(dimension.indices.size());
}

// Schemes of the details union refer to other tensors for their parameters.
void TensorCheck::details() const {
  const Options& details = tensor_.quantization.details;
  if (details.table() != "BlockwiseQuantization" && details.table() != "MultiAxisQuantization") return;
  const auto tensors = static_cast<int64_t>(model_.graphs[static_cast<size_t>(graph_)].tensors.size());
  for (const std::string_view field : {"scales", "zero_points"}) {
    const int64_t other = details.integer(field);
    const bool may_be_absent = field == "zero_points";
    if (other >= (may_be_absent ? -1 : 0) && other < tensors) continue;
    fail_here({"names tensor ", other, " for its ", field, ", but there are ", tensors});
  }
  if (details.integer("block_size") < 0) fail_here({"has blocks of ", details.integer("block_size"), " elements"});
}

void TensorCheck::quantization() const {
  const Quantization& quantization = tensor_.quantization;
  if (!quantization.details.empty()) details();
  if (!quantization.is_quantized()) return;
  for (size_t i = 0; i < quantization.scale.size(); ++i) {
    const float scale = quantization.scale[i];
    if (!(std::isfinite(scale) && scale >= 0)) {
      fail_here({"has scale ", scale, quantization.is_per_channel() ? text(" for channel ", i) : std::string(),
                 "; scales are finite and not negative"});
    }
  }
  if (quantization.zero_point.size() != quantization.scale.size()) {
    fail_here({"has ", quantization.scale.size(), " scales, but ", quantization.zero_point.size(), " zero points"});
  }
  if (quantization.is_per_channel()) {
    const int rank = tensor_.shape.rank();
    if (quantization.axis < 0 || quantization.axis >= rank) {
      fail_here({"is quantized along axis ", quantization.axis, " of ", rank});
    }
    if (quantization.scale.size() != static_cast<size_t>(tensor_.shape[quantization.axis])) {
      fail_here({"has ", quantization.scale.size(), " scales for the ", tensor_.shape[quantization.axis],
                 " channels of axis ", quantization.axis, " of ", list_text(tensor_.shape.dims())});
    }
  }
  zero_points();
  zero_scales();
}

void TensorCheck::zero_points() const {
  int64_t least, most;
  switch (tensor_.type) {
    case DataType::int8: least = -128, most = 127; break;
    case DataType::uint8: least = 0, most = 255; break;
    // Activations are symmetric, yet SOFTMAX writes int16 with the lowest value as zero point.
    case DataType::int16: least = -32768, most = 32767; break;
    case DataType::uint16: least = 0, most = 65535; break;
    case DataType::int4: least = -8, most = 7; break;
    case DataType::uint4: least = 0, most = 15; break;
    case DataType::int2: least = -2, most = 1; break;
    case DataType::int32:
      least = std::numeric_limits<int32_t>::min(), most = std::numeric_limits<int32_t>::max();
      break;
    default: return;  // not a quantized type: the parameters say nothing
  }
  for (const int64_t zero_point : tensor_.quantization.zero_point) {
    if (zero_point >= least && zero_point <= most) continue;
    fail_here({"has zero point ", zero_point, ", but is of type ", data_type_name(tensor_.type), ", where ",
               "it lies between ", least, " and ", most});
  }
}

template <typename T>
void TensorCheck::zero_scales_of(int64_t inner, int64_t channels) const {
  const auto values = model_.constant_as<T>(tensor_);
  const Quantization& quantization = tensor_.quantization;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto channel = static_cast<size_t>(static_cast<int64_t>(i) / inner % channels);
    if (quantization.scale[channel] != 0 || values[i] == quantization.zero_point[channel]) continue;
    fail_here({"has scale 0 for channel ", channel, ", which says that all its values are the zero point ",
               quantization.zero_point[channel], ", but element ", i, " is ", static_cast<int64_t>(values[i])});
  }
}

void TensorCheck::zero_scales() const {
  const Quantization& quantization = tensor_.quantization;
  bool has_zero = false;
  for (const float scale : quantization.scale) has_zero = has_zero || scale == 0;
  if (!has_zero || tensor_.sparsity) return;
  if (!model_.is_constant(tensor_)) {
    if (is_quantizable_integer(tensor_.type)) fail_here({"has scale 0 but is no constant: its values would all be 0"});
    return;
  }
  int64_t inner = 1;
  if (quantization.is_per_channel()) inner = tensor_.shape.count(quantization.axis + 1, tensor_.shape.rank());
  const auto channels = static_cast<int64_t>(quantization.scale.size());
  switch (tensor_.type) {
    case DataType::int8: return zero_scales_of<int8_t>(inner, channels);
    case DataType::uint8: return zero_scales_of<uint8_t>(inner, channels);
    case DataType::int16: return zero_scales_of<int16_t>(inner, channels);
    case DataType::int32: return zero_scales_of<int32_t>(inner, channels);
    case DataType::int64: return zero_scales_of<int64_t>(inner, channels);
    default: return;
  }
}

}  // namespace

void verify_storage(const Model& model, int32_t graph, int32_t tensor) { TensorCheck(model, graph, tensor).storage(); }

void verify_quantization(const Model& model, int32_t graph, int32_t tensor) {
  TensorCheck(model, graph, tensor).quantization();
}

}  // namespace litequant
