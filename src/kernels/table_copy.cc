#include "kernels/table_copy.h"

#include <array>
#include <cstring>
#include <utility>

#include "kernels/strided_copy.h"

namespace litequant {
namespace {

bool is_dense(const std::vector<int64_t>& offsets) {
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

bool divides_all(const std::vector<std::vector<int64_t>>& tables, int64_t factor) {
  for (const auto& table : tables) {
    for (const int64_t offset : table) {
      if (offset % factor != 0) return false;
    }
  }
  return true;
}

// `kBytes` is the size of an element, or 0 where only the copy knows it.
template <size_t kBytes>
void copy_elements(const TableCopy& copy, const std::byte* from, std::byte* to) {
  const size_t bytes = kBytes != 0 ? kBytes : copy.element_bytes;
  const size_t outer = copy.offsets.size() - 1;
  const std::vector<int64_t>& inner = copy.offsets.back();
  std::array<size_t, kMaxLongAxes> index{};
  for (;;) {
    int64_t base = 0;
    for (size_t a = 0; a < outer; ++a) base += copy.offsets[a][index[a]];
    const std::byte* row = from + base * static_cast<int64_t>(bytes);
    for (const int64_t offset : inner) {
      std::memcpy(to, row + offset * static_cast<int64_t>(bytes), bytes);
      to += bytes;
    }
    size_t a = outer;
    while (a > 0 && ++index[a - 1] == copy.offsets[a - 1].size()) index[--a] = 0;
    if (a == 0) return;
  }
}

}  // namespace

TableCopy simplified(const TableCopy& copy) {
  TableCopy result{.element_bytes = copy.element_bytes};
  int64_t shift = 0;  // of axes of one element
  for (const auto& table : copy.offsets) {
    if (table.empty()) return {.element_bytes = copy.element_bytes, .offsets = {{}}};
    if (table.size() == 1) {
      shift += table[0];
    } else {
      result.offsets.push_back(table);
    }
  }
  if (result.offsets.empty()) result.offsets.push_back({0});
  for (int64_t& offset : result.offsets[0]) offset += shift;
  while (result.offsets.size() > 1 && is_dense(result.offsets.back())) {
    const auto run = static_cast<int64_t>(result.offsets.back().size());
    std::vector<int64_t> last = std::move(result.offsets.back());
    result.offsets.pop_back();
    if (!divides_all(result.offsets, run)) {
      result.offsets.push_back(std::move(last));
      break;
    }
    for (auto& table : result.offsets) {
      for (int64_t& offset : table) offset /= run;
    }
    result.element_bytes *= static_cast<size_t>(run);
  }
  return result;
}

void copy_by_table(const TableCopy& copy, const std::byte* from, std::byte* to) {
  if (copy.offsets.back().empty()) return;
  switch (copy.element_bytes) {
    case 1: return copy_elements<1>(copy, from, to);
    case 2: return copy_elements<2>(copy, from, to);
    case 4: return copy_elements<4>(copy, from, to);
    case 8: return copy_elements<8>(copy, from, to);
    case 16: return copy_elements<16>(copy, from, to);
    default: return copy_elements<0>(copy, from, to);
  }
}

}  // namespace litequant
