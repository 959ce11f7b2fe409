// SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: the pixels of a padded image dealt out over the batch, and back. One or two
// spatial axes behind the batch.
#include <array>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "ops/movement.h"

namespace litequant {
namespace {

// One spatial axis.
struct Spatial {
  int64_t block = 1, before = 0, after = 0;  // padding or crop
};

// Height and width; a single axis is the width of an image of height 1.
struct Blocks {
  std::array<Spatial, 2> axes;
  int count = 0;  // axes that there really are
};

Blocks blocks_of(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const std::vector<int64_t> block = node.integers(1), border = node.integers(2);
  node.require(block.size() == 1 || block.size() == 2, "needs one or two spatial axes, found blocks ",
               list_text(block));
  node.require(border.size() == 2 * block.size(), "blocks ", list_text(block), " do not fit borders ",
               list_text(border));
  node.require(shape.rank() > static_cast<int>(block.size()), "blocks ", list_text(block), " do not fit ",
               shape_text(shape));
  Blocks blocks{.axes = {}, .count = static_cast<int>(block.size())};
  for (size_t i = 0; i < block.size(); ++i) {
    const Spatial spatial{block[i], border[2 * i], border[2 * i + 1]};
    node.require(spatial.block >= 1 && spatial.block <= INT32_MAX, "block ", spatial.block, " is out of range");
    node.require(spatial.before >= 0 && spatial.after >= 0 && spatial.before <= INT32_MAX && spatial.after <= INT32_MAX,
                 "borders ", list_text(border), " are out of range");
    blocks.axes[2 - block.size() + i] = spatial;
  }
  return blocks;
}

std::vector<Shape> infer_to_batch(const NodeView& node) {
  const Blocks blocks = blocks_of(node);
  Shape shape = node.input(0).shape;
  int64_t batches = shape[0];
  for (int i = 0; i < blocks.count; ++i) {
    const Spatial& spatial = blocks.axes[static_cast<size_t>(2 - blocks.count + i)];
    const int64_t padded = shape[i + 1] + spatial.before + spatial.after;
    node.require(padded % spatial.block == 0, "a padded size of ", padded, " is not a multiple of the block ",
                 spatial.block);
    shape[i + 1] = checked_dim(node, padded / spatial.block);
    batches = checked_dim(node, batches * spatial.block);
  }
  shape[0] = static_cast<int32_t>(batches);
  checked_count(node, shape);
  return {shape};
}

std::vector<Shape> infer_to_space(const NodeView& node) {
  const Blocks blocks = blocks_of(node);
  Shape shape = node.input(0).shape;
  for (int i = 0; i < blocks.count; ++i) {
    const Spatial& spatial = blocks.axes[static_cast<size_t>(2 - blocks.count + i)];
    node.require(shape[0] % spatial.block == 0, "a batch of ", shape[0], " is not a multiple of the block ",
                 spatial.block);
    shape[0] = static_cast<int32_t>(shape[0] / spatial.block);
    shape[i + 1] = checked_dim(node, shape[i + 1] * spatial.block - spatial.before - spatial.after);
  }
  checked_count(node, shape);
  return {shape};
}

// Image and batched form as [batch, height, width] of pixels of some bytes.
struct Geometry {
  int64_t batches = 0;                            // of the image
  int64_t height = 0, width = 0;                  // of the image
  int64_t block_height = 0, block_width = 0;      // of each small image
  Spatial vertical, horizontal;
  size_t pixel_bytes = 0;
};

Geometry geometry_of(const NodeView& node, const Shape& image, const Shape& batched) {
  const Blocks blocks = blocks_of(node);
  const bool flat = blocks.count == 1;
  return {.batches = image[0],
          .height = flat ? 1 : image[1],
          .width = image[blocks.count],
          .block_height = flat ? 1 : batched[1],
          .block_width = batched[blocks.count],
          .vertical = blocks.axes[0],
          .horizontal = blocks.axes[1],
          .pixel_bytes =
              static_cast<size_t>(image.count(blocks.count + 1, image.rank())) * bytes_per_element(node.input(0).type)};
}

// Calls `visit(batched pixel, image pixel or -1)` for every pixel of the batched form, in order.
template <typename Visit>
void for_each_pixel(const Geometry& g, Visit visit) {
  int64_t batched = 0;
  for (int64_t block = 0; block < g.vertical.block * g.horizontal.block; ++block) {
    const int64_t first_row = block / g.horizontal.block - g.vertical.before;
    const int64_t first_column = block % g.horizontal.block - g.horizontal.before;
    for (int64_t b = 0; b < g.batches; ++b) {
      for (int64_t i = 0; i < g.block_height; ++i) {
        const int64_t y = first_row + i * g.vertical.block;
        for (int64_t j = 0; j < g.block_width; ++j, ++batched) {
          const int64_t x = first_column + j * g.horizontal.block;
          const bool inside = y >= 0 && y < g.height && x >= 0 && x < g.width;
          visit(batched, inside ? (b * g.height + y) * g.width + x : -1);
        }
      }
    }
  }
}

Step compile_to_batch(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  require_int16_zero_point(node, node.output(0));
  const Geometry geometry = geometry_of(node, node.input(0).shape, node.output(0).shape);
  const int64_t count = node.output(0).shape.count();
  if (count == 0) return {.run = [](const Frame&) {}};
  // One pixel of the border, to be copied like any other.
  const size_t element = bytes_per_element(node.input(0).type);
  std::vector<std::byte> border(geometry.pixel_bytes);
  fill_elements(border.data(), static_cast<int64_t>(border.size() / element), stored_zero(node.output(0)).data(),
                element);
  return {.run = [geometry, border = std::move(border)](const Frame& frame) {
    const auto* image = frame.in<std::byte>(0);
    auto* batched = frame.out<std::byte>();
    const size_t bytes = geometry.pixel_bytes;
    for_each_pixel(geometry, [&](int64_t to, int64_t from) {
      std::memcpy(batched + static_cast<size_t>(to) * bytes,
                  from < 0 ? border.data() : image + static_cast<size_t>(from) * bytes, bytes);
    });
  }};
}

Step compile_to_space(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Geometry geometry = geometry_of(node, node.output(0).shape, node.input(0).shape);
  if (node.output(0).shape.count() == 0) return {.run = [](const Frame&) {}};
  return {.run = [geometry](const Frame& frame) {
    const auto* batched = frame.in<std::byte>(0);
    auto* image = frame.out<std::byte>();
    const size_t bytes = geometry.pixel_bytes;
    for_each_pixel(geometry, [&](int64_t from, int64_t to) {
      if (to < 0) return;
      std::memcpy(image + static_cast<size_t>(to) * bytes, batched + static_cast<size_t>(from) * bytes, bytes);
    });
  }};
}

int version(const NodeView& node) {
  if (node.input(0).type == DataType::int16) return 4;
  if (node.input(0).shape.rank() != 4) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kSpaceToBatchNd;
const OpDef kSpaceToBatchNd = {.code = OpCode::space_to_batch_nd,
                               .types = kWholeByteTypes,
                               .infer = infer_to_batch,
                               .compile = compile_to_batch,
                               .quant = kMovesData,
                               .version = version};

extern const OpDef kBatchToSpaceNd;
const OpDef kBatchToSpaceNd = {.code = OpCode::batch_to_space_nd,
                               .types = kWholeByteTypes,
                               .infer = infer_to_space,
                               .compile = compile_to_space,
                               .quant = kMovesData,
                               .version = version};

}  // namespace litequant
