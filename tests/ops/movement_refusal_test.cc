// What must be refused, and, whatever a file says, that a plan is either refused with an Error or runs inside its
// memory (the sanitizers watch the second half).
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
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
  EXPECT_REFUSED("only at run time", OpCode::reshape, {real({2, 3}), Operand{DataType::int32, {2}, {}}});
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

constexpr OpCode kOperators[] = {
    OpCode::reshape,
    OpCode::squeeze,
    OpCode::expand_dims,
    OpCode::concatenation,
    OpCode::pad,
    OpCode::padv2,
    OpCode::mirror_pad,
    OpCode::transpose,
    OpCode::slice,
    OpCode::strided_slice,
    OpCode::pack,
    OpCode::unpack,
    OpCode::split,
    OpCode::split_v,
    OpCode::shape,
    OpCode::rank,
    OpCode::gather,
    OpCode::gather_nd,
    OpCode::arg_max,
    OpCode::arg_min,
    OpCode::depth_to_space,
    OpCode::space_to_depth,
    OpCode::average_pool_2d,
    OpCode::max_pool_2d,
    OpCode::mean,
    OpCode::sum,
    OpCode::reduce_max,
    OpCode::reduce_min,
    OpCode::reduce_prod,
    OpCode::softmax,
    OpCode::log_softmax,
    OpCode::l2_normalization,
    OpCode::tile,
    OpCode::resize_bilinear,
    OpCode::broadcast_to,
    OpCode::resize_nearest_neighbor,
    OpCode::reverse_v2,
    OpCode::fill,
    OpCode::space_to_batch_nd,
    OpCode::batch_to_space_nd,
    OpCode::topk_v2,
    OpCode::range,
    OpCode::zeros_like,
    OpCode::one_hot,
    OpCode::cumsum,
};

constexpr std::string_view kFields[] = {"axis",
                                        "values_count",
                                        "num",
                                        "num_splits",
                                        "batch_dims",
                                        "mode",
                                        "block_size",
                                        "keep_dims",
                                        "align_corners",
                                        "half_pixel_centers",
                                        "begin_mask",
                                        "end_mask",
                                        "shrink_axis_mask",
                                        "ellipsis_mask",
                                        "new_axis_mask",
                                        "padding",
                                        "stride_w",
                                        "stride_h",
                                        "filter_width",
                                        "filter_height",
                                        "fused_activation_function",
                                        "exclusive",
                                        "reverse",
                                        "offset"};

class Chaos {
 public:
  explicit Chaos(uint32_t seed) : random_(seed) {}
  int32_t between(int32_t low, int32_t high) { return std::uniform_int_distribution<int32_t>(low, high)(random_); }
  bool one_in(int32_t n) { return between(1, n) == 1; }

  // Whether numbers are such as sensible files hold.
  void set_calm(bool calm) { is_calm_ = calm; }
  bool is_calm() const { return is_calm_; }

