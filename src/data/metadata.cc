#include "data/metadata.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace litequant {
namespace {

// Hostile offsets may make many entries share one table, so every list is cut where no honest file goes on.
constexpr size_t kMaxList = 64;
constexpr size_t kMaxChannels = 1024;
constexpr size_t kMaxText = 4096;

using Bytes = std::span<const std::byte>;

template <typename T>
std::optional<T> number_at(Bytes bytes, size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// Where the 32-bit offset at `at` leads, if within the buffer.
std::optional<size_t> target_of(Bytes bytes, size_t at) {
  const auto offset = number_at<uint32_t>(bytes, at);
  if (!offset || *offset == 0 || *offset >= bytes.size() - at) return std::nullopt;
  return at + *offset;
}

// A vector: its element count, cut to what is there and to `most`, and where the elements begin.
struct List {
  size_t first = 0, count = 0;
};
List list_at(Bytes bytes, size_t at, size_t element_bytes, size_t most) {
  const auto count = number_at<uint32_t>(bytes, at);
  if (!count) return {};
  const size_t present = (bytes.size() - at - 4) / element_bytes;
  return {at + 4, std::min({static_cast<size_t>(*count), present, most})};
}

// A FlatBuffers table; an empty one has no fields.
class Table {
 public:
  Table() = default;
  Table(Bytes bytes, size_t at) : bytes_(bytes), at_(at) {
    const auto back = number_at<int32_t>(bytes, at);
    if (!back) return;
    const int64_t start = static_cast<int64_t>(at) - *back;
    if (start < 0 || static_cast<uint64_t>(start) >= bytes.size()) return;
    const auto size = number_at<uint16_t>(bytes, static_cast<size_t>(start));
    if (!size || *size < 4 || *size > bytes.size() - static_cast<size_t>(start)) return;
    fields_ = static_cast<size_t>(start) + 4;
    field_count_ = (*size - 4u) / 2;
  }

  static Table root(Bytes bytes, std::string_view identifier) {
    if (bytes.size() < 8 || std::memcmp(bytes.data() + 4, identifier.data(), 4) != 0) return {};
    const auto at = target_of(bytes, 0);
    return at ? Table(bytes, *at) : Table();
  }

  template <typename T>
  T number(size_t field, T absent) const {
    const auto at = place(field);
    return at ? number_at<T>(bytes_, *at).value_or(absent) : absent;
  }
  Table table(size_t field) const {
    const auto at = target(field);
    return at ? Table(bytes_, *at) : Table();
  }
  std::string text(size_t field) const {
    const auto at = target(field);
    if (!at) return {};
    const List list = list_at(bytes_, *at, 1, kMaxText);
    return {reinterpret_cast<const char*>(bytes_.data()) + list.first, list.count};
  }
  std::vector<float> reals(size_t field) const {
    std::vector<float> out;
    if (const auto at = target(field)) {
      const List list = list_at(bytes_, *at, 4, kMaxChannels);
      for (size_t i = 0; i < list.count; ++i) out.push_back(*number_at<float>(bytes_, list.first + 4 * i));
    }
    return out;
  }
  std::vector<Table> tables(size_t field, size_t most = kMaxList) const {
    std::vector<Table> out;
    if (const auto at = target(field)) {
      const List list = list_at(bytes_, *at, 4, most);
      for (size_t i = 0; i < list.count; ++i) {
        const auto element = target_of(bytes_, list.first + 4 * i);
        out.push_back(element ? Table(bytes_, *element) : Table());
      }
    }
    return out;
  }

 private:
  std::optional<size_t> place(size_t field) const {
    if (field >= field_count_) return std::nullopt;
    const auto offset = number_at<uint16_t>(bytes_, fields_ + 2 * field);
    if (!offset || *offset == 0 || *offset >= bytes_.size() - at_) return std::nullopt;
    return at_ + *offset;
  }
  std::optional<size_t> target(size_t field) const {
    const auto at = place(field);
    return at ? target_of(bytes_, *at) : std::nullopt;
  }

  Bytes bytes_;
  size_t at_ = 0, fields_ = 0, field_count_ = 0;
};

// Field numbers and tags of the metadata schema (tflite-support, metadata_schema.fbs).
enum ModelField { kModelName, kModelDescription, kModelVersion, kSubgraphs, kAuthor, kLicense };
enum SubgraphField { kInputs = 2, kOutputs = 3 };
enum TensorField { kTensorName = 0, kContent = 3, kProcessUnits = 4, kAssociatedFiles = 6 };
enum UnionField { kTag = 0, kMember = 1 };  // of Content and of ProcessUnit
constexpr uint8_t kImageProperties = 2, kNormalizationOptions = 1;
enum NormalizationField { kMean, kDeviation };
enum FileField { kFileName = 0, kFileType = 2 };
constexpr int8_t kAxisLabels = 2;

bool is_normalization(const std::vector<float>& mean, const std::vector<float>& deviation) {
  const auto good = [](float value) { return std::isfinite(value); };
  return !mean.empty() && !deviation.empty() && std::all_of(mean.begin(), mean.end(), good) &&
         std::all_of(deviation.begin(), deviation.end(), [&](float value) { return good(value) && value != 0; });
}

TensorFacts tensor_facts(const Table& tensor) {
  TensorFacts facts;
  facts.name = tensor.text(kTensorName);
  const Table content = tensor.table(kContent);
  if (content.number<uint8_t>(kTag, 0) == kImageProperties) {
    const auto space = content.table(kMember).number<int8_t>(0, 0);
    if (space == 1) facts.color_space = ColorSpace::rgb;
    if (space == 2) facts.color_space = ColorSpace::grayscale;
  }
  for (const Table& unit : tensor.tables(kProcessUnits)) {
    if (unit.number<uint8_t>(kTag, 0) != kNormalizationOptions) continue;
    auto mean = unit.table(kMember).reals(kMean);
    auto deviation = unit.table(kMember).reals(kDeviation);
    if (is_normalization(mean, deviation)) {
      facts.mean = std::move(mean);
      facts.deviation = std::move(deviation);
    }
    break;
  }
  for (const Table& file : tensor.tables(kAssociatedFiles)) {
    if (file.number<int8_t>(kFileType, 0) != kAxisLabels) continue;
    facts.labels_file = file.text(kFileName);
    break;
  }
  return facts;
}

std::vector<TensorFacts> facts_of(const Table& subgraph, size_t field, size_t most) {
  std::vector<TensorFacts> out;
  for (const Table& tensor : subgraph.tables(field, std::min(most, kMaxList))) out.push_back(tensor_facts(tensor));
  return out;
}

}  // namespace

ModelFacts read_model_facts(const Model& model) {
  ModelFacts facts;
  const auto entry = std::find_if(model.metadata.begin(), model.metadata.end(),
                                  [](const Metadata& m) { return m.name == "TFLITE_METADATA"; });
  if (entry == model.metadata.end() || entry->buffer >= model.buffers.size()) return facts;
  const Table root = Table::root(model.buffers[entry->buffer].bytes(), "M001");
  facts.name = root.text(kModelName);
  facts.description = root.text(kModelDescription);
  facts.version = root.text(kModelVersion);
  facts.author = root.text(kAuthor);
  facts.license = root.text(kLicense);
  for (const Table& subgraph : root.tables(kSubgraphs, std::min(model.graphs.size(), kMaxList))) {
    const Graph& graph = model.graphs[facts.graphs.size()];
    facts.graphs.push_back(
        {facts_of(subgraph, kInputs, graph.inputs.size()), facts_of(subgraph, kOutputs, graph.outputs.size())});
  }
  return facts;
}

}  // namespace litequant
