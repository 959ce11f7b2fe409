// What must be refused, and, whatever a file says, that a plan is either refused with an Error or runs inside its
// memory (the sanitizers watch the second half).
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "format/model_builder.h"
#include "runtime/session.h"

namespace litequant {
namespace {

// What the plan is refused with; empty when it is not.
std::string refusal(ModelBuilder& b) {
  try {
    Plan::make(std::make_shared<const Model>(b.model()), 0, {}, {});
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

struct Operand {
  DataType type = DataType::int32;
  Shape shape;
  std::vector<int32_t> values;  // empty: only known at run time
};

std::string refusal(OpCode op, std::vector<Operand> operands, Options options = {}, int results = 1,
                    DataType result_type = DataType::float32) {
  ModelBuilder b;
  std::vector<int> inputs, outputs;
  for (const Operand& operand : operands) {
    const auto name = text("operand ", inputs.size());
    inputs.push_back(operand.values.empty() ? b.input(name, operand.type, operand.shape)
                                            : b.constant(name, operand.type, operand.shape, operand.values));
  }
  for (int i = 0; i < results; ++i) outputs.push_back(b.output(text("result ", i), result_type, {}));
  b.node(op, inputs, outputs, std::move(options));
  return refusal(b);
}

Operand real(Shape shape) { return {DataType::float32, std::move(shape), {}}; }
Operand integers(std::vector<int32_t> values) {
  const auto count = static_cast<int32_t>(values.size());
  return {DataType::int32, {count}, std::move(values)};
}
Operand integers(Shape shape, std::vector<int32_t> values) {
  return {DataType::int32, std::move(shape), std::move(values)};
}
Options options(std::string table, std::initializer_list<std::pair<std::string_view, OptionValue>> fields) {
  return ModelBuilder::options(std::move(table), fields);
}

#define EXPECT_REFUSED(needle, ...) EXPECT_PRED_FORMAT2(testing::IsSubstring, needle, refusal(__VA_ARGS__))

TEST(Refusals, ShapesThatDoNotFit) {
  EXPECT_REFUSED("cannot reshape", OpCode::reshape, {real({2, 3}), integers({4, 2})});
  EXPECT_REFUSED("cannot reshape", OpCode::reshape, {real({2, 3}), integers({-1, 4})});
  EXPECT_REFUSED("more than one", OpCode::reshape, {real({2, 3}), integers({-1, -1})});
  EXPECT_REFUSED("would be -5", OpCode::reshape, {real({2, 3}), integers({-5, 2})});
  EXPECT_REFUSED("too many", OpCode::reshape, {real({2, 3}), integers({1 << 20, 1 << 20})});
  EXPECT_REFUSED("cannot drop", OpCode::squeeze, {real({2, 1})},
                 options("SqueezeOptions", {{"squeeze_dims", std::vector<int64_t>{0}}}));
  EXPECT_REFUSED("out of range", OpCode::expand_dims, {real({2, 1}), integers({}, {4})});
  EXPECT_REFUSED("differ beside", OpCode::concatenation, {real({2, 1}), real({3, 1})},
                 options("ConcatenationOptions", {{"axis", int64_t{1}}}));
  EXPECT_REFUSED("differ in rank", OpCode::concatenation, {real({2, 1}), real({2})},
                 options("ConcatenationOptions", {}));
  EXPECT_REFUSED("differ", OpCode::pack, {real({2, 1}), real({2})},
                 options("PackOptions", {{"values_count", int64_t{2}}}));
  EXPECT_REFUSED("values_count", OpCode::pack, {real({2}), real({2})},
                 options("PackOptions", {{"values_count", int64_t{3}}}));
  EXPECT_REFUSED("apart", OpCode::unpack, {real({3, 2})}, options("UnpackOptions", {{"num", int64_t{2}}}), 2);
  EXPECT_REFUSED("equal pieces", OpCode::split, {integers({}, {0}), real({5})},
                 options("SplitOptions", {{"num_splits", int64_t{2}}}), 2);
  EXPECT_REFUSED("cannot split", OpCode::split_v, {real({5}), integers({3, 3}), integers({}, {0})},
                 options("SplitVOptions", {{"num_splits", int64_t{2}}}), 2);
}

TEST(Refusals, PaddingsAndPermutations) {
  EXPECT_REFUSED("negative", OpCode::pad, {real({2}), integers({1, 2}, {-1, 0})});
  EXPECT_REFUSED("shape [1, 2]", OpCode::pad, {real({2}), integers({2, 2}, {1, 0, 1, 0})});
  EXPECT_REFUSED("would be", OpCode::pad, {real({2}), integers({1, 2}, {INT32_MAX, INT32_MAX})});
  EXPECT_REFUSED("out of range", OpCode::mirror_pad, {real({2}), integers({1, 2}, {2, 0})},
                 options("MirrorPadOptions", {}));
  EXPECT_REFUSED("repeats", OpCode::transpose, {real({2, 3}), integers({1, 1})});
  EXPECT_REFUSED("out of range", OpCode::transpose, {real({2, 3}), integers({0, 2})});
  EXPECT_REFUSED("does not fit", OpCode::transpose, {real({2, 3}), integers({0})});
  EXPECT_REFUSED("outside", OpCode::slice, {real({4}), integers({1}), integers({4})});
  EXPECT_REFUSED("outside", OpCode::slice, {real({4}), integers({-1}), integers({1})});
  EXPECT_REFUSED("stride is 0", OpCode::strided_slice, {real({4}), integers({0}), integers({4}), integers({0})},
                 options("StridedSliceOptions", {}));
  EXPECT_REFUSED("2 indices for 1", OpCode::strided_slice,
                 {real({4}), integers({0, 0}), integers({4, 4}), integers({1, 1})}, options("StridedSliceOptions", {}));
  EXPECT_REFUSED("index 4 is out of range", OpCode::strided_slice,
                 {real({4}), integers({4}), integers({5}), integers({1})},
                 options("StridedSliceOptions", {{"shrink_axis_mask", int64_t{1}}}));
  EXPECT_REFUSED("more than one ellipsis", OpCode::strided_slice,
                 {real({4, 4}), integers({0, 0}), integers({4, 4}), integers({1, 1})},
                 options("StridedSliceOptions", {{"ellipsis_mask", int64_t{3}}}));
}

TEST(Refusals, IndicesAndBlocks) {
  EXPECT_REFUSED("index 3 is out of range", OpCode::gather, {real({3}), integers({0, 3})},
                 options("GatherOptions", {}));
  EXPECT_REFUSED("index -1 is out of range", OpCode::gather, {real({3}), integers({-1})}, options("GatherOptions", {}));
  EXPECT_REFUSED("batch_dims", OpCode::gather, {real({3, 3}), integers({0})},
                 options("GatherOptions", {{"axis", int64_t{0}}, {"batch_dims", int64_t{1}}}));
  EXPECT_REFUSED("out of range", OpCode::gather_nd, {real({3, 2}), integers({1, 2}, {0, 2})});
  EXPECT_REFUSED("too deep", OpCode::gather_nd, {real({3}), integers({1, 2}, {0, 0})});
  EXPECT_REFUSED("is empty", OpCode::arg_max, {real({3, 0}), integers({}, {1})}, options("ArgMaxOptions", {}), 1,
                 DataType::int32);
  EXPECT_REFUSED("block size 0", OpCode::depth_to_space, {real({1, 1, 1, 4})}, options("DepthToSpaceOptions", {}));
  EXPECT_REFUSED("not a multiple", OpCode::depth_to_space, {real({1, 1, 1, 5})},
                 options("DepthToSpaceOptions", {{"block_size", int64_t{2}}}));
  EXPECT_REFUSED("not made of blocks", OpCode::space_to_depth, {real({1, 3, 2, 1})},
                 options("SpaceToDepthOptions", {{"block_size", int64_t{2}}}));
  EXPECT_REFUSED("not a multiple of the block", OpCode::space_to_batch_nd,
                 {real({1, 3, 1}), integers({2}), integers({1, 2}, {0, 0})});
  EXPECT_REFUSED("k is 4", OpCode::topk_v2, {real({3}), integers({}, {4})}, {}, 2);
  EXPECT_REFUSED("cannot count", OpCode::range, {integers({}, {1}), integers({}, {5}), integers({}, {0})}, {}, 1,
                 DataType::int32);
}

TEST(Refusals, WindowsSizesAndAxes) {
  EXPECT_REFUSED("at least 1", OpCode::average_pool_2d, {real({1, 4, 4, 1})},
                 options("Pool2DOptions", {{"filter_height", int64_t{2}}, {"filter_width", int64_t{2}}}));
  EXPECT_REFUSED("at least 1", OpCode::max_pool_2d, {real({1, 4, 4, 1})},
                 options("Pool2DOptions", {{"stride_h", int64_t{1}}, {"stride_w", int64_t{1}}}));
  EXPECT_REFUSED("4 dimensions", OpCode::max_pool_2d, {real({4, 4, 1})}, options("Pool2DOptions", {}));
  EXPECT_REFUSED("out of range", OpCode::mean, {real({4}), integers({1})}, options("ReducerOptions", {}));
  EXPECT_REFUSED("a height and a width", OpCode::resize_bilinear, {real({1, 2, 2, 1}), integers({0, 4})},
                 options("ResizeBilinearOptions", {}));
  EXPECT_REFUSED("too many", OpCode::resize_nearest_neighbor, {real({1, 2, 2, 1}), integers({1 << 20, 1 << 20})},
                 options("ResizeNearestNeighborOptions", {}));
  EXPECT_REFUSED("a dimension", OpCode::softmax, {real({})}, options("SoftmaxOptions", {{"beta", 1.0}}));
}

TEST(Refusals, ResultTypesAndParameters) {
  EXPECT_REFUSED("FLOAT32", OpCode::transpose, {integers({1, 1}, {7}), integers({0, 1})});
  ModelBuilder b;
  const int x = b.input("x", DataType::int8, {1, 4}, ModelBuilder::per_tensor(0.5f, 3));
  const int y = b.input("y", DataType::int8, {1, 4}, ModelBuilder::per_tensor(0.25f, 3));
  const int both = b.output("both", DataType::int8, {2, 4}, ModelBuilder::per_tensor(0.5f, 3));
  b.node(OpCode::concatenation, {x, y}, {both}, ModelBuilder::options("ConcatenationOptions"));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "share scale and zero point", refusal(b));

  ModelBuilder s;
  const int logits = s.input("logits", DataType::int8, {1, 4}, ModelBuilder::per_tensor(0.5f, 3));
  const int chances = s.output("chances", DataType::int8, {1, 4}, ModelBuilder::per_tensor(0.5f, 3));
  s.node(OpCode::softmax, {logits}, {chances}, ModelBuilder::options("SoftmaxOptions", {{"beta", 1.0}}));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "must have scale", refusal(s));
}

// ---- Whatever a file says -------------------------------------------------------------------------------------------

// A node that runs, to be damaged.
struct Sound {
  OpCode op;
  std::vector<Operand> operands;
  Options options = {};
  int results = 1;
};

std::vector<Sound> sound_nodes() {
  const auto pool = options("Pool2DOptions", {{"filter_height", int64_t{2}},
                                              {"filter_width", int64_t{3}},
                                              {"stride_h", int64_t{1}},
                                              {"stride_w", int64_t{2}},
                                              {"padding", int64_t{0}},
                                              {"fused_activation_function", int64_t{0}}});
  const auto image = real({2, 4, 4, 4});
  const auto reducer = options("ReducerOptions", {{"keep_dims", int64_t{1}}});
  const auto axes = integers({1, 2});
  const auto resize =
      options("ResizeBilinearOptions", {{"align_corners", int64_t{0}}, {"half_pixel_centers", int64_t{1}}});
  const auto block = options("DepthToSpaceOptions", {{"block_size", int64_t{2}}});
  const auto axis = options("Options", {{"axis", int64_t{1}}, {"batch_dims", int64_t{1}}});
  const auto masks = options("StridedSliceOptions", {{"begin_mask", int64_t{1}},
                                                     {"end_mask", int64_t{2}},
                                                     {"ellipsis_mask", int64_t{0}},
                                                     {"new_axis_mask", int64_t{0}},
                                                     {"shrink_axis_mask", int64_t{0}},
                                                     {"offset", int64_t{0}}});
  return {
      {OpCode::reshape, {image, integers({4, -1})}},
      {OpCode::reshape, {image}, options("ReshapeOptions", {{"new_shape", std::vector<int64_t>{8, -1}}})},
      {OpCode::squeeze, {real({1, 4, 1})}, options("SqueezeOptions", {{"squeeze_dims", std::vector<int64_t>{0, 2}}})},
      {OpCode::expand_dims, {image, integers({}, {2})}},
      {OpCode::concatenation, {real({2, 3}), real({2, 4})}, options("ConcatenationOptions", {{"axis", int64_t{1}}})},
      {OpCode::pad, {real({2, 3}), integers({2, 2}, {1, 0, 2, 1})}},
      {OpCode::padv2, {real({2, 3}), integers({2, 2}, {1, 0, 2, 1}), real({})}},
      {OpCode::mirror_pad,
       {real({3, 3}), integers({2, 2}, {1, 0, 2, 1})},
       options("MirrorPadOptions", {{"mode", int64_t{0}}})},
      {OpCode::transpose, {real({2, 3, 4}), integers({2, 0, 1})}},
      {OpCode::slice, {real({4, 5}), integers({1, 2}), integers({-1, 2})}},
      {OpCode::strided_slice, {real({4, 5}), integers({1, 2}), integers({4, 5}), integers({1, 2})}, masks},
      {OpCode::pack,
       {real({2, 3}), real({2, 3})},
       options("PackOptions", {{"axis", int64_t{1}}, {"values_count", int64_t{2}}})},
      {OpCode::unpack, {real({2, 3})}, options("UnpackOptions", {{"axis", int64_t{0}}, {"num", int64_t{2}}}), 2},
      {OpCode::split, {integers({}, {1}), real({2, 4})}, options("SplitOptions", {{"num_splits", int64_t{2}}}), 2},
      {OpCode::split_v,
       {real({2, 4}), integers({1, 3}), integers({}, {1})},
       options("SplitVOptions", {{"num_splits", int64_t{2}}}),
       2},
      {OpCode::shape, {image}},
      {OpCode::rank, {image}},
      {OpCode::gather, {real({2, 3, 4}), integers({2, 2}, {0, 1, 2, 0})}, axis},
      {OpCode::gather, {real({2, 3, 4}), Operand{DataType::int32, {2, 2}, {}}}, axis},
      {OpCode::gather_nd, {real({2, 3, 4}), integers({2, 2}, {0, 1, 1, 2})}},
      {OpCode::gather_nd, {real({2, 3, 4}), Operand{DataType::int32, {2, 2}, {}}}},
      {OpCode::arg_max, {image, integers({}, {3})}},
      {OpCode::arg_min, {image, integers({}, {1})}},
      {OpCode::depth_to_space, {image}, block},
      {OpCode::space_to_depth, {image}, block},
      {OpCode::average_pool_2d, {image}, pool},
      {OpCode::max_pool_2d, {image}, pool},
      {OpCode::mean, {image, axes}, reducer},
      {OpCode::sum, {image, axes}, reducer},
      {OpCode::reduce_max, {image, axes}, reducer},
      {OpCode::reduce_min, {image, axes}, reducer},
      {OpCode::reduce_prod, {image, axes}, reducer},
      {OpCode::softmax, {image}, options("SoftmaxOptions", {{"beta", 1.0}})},
      {OpCode::log_softmax, {image}},
      {OpCode::l2_normalization, {image}},
      {OpCode::resize_bilinear, {image, integers({5, 3})}, resize},
      {OpCode::resize_nearest_neighbor, {image, integers({5, 3})}, resize},
      {OpCode::tile, {real({2, 3}), integers({2, 1})}},
      {OpCode::broadcast_to, {real({2, 1}), integers({3, 2, 2})}},
      {OpCode::reverse_v2, {real({2, 3}), integers({1})}},
      {OpCode::fill, {integers({2, 3}), real({})}},
      {OpCode::space_to_batch_nd, {image, integers({2, 3}), integers({2, 2}, {1, 1, 0, 2})}},
      {OpCode::batch_to_space_nd, {real({6, 2, 3, 2}), integers({2, 3}), integers({2, 2}, {1, 1, 0, 2})}},
      {OpCode::topk_v2, {real({2, 5}), integers({}, {3})}, {}, 2},
      {OpCode::range, {integers({}, {1}), integers({}, {9}), integers({}, {3})}},
      {OpCode::zeros_like, {image}},
      {OpCode::one_hot, {Operand{DataType::int32, {2, 2}, {}}, integers({}, {3}), real({}), real({})}, axis},
      {OpCode::cumsum, {real({2, 3}), integers({}, {1})}, options("CumsumOptions", {{"reverse", int64_t{1}}})},
  };
}

class Chaos {
 public:
  explicit Chaos(uint32_t seed) : random_(seed) {}
  int32_t between(int32_t low, int32_t high) { return std::uniform_int_distribution<int32_t>(low, high)(random_); }
  bool one_in(int32_t n) { return between(1, n) == 1; }
  template <typename T>
  T& any_of(std::vector<T>& list) {
    return list[static_cast<size_t>(between(0, static_cast<int32_t>(list.size()) - 1))];
  }

