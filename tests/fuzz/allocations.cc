#include "fuzz/allocations.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

namespace litequant::test {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t live = 0, peak = 0;
int64_t most_live = kNever;
bool quota_hit = false;
int64_t until_failure = kNever;  // allocations before one fails
bool fails_for_good = false, failed = false;

void* allocate(size_t size, size_t alignment) {
  if (until_failure != kNever) {
    if (until_failure == 0) {
      failed = true;
      if (!fails_for_good) until_failure = kNever;
      throw std::bad_alloc();
    }
    --until_failure;
  }
  // What is asked for, not what the allocator makes of it, decides: the same in every build.
  constexpr uint64_t kLargest = uint64_t{1} << 31;
  if (size > kLargest || (most_live != kNever && live + static_cast<int64_t>(size) > most_live)) {
    quota_hit = true;
    throw std::bad_alloc();
  }
  const size_t wanted = std::max<size_t>(size, 1);
  void* made = alignment <= alignof(std::max_align_t)
                   ? std::malloc(wanted)
                   : std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
  if (made == nullptr) throw std::bad_alloc();
  live += static_cast<int64_t>(malloc_usable_size(made));
  peak = std::max(peak, live);
  return made;
}

void release(void* made) {
  if (made == nullptr) return;
  live -= static_cast<int64_t>(malloc_usable_size(made));
  std::free(made);
}

void* allocate_or_null(size_t size, size_t alignment) noexcept {
  try {
    return allocate(size, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace

int64_t live_bytes() { return live; }
int64_t peak_bytes() { return peak; }
void reset_peak() { peak = live; }

AllocationQuota::AllocationQuota(int64_t bytes) {
  quota_hit = false;
  most_live = live + bytes;
}
AllocationQuota::~AllocationQuota() { most_live = kNever; }
bool AllocationQuota::was_hit() const { return quota_hit; }

AllocationFailure::AllocationFailure(int64_t first, bool for_good) {
  failed = false;
  fails_for_good = for_good;
  until_failure = first;
}
AllocationFailure::~AllocationFailure() { until_failure = kNever; }
bool AllocationFailure::has_failed() const { return failed; }

}  // namespace litequant::test

// Every form, as a sanitizer's own would otherwise serve those that are left out.
using litequant::test::allocate;
using litequant::test::allocate_or_null;
using litequant::test::release;
constexpr size_t kUsual = alignof(std::max_align_t);

void* operator new(size_t size) { return allocate(size, kUsual); }
void* operator new[](size_t size) { return allocate(size, kUsual); }
void* operator new(size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size, kUsual); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size, kUsual); }
void operator delete(void* made) noexcept { release(made); }
void operator delete[](void* made) noexcept { release(made); }
void operator delete(void* made, size_t) noexcept { release(made); }
void operator delete[](void* made, size_t) noexcept { release(made); }
void operator delete(void* made, std::align_val_t) noexcept { release(made); }
void operator delete[](void* made, std::align_val_t) noexcept { release(made); }
void operator delete(void* made, size_t, std::align_val_t) noexcept { release(made); }
void operator delete[](void* made, size_t, std::align_val_t) noexcept { release(made); }
void operator delete(void* made, const std::nothrow_t&) noexcept { release(made); }
void operator delete[](void* made, const std::nothrow_t&) noexcept { release(made); }
