// Golden vectors: one-operator models with inputs and the outputs of TensorFlow Lite's kernels: ../shared/vectors, and
// what those lack in tests/reference/vectors (made by tests/python/make_vectors.py and its neighbours).
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "model/model.h"

namespace litequant::test {

struct VectorTensor {
  std::string name;
  DataType type = DataType::float32;
  Shape shape;
  std::vector<std::byte> data;  // little endian, row major
};

struct VectorSet {
  std::vector<VectorTensor> inputs, outputs;  // in the order of the model's inputs and outputs
};

struct VectorCase {
  std::string id, op;
  bool exact = true;                    // integers must be equal
  double relative = 0, absolute = 0;    // of float outputs: |got - want| <= absolute + relative * |want|
  double share_of_largest = 0;          // allowed besides: this share of the output's largest magnitude
  std::vector<VectorSet> sets;
  bool is_stream = false;  // the sets are runs one after another, with the states that the earlier ones left
};

std::vector<std::string> vector_ids();
VectorCase read_vector_case(const std::string& id);
std::filesystem::path vector_model_path(const std::string& id);

// Cells "OPERATOR TYPE" that TensorFlow Lite's own kernels do not run, so that there is no golden vector to be had.
std::set<std::string> refused_cells();

}  // namespace litequant::test
