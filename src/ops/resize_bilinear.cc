// RESIZE_BILINEAR: an image at another size.
#include "kernels/resize_bilinear.h"

#include <type_traits>
#include <utility>

#include "ops/movement.h"
#include "ops/resize_size.h"

namespace litequant {
namespace {

std::vector<Shape> infer(const NodeView& node) { return {resized_shape(node)}; }

template <typename T>
Step step_of(const ResizeShape& shape, ResizeRule rule, const CompileOptions& options) {
  if (options.kernels == KernelSet::reference) {
    return {
        .run = [=](const Frame& frame) { reference::resize_bilinear(shape, rule, frame.in<T>(0), frame.out<T>()); }};
  }
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, uint8_t>) {
    return {.run = [shape, tables = resize_tables(shape, rule)](const Frame& frame) {
      resize_bilinear(shape, tables, frame.in<T>(0), frame.out<T>());
    }};
  } else {
    return {.run = [shape, tables = resize_tables_q10(shape, rule)](const Frame& frame) {
      resize_bilinear(shape, tables, frame.in<T>(0), frame.out<T>());
    }};
  }
}

Step compile(const NodeView& node, const CompileOptions& options) {
  require_same_type(node);
  const Shape& from = node.input(0).shape;
  const Shape& to = node.output(0).shape;
  const ResizeShape shape{.batches = from[0],
                          .channels = from[3],
                          .input_height = from[1],
                          .input_width = from[2],
                          .output_height = to[1],
                          .output_width = to[2]};
  const ResizeRule rule{.align_corners = node.options().flag("align_corners"),
                        .half_pixel = node.options().flag("half_pixel_centers")};
  node.require(!(rule.align_corners && rule.half_pixel), "align_corners and half_pixel_centers exclude each other");
  switch (node.input(0).type) {
    case DataType::float32: return step_of<float>(shape, rule, options);
    case DataType::uint8: return step_of<uint8_t>(shape, rule, options);
    case DataType::int8: return step_of<int8_t>(shape, rule, options);
    case DataType::int16: return step_of<int16_t>(shape, rule, options);
    default: node.fail_type();
  }
}

int version(const NodeView& node) {
  if (node.input(0).type == DataType::int16) return 4;
  if (node.options().flag("half_pixel_centers")) return 3;
  return node.input(0).type == DataType::int8 ? 2 : 1;
}

}  // namespace

extern const OpDef kResizeBilinear;
const OpDef kResizeBilinear = {.code = OpCode::resize_bilinear,
                               .types = kFloatAndInt16,
                               .infer = infer,
                               .compile = compile,
                               .quant = kMovesData,
                               .version = version};

}  // namespace litequant
