// Discrete Fourier transforms of lengths that are powers of two, in double precision.
#pragma once

#include <cstdint>
#include <vector>

namespace litequant {

struct ComplexNumber {
  double re = 0, im = 0;
};

// exp(-2 pi i k / n), n at least 1: exact in its symmetries, the same bits in every build.
ComplexNumber root_of_unity(int64_t k, int64_t n);

// x'[k] = sum over j of x[j] exp(-2 pi i j k / length), in place.
class FourierTransform {
 public:
  // `length` is a power of two.
  explicit FourierTransform(int64_t length);

  int64_t length() const { return length_; }
  void run(ComplexNumber* values) const;

 private:
  int64_t length_;
  std::vector<ComplexNumber> roots_;  // [length / 2]
};

}  // namespace litequant
