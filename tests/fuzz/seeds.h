// Sound models that damage begins with.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "model/model.h"

namespace litequant::test {

struct Seed {
  std::string name;
  std::vector<std::byte> file;
  std::shared_ptr<const Model> model;  // null where the file is refused: only its bytes can be damaged
};

// Those that need no shared folder.
std::vector<Seed> own_seeds();

// Models built here, one or a few operators each, and the project's own; where the shared folder is present its golden
// vectors (as they are, and with their integers made floats, so that there is something to quantize), its damaged files
// and its models up to 200 KiB. Always in the same order.
std::vector<Seed> fuzz_seeds();

// The model that must quantize to the same bytes after whatever happened: the project's own.
std::vector<std::byte> own_model_file();

// The same graph with floats in place of quantized integers; null when it does not run.
std::shared_ptr<const Model> float_version(const Model& model);

}  // namespace litequant::test
