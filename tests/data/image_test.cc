#include "data/image.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/error.h"

namespace litequant {
namespace {

// A picture without structure, so that a wrong weight or a shifted pixel shows.
std::vector<uint8_t> rgba_picture(int width, int height, uint8_t alpha = 255) {
  std::vector<uint8_t> out;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        out.push_back(static_cast<uint8_t>((x * 37 + y * 91 + c * 53 + x * y * (c + 3) * 7) % 256));
      }
      out.push_back(alpha);
    }
  }
  return out;
}

void expect_pixels(const Image& image, const std::vector<int>& expected) {
  ASSERT_EQ(image.pixels.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(image.pixels[i], expected[i]) << "at " << i;
}

ImageRecipe sized(int32_t width, int32_t height, int32_t channels = 3) {
  ImageRecipe recipe;
  recipe.width = width;
  recipe.height = height;
  recipe.channels = channels;
  return recipe;
}

// Expected pixels in these tests are those of Pillow 13's Image.resize(..., BILINEAR).
TEST(Image, ShrinksAsPillow) {
  expect_pixels(picture_for_model(rgba_picture(13, 9), 13, 9, sized(5, 4)),
                {90,  120, 120, 113, 133, 163, 151, 101, 106, 100, 129, 126, 133, 150, 111, 117, 129, 108, 131, 118,
                 131, 124, 99,  138, 130, 112, 123, 128, 126, 99,  141, 140, 108, 145, 133, 131, 128, 110, 124, 131,
                 147, 130, 128, 126, 74,  137, 94,  109, 106, 87,  106, 140, 66,  131, 126, 137, 139, 126, 127, 96});
}

TEST(Image, GrowsAsPillow) {
  expect_pixels(picture_for_model(rgba_picture(3, 2), 3, 2, sized(7, 5)),
                {0,  53,  106, 5,  58,  111, 21,  74,  127, 37,  90,  143, 53,  106, 159, 69,  122, 175, 74,  127, 180,
                 9,  62,  115, 14, 67,  117, 31,  85,  124, 48,  102, 130, 65,  108, 148, 82,  114, 165, 87,  116, 171,
                 46, 99,  152, 52, 106, 141, 73,  128, 110, 93,  150, 78,  114, 117, 102, 134, 84,  125, 141, 73,  133,
                 82, 135, 188, 90, 144, 165, 114, 170, 95,  138, 197, 26,  162, 125, 55,  186, 53,  85,  194, 29,  94,
                 91, 144, 197, 99, 153, 171, 124, 181, 92,  149, 209, 13,  174, 127, 44,  199, 45,  75,  207, 18,  85});
}

TEST(Image, TurnsToLumaAsPillow) {
  expect_pixels(picture_for_model(rgba_picture(11, 6), 11, 6, sized(4, 4, 1)),
                {102, 145, 109, 119, 122, 114, 119, 123, 123, 125, 110, 115, 146, 140, 121, 136});
}

TEST(Image, CoversWithTheCentre) {
  ImageRecipe recipe = sized(4, 4);
  recipe.fit = Fit::cover;
  expect_pixels(picture_for_model(rgba_picture(11, 6), 11, 6, recipe),
                {105, 104, 163, 108, 171, 205, 172, 154, 78,  135, 50,  120, 125, 83,  155, 139,
                 97,  159, 114, 127, 103, 199, 79,  107, 147, 122, 122, 129, 125, 140, 91,  110,
                 129, 162, 108, 151, 167, 101, 171, 174, 146, 151, 126, 102, 101, 126, 137, 185});
}

TEST(Image, KeepsACentralPart) {
  ImageRecipe recipe = sized(2, 2);
  recipe.kept_fraction = 0.5;
  std::vector<uint8_t> rgba(4 * 4 * 4, 255);
  for (int y = 1; y < 3; ++y) {
    for (int x = 1; x < 3; ++x) rgba[static_cast<size_t>((y * 4 + x) * 4)] = static_cast<uint8_t>(10 * y + x);
  }
  expect_pixels(picture_for_model(rgba, 4, 4, recipe), {11, 255, 255, 12, 255, 255, 21, 255, 255, 22, 255, 255});
}

TEST(Image, KeepsPixelsWhenTheSizeIsTheSame) {
  const auto rgba = rgba_picture(5, 3);
  const Image image = picture_for_model(rgba, 5, 3, sized(5, 3, 4));
  EXPECT_EQ(image.pixels, rgba);
}

TEST(Image, LaysAlphaOnBlack) {
  expect_pixels(picture_for_model(std::vector<uint8_t>{200, 100, 51, 128}, 1, 1, sized(1, 1)), {100, 50, 26});
  expect_pixels(picture_for_model(std::vector<uint8_t>{200, 100, 51, 0}, 1, 1, sized(1, 1)), {0, 0, 0});
}

template <typename T>
std::vector<T> as(const std::vector<std::byte>& bytes) {
  std::vector<T> out(bytes.size() / sizeof(T));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

TEST(Image, Normalizes) {
  const Image image{2, 1, 3, {0, 51, 255, 102, 0, 204}};
  ImageRecipe recipe = sized(2, 1);
  recipe.mean = {127.5f};
  recipe.deviation = {127.5f};
  EXPECT_EQ(as<float>(normalize_picture(image, recipe)),
            (std::vector<float>{-1, -0.6f, 1, (102 - 127.5f) / 127.5f, -1, (204 - 127.5f) / 127.5f}));
  recipe.mean = {0, 1, 2};
  recipe.deviation = {1, 2, 4};
  recipe.reverse_colors = true;
  EXPECT_EQ(as<float>(normalize_picture(image, recipe)), (std::vector<float>{255, 25, -0.5f, 204, -0.5f, 25}));
}

TEST(Image, Quantizes) {
  const Image image{4, 1, 1, {0, 127, 128, 255}};
  ImageRecipe recipe = sized(4, 1, 1);
  recipe.mean = {127.5f};
  recipe.deviation = {127.5f};
  recipe.type = DataType::int8;
  recipe.scale = 1 / 128.0f;  // 255 is 128 steps, one more than there is
  recipe.zero_point = 0;
  EXPECT_EQ(as<int8_t>(normalize_picture(image, recipe)), (std::vector<int8_t>{-128, -1, 1, 127}));
  recipe.mean = {0};
  recipe.deviation = {1};
  recipe.scale = 1;
  recipe.type = DataType::uint8;
  EXPECT_EQ(as<uint8_t>(normalize_picture(image, recipe)), image.pixels);
  recipe.type = DataType::int32;
  EXPECT_EQ(as<int32_t>(normalize_picture(image, recipe)), (std::vector<int32_t>{0, 127, 128, 255}));
}

TEST(Image, RefusesWhatDoesNotFit) {
  const auto code = [](const std::vector<uint8_t>& rgba, int32_t width, int32_t height, const ImageRecipe& recipe) {
    try {
      picture_for_model(rgba, width, height, recipe);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(code(std::vector<uint8_t>(15), 2, 2, sized(1, 1)), ErrorCode::bad_argument);
  EXPECT_EQ(code({}, 0, 0, sized(1, 1)), ErrorCode::bad_argument);
  EXPECT_EQ(code(std::vector<uint8_t>(4), 1, 1, sized(0, 1)), ErrorCode::bad_argument);
  EXPECT_EQ(code(std::vector<uint8_t>(4), 1, 1, sized(1, 1, 2)), ErrorCode::bad_argument);
  EXPECT_EQ(code(std::vector<uint8_t>(4), 1, 1, sized(1 << 20, 1 << 20)), ErrorCode::too_large);
  const int32_t most = std::numeric_limits<int32_t>::max();
  EXPECT_EQ(code(std::vector<uint8_t>(4), most, most, sized(1, 1)), ErrorCode::too_large);
  ImageRecipe recipe = sized(1, 1);
  recipe.deviation = {0};
  EXPECT_EQ(code(std::vector<uint8_t>(4), 1, 1, recipe), ErrorCode::bad_argument);
  recipe.deviation = {1, 2};
  EXPECT_EQ(code(std::vector<uint8_t>(4), 1, 1, recipe), ErrorCode::bad_argument);
  recipe.deviation = {1};
  recipe.kept_fraction = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(code(std::vector<uint8_t>(4), 1, 1, recipe), ErrorCode::bad_argument);
}

}  // namespace
}  // namespace litequant
