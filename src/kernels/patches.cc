#include "kernels/patches.h"

#include <algorithm>

#include "kernels/simd.h"

namespace litequant {

template <typename Image, typename Row>
void gather_patches(const ConvolutionShape& shape, int32_t group, const Image* image, const RowForm<Row>& form,
                    int64_t first, int count, Row* rows, int64_t stride) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.filter_channels(), pixel_stride = shape.input_channels;
  const int64_t depth = shape.depth();
  if (is_image_itself(shape) && depth == stride) {
    form.fill(image + first * depth, count * depth, rows);
    return;
  }
  // Neighbours under the window lie next to each other when nothing is between them.
  const bool is_dense = width.dilation == 1 && channels == pixel_stride;
  const Image* group_image = image + group * channels;
  for (int n = 0; n < count; ++n) {
    const auto y = static_cast<int32_t>((first + n) / width.output);
    const auto x = static_cast<int32_t>((first + n) % width.output);
    const int32_t left = width.first_inside(x), right = std::max(left, width.end_inside(x));
    Row* to = rows + n * stride;
    for (int32_t i = 0; i < height.window; ++i) {
      const int64_t input_y = height.start(y) + int64_t{i} * height.dilation;
      if (input_y < 0 || input_y >= height.input || left >= width.window) {
        to = std::fill_n(to, width.window * channels, form.padding);
        continue;
      }
      to = std::fill_n(to, left * channels, form.padding);
      const int64_t pixel = input_y * width.input + width.start(x) + int64_t{left} * width.dilation;
      const Image* from = group_image + pixel * pixel_stride;
      if (is_dense) {
        form.fill(from, (right - left) * channels, to);
        to += (right - left) * channels;
      } else {
        for (int32_t j = left; j < right; ++j) {
          form.fill(from, channels, to);
          from += width.dilation * pixel_stride;
          to += channels;
        }
      }
      to = std::fill_n(to, (width.window - right) * channels, form.padding);
    }
    std::fill_n(to, stride - depth, form.padding);
  }
}

template <typename Image, typename Row>
void gather_patches(const TransposeConvolutionShape& shape, int32_t, const Image* image, const RowForm<Row>& form,
                    int64_t first, int count, Row* rows, int64_t stride) {
  const WindowAxis& height = shape.window.height;
  const WindowAxis& width = shape.window.width;
  const int64_t channels = shape.input_channels;
  for (int n = 0; n < count; ++n) {
    const auto y = static_cast<int32_t>((first + n) / width.input);
    const auto x = static_cast<int32_t>((first + n) % width.input);
    Row* to = rows + n * stride;
    for (int32_t i = 0; i < height.window; ++i) {
      const int32_t up = y + height.pad - i;
      if (up < 0 || up % height.stride != 0 || up / height.stride >= height.output) {
        to = std::fill_n(to, width.window * channels, form.padding);
        continue;
      }
      const Image* line = image + int64_t{up / height.stride} * width.output * channels;
      for (int32_t j = 0; j < width.window; ++j) {
        const int32_t left = x + width.pad - j;
        if (left < 0 || left % width.stride != 0 || left / width.stride >= width.output) {
          std::fill_n(to, channels, form.padding);
        } else {
          form.fill(line + left / width.stride * channels, channels, to);
        }
        to += channels;
      }
    }
    std::fill_n(to, stride - shape.depth(), form.padding);
  }
}

bool is_image_itself(const ConvolutionShape& shape) {
  const auto is_trivial = [](const WindowAxis& axis) {
    return axis.window == 1 && axis.stride == 1 && axis.pad == 0 && axis.input == axis.output;
  };
  return shape.groups == 1 && is_trivial(shape.window.height) && is_trivial(shape.window.width);
}

#define LITEQUANT_GATHER(shape, image, row) \
  template void gather_patches(const shape&, int32_t, const image*, const RowForm<row>&, int64_t, int, row*, int64_t);
LITEQUANT_GATHER(ConvolutionShape, int8_t, int16_t)
LITEQUANT_GATHER(ConvolutionShape, uint8_t, int16_t)
LITEQUANT_GATHER(ConvolutionShape, int16_t, int16_t)
LITEQUANT_GATHER(ConvolutionShape, float, float)
LITEQUANT_GATHER(TransposeConvolutionShape, float, float)
#if LITEQUANT_BYTE_DOT
LITEQUANT_GATHER(ConvolutionShape, int8_t, uint8_t)
#endif
#undef LITEQUANT_GATHER

}  // namespace litequant
