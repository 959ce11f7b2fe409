#include "data/wav.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/error.h"

namespace litequant {
namespace {

std::string number(uint32_t value, int size) {
  std::string out;
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string chunk(const std::string& name, const std::string& body) {
  return name + number(static_cast<uint32_t>(body.size()), 4) + body + std::string(body.size() % 2, '\0');
}

std::string format(uint32_t coding, uint32_t channels, uint32_t rate, uint32_t bits) {
  const uint32_t frame = channels * bits / 8;
  return number(coding, 2) + number(channels, 2) + number(rate, 4) + number(rate * frame, 4) + number(frame, 2) +
         number(bits, 2);
}

std::vector<std::byte> wav(const std::string& chunks) {
  const std::string file = "RIFF" + number(static_cast<uint32_t>(chunks.size() + 4), 4) + "WAVE" + chunks;
  std::vector<std::byte> out(file.size());
  std::memcpy(out.data(), file.data(), file.size());
  return out;
}

TEST(Wav, ReadsEveryPcmWidth) {
  struct Row {
    uint32_t bits;
    std::string data;
    std::vector<float> expected;
  };
  for (const Row& row : {Row{8, std::string("\x80\xff\x00\xc0", 4), {0, 127 / 128.f, -1, 0.5f}},
                         Row{16, std::string("\x00\x80\x00\x40", 4), {-1, 0.5f}},
                         Row{24, std::string("\x00\x00\x80\x00\x00\x20", 6), {-1, 0.25f}},
                         Row{32, std::string("\x00\x00\x00\x80\x00\x00\x00\x40", 8), {-1, 0.5f}}}) {
    const Sound sound = read_wav(wav(chunk("fmt ", format(1, 1, 16000, row.bits)) + chunk("data", row.data)));
    EXPECT_EQ(sound.sample_rate, 16000);
    EXPECT_EQ(sound.channels, 1);
    EXPECT_EQ(sound.samples, row.expected) << row.bits;
  }
}

TEST(Wav, ReadsFloatAndExtensibleAndSkipsOtherChunks) {
  std::string data(8, '\0');
  const float values[] = {0.25f, -0.75f};
  std::memcpy(data.data(), values, 8);
  const std::string extensible = format(0xfffe, 2, 44100, 32) + number(22, 2) + number(32, 2) + number(0, 4) +
                                 number(3, 2) + std::string(14, '\0');
  for (const std::string& fmt : {format(3, 2, 44100, 32), extensible}) {
    const Sound sound = read_wav(wav(chunk("LIST", "odd") + chunk("fmt ", fmt) + chunk("data", data)));
    EXPECT_EQ(sound.channels, 2);
    EXPECT_EQ(sound.samples, (std::vector<float>{0.25f, -0.75f}));
  }
}

TEST(Wav, TakesWhatIsThereOfACutFile) {
  auto file = wav(chunk("fmt ", format(1, 1, 8000, 16)) + chunk("data", "123456"));
  file.resize(file.size() - 3);
  EXPECT_EQ(read_wav(file).samples.size(), 1u);
}

TEST(Wav, Refuses) {
  const auto refuses = [](const std::vector<std::byte>& file) {
    try {
      read_wav(file);
    } catch (const Error& error) {
      return error.code() == ErrorCode::bad_sample;
    }
    return false;
  };
  const std::string data = chunk("data", "1234");
  EXPECT_TRUE(refuses({}));
  EXPECT_TRUE(refuses(wav("")));
  EXPECT_TRUE(refuses(wav(data)));
  EXPECT_TRUE(refuses(wav(chunk("fmt ", "short") + data)));
  EXPECT_TRUE(refuses(wav(chunk("fmt ", format(2, 1, 8000, 4)) + data)));
  EXPECT_TRUE(refuses(wav(chunk("fmt ", format(1, 0, 8000, 16)) + data)));
  EXPECT_TRUE(refuses(wav(chunk("fmt ", format(1, 1, 0, 16)) + data)));
  EXPECT_TRUE(refuses(wav(chunk("fmt ", format(1, 65535, 8000, 32)) + data)));
  EXPECT_TRUE(refuses(wav(chunk("fmt ", format(1, 1, 8000, 16)))));
  const std::string lying = std::string("LIST") + number(0xffffffff, 4);
  EXPECT_TRUE(refuses(wav(chunk("fmt ", format(1, 1, 8000, 16)) + lying)));
}

}  // namespace
}  // namespace litequant
