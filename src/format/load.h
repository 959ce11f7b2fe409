// Bytes of a .tflite file to a Model.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "model/model.h"

namespace litequant {

// Reads and verifies a file that `owner` keeps alive. Constants are views of the file where it holds them aligned to 16
// bytes, copies elsewhere. Throws BAD_FILE when the bytes are no model (saying what they are instead), TOO_LARGE, or
// BAD_MODEL with the place when the model contradicts itself.
std::shared_ptr<const Model> load_model(std::shared_ptr<const void> owner, std::span<const std::byte> file);

// The same for bytes that will not outlive the call.
std::shared_ptr<const Model> load_model(std::span<const std::byte> file);

}  // namespace litequant
