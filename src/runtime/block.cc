#include "runtime/block.h"

#include <cstring>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

void MemoryBudget::take(int64_t bytes) {
  if (used_ + bytes > limit_) {
    fail(ErrorCode::out_of_memory,
         {"running this model needs more than ", used_ + bytes, " bytes of working memory, the limit is ", limit_});
  }
  used_ += bytes;
}

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      budget_(std::exchange(other.budget_, nullptr)) {}

Block::~Block() { release(); }

void Block::release() {
  if (data_ != nullptr) ::operator delete[](std::exchange(data_, nullptr), std::align_val_t{kAlignment});
  if (budget_ != nullptr) budget_->give_back(static_cast<int64_t>(std::exchange(size_, 0)));
}

bool Block::grow(size_t bytes, MemoryBudget& budget) {
  if (data_ != nullptr && bytes <= size_) return false;
  release();
  const size_t wanted = (bytes + kAlignment) / kAlignment * kAlignment;  // never without an address
  budget.take(static_cast<int64_t>(wanted));
  budget_ = &budget;
  size_ = wanted;
  data_ = static_cast<std::byte*>(::operator new[](wanted, std::align_val_t{kAlignment}));
  std::memset(data_, 0, wanted);
  return true;
}

}  // namespace litequant
