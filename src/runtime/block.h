// Working memory of a session, counted against the limit that all sessions of one run share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace litequant {

class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit) : limit_(limit) {}

  void take(int64_t bytes);  // throws OUT_OF_MEMORY
  void give_back(int64_t bytes) { used_ -= bytes; }

 private:
  int64_t limit_, used_ = 0;
};

// Bytes aligned to 64 that only grow.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept;
  Block& operator=(Block&&) = delete;
  ~Block();

  // Makes it at least this large; says whether it moved, which loses what it held: it is all zeros then.
  bool grow(size_t bytes, MemoryBudget& budget);

  std::byte* data() const { return data_; }

 private:
  void release();

  std::byte* data_ = nullptr;
  size_t size_ = 0;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace litequant
