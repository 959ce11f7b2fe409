#include "data/wav.h"

#include <bit>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

constexpr uint32_t kPcm = 1, kFloat = 3, kExtensible = 0xfffe;
constexpr uint32_t kMaxChannels = 64;

[[noreturn]] void bad(TextParts detail) { fail(ErrorCode::bad_sample, {"not a usable .wav file: ", detail}); }

uint32_t little_endian(std::span<const std::byte> bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= std::to_integer<uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

struct Format {
  uint32_t coding = 0, channels = 0, rate = 0, bits = 0;
};

Format read_format(std::span<const std::byte> chunk) {
  if (chunk.size() < 16) bad({"its format chunk is too short"});
  Format format{little_endian(chunk, 0, 2), little_endian(chunk, 2, 2), little_endian(chunk, 4, 4),
                little_endian(chunk, 14, 2)};
  if (format.coding == kExtensible && chunk.size() >= 26) format.coding = little_endian(chunk, 24, 2);
  const bool is_pcm = format.coding == kPcm && format.bits >= 8 && format.bits <= 32 && format.bits % 8 == 0;
  if (!is_pcm && !(format.coding == kFloat && format.bits == 32)) {
    bad({"coding ", format.coding, " with ", format.bits, " bits is not supported; PCM or 32-bit float is needed"});
  }
  if (format.channels == 0 || format.channels > kMaxChannels) bad({"it has ", format.channels, " channels"});
  if (format.rate == 0 || format.rate > (1u << 24)) bad({"its sample rate is ", format.rate});
  return format;
}

float sample_at(std::span<const std::byte> data, size_t at, const Format& format) {
  const uint32_t stored = little_endian(data, at, format.bits / 8);
  if (format.coding == kFloat) return std::bit_cast<float>(stored);
  if (format.bits == 8) return (static_cast<float>(stored) - 128) / 128;  // 8 bits are unsigned
  const auto value = static_cast<int32_t>(stored << (32 - format.bits));
  return static_cast<float>(value) / 2147483648.0f;
}

}  // namespace

Sound read_wav(std::span<const std::byte> file) {
  const std::string_view chars(reinterpret_cast<const char*>(file.data()), file.size());
  if (file.size() < 12 || chars.substr(0, 4) != "RIFF" || chars.substr(8, 4) != "WAVE")
    bad({"it does not begin as one"});
  Format format;
  bool has_format = false;
  for (size_t at = 12; at + 8 <= file.size();) {
    const std::string_view name = chars.substr(at, 4);
    const size_t size = little_endian(file, at + 4, 4);
    const size_t present = file.size() - (at + 8);
    const auto chunk = file.subspan(at + 8, size < present ? size : present);
    if (name == "fmt ") {
      format = read_format(chunk);
      has_format = true;
    } else if (name == "data") {
      if (!has_format) bad({"its data come before its format"});
      // A recorder that was cut off leaves a size of 0 or more than there is: what is there counts.
      const size_t frame = format.channels * (format.bits / 8);
      const size_t count = chunk.size() / frame * format.channels;
      Sound sound{static_cast<int32_t>(format.rate), static_cast<int32_t>(format.channels), {}};
      sound.samples.resize(count);
      for (size_t i = 0; i < count; ++i) sound.samples[i] = sample_at(chunk, i * (format.bits / 8), format);
      return sound;
    }
    if (size > present) break;
    at += 8 + size + size % 2;
  }
  bad({"it holds no sound data"});
}

}  // namespace litequant
