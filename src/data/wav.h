// RIFF .wav: sound as float samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace litequant {

struct Sound {
  int32_t sample_rate = 0;
  int32_t channels = 0;
  std::vector<float> samples;  // [frames, channels], in [-1, 1)
};

// PCM of 8, 16, 24 or 32 bits, or 32-bit float. Integers are divided by 2^(bits - 1).
// Errors: BAD_SAMPLE, saying what the file holds instead.
Sound read_wav(std::span<const std::byte> file);

}  // namespace litequant
