// The zip archive of associated files (labels, vocabularies) that may lie behind a model.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "model/model.h"

namespace litequant {

// Appends the archive's entries, compressed as they are, to `files`. False when there is no archive. An archive that
// cannot be kept (encrypted, split over disks, more than 10,000 entries, zip64) or is damaged throws BAD_FILE.
bool read_archive(const std::shared_ptr<const void>& owner, std::span<const std::byte> file,
                  std::vector<AssociatedFile>& files);

// Appends an archive of the files to `out`, which holds all that comes before it: offsets count from its start.
void write_archive(std::span<const AssociatedFile> files, std::vector<std::byte>& out);

}  // namespace litequant
