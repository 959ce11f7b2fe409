#include "quantize/recipe.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace litequant {
namespace {

ErrorCode code_of(const Recipe& recipe) {
  try {
    check_recipe(recipe);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(Recipe, NamesAreReadBack) {
  for (const Mode mode :
       {Mode::dynamic, Mode::int8, Mode::int8_only, Mode::float16, Mode::int16x8, Mode::int16x8_only}) {
    EXPECT_EQ(parse_mode(mode_name(mode)), mode);
  }
  EXPECT_EQ(parse_io("uint8"), DataType::uint8);
  EXPECT_EQ(parse_weight_granularity("per-tensor"), WeightGranularity::per_tensor);
}

TEST(Recipe, AnUnknownModeNamesTheChoices) {
  try {
    parse_mode("int4");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_argument);
    EXPECT_NE(error.hint().find("int8-only"), std::string::npos);
  }
}

TEST(Recipe, IoFollowsTheMode) {
  EXPECT_EQ(io_of({.mode = Mode::int8}), DataType::float32);
  EXPECT_EQ(io_of({.mode = Mode::int8_only}), DataType::int8);
  EXPECT_EQ(io_of({.mode = Mode::int8_only, .io = DataType::uint8}), DataType::uint8);
}

TEST(Recipe, RefusesWhatNoModeKnows) {
  EXPECT_EQ(code_of({.mode = Mode::dynamic, .io = DataType::int8}), ErrorCode::bad_argument);
  EXPECT_EQ(code_of({.mode = Mode::float16, .io = DataType::uint8}), ErrorCode::bad_argument);
  EXPECT_EQ(code_of({.mode = Mode::int8_only, .io = DataType::float32}), ErrorCode::bad_argument);
  EXPECT_EQ(code_of({.mode = Mode::int8, .io = DataType::int16}), ErrorCode::bad_argument);
  EXPECT_EQ(code_of({.mode = Mode::int16x8, .io = DataType::int8}), ErrorCode::bad_argument);
  EXPECT_EQ(code_of({.mode = Mode::int16x8_only, .io = DataType::float32}), ErrorCode::bad_argument);
  EXPECT_EQ(code_of({.mode = Mode::int8_only, .keep_int16 = {{0, 0}}}), ErrorCode::bad_argument);
  EXPECT_NO_THROW(check_recipe({.mode = Mode::int16x8, .io = DataType::int16}));
  EXPECT_NO_THROW(check_recipe({.mode = Mode::int8, .io = DataType::int8}));
}

}  // namespace
}  // namespace litequant
