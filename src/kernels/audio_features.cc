#include "kernels/audio_features.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/math.h"

namespace litequant {
namespace {

double mel_of(double frequency) { return 1127.0 * math::log(1.0 + frequency / 700.0); }

}  // namespace

PowerSpectrum::PowerSpectrum(int64_t window)
    : transform_(static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(window)))) {
  for (int64_t i = 0; i < window; ++i) window_.push_back(0.5 - 0.5 * root_of_unity(i, window).re);
}

void PowerSpectrum::run(const float* samples, int64_t stride, ComplexNumber* work, float* power) const {
  const auto window = static_cast<int64_t>(window_.size());
  for (int64_t i = 0; i < window; ++i) {
    work[i] = {static_cast<double>(samples[i * stride]) * window_[static_cast<size_t>(i)], 0};
  }
  std::fill(work + window, work + length(), ComplexNumber{});
  transform_.run(work);
  for (int64_t i = 0; i < bins(); ++i) {
    power[i] = static_cast<float>(work[i].re * work[i].re + work[i].im * work[i].im);
  }
}

Cepstrum::Cepstrum(const CepstrumSettings& settings) : channels_(settings.channels) {
  const double lowest = mel_of(settings.lowest_frequency);
  const double spacing = (mel_of(settings.highest_frequency) - lowest) / static_cast<double>(channels_ + 1);
  const auto center = [&](int64_t channel) { return lowest + spacing * static_cast<double>(channel + 1); };
  const double bin_width = 0.5 * settings.sample_rate / static_cast<double>(settings.bins - 1);
  constexpr double kMostBins = 1e9;
  // The bin of frequency 0 never counts.
  first_ = static_cast<int64_t>(std::min(1.5 + settings.lowest_frequency / bin_width, kMostBins));
  end_ = static_cast<int64_t>(std::min(settings.highest_frequency / bin_width, kMostBins)) + 1;
  int64_t channel = 0;
  for (int64_t i = 0; i < settings.bins; ++i) {
    const double mel = mel_of(static_cast<double>(i) * bin_width);
    if (i >= first_ && i < end_) {
      while (channel < channels_ && center(channel) < mel) ++channel;
    }
    const int64_t band = channel - 1;
    const double below = band >= 0 ? center(band) : lowest;
    band_.push_back(band);
    weight_.push_back((center(band + 1) - mel) / (center(band + 1) - below));
  }
  const double norm = std::sqrt(2.0 / static_cast<double>(channels_));
  for (int64_t i = 0; i < settings.coefficients; ++i) {
    for (int64_t j = 0; j < channels_; ++j) {
      cosines_.push_back(norm * root_of_unity(i * (2 * j + 1), 4 * channels_).re);
    }
  }
}

void Cepstrum::run(const float* power, double* work, float* coefficients) const {
  constexpr double kLeast = 1e-12;
  std::fill_n(work, channels_, 0.0);
  for (int64_t i = first_; i < end_; ++i) {
    const double magnitude = std::sqrt(static_cast<double>(power[i]));
    const int64_t band = band_[static_cast<size_t>(i)];
    const double share = magnitude * weight_[static_cast<size_t>(i)];
    if (band >= 0) work[band] += share;
    if (band + 1 < channels_) work[band + 1] += magnitude - share;
  }
  for (int64_t c = 0; c < channels_; ++c) work[c] = math::log(std::max(work[c], kLeast));
  const double* cosine = cosines_.data();
  const auto count = static_cast<int64_t>(cosines_.size()) / channels_;
  for (int64_t i = 0; i < count; ++i) {
    double sum = 0;
    for (int64_t c = 0; c < channels_; ++c) sum += *cosine++ * work[c];
    coefficients[i] = static_cast<float>(sum);
  }
}

}  // namespace litequant
