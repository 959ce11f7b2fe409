// Operators that move elements, on values written out by hand; shapes that a model computes fold away.
#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <vector>

#include "format/model_builder.h"
#include "runtime/session.h"

namespace litequant {
namespace {

template <typename T>
std::vector<T> values_of(std::span<const std::byte> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<int32_t> counted(int32_t count) {
  std::vector<int32_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

// One operator on int32 data 0, 1, 2, ...; further operands are constants. Both kernel sets must agree.
class OneOperator {
 public:
  OneOperator(OpCode op, Shape data, Options options = {})
      : op_(op), options_(std::move(options)), data_(builder_.input("data", DataType::int32, data)), shape_(data) {}
  OneOperator& integers(Shape shape, std::vector<int32_t> values) {
    const auto name = text("operand ", operands_.size());
    operands_.push_back(builder_.constant(name, DataType::int32, std::move(shape), values));
    return *this;
  }
  OneOperator& integers(std::vector<int32_t> values) {
    const auto count = static_cast<int32_t>(values.size());
    return integers({count}, std::move(values));
  }
  OneOperator& data_is_operand(size_t index) {
    data_operand_ = index;
    return *this;
  }
  OneOperator& results(int count) {
    results_ = count;
    return *this;
  }

  struct Result {
    Shape shape;
    std::vector<int32_t> values;
    bool operator==(const Result&) const = default;
  };
  std::vector<Result> run() {
    std::vector<int> inputs = operands_, outputs;
    inputs.insert(inputs.begin() + static_cast<int64_t>(data_operand_), data_);
    for (int i = 0; i < results_; ++i) outputs.push_back(builder_.output(text("result ", i), DataType::int32, {}));
    builder_.node(op_, inputs, outputs, options_);
    const auto model = builder_.load();
    const auto optimized = run(model, KernelSet::optimized);
    EXPECT_EQ(run(model, KernelSet::reference), optimized);
    return optimized;
  }
  Result only() { return run().at(0); }

 private:
  std::vector<Result> run(const std::shared_ptr<const Model>& model, KernelSet kernels) {
    PlanOptions options;
    options.kernels = kernels;
    Session session(Plan::make(model, 0, {}, options));
    const std::vector<int32_t> values = counted(static_cast<int32_t>(shape_.count()));
    if (!values.empty()) std::memcpy(session.input(0).data(), values.data(), session.input(0).size());
    session.run();
    std::vector<Result> found;
    for (size_t i = 0; i < static_cast<size_t>(results_); ++i) {
      const int32_t tensor = model->graphs[0].outputs[i];
      found.push_back({session.plan().slot(tensor).shape, values_of<int32_t>(session.output(i))});
    }
    return found;
  }

  ModelBuilder builder_;
  OpCode op_;
  Options options_;
  int data_;
  Shape shape_;
  std::vector<int> operands_;
  size_t data_operand_ = 0;
  int results_ = 1;
};

Options strided_slice(int64_t begin, int64_t end, int64_t ellipsis = 0, int64_t new_axis = 0, int64_t shrink = 0) {
  return ModelBuilder::options("StridedSliceOptions", {{"begin_mask", begin},
                                                       {"end_mask", end},
                                                       {"ellipsis_mask", ellipsis},
                                                       {"new_axis_mask", new_axis},
                                                       {"shrink_axis_mask", shrink}});
}

using Result = OneOperator::Result;

TEST(StridedSlice, FollowsPythonsIndexing) {
  const auto sliced = [](Options options, std::vector<int32_t> begin, std::vector<int32_t> end,
                         std::vector<int32_t> strides) {
    return OneOperator(OpCode::strided_slice, {3, 4}, std::move(options))
        .integers(std::move(begin))
        .integers(std::move(end))
        .integers(std::move(strides))
        .only();
  };
  // x[1:3, 0:4:2]
  EXPECT_EQ(sliced(strided_slice(0, 0), {1, 0}, {3, 4}, {1, 2}), (Result{{2, 2}, {4, 6, 8, 10}}));
  // x[::-1, -1:-3:-1]
  EXPECT_EQ(sliced(strided_slice(1, 1), {9, -1}, {9, -3}, {-1, -1}), (Result{{3, 2}, {11, 10, 7, 6, 3, 2}}));
  // x[1]
  EXPECT_EQ(sliced(strided_slice(0, 0, 0, 0, 1), {1}, {2}, {1}), (Result{{4}, {4, 5, 6, 7}}));
  // x[..., 1]
  EXPECT_EQ(sliced(strided_slice(0, 0, 1, 0, 2), {0, 1}, {0, 0}, {1, 1}), (Result{{3}, {1, 5, 9}}));
  // x[2, newaxis, 0:2]
  EXPECT_EQ(sliced(strided_slice(0, 0, 0, 2, 1), {2, 0, 0}, {0, 0, 2}, {1, 1, 1}), (Result{{1, 2}, {8, 9}}));
  // x[5:9]: nothing
  EXPECT_EQ(sliced(strided_slice(0, 0), {5}, {9}, {1}), (Result{{0, 4}, {}}));
  // x[-100:100:100]
  EXPECT_EQ(sliced(strided_slice(0, 0), {-100}, {100}, {100}), (Result{{1, 4}, {0, 1, 2, 3}}));
}

TEST(Split, GivesPiecesInOrder) {
  const auto pieces =
      OneOperator(OpCode::split_v, {2, 4}, ModelBuilder::options("SplitVOptions", {{"num_splits", int64_t{3}}}))
          .integers({1, -1, 1})
          .integers({}, {-1})
          .results(3)
          .run();
  EXPECT_EQ(pieces[0], (Result{{2, 1}, {0, 4}}));
  EXPECT_EQ(pieces[1], (Result{{2, 2}, {1, 2, 5, 6}}));
  EXPECT_EQ(pieces[2], (Result{{2, 1}, {3, 7}}));
}

TEST(Transpose, RanksBeyondSix) {
  EXPECT_EQ(OneOperator(OpCode::transpose, {1, 2, 1, 2, 1, 1, 2, 1}, ModelBuilder::options("TransposeOptions"))
                .integers({7, 6, 5, 4, 3, 2, 1, 0})
                .only(),
            (Result{{1, 2, 1, 1, 2, 1, 2, 1}, {0, 4, 2, 6, 1, 5, 3, 7}}));
}

TEST(MirrorPad, WithAndWithoutTheEdge) {
  const auto padded = [](int64_t mode) {
    return OneOperator(OpCode::mirror_pad, {3}, ModelBuilder::options("MirrorPadOptions", {{"mode", mode}}))
        .integers({1, 2}, {2, 1})
        .only();
  };
  EXPECT_EQ(padded(0), (Result{{6}, {2, 1, 0, 1, 2, 1}}));
  EXPECT_EQ(padded(1), (Result{{6}, {1, 0, 0, 1, 2, 2}}));
}

TEST(DepthToSpace, PutsChannelsIntoBlocks) {
  EXPECT_EQ(OneOperator(OpCode::depth_to_space, {1, 1, 2, 4},
                        ModelBuilder::options("DepthToSpaceOptions", {{"block_size", int64_t{2}}}))
                .only(),
            (Result{{1, 2, 4, 1}, {0, 1, 4, 5, 2, 3, 6, 7}}));
  EXPECT_EQ(OneOperator(OpCode::space_to_depth, {1, 2, 4, 1},
                        ModelBuilder::options("SpaceToDepthOptions", {{"block_size", int64_t{2}}}))
                .only(),
            (Result{{1, 1, 2, 4}, {0, 1, 4, 5, 2, 3, 6, 7}}));
}

TEST(Gather, IndicesKnownAtRunTimePickZerosOutside) {
  ModelBuilder b;
  const int data = b.constant("data", DataType::int32, {3, 2}, std::vector<int32_t>{1, 2, 3, 4, 5, 6});
  const int indices = b.input("indices", DataType::int64, {4});
  const int rows = b.output("rows", DataType::int32, {4, 2});
  b.node(OpCode::gather, {data, indices}, {rows}, ModelBuilder::options("GatherOptions"));
  Session session(Plan::make(b.load(), 0, {}, {}));
  const int64_t asked[] = {2, -1, 3, int64_t{1} << 40};
  std::memcpy(session.input(0).data(), asked, sizeof asked);
  session.run();
  EXPECT_EQ(values_of<int32_t>(session.output(0)), (std::vector<int32_t>{5, 6, 0, 0, 0, 0, 0, 0}));
}

// A Keras model reshapes with SHAPE -> STRIDED_SLICE -> PACK: all of it is known when the plan is made, for any batch.
TEST(Reshape, ByAShapeThatTheModelComputes) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4, 6});
  const int shape = b.tensor("shape", DataType::int32, {3});
  b.node(OpCode::shape, {x}, {shape}, ModelBuilder::options("ShapeOptions", {{"out_type", int64_t{2}}}));
  const int zero = b.constant("zero", DataType::int32, {1}, std::vector<int32_t>{0});
  const int one = b.constant("one", DataType::int32, {1}, std::vector<int32_t>{1});
  const int batch = b.tensor("batch", DataType::int32, {});
  b.node(OpCode::strided_slice, {shape, zero, one, one}, {batch}, strided_slice(0, 0, 0, 0, 1));
  const int three = b.constant("three", DataType::int32, {}, std::vector<int32_t>{3});
  const int eight = b.constant("eight", DataType::int32, {}, std::vector<int32_t>{8});
  const int wanted = b.tensor("wanted", DataType::int32, {3});
  b.node(OpCode::pack, {batch, three, eight}, {wanted},
         ModelBuilder::options("PackOptions", {{"values_count", int64_t{3}}}));
  const int y = b.output("y", DataType::float32, {1, 3, 8});
  b.node(OpCode::reshape, {x, wanted}, {y}, ModelBuilder::options("ReshapeOptions"));
  const auto model = b.load();
  for (const int32_t batches : {1, 5}) {
    const Shape given[] = {{batches, 4, 6}};
    const auto plan = Plan::make(model, 0, given, {});
    EXPECT_EQ(plan->slot(y).shape, (Shape{batches, 3, 8}));
    EXPECT_EQ(plan->steps().size(), 1u);
  }
}

TEST(Pad, FillsWithTheZeroPoint) {
  ModelBuilder b;
  const int x = b.input("x", DataType::int8, {1, 2}, ModelBuilder::per_tensor(0.5f, -7));
  const int paddings = b.constant("paddings", DataType::int32, {2, 2}, std::vector<int32_t>{1, 0, 0, 1});
  const int y = b.output("y", DataType::int8, {2, 3}, ModelBuilder::per_tensor(0.5f, -7));
  b.node(OpCode::pad, {x, paddings}, {y}, ModelBuilder::options("PadOptions"));
  Session session(Plan::make(b.load(), 0, {}, {}));
  const int8_t values[] = {1, 2};
  std::memcpy(session.input(0).data(), values, sizeof values);
  session.run();
  EXPECT_EQ(values_of<int8_t>(session.output(0)), (std::vector<int8_t>{-7, -7, -7, 1, 2, -7}));
}

}  // namespace
}  // namespace litequant
