#include "kernels/fourier.h"

#include <cstddef>
#include <utility>

namespace litequant {
namespace {

// The angle is in [0, pi / 4].
ComplexNumber small_root(double angle) {
  const double square = angle * angle;
  double sine = 0, cosine = 0;
  // The terms behind x^19 and x^18 are below 1e-17.
  for (int n = 9; n >= 0; --n) {
    sine = 1 - square / ((2 * n + 2) * (2 * n + 3)) * sine;
    cosine = 1 - square / ((2 * n + 1) * (2 * n + 2)) * cosine;
  }
  return {cosine, angle * sine};
}

}  // namespace

ComplexNumber root_of_unity(int64_t k, int64_t n) {
  constexpr double kPi = 3.14159265358979323846;
  k %= n;
  if (k < 0) k += n;
  // To the first eighth of the circle.
  const bool is_mirrored = 2 * k > n;  // below the real axis
  if (is_mirrored) k = n - k;
  const bool is_left = 4 * k > n;
  int64_t twice = 2 * k;  // the angle is pi * twice / n
  if (is_left) twice = n - twice;
  const bool is_steep = 4 * twice > n;
  ComplexNumber root = is_steep ? small_root(kPi * static_cast<double>(n - 2 * twice) / static_cast<double>(2 * n))
                                : small_root(kPi * static_cast<double>(twice) / static_cast<double>(n));
  if (is_steep) std::swap(root.re, root.im);
  if (is_left) root.re = -root.re;
  if (!is_mirrored) root.im = -root.im;
  return root;
}

FourierTransform::FourierTransform(int64_t length) : length_(length) {
  for (int64_t k = 0; k < length / 2; ++k) roots_.push_back(root_of_unity(k, length));
}

void FourierTransform::run(ComplexNumber* values) const {
  for (int64_t i = 1, reversed = 0; i < length_; ++i) {
    int64_t bit = length_ / 2;
    for (; (reversed & bit) != 0; bit /= 2) reversed ^= bit;
    reversed |= bit;
    if (i < reversed) std::swap(values[i], values[reversed]);
  }
  for (int64_t half = 1; half < length_; half *= 2) {
    const int64_t stride = length_ / (2 * half);
    for (int64_t start = 0; start < length_; start += 2 * half) {
      for (int64_t k = 0; k < half; ++k) {
        const ComplexNumber root = roots_[static_cast<size_t>(k * stride)];
        ComplexNumber& even = values[start + k];
        ComplexNumber& odd = values[start + k + half];
        const ComplexNumber turned{odd.re * root.re - odd.im * root.im, odd.re * root.im + odd.im * root.re};
        odd = {even.re - turned.re, even.im - turned.im};
        even = {even.re + turned.re, even.im + turned.im};
      }
    }
  }
}

}  // namespace litequant
