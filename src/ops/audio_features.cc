// The custom operators AudioSpectrogram (samples [count, channels] to [channels, frames, bins]) and Mfcc (spectra
// [channels, frames, bins] and the sample rate to [channels, frames, coefficients]).
#include "kernels/audio_features.h"

#include <bit>
#include <cmath>
#include <memory>

#include "format/custom_options.h"
#include "ops/dense_layer.h"
#include "ops/movement.h"

namespace litequant {
namespace {

constexpr int64_t kMost = int64_t{1} << 20;  // of windows, strides, channels

int64_t whole_option(const NodeView& node, const Options& options, const char* name, int64_t least) {
  const int64_t value = options.integer(name, static_cast<int64_t>(options.real(name)));
  node.require(value >= least && value <= kMost, "its option ", name, " must be ", least, " to ", kMost, ", found ",
               value);
  return value;
}

// ---- AudioSpectrogram -----------------------------------------------------------------------------------------------

struct Frames {
  int64_t window = 0, stride = 0;
  bool is_squared = false;
  int64_t channels = 0, count = 0;
};

Frames frames_of(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 2, 2);
  const Shape& shape = node.input(0).shape;
  const Options options = read_flexible_options(node.node().custom_options.bytes());
  Frames frames{.window = whole_option(node, options, "window_size", 2),
                .stride = whole_option(node, options, "stride", 1),
                .is_squared = options.flag("magnitude_squared"),
                .channels = shape[1]};
  frames.count = shape[0] < frames.window ? 0 : 1 + (shape[0] - frames.window) / frames.stride;
  return frames;
}

int64_t bins_of(const Frames& frames) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(frames.window))) / 2 + 1;
}

std::vector<Shape> infer_spectrogram(const NodeView& node) {
  const Frames frames = frames_of(node);
  const Shape shape{checked_dim(node, frames.channels), checked_dim(node, frames.count),
                    checked_dim(node, bins_of(frames))};
  checked_count(node, shape);
  return {shape};
}

Step compile_spectrogram(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Frames frames = frames_of(node);
  const auto spectrum = std::make_shared<const PowerSpectrum>(frames.window);
  ScratchLayout layout(node);
  layout.add(spectrum->length(), sizeof(ComplexNumber));
  const auto run = [frames, spectrum](const Frame& frame) {
    float* output = frame.out<float>();
    for (int64_t channel = 0; channel < frames.channels; ++channel) {
      for (int64_t i = 0; i < frames.count; ++i, output += spectrum->bins()) {
        const float* samples = frame.in<float>(0) + i * frames.stride * frames.channels + channel;
        spectrum->run(samples, frames.channels, frame.scratch<ComplexNumber>(), output);
        if (frames.is_squared) continue;
        for (int64_t bin = 0; bin < spectrum->bins(); ++bin) output[bin] = std::sqrt(output[bin]);
      }
    }
  };
  return {.run = run, .scratch_bytes = layout.total()};
}

double spectrogram_operations(const NodeView& node) {
  const auto length = 2.0 * static_cast<double>(bins_of(frames_of(node)));
  return visits(node.output(0).shape, 0, 2) * length * (2.0 + std::log2(length));
}

// ---- Mfcc -----------------------------------------------------------------------------------------------------------

CepstrumSettings settings_of(const NodeView& node) {
  node.require_rank(node.input(0), "its spectra", 3, 3);
  node.require_type(node.input(1), "its sample rate", DataType::int32);
  const Options options = read_flexible_options(node.node().custom_options.bytes());
  const CepstrumSettings settings{
      .bins = node.input(0).shape[2],
      .channels = whole_option(node, options, "filterbank_channel_count", 1),
      .coefficients = whole_option(node, options, "dct_coefficient_count", 1),
      .sample_rate = static_cast<double>(known_integer(node, 1)),
      .lowest_frequency = static_cast<double>(whole_option(node, options, "lower_frequency_limit", 0)),
      .highest_frequency = static_cast<double>(whole_option(node, options, "upper_frequency_limit", 1))};
  node.require(settings.bins >= 2, "its spectra must have 2 bins at least, found ", settings.bins);
  node.require(settings.sample_rate > 0, "its sample rate must be positive, found ", settings.sample_rate);
  node.require(settings.lowest_frequency < settings.highest_frequency, "its frequency limits do not rise");
  node.require(settings.coefficients <= settings.channels, "has ", settings.coefficients, " coefficients of ",
               settings.channels, " channels");
  if (settings.coefficients * settings.channels > (int64_t{1} << 20)) {
    node.fail(ErrorCode::too_large,
              {"has ", settings.coefficients, " coefficients of ", settings.channels, " channels"});
  }
  return settings;
}

std::vector<Shape> infer_mfcc(const NodeView& node) {
  const CepstrumSettings settings = settings_of(node);
  const Shape& shape = node.input(0).shape;
  const Shape result{shape[0], shape[1], checked_dim(node, settings.coefficients)};
  checked_count(node, result);
  return {result};
}

Step compile_mfcc(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const CepstrumSettings settings = settings_of(node);
  const auto cepstrum = std::make_shared<const Cepstrum>(settings);
  node.require(cepstrum->is_covered(), "its spectra of ", settings.bins, " bins at a sample rate of ",
               settings.sample_rate, " do not reach ", settings.highest_frequency);
  ScratchLayout layout(node);
  layout.add(settings.channels, sizeof(double));
  const auto run = [settings, cepstrum, frames = node.input(0).shape.count(0, 2)](const Frame& frame) {
    for (int64_t i = 0; i < frames; ++i) {
      cepstrum->run(frame.in<float>(0) + i * settings.bins, frame.scratch<double>(),
                    frame.out<float>() + i * settings.coefficients);
    }
  };
  return {.run = run, .scratch_bytes = layout.total()};
}

double mfcc_operations(const NodeView& node) {
  const CepstrumSettings settings = settings_of(node);
  return visits(node.input(0).shape, 0, 2) * static_cast<double>(settings.coefficients * settings.channels);
}

}  // namespace

extern const OpDef kAudioSpectrogram, kMfcc;
const OpDef kAudioSpectrogram = {.code = OpCode::custom,
                                 .custom_code = "AudioSpectrogram",
                                 .types = types(DataType::float32),
                                 .infer = infer_spectrogram,
                                 .compile = compile_spectrogram,
                                 .quant = {.roles = {Role::data}, .output = OutputRule::free},
                                 .version = version_one,
                                 .operations = spectrogram_operations};
const OpDef kMfcc = {.code = OpCode::custom,
                     .custom_code = "Mfcc",
                     .types = types(DataType::float32),
                     .infer = infer_mfcc,
                     .compile = compile_mfcc,
                     .quant = {.roles = {Role::data}, .output = OutputRule::free},
                     .version = version_one,
                     .operations = mfcc_operations};

}  // namespace litequant
