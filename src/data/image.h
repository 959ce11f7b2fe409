// Pictures to input values: cut, resize, convert, normalise. Integers and one fixed order of arithmetic throughout, so
// that every build and platform gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/data_type.h"

namespace litequant {

// 8 bits per channel, rows from the top, channels interleaved: [height, width, channels].
struct Image {
  int32_t width = 0, height = 0, channels = 0;
  std::vector<uint8_t> pixels;
};

enum class Fit : uint8_t {
  stretch,  // the whole picture, whatever its sides
  cover,    // the largest centred part with the sides' ratio of the result
};

struct ImageRecipe {
  int32_t width = 0, height = 0;
  int32_t channels = 3;         // 1: luma; 3: colours, alpha laid on black; 4: colours and alpha as they are
  bool reverse_colors = false;  // blue first
  Fit fit = Fit::stretch;
  double kept_fraction = 1;  // of each side, around the centre, before resizing
  // value = (pixel - mean) / deviation; one entry for all channels or one for each.
  std::vector<float> mean = {0}, deviation = {1};
  DataType type = DataType::float32;  // float32, int8, uint8, int16 or int32
  // Of integer types: q = round half away from zero(value / scale) + zero_point, clamped.
  float scale = 1;
  int32_t zero_point = 0;
};

// The picture that a model sees, before normalisation. `rgba` is [height, width, 4], alpha not premultiplied.
// Errors: BAD_ARGUMENT for sizes that do not fit together; TOO_LARGE over 2^28 pixels.
Image picture_for_model(std::span<const uint8_t> rgba, int32_t width, int32_t height, const ImageRecipe& recipe);

// The values, as stored in a tensor of `recipe.type`: [height, width, channels].
std::vector<std::byte> normalize_picture(const Image& picture, const ImageRecipe& recipe);

// Antialiased bilinear, as Pillow's BILINEAR: a triangle as wide as the scale when shrinking, rows first, each pass
// rounded to 8 bits with weights of 22 fraction bits. `box` columns and rows are those of the source that are used.
struct Box {
  int32_t left = 0, top = 0, width = 0, height = 0;
};
Image resize_bilinear(const Image& source, const Box& box, int32_t width, int32_t height);

}  // namespace litequant
