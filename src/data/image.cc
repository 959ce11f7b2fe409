#include "data/image.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

constexpr int32_t kMaxSide = 1 << 20;
constexpr int64_t kMaxPixels = int64_t{1} << 28;
constexpr int kWeightBits = 22;

// What one result pixel of a line is made of: `count` source pixels from `first`, and their weights.
struct Tap {
  int32_t first = 0, count = 0;
  size_t weights = 0;  // index of the first
};

struct Taps {
  std::vector<Tap> taps;
  std::vector<int32_t> weights;  // fixed point, kWeightBits fraction bits
};

Taps make_taps(int32_t source_size, int32_t result_size) {
  const double scale = static_cast<double>(source_size) / result_size;
  const double radius = std::max(scale, 1.0);
  Taps out;
  out.taps.resize(static_cast<size_t>(result_size));
  std::vector<double> line;
  for (int32_t i = 0; i < result_size; ++i) {
    const double center = (i + 0.5) * scale;
    const auto first = std::max(static_cast<int32_t>(center - radius + 0.5), 0);
    const auto end = std::min(static_cast<int32_t>(center + radius + 0.5), source_size);
    line.clear();
    double total = 0;
    for (int32_t x = first; x < end; ++x) {
      const double distance = std::abs((x - center + 0.5) / radius);
      line.push_back(distance < 1 ? 1 - distance : 0.0);
      total += line.back();
    }
    out.taps[static_cast<size_t>(i)] = {first, end - first, out.weights.size()};
    for (const double weight : line) {
      const double share = total != 0 ? weight / total : 0.0;
      out.weights.push_back(static_cast<int32_t>(share * (1 << kWeightBits) + 0.5));
    }
  }
  return out;
}

uint8_t rounded(int64_t sum) {
  return static_cast<uint8_t>(std::clamp<int64_t>((sum + (1 << (kWeightBits - 1))) >> kWeightBits, 0, 255));
}

// [rows, source columns, channels] to [rows, columns, channels], `stride` being bytes from one source row to the next.
void resize_rows(const uint8_t* source, size_t stride, int32_t rows, int32_t channels, const Taps& taps, uint8_t* out) {
  for (int32_t y = 0; y < rows; ++y, source += stride) {
    for (const Tap& tap : taps.taps) {
      for (int32_t c = 0; c < channels; ++c) {
        int64_t sum = 0;
        for (int32_t k = 0; k < tap.count; ++k) {
          sum += int64_t{taps.weights[tap.weights + static_cast<size_t>(k)]} * source[(tap.first + k) * channels + c];
        }
        *out++ = rounded(sum);
      }
    }
  }
}

// [source rows, row_bytes] to [rows, row_bytes]
void resize_columns(const uint8_t* source, size_t row_bytes, const Taps& taps, uint8_t* out) {
  for (const Tap& tap : taps.taps) {
    for (size_t x = 0; x < row_bytes; ++x) {
      int64_t sum = 0;
      for (int32_t k = 0; k < tap.count; ++k) {
        sum += int64_t{taps.weights[tap.weights + static_cast<size_t>(k)]} *
               source[static_cast<size_t>(tap.first + k) * row_bytes + x];
      }
      *out++ = rounded(sum);
    }
  }
}

uint8_t on_black(uint8_t color, uint8_t alpha) { return static_cast<uint8_t>((color * alpha + 127) / 255); }

