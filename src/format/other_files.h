// What a file is that is not a TensorFlow Lite model.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"

namespace litequant {

struct OtherFile {
  ErrorCode code = ErrorCode::bad_file;
  std::string what;  // a sentence
  std::string hint;  // what to do, or empty
};

// Nothing when the file carries the mark of a TensorFlow Lite model and has a size that one can have.
std::optional<OtherFile> recognise_other_file(std::span<const std::byte> file);

// Throws what was recognised.
void reject_other_files(std::span<const std::byte> file);

}  // namespace litequant