  // Mostly a small number, sometimes one at a limit.
  int64_t number() {
    if (!one_in(6)) return between(-2, 6);
    std::vector<int64_t> wild = {INT32_MAX, INT32_MIN, INT32_MAX - 1, 1 << 30, -(1 << 30), 1 << 16, 100, -100};
    return any_of(wild);
  }
  DataType type() {
    std::vector<DataType> all = {DataType::float32, DataType::int8,  DataType::uint8,
                                 DataType::int16,   DataType::int32, DataType::int64,
                                 DataType::boolean, DataType::int4,  DataType::string};
    return any_of(all);
  }
  Quantization quantization(DataType type) {
    if (!is_quantizable_integer(type) || one_in(10)) return {};
    std::vector<float> scales = {0.5f, 0.5f, 0x1p-8f, 0x1p-7f, 0x1p-4f, 0x1p-15f, 1e-30f, 1e30f};
    std::vector<int64_t> zero_points = {0, 0, 127, -128, 3};
    return ModelBuilder::per_tensor(any_of(scales), type == DataType::uint8 ? 128 : any_of(zero_points));
  }

  // Changes one thing of a node.
  void damage(Sound& node) {
    Operand& operand = any_of(node.operands);
    switch (between(0, 7)) {
      case 0:
      case 1:
        if (!operand.values.empty()) any_of(operand.values) = static_cast<int32_t>(number());
        break;
      case 2:
        if (operand.shape.rank() > 0) operand.shape[between(0, operand.shape.rank() - 1)] = between(0, 6);
        break;
      case 3:
        if (operand.shape.rank() > 0 && one_in(2)) {
          std::vector<int32_t> dims = operand.shape.dims();
          dims.pop_back();
          operand.shape = Shape(dims);
        } else {
          operand.shape.push_back(between(1, 3));
        }
        break;
      case 4: node.results += one_in(2) ? 1 : -1; break;
      case 5:
        if (one_in(2)) {
          node.operands.push_back(operand);
        } else if (node.operands.size() > 1) {
          node.operands.pop_back();
        }
        break;
      default:
        if (!node.options.fields().empty()) {
          const auto index = static_cast<size_t>(between(0, static_cast<int32_t>(node.options.fields().size()) - 1));
          const auto& [field, value] = node.options.fields()[index];
          if (std::holds_alternative<int64_t>(value)) node.options.set(std::string(field), number());
          if (std::holds_alternative<double>(value))
            node.options.set(std::string(field), static_cast<double>(number()));
        }
    }
    // Constants keep the bytes that their shape needs: `load` sees to that.
    for (Operand& each : node.operands) {
      if (!each.values.empty()) each.values.resize(static_cast<size_t>(each.shape.count()), 1);
    }
  }

