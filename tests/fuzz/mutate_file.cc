#include <cstring>
#include <map>
#include <optional>

#include "fuzz/mutate.h"

namespace litequant::test {
namespace {

// The tables of a FlatBuffer, found without its schema: what an offset leads to is a table when it has a sensible
// layout.
class Tables {
 public:
  explicit Tables(std::vector<std::byte>& file) : file_(file) {
    if (file.size() < 8) return;
    std::vector<size_t> open = {read<uint32_t>(0)};
    while (!open.empty() && tables_.size() < kMost) {
      const size_t table = open.back();
      open.pop_back();
      if (!is_table(table) || !tables_.emplace(table, true).second) continue;
      list_.push_back(table);
      for (size_t i = 0; i < field_count(table); ++i) {
        const auto at = field(table, i);
        if (!at || *at + 4 > file_.size()) continue;
        const size_t target = *at + read<uint32_t>(*at);
        if (is_table(target)) {
          open.push_back(target);
        } else if (target % 4 == 0 && target + 8 <= file_.size() && target > *at) {
          const size_t count = read<uint32_t>(target);
          if (count == 0 || count > (file_.size() - target) / 4) continue;
          for (size_t k = 0; k < count; ++k) {
            const size_t element = target + 4 + 4 * k;
            const size_t item = element + read<uint32_t>(element);
            if (!is_table(item)) break;
            open.push_back(item);
          }
        }
      }
    }
  }

  const std::vector<size_t>& list() const { return list_; }
  size_t layout(size_t table) const { return static_cast<size_t>(static_cast<int64_t>(table) - read<int32_t>(table)); }
  size_t field_count(size_t table) const { return (read<uint16_t>(layout(table)) - 4u) / 2u; }
  // Where a field is stored.
  std::optional<size_t> field(size_t table, size_t index) const {
    if (index >= field_count(table)) return std::nullopt;
    const uint16_t at = read<uint16_t>(layout(table) + 4 + 2 * index);
    if (at == 0) return std::nullopt;
    return table + at;
  }

  template <typename T>
  T read(size_t at) const {
    T value{};
    if (at <= file_.size() && sizeof(T) <= file_.size() - at) std::memcpy(&value, file_.data() + at, sizeof value);
    return value;
  }
  template <typename T>
  void write(size_t at, T value) {
    if (at <= file_.size() && sizeof(T) <= file_.size() - at) std::memcpy(file_.data() + at, &value, sizeof value);
  }

 private:
  static constexpr size_t kMost = 4000;

  bool is_table(size_t table) const {
    if (table % 4 != 0 || table < 8 || table + 4 > file_.size()) return false;
    const int64_t at = static_cast<int64_t>(table) - read<int32_t>(table);
    if (at < 0 || at % 2 != 0 || at + 4 > static_cast<int64_t>(file_.size())) return false;
    const auto start = static_cast<size_t>(at);
    const uint16_t bytes = read<uint16_t>(start), extent = read<uint16_t>(start + 2);
    if (bytes < 4 || bytes > 80 || bytes % 2 != 0 || start + bytes > file_.size()) return false;
    if (extent < 4 || table + extent > file_.size()) return false;
    for (size_t i = 4; i < bytes; i += 2) {
      if (read<uint16_t>(start + i) >= extent) return false;
    }
    return true;
  }