// ITU-R BT.601 luma with 16 fraction bits.
uint8_t luma(uint32_t red, uint32_t green, uint32_t blue) {
  return static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

Image convert_channels(std::span<const uint8_t> rgba, const Box& box, int32_t source_width, const ImageRecipe& recipe) {
  Image out{box.width, box.height, recipe.channels, {}};
  out.pixels.reserve(static_cast<size_t>(box.width) * static_cast<size_t>(box.height) *
                     static_cast<size_t>(recipe.channels));
  for (int32_t y = 0; y < box.height; ++y) {
    const uint8_t* p =
        rgba.data() +
        (static_cast<size_t>(box.top + y) * static_cast<size_t>(source_width) + static_cast<size_t>(box.left)) * 4;
    for (int32_t x = 0; x < box.width; ++x, p += 4) {
      if (recipe.channels == 4) {
        out.pixels.insert(out.pixels.end(), p, p + 4);
        continue;
      }
      const uint8_t red = on_black(p[0], p[3]), green = on_black(p[1], p[3]), blue = on_black(p[2], p[3]);
      if (recipe.channels == 1) {
        out.pixels.push_back(luma(red, green, blue));
      } else {
        out.pixels.insert(out.pixels.end(), {red, green, blue});
      }
    }
  }
  return out;
}

// Part of a side that is kept: at least one pixel, centred.
int32_t kept(double wanted, int32_t side) { return std::clamp(static_cast<int32_t>(wanted + 0.5), int32_t{1}, side); }

Box box_of(int32_t width, int32_t height, const ImageRecipe& recipe) {
  double kept_width = width, kept_height = height;
  if (recipe.fit == Fit::cover) {
    kept_width = std::min<double>(width, static_cast<double>(height) * recipe.width / recipe.height);
    kept_height = std::min<double>(height, static_cast<double>(width) * recipe.height / recipe.width);
  }
  Box box;
  box.width = kept(kept_width * recipe.kept_fraction, width);
  box.height = kept(kept_height * recipe.kept_fraction, height);
  box.left = (width - box.width) / 2;
  box.top = (height - box.height) / 2;
  return box;
}

void check(size_t bytes, int32_t width, int32_t height, const ImageRecipe& recipe) {
  const auto require = [](bool holds, const char* need) {
    if (!holds) fail(ErrorCode::bad_argument, {need});
  };
  require(width > 0 && height > 0, "a picture needs a width and a height above 0");
  require(recipe.width > 0 && recipe.height > 0, "the size to resize a picture to must be above 0");
  const auto too_many = [](int32_t w, int32_t h) {
    return w > kMaxSide || h > kMaxSide || int64_t{w} * h > kMaxPixels;
  };
  if (too_many(width, height) || too_many(recipe.width, recipe.height) || too_many(recipe.width, height)) {
    fail(ErrorCode::too_large, {"a picture of ", width, " x ", height, " to be ", recipe.width, " x ", recipe.height,
                                " has more than 2^28 pixels"});
  }
  require(bytes == static_cast<size_t>(width) * static_cast<size_t>(height) * 4,
          "the bytes of a picture are not width x height x 4");
  require(recipe.channels == 1 || recipe.channels == 3 || recipe.channels == 4,
          "a picture can have 1, 3 or 4 channels");
  require(recipe.kept_fraction > 0 && recipe.kept_fraction <= 1, "the part kept of a picture must be in (0, 1]");
  const auto fits = [&](const std::vector<float>& values) {
    return values.size() == 1 || values.size() == static_cast<size_t>(recipe.channels);
  };
  require(fits(recipe.mean) && fits(recipe.deviation), "normalisation needs one entry, or one for each channel");
  for (const float value : recipe.mean) require(std::isfinite(value), "a mean is not finite");
  for (const float value : recipe.deviation) {
    require(std::isfinite(value) && value != 0, "a standard deviation is 0 or not finite");
  }
  require(recipe.type == DataType::float32 || (std::isfinite(recipe.scale) && recipe.scale > 0),
          "an integer input needs a scale above 0");
}

template <typename T>
T quantized(float value, const ImageRecipe& recipe) {
  const double q = std::round(static_cast<double>(value / recipe.scale)) + recipe.zero_point;
  return static_cast<T>(std::clamp<double>(q, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

template <typename T>
std::vector<std::byte> values_as(const Image& picture, const ImageRecipe& recipe) {
  // 256 levels of at most 4 channels: each is computed once.
  std::vector<T> table(static_cast<size_t>(picture.channels) * 256);
  for (size_t c = 0; c < static_cast<size_t>(picture.channels); ++c) {
    const float mean = recipe.mean.size() > 1 ? recipe.mean[c] : recipe.mean[0];
    const float deviation = recipe.deviation.size() > 1 ? recipe.deviation[c] : recipe.deviation[0];
    for (size_t level = 0; level < 256; ++level) {
      const float value = (static_cast<float>(level) - mean) / deviation;
      if constexpr (std::is_same_v<T, float>) {
        table[c * 256 + level] = value;
      } else {
        table[c * 256 + level] = quantized<T>(value, recipe);
      }
    }
  }
  const auto channels = static_cast<size_t>(picture.channels);
  std::vector<std::byte> out(picture.pixels.size() * sizeof(T));
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    std::memcpy(out.data() + i * sizeof(T), &table[i % channels * 256 + picture.pixels[i]], sizeof(T));
  }
  return out;
}

}  // namespace

Image resize_bilinear(const Image& source, const Box& box, int32_t width, int32_t height) {
  const auto channels = static_cast<size_t>(source.channels);
  const size_t stride = static_cast<size_t>(source.width) * channels;
  const uint8_t* first =
      source.pixels.data() + static_cast<size_t>(box.top) * stride + static_cast<size_t>(box.left) * channels;
  Image out{width, height, source.channels, {}};
  const size_t row_bytes = static_cast<size_t>(width) * channels;
  std::vector<uint8_t> rows(static_cast<size_t>(box.height) * row_bytes);
  resize_rows(first, stride, box.height, source.channels, make_taps(box.width, width), rows.data());
  out.pixels.resize(static_cast<size_t>(height) * row_bytes);
  resize_columns(rows.data(), row_bytes, make_taps(box.height, height), out.pixels.data());
  return out;
}

Image picture_for_model(std::span<const uint8_t> rgba, int32_t width, int32_t height, const ImageRecipe& recipe) {
  check(rgba.size(), width, height, recipe);
  const Box box = box_of(width, height, recipe);
  const Image source = convert_channels(rgba, box, width, recipe);
  return resize_bilinear(source, {0, 0, box.width, box.height}, recipe.width, recipe.height);
}

std::vector<std::byte> normalize_picture(const Image& picture, const ImageRecipe& recipe) {
  Image ordered = picture;
  if (recipe.reverse_colors && picture.channels >= 3) {
    for (size_t i = 0; i < ordered.pixels.size(); i += static_cast<size_t>(picture.channels)) {
      std::swap(ordered.pixels[i], ordered.pixels[i + 2]);
    }
  }
  switch (recipe.type) {
    case DataType::float32: return values_as<float>(ordered, recipe);
    case DataType::int8: return values_as<int8_t>(ordered, recipe);
    case DataType::uint8: return values_as<uint8_t>(ordered, recipe);
    case DataType::int16: return values_as<int16_t>(ordered, recipe);
    case DataType::int32: return values_as<int32_t>(ordered, recipe);
    default: fail(ErrorCode::unsupported_type, {"a picture cannot be stored as ", data_type_name(recipe.type)});
  }
}

}  // namespace litequant
