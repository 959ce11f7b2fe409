// Damage to models and files: the mutators M1 to M8 of structure-aware fuzzing, each one edit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fuzz/random.h"
#include "model/model.h"

namespace litequant::test {

// Each makes one edit and gives its name; an empty name: there was nothing to edit. The model need not be sound before,
// and is seldom after.
std::string change_values(Model& model, Random& random);  // sound but unusual: other values, names, batches
std::string change_scalar(Model& model, Random& random);  // M1
std::string change_list(Model& model, Random& random);  // M2
std::string change_buffer(Model& model, Random& random);  // M6
std::string change_graph(Model& model, Random& random);  // M7
std::string change_quantization(Model& model, Random& random);  // M8
std::string change_node_twice(Model& model, Random& random);  // M9: M1 twice on one node

// M2 (fields left out), M3 (cut short), M4 (words), M5 (offsets), M6 (lengths, bytes outside the file).
std::string damage_file(std::vector<std::byte>& file, Random& random);

}  // namespace litequant::test
