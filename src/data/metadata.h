// What a model's TFLITE_METADATA says about its inputs and outputs: how pictures are normalised, what classes are
// called.
//
// Written by others and not needed to run the model: whatever is missing, malformed or unknown is left empty, never an
// error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model.h"

namespace litequant {

enum class ColorSpace : uint8_t { unknown, rgb, grayscale };

struct TensorFacts {
  std::string name;
  ColorSpace color_space = ColorSpace::unknown;
  // value = (pixel - mean) / deviation, one entry or one per channel; empty when not stated.
  std::vector<float> mean, deviation;
  std::string labels_file;  // an associated file with one class name per line, or empty
};

struct GraphFacts {
  std::vector<TensorFacts> inputs, outputs;  // parallel to the graph's; may be shorter
};

struct ModelFacts {
  std::string name, description, version, author, license;
  std::vector<GraphFacts> graphs;  // parallel to the model's; may be shorter
};

ModelFacts read_model_facts(const Model& model);

}  // namespace litequant