 private:
  std::mt19937 random_;
};

// Whether the model was run; it may have been refused.
bool try_node(const Sound& node, Chaos& chaos) {
  ModelBuilder b;
  // The floats of the sound node become elements of another type in most rounds.
  const DataType type = chaos.one_in(3) ? DataType::float32 : chaos.type();
  const Quantization quantization = chaos.quantization(type);
  std::vector<int> inputs, outputs;
  for (const Operand& operand : node.operands) {
    const auto name = text("operand ", inputs.size());
    if (!operand.values.empty()) {
      inputs.push_back(b.constant(name, operand.type, operand.shape, operand.values));
    } else if (operand.type == DataType::float32) {
      inputs.push_back(b.input(name, chaos.one_in(30) ? chaos.type() : type, operand.shape, quantization));
    } else {
      inputs.push_back(b.input(name, operand.type, operand.shape));
    }
  }
  const bool gives_indices = node.op == OpCode::arg_max || node.op == OpCode::arg_min || node.op == OpCode::shape ||
                             node.op == OpCode::rank || node.op == OpCode::range;
  for (int i = 0; i < node.results; ++i) {
    DataType result = gives_indices || (node.op == OpCode::topk_v2 && i == 1) ? DataType::int32 : type;
    if (chaos.one_in(20)) result = chaos.type();
    outputs.push_back(
        b.output(text("result ", i), result, {}, chaos.one_in(3) ? chaos.quantization(result) : quantization));
  }
  b.node(node.op, inputs, outputs, node.options);

  const auto model = std::make_shared<const Model>(b.model());
  try {
    PlanOptions options;
    options.kernels = chaos.one_in(3) ? KernelSet::reference : KernelSet::optimized;
    options.memory_limit = 1 << 20;
    Session session(Plan::make(model, 0, {}, options));
    for (size_t i = 0; i < model->graphs[0].inputs.size(); ++i) {
      for (std::byte& byte : session.input(i)) byte = static_cast<std::byte>(chaos.between(0, 255));
    }
    session.run();
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(Whatever, AFileSaysIsRefusedOrRunsInsideItsMemory) {
  Chaos chaos(2026);
  for (const Sound& sound : sound_nodes()) {
    int ran = 0;
    constexpr int kRounds = 300;
    for (int round = 0; round < kRounds; ++round) {
      Sound node = sound;
      for (int changes = chaos.between(0, 3); changes > 0; --changes) chaos.damage(node);
      ran += try_node(node, chaos) ? 1 : 0;
    }
    EXPECT_GT(ran, 4) << op_code_name(sound.op);
    EXPECT_LT(ran, kRounds) << op_code_name(sound.op);
  }
}

}  // namespace
}  // namespace litequant
