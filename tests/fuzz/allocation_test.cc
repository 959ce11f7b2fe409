// Memory that runs out at any allocation: load, quantize and run end in std::bad_alloc (OUT_OF_MEMORY at the border,
// bindings/values.h), leave nothing behind, and do their work as before afterwards.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/load.h"
#include "format/save.h"
#include "fuzz/allocations.h"
#include "fuzz/fuzz_case.h"
#include "runtime/session.h"

namespace litequant::test {
namespace {

// Fails the allocations 0, `stride`, 2 x `stride`... of `work`, each in a run of its own, until one run needs fewer.
// Returns how many failed.
int64_t fail_allocations(const std::string& what, int64_t stride, const std::function<std::vector<std::byte>()>& work) {
  const std::vector<std::byte> expected = work();  // also makes whatever is made once
  for (int64_t number = 0;; number += stride) {
    const int64_t live = live_bytes();
    enum { finished, out_of_memory, other } end = finished;
    bool has_failed = false;
    {
      std::vector<std::byte> result;
      const AllocationFailure failure(number, false);
      try {
        result = work();
      } catch (const std::bad_alloc&) {
        end = out_of_memory;
      } catch (const Error& error) {
        end = error.code() == ErrorCode::out_of_memory ? out_of_memory : other;
      } catch (...) {
        end = other;
      }
      has_failed = failure.has_failed();
      if (end == finished && result != expected) end = other;
    }
    EXPECT_EQ(live_bytes(), live) << what << " leaves memory behind after allocation " << number << " failed";
    EXPECT_NE(end, other) << what << ": allocation " << number << " failed, and the end was another than OUT_OF_MEMORY";
    if (!has_failed) {
      EXPECT_EQ(end, finished);
      EXPECT_EQ(work(), expected) << what << " does not recover";
      return number / stride;
    }
    if (::testing::Test::HasFailure()) return -1;
  }
}

std::vector<std::byte> run_once(const std::shared_ptr<const Model>& model) {
  Session session(Plan::make(model, 0, {}, {}));
  for (size_t i = 0; i < session.plan().graph().inputs.size(); ++i) {
    const auto bytes = session.input(i);
    std::memset(bytes.data(), 0, bytes.size());
  }
  session.run();
  const auto output = session.output(0);
  return {output.begin(), output.end()};
}

void fail_everything(const Seed& seed, int64_t stride) {
  const auto load = [&] { return save_model(*load_model(seed.file)); };
  const auto quantize = [&] { return quantized_file(*seed.model); };
  const auto quantized = load_model(quantize());
  const int64_t loads = fail_allocations("loading and saving " + seed.name, stride, load);
  const int64_t quantizations = fail_allocations("quantizing " + seed.name, stride, quantize);
  const int64_t runs = fail_allocations("running " + seed.name, stride, [&] { return run_once(quantized); });
  std::printf("%s: %lld allocations of load and save, %lld of calibration and quantization, %lld of plan and run\n",
              seed.name.c_str(), static_cast<long long>(loads), static_cast<long long>(quantizations),
              static_cast<long long>(runs));
  EXPECT_GT(loads, 0);
  EXPECT_GT(quantizations, 0);
  EXPECT_GT(runs, 0);
}

const std::vector<Seed>& seeds() {
  static const std::vector<Seed> all = own_seeds();
  return all;
}

const Seed& seed_named(const std::string& name) {
  for (const Seed& seed : seeds()) {
    if (seed.name == name) return seed;
  }
  throw std::out_of_range(name);
}

TEST(AllocationTest, EveryOneOfConvolutions) { fail_everything(seed_named("convolutions"), 1); }

TEST(AllocationTest, EveryOneOfMovements) { fail_everything(seed_named("movements"), 1); }

// A prime, so that no loop of the code hides between.
TEST(AllocationTest, SomeOfTheEmbeddedModel) { fail_everything(seed_named("characters"), 101); }

TEST(AllocationTest, LongEveryOneOfTheEmbeddedModel) { fail_everything(seed_named("characters"), 1); }

}  // namespace
}  // namespace litequant::test
