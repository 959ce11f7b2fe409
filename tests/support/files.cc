#include "support/files.h"

#include <algorithm>
#include <fstream>

namespace litequant::test {

std::filesystem::path shared_folder() {
  const auto folder = std::filesystem::path(LITEQUANT_ROOT).parent_path() / "shared";
  return std::filesystem::exists(folder / "vectors") ? folder : std::filesystem::path();
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> characters((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::vector<std::byte> bytes(characters.size());
  std::transform(characters.begin(), characters.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder, const std::string& extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().string().ends_with(extension)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace litequant::test
