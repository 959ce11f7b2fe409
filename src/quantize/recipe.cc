#include "quantize/recipe.h"

#include <array>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

template <typename T>
using Choice = std::pair<std::string_view, T>;

constexpr Choice<Mode> kModes[] = {{"dynamic", Mode::dynamic},     {"int8", Mode::int8},
                                   {"int8-only", Mode::int8_only}, {"float16", Mode::float16},
                                   {"int16x8", Mode::int16x8},     {"int16x8-only", Mode::int16x8_only}};
constexpr Choice<DataType> kIoTypes[] = {
    {"float32", DataType::float32}, {"int8", DataType::int8}, {"uint8", DataType::uint8}};
constexpr Choice<WeightGranularity> kGranularities[] = {{"per-channel", WeightGranularity::per_channel},
                                                        {"per-tensor", WeightGranularity::per_tensor}};

template <typename T, size_t kCount>
T parse(std::string_view what, std::string_view name, const Choice<T> (&choices)[kCount]) {
  std::string known;
  for (const auto& [choice, value] : choices) {
    if (choice == name) return value;
    known += known.empty() ? "" : ", ";
    known += choice;
  }
  fail(ErrorCode::bad_argument, text("unknown ", what, " ", quoted(name)), {}, text("choose one of ", known));
}

template <typename T, size_t kCount>
std::string_view name_of(T value, const Choice<T> (&choices)[kCount]) {
  for (const auto& [choice, known] : choices) {
    if (known == value) return choice;
  }
  return "?";
}

}  // namespace

std::string_view mode_name(Mode mode) { return name_of(mode, kModes); }

Mode parse_mode(std::string_view name) { return parse("mode", name, kModes); }

DataType parse_io(std::string_view name) { return parse("io type", name, kIoTypes); }

WeightGranularity parse_weight_granularity(std::string_view name) {
  return parse("weight granularity", name, kGranularities);
}

DataType io_of(const Recipe& recipe) {
  if (recipe.io) return *recipe.io;
  return recipe.mode == Mode::int8_only ? DataType::int8 : DataType::float32;
}

void check_recipe(const Recipe& recipe) {
  const DataType io = io_of(recipe);
  const auto refuse_io = [&](std::string_view allowed) {
    fail(ErrorCode::bad_argument,
         text("mode ", mode_name(recipe.mode), " cannot have inputs and outputs of type ", data_type_name(io)), {},
         text("mode ", mode_name(recipe.mode), " allows ", allowed));
  };
  switch (recipe.mode) {
    case Mode::dynamic:
    case Mode::float16:
      if (io != DataType::float32) refuse_io("float32; modes int8 and int8-only allow int8 and uint8");
      break;
    case Mode::int8:
      if (io != DataType::float32 && io != DataType::int8 && io != DataType::uint8)
        refuse_io("float32, int8 and uint8");
      break;
    case Mode::int8_only:
      if (io != DataType::int8 && io != DataType::uint8) refuse_io("int8 and uint8; mode int8 allows float32");
      break;
    case Mode::int16x8:
    case Mode::int16x8_only:
      fail(ErrorCode::refused, text("mode ", mode_name(recipe.mode), " is not made by this version"), {},
           "choose dynamic, int8, int8-only or float16");
  }
  if (recipe.dynamic_minimum_elements < 0) {
    fail(ErrorCode::bad_argument,
         text("the least number of elements must not be negative, found ", recipe.dynamic_minimum_elements));
  }
}

}  // namespace litequant