  // Mostly a small number, sometimes one at a limit.
  int64_t number() {
    if (is_calm_) return between(0, 2);
    if (!one_in(20)) return between(-2, 5);
    constexpr int64_t kWild[] = {INT32_MAX, INT32_MIN, INT32_MAX - 1, 1 << 30, -(1 << 30), 1 << 16, 100, -100};
    return kWild[static_cast<size_t>(between(0, 7))];
  }
  Shape shape(int most) {
    Shape made;
    const int rank = between(0, most);
    for (int i = 0; i < rank; ++i) made.push_back(one_in(15) ? 0 : between(1, 5));
    return made;
  }
  DataType type() {
    constexpr DataType kTypes[] = {DataType::float32, DataType::int8,  DataType::uint8,  DataType::int16,
                                   DataType::int32,   DataType::int64, DataType::boolean};
    return kTypes[static_cast<size_t>(between(0, 6))];
  }
  Quantization quantization(DataType type) {
    if (!is_quantizable_integer(type) || one_in(8)) return {};
    constexpr float kScales[] = {0.5f, 0.5f, 0.5f, 0x1p-8f, 0x1p-7f, 0x1p-4f, 0x1p-15f, 1e-30f, 1e30f};
    constexpr std::array<int64_t, 5> kZeroPoints = {0, 0, 127, -128, 3};
    return ModelBuilder::per_tensor(kScales[static_cast<size_t>(between(0, 8))],
                                    type == DataType::uint8 ? 128 : kZeroPoints[static_cast<size_t>(between(0, 4))]);
  }
  // A number, a list or one pair for each of `rank` axes.
  int constant(ModelBuilder& b, const std::string& name, int rank) {
    const DataType type = one_in(is_calm_ ? 20 : 4) ? DataType::int64 : DataType::int32;
    Shape made = is_calm_ ? Shape{} : Shape{between(1, 4)};
    if (one_in(3)) made = Shape{};
    if (one_in(3)) made = Shape{one_in(3) ? between(1, 2) : rank, 2};
    std::vector<int64_t> wide;
    for (int64_t i = 0; i < made.count(); ++i) wide.push_back(number());
    if (type == DataType::int64) return b.constant(name, type, made, wide);
    return b.constant(name, type, made, std::vector<int32_t>(wide.begin(), wide.end()));
  }

 private:
  std::mt19937 random_;
  bool is_calm_ = false;
};

// Whether the model was run; it may have been refused.
bool try_node(OpCode op, Chaos& chaos) {
  ModelBuilder b;
  chaos.set_calm(chaos.one_in(2));
  const DataType type = chaos.one_in(4) ? DataType::int32 : chaos.type();
  const Quantization quantization = chaos.quantization(type);
  const Shape common = chaos.one_in(2)
                           ? Shape{chaos.between(1, 2), chaos.between(1, 4), chaos.between(1, 4), chaos.between(1, 4)}
                           : chaos.shape(5);
  std::vector<int> inputs, outputs;
  const bool all_constant = chaos.one_in(8);
  for (int i = chaos.between(1, 4); i > 0; --i) {
    const auto name = text("operand ", inputs.size());
    const bool is_constant = all_constant || (inputs.empty() ? chaos.one_in(6) : !chaos.one_in(4));
    const bool other_type = chaos.one_in(8);
    inputs.push_back(is_constant ? chaos.constant(b, name, common.rank())
                                 : b.input(name, other_type ? chaos.type() : type,
                                           chaos.one_in(5) ? chaos.shape(5) : common, quantization));
  }
  for (int i = chaos.one_in(3) ? chaos.between(1, 4) : 1; i > 0; --i) {
    const DataType result = chaos.one_in(4) ? chaos.type() : type;
    outputs.push_back(b.output(text("result ", outputs.size()), result, {},
                               chaos.one_in(2) ? quantization : chaos.quantization(result)));
  }
  Options made("Options");
  for (const std::string_view field : kFields) {
    if (!chaos.one_in(3)) made.set(field, chaos.number());
  }
  made.set("beta", chaos.one_in(5) ? -1.0 : 1.0);
  made.set("new_shape", std::vector<int64_t>{chaos.number(), -1});
  b.node(op, inputs, outputs, made);

  const auto model = std::make_shared<const Model>(b.model());
  try {
    PlanOptions options;
    options.kernels = chaos.one_in(3) ? KernelSet::reference : KernelSet::optimized;
    options.memory_limit = 1 << 26;
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
  std::map<OpCode, int> ran;
  Chaos chaos(2026);
  for (int round = 0; round < 600; ++round) {
    for (const OpCode op : kOperators) ran[op] += try_node(op, chaos) ? 1 : 0;
  }
  for (const OpCode op : kOperators) EXPECT_GT(ran[op], 0) << op_code_name(op) << " was always refused";
}

}  // namespace
}  // namespace litequant
