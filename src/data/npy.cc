#include "data/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = 1 << 20;
constexpr size_t kMaxRank = 32;

struct TypeRow {
  std::string_view name;  // kind and bytes, without the order
  DataType type;
};
constexpr TypeRow kTypes[] = {
    {"f4", DataType::float32},   {"f2", DataType::float16},     {"f8", DataType::float64}, {"i1", DataType::int8},
    {"u1", DataType::uint8},     {"b1", DataType::boolean},     {"i2", DataType::int16},   {"u2", DataType::uint16},
    {"i4", DataType::int32},     {"u4", DataType::uint32},      {"i8", DataType::int64},   {"u8", DataType::uint64},
    {"c8", DataType::complex64}, {"c16", DataType::complex128},
};

[[noreturn]] void bad(TextParts detail) { fail(ErrorCode::bad_sample, {"not a usable .npy file: ", detail}); }

// The header is a Python dictionary of three known entries; this reads just that.
class DictionaryReader {
 public:
  explicit DictionaryReader(std::string_view text) : text_(text) {}

  void read(NpyHeader& header) {
    expect('{');
    bool has_type = false, has_order = false, has_shape = false;
    while (!accept('}')) {
      const std::string_view key = quoted_text();
      expect(':');
      if (key == "descr") {
        read_type(header);
        has_type = true;
      } else if (key == "fortran_order") {
        header.is_column_major = read_flag();
        has_order = true;
      } else if (key == "shape") {
        header.shape = read_shape();
        has_shape = true;
      } else {
        bad({"its header has an unknown entry ", quoted(key)});
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_type || !has_order || !has_shape) bad({"its header lacks descr, fortran_order or shape"});
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char wanted) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) bad({"its header has no '", std::string_view(&wanted, 1), "' at byte ", at_});
  }
  std::string_view quoted_text() {
    skip_spaces();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"') bad({"its header is not a dictionary of names"});
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) bad({"a name in its header does not end"});
    const std::string_view found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }
  void read_type(NpyHeader& header) {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '[') bad({"it holds records; save each field as an array of its own"});
    const std::string_view type = quoted_text();
    const std::string_view name = type.size() > 1 ? type.substr(1) : type;
    if (name == "O") bad({"it holds Python objects (a pickle); save an array of numbers"});
    for (const TypeRow& row : kTypes) {
      if (row.name != name || std::string_view("<>|=").find(type[0]) == std::string_view::npos) continue;
      header.type = row.type;
      header.is_big_endian = type[0] == '>' && bytes_per_element(row.type) > 1;
      return;
    }
    bad({"elements of type ", quoted(type), " are not supported"});
  }
  bool read_flag() {
    skip_spaces();
    for (const std::string_view word : {std::string_view("True"), std::string_view("False")}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return word == "True";
    }
    bad({"fortran_order is neither True nor False"});
  }
  std::vector<int64_t> read_shape() {
    expect('(');
    std::vector<int64_t> shape;
    while (!accept(')')) {
      skip_spaces();
      int64_t size = 0;
      const char* first = text_.data() + at_;
      const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) bad({"its shape is not a tuple of sizes"});
      at_ += static_cast<size_t>(end - first);
      shape.push_back(size);
      if (shape.size() > kMaxRank) bad({"it has more than 32 dimensions"});
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Bytes of one number whose order matters: half of a complex one.
size_t swapped_bytes(DataType type) {
  const size_t size = bytes_per_element(type);
  return type == DataType::complex64 || type == DataType::complex128 ? size / 2 : size;
}

}  // namespace

NpyHeader read_npy_header(std::span<const std::byte> beginning, uint64_t file_size) {
  const std::string_view file(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  if (file.substr(0, kMagic.size()) != kMagic) bad({"it does not begin as one"});
  if (file.size() < 10) bad({"it ends within its header"});
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(file[i])); };
  const size_t version = byte(6);
  if (version < 1 || version > 3) bad({"version ", version, " is unknown"});
  if (version > 1 && file.size() < 12) bad({"it ends within its header"});
  const size_t start = version == 1 ? 10 : 12;
  const size_t length = byte(8) | byte(9) << 8 | (version == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > kMaxHeader) bad({"its header is longer than 1 MiB"});
  if (file.size() < start + length) bad({"it ends within its header"});

  NpyHeader header;
  DictionaryReader(file.substr(start, length)).read(header);
  header.data_offset = start + length;
  int64_t count = 1;
  for (const int64_t size : header.shape) {
    const auto product = checked_mul(count, size);
    if (!product) bad({"its shape is too large"});
    count = *product;
  }
  const auto bytes = checked_mul(count, static_cast<int64_t>(bytes_per_element(header.type)));
  if (!bytes) bad({"its shape is too large"});
  const uint64_t present = file_size > header.data_offset ? file_size - header.data_offset : 0;
  if (static_cast<uint64_t>(*bytes) > present) {
    bad({"its shape ", list_text(header.shape), " needs ", *bytes, " bytes, ", present, " are there"});
  }
  header.value_count = static_cast<size_t>(count);
  return header;
}

std::vector<std::byte> npy_values(std::span<const std::byte> file, const NpyHeader& header) {
  const size_t size = bytes_per_element(header.type);
  const auto source = file.subspan(header.data_offset, header.value_count * size);
  std::vector<std::byte> out(source.begin(), source.end());
  if (header.is_column_major && header.shape.size() > 1) {
    const size_t rank = header.shape.size();
    std::vector<size_t> stride(rank, 1), index(rank, 0);
    for (size_t axis = 1; axis < rank; ++axis) {
      stride[axis] = stride[axis - 1] * static_cast<size_t>(header.shape[axis - 1]);
    }
    size_t from = 0;
    for (size_t to = 0; to < header.value_count; ++to) {
      std::memcpy(out.data() + to * size, source.data() + from * size, size);
      for (size_t axis = rank; axis-- > 0;) {
        from += stride[axis];
        if (++index[axis] < static_cast<size_t>(header.shape[axis])) break;
        from -= stride[axis] * static_cast<size_t>(header.shape[axis]);
        index[axis] = 0;
      }
    }
  }
  if (header.is_big_endian) {
    const size_t width = swapped_bytes(header.type);
    for (size_t at = 0; at < out.size(); at += width) {
      std::reverse(out.begin() + static_cast<ptrdiff_t>(at), out.begin() + static_cast<ptrdiff_t>(at + width));
    }
  }
  return out;
}

std::vector<std::byte> make_npy_header(DataType type, std::span<const int64_t> shape) {
  const auto* row =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeRow& r) { return r.type == type; });
  if (row == std::end(kTypes)) {
    fail(ErrorCode::unsupported_type, {"an array of ", data_type_name(type), " cannot be written as .npy"});
  }
  const bool has_order = bytes_per_element(type) > 1;
  std::string header = text("{'descr': '", has_order ? "<" : "|", row->name, "', 'fortran_order': False, 'shape': (");
  for (size_t i = 0; i < shape.size(); ++i) header += text(i > 0 ? ", " : "", shape[i]);
  header += shape.size() == 1 ? ",), }" : "), }";
  const size_t before = kMagic.size() + 4;
  header.append((64 - (before + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string out(kMagic);
  out += {'\x01', '\x00', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  out += header;
  const auto bytes = std::as_bytes(std::span(out));
  return {bytes.begin(), bytes.end()};
}

}  // namespace litequant
