// Features of sound: power over time and frequency, and mel-frequency cepstral coefficients. Source: TensorFlow Lite's
// AudioSpectrogram and Mfcc; all sums are in double precision.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/fourier.h"

namespace litequant {

// The power spectrum of a window of samples under a periodic Hann window, padded to a power of two.
class PowerSpectrum {
 public:
  explicit PowerSpectrum(int64_t window);

  int64_t bins() const { return transform_.length() / 2 + 1; }
  int64_t length() const { return transform_.length(); }  // of the working memory

  // Sample i is samples[i * stride]; `power` [bins()].
  void run(const float* samples, int64_t stride, ComplexNumber* work, float* power) const;

 private:
  std::vector<double> window_;
  FourierTransform transform_;
};

struct CepstrumSettings {
  int64_t bins = 0, channels = 0, coefficients = 0;
  double sample_rate = 0, lowest_frequency = 0, highest_frequency = 0;
};

// The logarithms of a power spectrum's magnitudes in triangular mel bands, and their cosine transform.
class Cepstrum {
 public:
  // Bins at least 2; coefficients from 1 to channels; the rate positive; 0 <= lowest < highest frequency.
  explicit Cepstrum(const CepstrumSettings& settings);

  // Whether the spectrum reaches up to the highest frequency; without it nothing is computed.
  bool is_covered() const { return end_ <= static_cast<int64_t>(band_.size()); }

  // `power` [bins] to `coefficients` [coefficients]; `work` [channels].
  void run(const float* power, double* work, float* coefficients) const;

 private:
  int64_t first_ = 0, end_ = 0;  // bins that count
  std::vector<int64_t> band_;    // [bins] whose falling side a bin is on; -1 before the first
  std::vector<double> weight_;   // [bins] its share of that band; the rest is the next one's
  int64_t channels_ = 0;
  std::vector<double> cosines_;  // [coefficients, channels]
};

}  // namespace litequant
