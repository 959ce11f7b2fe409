// DEPTH_TO_SPACE and SPACE_TO_DEPTH: blocks of pixels to channels and back.
#include <utility>

#include "base/checked.h"
#include "ops/movement.h"

namespace litequant {
namespace {

int64_t block_of(const NodeView& node) {
  const int64_t block = node.options().integer("block_size");
  node.require(block >= 1 && block <= 1 << 15, "block size ", block, " is out of range");
  return block;
}

std::vector<Shape> infer_depth_to_space(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 4, 4);
  const Shape& from = node.input(0).shape;
  const int64_t block = block_of(node);
  node.require(from[3] % (block * block) == 0, from[3], " channels are not a multiple of ", block, " x ", block);
  const Shape shape{from[0], checked_dim(node, from[1] * block), checked_dim(node, from[2] * block),
                    static_cast<int32_t>(from[3] / (block * block))};
  checked_count(node, shape);
  return {shape};
}

std::vector<Shape> infer_space_to_depth(const NodeView& node) {
  node.require_rank(node.input(0), "its input", 4, 4);
  const Shape& from = node.input(0).shape;
  const int64_t block = block_of(node);
  node.require(from[1] % block == 0 && from[2] % block == 0, shape_text(from), " is not made of blocks of ", block,
               " x ", block);
  const Shape shape{from[0], static_cast<int32_t>(from[1] / block), static_cast<int32_t>(from[2] / block),
                    checked_dim(node, from[3] * block * block)};
  checked_count(node, shape);
  return {shape};
}

// Between the fine image [batch, height, block, width, block, channels] and the coarse one
// [batch, height, width, block, block, channels].
Step compile(const NodeView& node, const Shape& coarse, bool to_fine, const CompileOptions& options) {
  require_same_type(node);
  const int64_t block = block_of(node);
  const int64_t height = coarse[1], width = coarse[2], channels = coarse[3] / (block * block);
  const int64_t coarse_row = width * coarse[3], fine_row = width * block * channels;
  struct Axis {
    int64_t count, fine_stride, coarse_stride;
  };
  const Axis axes[] = {
      {coarse[0], height * block * fine_row, height * coarse_row},
      {height, block * fine_row, coarse_row},
      {block, fine_row, block * channels},
      {width, block * channels, coarse[3]},
      {block, channels, channels},
      {channels, 1, 1},
  };
  StridedCopy copy{.element_bytes = bytes_per_element(node.input(0).type)};
  for (const Axis& axis : axes) {
    copy.axes.push_back(to_fine ? CopyAxis{axis.count, axis.coarse_stride, axis.fine_stride}
                                : CopyAxis{axis.count, axis.fine_stride, axis.coarse_stride});
  }
  return move_step({{.copy = std::move(copy)}}, options);
}

Step compile_depth_to_space(const NodeView& node, const CompileOptions& options) {
  return compile(node, node.input(0).shape, true, options);
}

Step compile_space_to_depth(const NodeView& node, const CompileOptions& options) {
  return compile(node, node.output(0).shape, false, options);
}

constexpr QuantRule kMovesInt8 = {.roles = {Role::data}, .output = OutputRule::same, .int8 = true};

}  // namespace

extern const OpDef kDepthToSpace;
const OpDef kDepthToSpace = {.code = OpCode::depth_to_space,
                             .types = kWholeByteTypes,
                             .infer = infer_depth_to_space,
                             .compile = compile_depth_to_space,
                             .quant = kMovesInt8,
                             .version = version_by_type<2, 1>};

extern const OpDef kSpaceToDepth;
const OpDef kSpaceToDepth = {.code = OpCode::space_to_depth,
                             .types = kWholeByteTypes,
                             .infer = infer_space_to_depth,
                             .compile = compile_space_to_depth,
                             .quant = kMovesInt8,
                             .version = version_by_type<2, 1>};

}  // namespace litequant
