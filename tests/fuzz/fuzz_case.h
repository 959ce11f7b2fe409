// One case: a sound model, damaged, then everything that a user could do with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/random.h"
#include "fuzz/seeds.h"
#include "model/model.h"

namespace litequant::test {

struct Outcome {
  bool loaded = false, quantized = false, ran = false;  // how far it got; `ran`: float and quantized model both
  std::string error;    // kind of the error that ended it ("BAD_MODEL CONV_2D"), or empty
  std::string message;  // of that error
  std::string failure;  // what must not be, or empty
  int64_t peak_bytes = 0;
};

// Decides by its number which seed is damaged how, and in which mode it is quantized.
class FuzzCase {
 public:
  FuzzCase(const std::vector<Seed>& seeds, uint64_t seed, uint64_t number);

  // "case 12 of seed 1: vectors/add_i8.tflite: dimension; int8"
  std::string description() const;
  const std::vector<std::byte>& file() const { return file_; }

  // Loads, quantizes, saves, loads again, runs both.
  Outcome run() const;

 private:
  void damage(const Seed& seed, Random& random);

  uint64_t seed_, number_;
  std::string name_, changes_;
  std::vector<std::byte> file_;
};

// The model's bytes after quantization to int8 with a fixed sample.
std::vector<std::byte> quantized_file(const Model& model);

}  // namespace litequant::test
