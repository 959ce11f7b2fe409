// What this test program allocates: every operator new of it is counted, may be made to fail, and is held to a quota.
#pragma once

#include <cstddef>
#include <cstdint>

namespace litequant::test {

// Bytes allocated and not yet released, and the most there were since `reset_peak`.
int64_t live_bytes();
int64_t peak_bytes();
void reset_peak();

// While it lives, allocations that would bring the live bytes above those at its start plus `bytes` throw
// std::bad_alloc.
class AllocationQuota {
 public:
  explicit AllocationQuota(int64_t bytes);
  ~AllocationQuota();
  AllocationQuota(const AllocationQuota&) = delete;
  AllocationQuota& operator=(const AllocationQuota&) = delete;
  bool was_hit() const;
};

// While it lives, the allocation number `first` (from 0), and with `for_good` each one after it, throws
// std::bad_alloc.
class AllocationFailure {
 public:
  AllocationFailure(int64_t first, bool for_good);
  ~AllocationFailure();
  AllocationFailure(const AllocationFailure&) = delete;
  AllocationFailure& operator=(const AllocationFailure&) = delete;
  bool has_failed() const;
};

}  // namespace litequant::test
