// RESIZE_NEAREST_NEIGHBOR: an image at another size, every pixel copied from the nearest one.
#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/table_copy.h"
#include "ops/movement.h"
#include "ops/resize_size.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) { return {resized_shape(node)}; }

// For each result position the input position, times `stride`. In single precision, as TensorFlow Lite's kernel.
std::vector<int64_t> nearest(int32_t input, int32_t output, bool align_corners, bool half_pixel, int64_t stride) {
  float scale = static_cast<float>(input) / static_cast<float>(output);
  if (align_corners && output > 1) scale = static_cast<float>(input - 1) / static_cast<float>(output - 1);
  const float offset = half_pixel ? 0.5f : 0.0f;
  std::vector<int64_t> positions;
  for (int32_t i = 0; i < output; ++i) {
    const float place = (static_cast<float>(i) + offset) * scale;
    const float whole = align_corners ? std::round(place) : std::floor(place);
    const int64_t position = std::clamp<int64_t>(static_cast<int64_t>(whole), 0, input - 1);
    positions.push_back(position * stride);
  }
  return positions;
}

Step compile(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& from = node.input(0).shape;
  const Shape& to = node.output(0).shape;
  const bool align_corners = node.options().flag("align_corners");
  const bool half_pixel = node.options().flag("half_pixel_centers");
  if (to.count() == 0) return {.run = [](const Frame&) {}};
  // The channels of a pixel are one element.
  const int64_t width = from[2], pixels = int64_t{from[1]} * from[2];
  TableCopy copy{.element_bytes = bytes_per_element(node.input(0).type) * static_cast<size_t>(from[3])};
  std::vector<int64_t> batches;
  for (int32_t b = 0; b < from[0]; ++b) batches.push_back(b * pixels);
  copy.offsets = {std::move(batches), nearest(from[1], to[1], align_corners, half_pixel, width),
                  nearest(from[2], to[2], align_corners, half_pixel, 1)};
  return {.run = [copy = simplified(copy)](const Frame& frame) {
    copy_by_table(copy, frame.in<std::byte>(0), frame.out<std::byte>());
  }};
}

int version(const NodeView& node) {
  if (node.input(0).type == DataType::int16) return 4;
  if (node.options().flag("half_pixel_centers") || node.options().flag("align_corners")) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kResizeNearestNeighbor;
const OpDef kResizeNearestNeighbor = {.code = OpCode::resize_nearest_neighbor,
                                      .types = kWholeByteTypes,
                                      .infer = infer,
                                      .compile = compile,
                                      .quant = kMovesData,
                                      .version = version};

}  // namespace litequant
