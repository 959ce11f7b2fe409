#include "format/archive.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "format/model_builder.h"
#include "format/model_equality.h"

namespace litequant {
namespace {

Buffer bytes_of(const std::string& characters) { return Buffer::copy_of(std::as_bytes(std::span(characters))); }

ModelBuilder model_with_files() {
  ModelBuilder b;
  b.node(OpCode::abs, {b.input("x", DataType::float32, {2})}, {b.output("y", DataType::float32, {2})});
  b.model().associated_files = {{"labels.txt", bytes_of("cat\ndog\n"), 0, 0x1234, 8, 0x5a215c3d},
                                {"folder/vocabulary", bytes_of(std::string("\x4b\x04\x00", 3)), 8, 0x99, 1, 0}};
  b.model().has_archive = true;
  return b;
}

uint32_t word_at(const std::vector<std::byte>& file, size_t at) {
  uint32_t word;
  std::memcpy(&word, file.data() + at, sizeof word);
  return word;
}

void set_word(std::vector<std::byte>& file, size_t at, uint32_t word) {
  std::memcpy(file.data() + at, &word, sizeof word);
}

// Of the end record and of the directory's first entry.
size_t end_of(const std::vector<std::byte>& file) { return file.size() - 22; }
size_t directory_of(const std::vector<std::byte>& file) { return word_at(file, end_of(file) + 16); }

std::string refusal(const std::vector<std::byte>& file) {
  try {
    load_model(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_file);
    return error.message();
  }
  return "accepted";
}

TEST(Archive, OffsetsCountFromTheStartOfTheFile) {
  const auto file = model_with_files().save();
  const size_t local = word_at(file, directory_of(file) + 42);
  EXPECT_EQ(word_at(file, local), 0x04034b50u);
  EXPECT_EQ(word_at(file, directory_of(file)), 0x02014b50u);
  const auto name = std::string(reinterpret_cast<const char*>(file.data()) + local + 30, 10);
  EXPECT_EQ(name, "labels.txt");
}

TEST(Archive, WithoutFilesIsKept) {
  ModelBuilder b = model_with_files();
  b.model().associated_files.clear();
  const auto loaded = b.load();
  EXPECT_TRUE(loaded->has_archive);
  EXPECT_TRUE(loaded->associated_files.empty());
  b.model().has_archive = false;
  EXPECT_FALSE(b.load()->has_archive);
}

TEST(Archive, BehindACommentIsFound) {
  auto file = model_with_files().save();
  file[end_of(file) + 20] = std::byte{3};
  for (const char c : {'a', 'b', 'c'}) file.push_back(static_cast<std::byte>(c));
  const auto loaded = load_model(file);
  ASSERT_EQ(loaded->associated_files.size(), 2u);
  EXPECT_TRUE(equal_bytes(loaded->associated_files[0].contents, bytes_of("cat\ndog\n")));
}

TEST(Archive, CopiedBehindAnotherModelIsRepaired) {
  // The tail of one file behind a longer FlatBuffer: all offsets are short by the same number.
  const auto file = model_with_files().save();
  ModelBuilder longer = model_with_files();
  longer.model().associated_files.clear();
  longer.model().has_archive = false;
  longer.model().description = std::string(1000, 'x');
  auto joined = longer.save();
  const size_t start = word_at(file, directory_of(file) + 42);
  joined.insert(joined.end(), file.begin() + static_cast<ptrdiff_t>(start), file.end());
  const auto loaded = load_model(joined);
  ASSERT_EQ(loaded->associated_files.size(), 2u);
  EXPECT_TRUE(equal_bytes(loaded->associated_files[0].contents, bytes_of("cat\ndog\n")));
  const auto saved = save_model(*loaded);
  EXPECT_EQ(word_at(saved, word_at(saved, directory_of(saved) + 42)), 0x04034b50u);
}

TEST(Archive, IsRefusedWhenItContradictsItself) {
  const auto file = model_with_files().save();
  const size_t end = end_of(file), directory = directory_of(file);
  const std::string prefix = "the archive of associated files behind the model ";
  const auto with = [&](size_t at, uint32_t word) {
    auto changed = file;
    set_word(changed, at, word);
    return refusal(changed);
  };
  EXPECT_EQ(refusal(file), "accepted");
  EXPECT_EQ(with(end + 16, 0xffffffff), prefix + "is of the zip64 kind, which cannot be kept");
  EXPECT_EQ(with(end + 8, 0x00030003), prefix + "has 3 entries, but entry 2 is missing from its directory");
  EXPECT_EQ(with(end + 8, 0x30003000), prefix + "has 12288 entries; at most 10000 are kept");
  EXPECT_EQ(with(end + 4, 1), prefix + "is split over several disks");
  EXPECT_EQ(with(directory + 8, 1), prefix + "has an encrypted file 'labels.txt'");
  EXPECT_EQ(with(directory + 20, 1 << 20), prefix + "breaks off in file 'labels.txt'");
  EXPECT_EQ(with(directory + 42, 0), prefix + "has no contents of 'labels.txt' at byte 0");
  EXPECT_NE(with(end + 12, 1 << 20).find("beyond its end record"), std::string::npos);
}

TEST(Archive, WhoseFilesOverlapIsRefused) {
  // The same bytes under many names would unfold to more than the file holds.
  ModelBuilder b = model_with_files();
  b.model().associated_files.clear();
  b.model().associated_files.push_back({"big", bytes_of(std::string(4000, 'z')), 0, 0, 4000, 0});
  for (int i = 0; i < 30; ++i) b.model().associated_files.push_back({text("f", i), Buffer(), 0, 0, 0, 0});
  auto file = b.save();
  const size_t local = word_at(file, directory_of(file) + 42);
  size_t at = directory_of(file) + 46 + 3;
  for (int i = 0; i < 30; ++i) {
    set_word(file, at + 20, 4000);
    set_word(file, at + 42, static_cast<uint32_t>(local));
    at += 46 + text("f", i).size();
  }
  EXPECT_NE(refusal(file).find("has files that overlap"), std::string::npos) << refusal(file);
}

}  // namespace
}  // namespace litequant
