#include "format/archive.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

// Sizes and offsets of the records, from PKWARE's APPNOTE 4.3.
constexpr uint32_t kLocalMark = 0x04034b50, kDirectoryMark = 0x02014b50, kEndMark = 0x06054b50;
constexpr size_t kLocalBytes = 30, kDirectoryBytes = 46, kEndBytes = 22, kLongestComment = 65535;
constexpr uint16_t kEncrypted = 1, kUtf8Names = 1 << 11;
constexpr uint16_t kVersionNeeded = 20;  // 2.0: deflate, folders
constexpr size_t kMostEntries = 10000;

[[noreturn]] void fail_archive(TextParts detail) {
  fail(ErrorCode::bad_file, {"the archive of associated files behind the model ", detail});
}

// Little-endian numbers at a position that the caller has checked.
template <typename T>
T number_at(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename T>
void put(std::vector<std::byte>& out, T value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put(std::vector<std::byte>& out, std::string_view characters) {
  const auto bytes = std::as_bytes(std::span(characters));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The end record lies at the very end of the file, but for a comment whose length it states.
std::optional<size_t> find_end_record(std::span<const std::byte> file) {
  if (file.size() < kEndBytes) return std::nullopt;
  const size_t last = file.size() - kEndBytes;
  const size_t first = last - std::min(last, kLongestComment);
  for (size_t at = last + 1; at-- > first;) {
    if (number_at<uint32_t>(file, at) != kEndMark) continue;
    if (at + kEndBytes + number_at<uint16_t>(file, at + 20) == file.size()) return at;
  }
  return std::nullopt;
}

Buffer contents_of(const std::shared_ptr<const void>& owner, std::span<const std::byte> bytes) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 == 0) return Buffer(owner, bytes);
  return Buffer::copy_of(bytes);
}

}  // namespace

bool read_archive(const std::shared_ptr<const void>& owner, std::span<const std::byte> file,
                  std::vector<AssociatedFile>& files) {
  const auto end = find_end_record(file);
  if (!end) return false;
  const size_t entries = number_at<uint16_t>(file, *end + 10);
  const size_t directory_bytes = number_at<uint32_t>(file, *end + 12);
  const size_t stated_start = number_at<uint32_t>(file, *end + 16);
  if (entries == 0xffff || stated_start == 0xffffffff) fail_archive({"is of the zip64 kind, which cannot be kept"});
  if (directory_bytes > *end || stated_start > *end - directory_bytes) {
    fail_archive({"states a directory at bytes ", stated_start, " to ", stated_start + directory_bytes,
                  ", beyond its end record at byte ", *end});
  }
  // The directory ends where the end record begins. Tools that change the model without rewriting the archive leave
  // offsets behind that are all wrong by the same number of bytes.
  size_t at = *end - directory_bytes;
  const size_t shift = at - stated_start;
  if (number_at<uint16_t>(file, *end + 4) != 0 || number_at<uint16_t>(file, *end + 6) != 0) {
    fail_archive({"is split over several disks"});
  }
  if (entries > kMostEntries) fail_archive({"has ", entries, " entries; at most ", kMostEntries, " are kept"});

  size_t remaining = file.size();  // entries that overlap would unfold to more than the file holds
  for (size_t entry = 0; entry < entries; ++entry) {
    if (*end - at < kDirectoryBytes || number_at<uint32_t>(file, at) != kDirectoryMark) {
      fail_archive({"has ", entries, " entries, but entry ", entry, " is missing from its directory"});
    }
    AssociatedFile read;
    const auto flags = number_at<uint16_t>(file, at + 8);
    read.method = number_at<uint16_t>(file, at + 10);
    read.dos_time_and_date = number_at<uint32_t>(file, at + 12);
    read.crc32 = number_at<uint32_t>(file, at + 16);
    const size_t stored_size = number_at<uint32_t>(file, at + 20);
    read.uncompressed_size = number_at<uint32_t>(file, at + 24);
    const size_t name_size = number_at<uint16_t>(file, at + 28);
    const size_t rest = size_t{number_at<uint16_t>(file, at + 30)} + number_at<uint16_t>(file, at + 32);
    const size_t local = number_at<uint32_t>(file, at + 42) + shift;
    if (*end - at - kDirectoryBytes < name_size + rest) fail_archive({"breaks off in entry ", entry});
    read.name.assign(reinterpret_cast<const char*>(file.data() + at + kDirectoryBytes), name_size);
    at += kDirectoryBytes + name_size + rest;

    if ((flags & kEncrypted) != 0) fail_archive({"has an encrypted file ", quoted(read.name)});
    if (local > *end || *end - local < kLocalBytes || number_at<uint32_t>(file, local) != kLocalMark) {
      fail_archive({"has no contents of ", quoted(read.name), " at byte ", local});
    }
    const size_t start =
        local + kLocalBytes + number_at<uint16_t>(file, local + 26) + number_at<uint16_t>(file, local + 28);
    if (start > *end || stored_size > *end - start) fail_archive({"breaks off in file ", quoted(read.name)});
    if (stored_size > remaining) fail_archive({"has files that overlap, such as ", quoted(read.name)});
    remaining -= stored_size;
    read.contents = contents_of(owner, file.subspan(start, stored_size));
    files.push_back(std::move(read));
  }
  return true;
}

void write_archive(std::span<const AssociatedFile> files, std::vector<std::byte>& out) {
  std::vector<std::byte> directory;
  // The fields that an entry's local header and directory record share.
  const auto put_shared = [](std::vector<std::byte>& to, const AssociatedFile& file) {
    const bool is_ascii = std::all_of(file.name.begin(), file.name.end(), [](char c) { return c > 0; });
    put<uint16_t>(to, kVersionNeeded);
    put<uint16_t>(to, is_ascii ? 0 : kUtf8Names);
    put<uint16_t>(to, file.method);
    put<uint32_t>(to, file.dos_time_and_date);
    put<uint32_t>(to, file.crc32);
    put<uint32_t>(to, static_cast<uint32_t>(file.contents.size()));
    put<uint32_t>(to, file.uncompressed_size);
    put<uint16_t>(to, static_cast<uint16_t>(file.name.size()));
    put<uint16_t>(to, 0);  // no extra fields
  };
  for (const AssociatedFile& file : files) {
    const size_t local = out.size();
    put<uint32_t>(out, kLocalMark);
    put_shared(out, file);
    put(out, std::string_view(file.name));
    out.insert(out.end(), file.contents.bytes().begin(), file.contents.bytes().end());

    put<uint32_t>(directory, kDirectoryMark);
    put<uint16_t>(directory, kVersionNeeded);  // made by
    put_shared(directory, file);
    put<uint16_t>(directory, 0);  // no comment
    put<uint16_t>(directory, 0);  // first disk
    put<uint16_t>(directory, 0);  // internal attributes
    put<uint32_t>(directory, 0);  // external attributes
    put<uint32_t>(directory, static_cast<uint32_t>(local));
    put(directory, std::string_view(file.name));
  }
  const size_t start = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  put<uint32_t>(out, kEndMark);
  put<uint16_t>(out, 0);  // this disk
  put<uint16_t>(out, 0);  // disk of the directory
  put<uint16_t>(out, static_cast<uint16_t>(files.size()));
  put<uint16_t>(out, static_cast<uint16_t>(files.size()));
  put<uint32_t>(out, static_cast<uint32_t>(directory.size()));
  put<uint32_t>(out, static_cast<uint32_t>(start));
  put<uint16_t>(out, 0);  // no comment
}

}  // namespace litequant
