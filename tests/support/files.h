// Where tests find their material.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace litequant::test {

// The folder beside the checkout with golden vectors and models, or an empty path where it is absent: then tests that
// need it skip and say so.
std::filesystem::path shared_folder();

std::vector<std::byte> read_file(const std::filesystem::path& path);

// Files below `folder` whose name ends in `extension`, sorted.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder, const std::string& extension);

}  // namespace litequant::test

// Leaves the test, saying why, where the shared folder is absent.
#define LITEQUANT_NEEDS_SHARED()                                          \
  if (litequant::test::shared_folder().empty()) {                         \
    GTEST_SKIP() << "needs ../shared, which is not beside this checkout"; \
  }
