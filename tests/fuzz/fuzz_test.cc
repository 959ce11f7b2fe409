// Hostile files: each case ends in success or in an error that says where, within bounds of time and memory, and what
// comes after it is as if it had not been. A failure prints the case; run it alone with
//   LITEQUANT_FUZZ_CASE=123 [LITEQUANT_FUZZ_SEED=1] fuzz_test --gtest_filter=*OneCase
// A trap or a sanitizer's report ends the program: the case that ran is in .build/fuzz-<variant>.txt.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "format/load.h"
#include "fuzz/allocations.h"
#include "fuzz/fuzz_case.h"

namespace litequant::test {
namespace {

constexpr uint64_t kSeed = 1;

// Remembers the case at hand where it outlives the program.
class LastCase {
 public:
  LastCase() : file_(std::fopen(LITEQUANT_ROOT "/.build/fuzz-" LITEQUANT_VARIANT ".txt", "w")) {}
  ~LastCase() {
    if (file_ != nullptr) std::fclose(file_);
  }
  LastCase(const LastCase&) = delete;
  LastCase& operator=(const LastCase&) = delete;
  void set(uint64_t seed, uint64_t number) {
    if (file_ == nullptr) return;
    std::rewind(file_);
    std::fprintf(file_, "case %12llu of seed %12llu\n", static_cast<unsigned long long>(number),
                 static_cast<unsigned long long>(seed));
    std::fflush(file_);
  }

 private:
  std::FILE* file_;
};

void run_cases(uint64_t first, uint64_t count) {
  const auto seeds = fuzz_seeds();
  const auto own = load_model(own_model_file());
  const auto golden = quantized_file(*own);
  LastCase last;
  std::map<std::string, uint64_t> kinds;  // of errors
  uint64_t loaded = 0, quantized = 0, ran = 0, failures = 0;
  int64_t most_bytes = 0;
  double slowest = 0, golden_seconds = 0;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto since = [&](auto start) { return std::chrono::duration<double>(now() - start).count(); };
  const auto begin = now();
  for (uint64_t number = first; number < first + count && failures < 20; ++number) {
    last.set(kSeed, number);
    const auto start = now();
    const FuzzCase fuzz_case(seeds, kSeed, number);
    std::string error;
    error.reserve(200);
    const uint64_t failures_before = failures;
    const int64_t live = live_bytes();
    {
      const Outcome outcome = fuzz_case.run();
      slowest = std::max(slowest, since(start));
      most_bytes = std::max(most_bytes, outcome.peak_bytes);
      loaded += outcome.loaded;
      quantized += outcome.quantized;
      ran += outcome.ran;
      if (!outcome.failure.empty()) {
        ++failures;
        ADD_FAILURE() << fuzz_case.description() << "\n" << outcome.failure;
      }
      error = outcome.error;
    }
    // What a failure reports stays.
    if (failures == failures_before && live_bytes() != live) {
      ++failures;
      ADD_FAILURE() << fuzz_case.description() << "\nleaves " << live_bytes() - live << " bytes";
    }
    const bool is_new = !error.empty() && ++kinds[error] == 1;
    if (is_new || number % 100 == 99) {
      const auto golden_start = now();
      if (quantized_file(*own) != golden) {
        ++failures;
        ADD_FAILURE() << "after " << fuzz_case.description() << " the project's own model quantizes to other bytes";
      }
      golden_seconds += since(golden_start);
    }
  }
  const double seconds = since(begin);
  const auto percent = [&](uint64_t part) { return 100.0 * static_cast<double>(part) / static_cast<double>(count); };
  std::printf(
      "%llu cases from %zu models: %.1f %% loaded, %.1f %% quantized, %.1f %% ran in both forms; %zu kinds of errors; "
      "%.0f cases/s beside %.1f s for the model that must stay the same; slowest %.2f s, most memory %.1f MB\n",
      static_cast<unsigned long long>(count), seeds.size(), percent(loaded), percent(quantized), percent(ran),
      kinds.size(), static_cast<double>(count) / (seconds - golden_seconds), golden_seconds, slowest,
      static_cast<double>(most_bytes) / 1e6);
  if (std::getenv("LITEQUANT_FUZZ_KINDS") != nullptr) {
    for (const auto& [kind, times] : kinds)
      std::printf("%8llu %s\n", static_cast<unsigned long long>(times), kind.c_str());
  }
  EXPECT_GE(percent(ran), 100.0 / 3) << "too few cases come as far as quantize and run to show anything";
}

TEST(FuzzTest, FixedCases) { run_cases(0, 10000); }

TEST(FuzzTest, LongCases) { run_cases(10000, 200000); }

TEST(FuzzTest, OneCase) {
  const char* number = std::getenv("LITEQUANT_FUZZ_CASE");
  if (number == nullptr) GTEST_SKIP() << "runs the case that LITEQUANT_FUZZ_CASE names";
  const char* seed = std::getenv("LITEQUANT_FUZZ_SEED");
  const FuzzCase fuzz_case(fuzz_seeds(), seed == nullptr ? kSeed : std::strtoull(seed, nullptr, 10),
                           std::strtoull(number, nullptr, 10));
  std::printf("%s\n", fuzz_case.description().c_str());
  if (const char* path = std::getenv("LITEQUANT_FUZZ_FILE")) {
    std::FILE* file = std::fopen(path, "wb");
    ASSERT_NE(file, nullptr);
    std::fwrite(fuzz_case.file().data(), 1, fuzz_case.file().size(), file);
    std::fclose(file);
  }
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = fuzz_case.run();
  std::printf("%.3f s; ", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  std::printf("loaded %d, quantized %d, ran %d; %s: %s; %lld bytes\n", outcome.loaded, outcome.quantized, outcome.ran,
              outcome.error.c_str(), outcome.message.c_str(), static_cast<long long>(outcome.peak_bytes));
  EXPECT_EQ(outcome.failure, "");
}

}  // namespace
}  // namespace litequant::test
