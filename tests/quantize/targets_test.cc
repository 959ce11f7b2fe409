#include "quantize/targets.h"

#include <gtest/gtest.h>

#include "../format/model_builder.h"
#include "base/error.h"

namespace litequant {
namespace {

TEST(Targets, TakeTheModesThatRunThere) {
  const auto takes = [](Target target, Mode mode) {
    try {
      recipe_for_target({.mode = mode, .target = target});
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_argument);
      return false;
    }
  };
  EXPECT_TRUE(takes(Target::edgetpu, Mode::int8_only));
  EXPECT_FALSE(takes(Target::edgetpu, Mode::int8));
  EXPECT_TRUE(takes(Target::gpu, Mode::float16));
  EXPECT_FALSE(takes(Target::gpu, Mode::dynamic));
  EXPECT_TRUE(takes(Target::micro, Mode::int16x8_only));
  EXPECT_FALSE(takes(Target::micro, Mode::float16));
  EXPECT_FALSE(takes(Target::tflite_old, Mode::int16x8));
  for (const Mode mode : {Mode::dynamic, Mode::int8, Mode::int16x8, Mode::float16}) {
    EXPECT_TRUE(takes(Target::tflite, mode));
  }
}

TEST(Targets, MicroTakesDenseWeightsPerTensor) {
  EXPECT_EQ(recipe_for_target({.mode = Mode::int8, .target = Target::micro}).weights,
            WeightGranularity::per_tensor_dense);
  EXPECT_EQ(recipe_for_target({.mode = Mode::int8}).weights, WeightGranularity::per_channel);
}

TEST(Targets, ListWhatWillNotRunThere) {
  ModelBuilder b;
  const auto as = ModelBuilder::per_tensor(0.1f);
  const int x = b.input("x", DataType::int8, {4}, as);
  const int hidden = b.tensor("hidden", DataType::int8, {4}, as);
  b.node(OpCode::relu, {x}, {hidden});
  b.node(OpCode::gelu, {hidden}, {b.output("y", DataType::int8, {4}, as)});
  const auto model = b.load();
  for (const Target target : {Target::edgetpu, Target::micro}) {
    const auto found = target_obstacles(*model, target);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].node, (NodeReference{0, 1}));
  }
  EXPECT_TRUE(target_obstacles(*model, Target::tflite).empty());
}

TEST(Targets, NeedStaticShapes) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4});
  b.at(x).shape_signature = {1, -1};
  b.node(OpCode::relu, {x}, {b.output("y", DataType::float32, {1, 4})});
  const auto model = b.load();
  EXPECT_THROW(check_static_shapes(*model, Target::edgetpu), Error);
  EXPECT_NO_THROW(check_static_shapes(*model, Target::tflite));
}

}  // namespace
}  // namespace litequant
