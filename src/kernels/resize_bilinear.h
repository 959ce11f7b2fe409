// Bilinear resampling of an image [batches, height, width, channels].
#pragma once

#include <cstdint>
#include <vector>

namespace litequant {

// Where result position i lies in the input.
struct ResizeRule {
  bool align_corners = false;  // corner centers fall together
  bool half_pixel = false;     // pixel centers are at i + 1/2
};

// Between input positions `low` and `high`; `weight` is the share of `high`. Beyond the border low = high, and the
// weight does not matter.
template <typename Weight>
struct Between {
  int32_t low = 0, high = 0;
  Weight weight = 0;
};

// In single precision: float and uint8_t. In units of 1/1024: int8_t and int16_t.
Between<float> between(int32_t i, int32_t input, int32_t output, ResizeRule rule);
Between<int32_t> between_q10(int32_t i, int32_t input, int32_t output, ResizeRule rule);

struct ResizeShape {
  int32_t batches = 0, channels = 0;
  int32_t input_height = 0, input_width = 0, output_height = 0, output_width = 0;
};

namespace reference {
// For float, uint8_t, int8_t, int16_t.
template <typename T>
void resize_bilinear(const ResizeShape& shape, ResizeRule rule, const T* input, T* output);
}  // namespace reference

// Positions of every row and column, looked up instead of computed.
template <typename Weight>
struct ResizeTables {
  std::vector<Between<Weight>> rows, columns;
};
ResizeTables<float> resize_tables(const ResizeShape& shape, ResizeRule rule);
ResizeTables<int32_t> resize_tables_q10(const ResizeShape& shape, ResizeRule rule);

// The same results. Integers are equal, as is uint8_t; float differs in its last bits.
void resize_bilinear(const ResizeShape& shape, const ResizeTables<float>& tables, const float* input, float* output);
void resize_bilinear(const ResizeShape& shape, const ResizeTables<float>& tables, const uint8_t* input,
                     uint8_t* output);
void resize_bilinear(const ResizeShape& shape, const ResizeTables<int32_t>& tables, const int8_t* input,
                     int8_t* output);
void resize_bilinear(const ResizeShape& shape, const ResizeTables<int32_t>& tables, const int16_t* input,
                     int16_t* output);

}  // namespace litequant