  std::vector<std::byte>& file_;
  std::map<size_t, bool> tables_;
  std::vector<size_t> list_;
};

// A buffer table whose bytes lie elsewhere in the file, or do not, appended and put into the list of buffers.
std::string add_outside_buffer(std::vector<std::byte>& file, Random& random) {
  while (file.size() % 8 != 0) file.push_back({});
  Tables tables(file);
  if (tables.list().empty()) return "";
  const auto at = tables.field(tables.list()[0], 4);
  if (!at) return "";
  const size_t list = *at + tables.read<uint32_t>(*at);
  const size_t count = tables.read<uint32_t>(list);
  if (count == 0 || count > 100000 || list + 4 + 4 * count > file.size()) return "";
  const size_t element = list + 4 + 4 * random.below(count);
  // Layout: 10 bytes, table of 24: no data, offset at 8, size at 16.
  const uint64_t size = file.size();
  const size_t start = file.size();
  file.resize(start + 40);
  tables.write<uint16_t>(start, 10);
  tables.write<uint16_t>(start + 2, 24);
  tables.write<uint16_t>(start + 6, 8);
  tables.write<uint16_t>(start + 8, 16);
  const size_t table = start + 16;
  tables.write<int32_t>(table, 16);
  tables.write<uint64_t>(table + 8, random.pick<uint64_t>({2, size - 1, size, size + 1, size / 2, ~uint64_t{0},
                                                           ~uint64_t{0} - 3, uint64_t{1} << 32}));
  tables.write<uint64_t>(table + 16,
                         random.pick<uint64_t>({2, 4, size, size - 2, ~uint64_t{0}, uint64_t{1} << 63, 64}));
  tables.write<uint32_t>(element, static_cast<uint32_t>(table - element));
  return "buffer outside";
}

}  // namespace

std::string damage_file(std::vector<std::byte>& file, Random& random) {
  if (file.size() < 16) return "";
  switch (random.below(9)) {
    case 0: file.resize(random.below(file.size())); return "cut to " + std::to_string(file.size());
    case 1: return add_outside_buffer(file, random);
    default: break;
  }
  Tables tables(file);
  if (tables.list().empty()) return "";
  const size_t table = random.item(tables.list());
  const size_t fields = tables.field_count(table);
  const size_t index = random.below(fields);
  const size_t layout = tables.layout(table);
  const auto at = tables.field(table, index);
  const auto where = [&] { return " of table " + std::to_string(table) + " field " + std::to_string(index); };
  switch (random.below(9)) {
    case 0:
    case 1:
      if (fields == 0) return "";
      tables.write<uint16_t>(layout + 4 + 2 * index, 0);
      return "left out" + where();
    case 2:
      if (fields == 0) return "";
      tables.write<uint16_t>(layout + 4 + 2 * index, tables.read<uint16_t>(layout + 4 + 2 * random.below(fields)));
      return "same place" + where();
    case 3: {
      const size_t word = 4 * random.below(file.size() / 4);
      tables.write<uint32_t>(word, random.pick<uint32_t>({0xffffffff, 0x7fffffff, 0x80000000, 0, 1, 4}));
      return "word " + std::to_string(word);
    }
    case 4:
      if (!at) return "";
      tables.write<uint32_t>(*at, random.pick<uint32_t>({0xffffffff, 0x7fffffff, 0x80000000, 0, 4}));
      return "offset" + where();
    case 5: {
      // To another table: of another kind, or one that holds this one.
      if (!at) return "";
      const size_t target = random.item(tables.list());
      tables.write<uint32_t>(*at, static_cast<uint32_t>(target - *at));
      return "points to " + std::to_string(target) + where();
    }
    case 6: {
      // The length of a list.
      if (!at) return "";
      const size_t list = *at + tables.read<uint32_t>(*at);
      const uint32_t length = tables.read<uint32_t>(list);
      tables.write<uint32_t>(list, random.pick<uint32_t>({length + 1, length - 1, length * 2, 0, 0xffffffff}));
      return "length" + where();
    }
    case 7: {
      // The layout of another table.
      const size_t other = tables.layout(random.item(tables.list()));
      tables.write<int32_t>(table, static_cast<int32_t>(static_cast<int64_t>(table) - static_cast<int64_t>(other)));
      return "layout of another table" + where();
    }
    default: {
      const size_t count = 1 + random.below(4);
      for (size_t i = 0; i < count; ++i) file[random.below(file.size())] = static_cast<std::byte>(random.next());
      return "bytes at random";
    }
  }
}

}  // namespace litequant::test
