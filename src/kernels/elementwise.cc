#include "kernels/elementwise.h"

#include <algorithm>
#include <cstring>

namespace litequant {
namespace {

constexpr size_t kTileBytes = 1024;

// `size` bytes again and again, whole times, as often as a tile holds and at least `wanted` bytes where it can.
size_t repeat(const std::byte* value, size_t size, size_t wanted, std::byte* tile) {
  const size_t end = std::min(kTileBytes / size * size, (wanted + size - 1) / size * size);
  std::memcpy(tile, value, size);
  // What is there already is copied behind itself.
  for (size_t filled = size; filled < end;) {
    const size_t more = std::min(filled, end - filled);
    std::memcpy(tile + filled, tile, more);
    filled += more;
  }
  return end;
}

// One operand of a row: as it lies, or a tile of copies of its one element.
class RowOperand {
 public:
  RowOperand(const void* base, size_t bytes, bool steps, int64_t row)
      : base_(static_cast<const std::byte*>(base)),
        bytes_(bytes),
        wanted_(static_cast<size_t>(row) * bytes),
        steps_(steps) {}

  void move_to(int64_t offset) {
    const std::byte* at = base_ + static_cast<size_t>(offset) * bytes_;
    if (!steps_ && at != at_) repeat(at, bytes_, wanted_, tile_);
    at_ = at;
  }
  const std::byte* from(int64_t i) const { return steps_ ? at_ + static_cast<size_t>(i) * bytes_ : tile_; }

 private:
  const std::byte* base_;
  size_t bytes_, wanted_;
  bool steps_;
  const std::byte* at_ = nullptr;
  alignas(16) std::byte tile_[kTileBytes];
};

// Short rows against an operand that repeats as a whole, such as the channels of an image: rows are joined.
bool has_short_repeated_rows(const BroadcastWalk& walk, size_t in_bytes) {
  return walk.loops == 1 && walk.rows >= 4 && walk.row_stride[0] != 0 && walk.row_stride[1] != 0 &&
         static_cast<size_t>(walk.row) * in_bytes <= kTileBytes / 4 &&
         (walk.stride[0][0] == 0 || walk.stride[1][0] == 0);
}

}  // namespace

void map_rows(const BroadcastWalk& walk, const void* a, const void* b, void* result, size_t in_bytes, size_t out_bytes,
              RowOfTwo row, const void* operation) {
  auto* const to = static_cast<std::byte*>(result);
  if (has_short_repeated_rows(walk, in_bytes)) {
    const bool a_repeats = walk.stride[0][0] == 0;
    alignas(16) std::byte tile[kTileBytes];
    const size_t row_bytes = static_cast<size_t>(walk.row) * in_bytes;
    const size_t filled = repeat(static_cast<const std::byte*>(a_repeats ? a : b), row_bytes, kTileBytes, tile);
    const auto* const other = static_cast<const std::byte*>(a_repeats ? b : a);
    const auto step = static_cast<int64_t>(filled / in_bytes);
    const int64_t count = walk.rows * walk.row;
    for (int64_t i = 0; i < count; i += step) {
      const std::byte* from = other + static_cast<size_t>(i) * in_bytes;
      row(operation, a_repeats ? tile : from, a_repeats ? from : tile, to + static_cast<size_t>(i) * out_bytes,
          std::min(step, count - i));
    }
    return;
  }
  RowOperand row_a(a, in_bytes, walk.row_stride[0] != 0, walk.row),
      row_b(b, in_bytes, walk.row_stride[1] != 0, walk.row);
  const bool is_dense = walk.row_stride[0] != 0 && walk.row_stride[1] != 0;
  const int64_t step = is_dense ? walk.row : static_cast<int64_t>(kTileBytes / in_bytes);
  for_each_row(walk, [&](int64_t first, const std::array<int64_t, kMaxBroadcastOperands>& offset) {
    row_a.move_to(offset[0]);
    row_b.move_to(offset[1]);
    for (int64_t i = 0; i < walk.row; i += step) {
      row(operation, row_a.from(i), row_b.from(i), to + static_cast<size_t>(first + i) * out_bytes,
          std::min(step, walk.row - i));
    }
  });
}

void map_bytes(const uint8_t* x, uint8_t* result, int64_t count, const uint8_t* table) {
  for (int64_t i = 0; i < count; ++i) result[i] = table[x[i]];
}

}  // namespace litequant
