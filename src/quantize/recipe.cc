#include "quantize/recipe.h"

#include <algorithm>
#include <charconv>
#include <optional>
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
    {"float32", DataType::float32}, {"int8", DataType::int8}, {"uint8", DataType::uint8}, {"int16", DataType::int16}};
constexpr Choice<WeightGranularity> kGranularities[] = {{"per-channel", WeightGranularity::per_channel},
                                                        {"per-tensor", WeightGranularity::per_tensor},
                                                        {"per-tensor-dense", WeightGranularity::per_tensor_dense}};
constexpr Choice<Target> kTargets[] = {{"tflite", Target::tflite},
                                       {"tflite-old", Target::tflite_old},
                                       {"micro", Target::micro},
                                       {"edgetpu", Target::edgetpu},
                                       {"gpu", Target::gpu}};

template <typename T, size_t kCount>
T parse(std::string_view what, std::string_view name, const Choice<T> (&choices)[kCount]) {
  std::string known;
  for (const auto& [choice, value] : choices) {
    if (choice == name) return value;
    known += known.empty() ? "" : ", ";
    known += choice;
  }
  fail(ErrorCode::bad_argument, {"unknown ", what, " ", quoted(name)}, {}, {"choose one of ", known});
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

Target parse_target(std::string_view name) { return parse("target", name, kTargets); }

DataType io_of(const Recipe& recipe) {
  if (recipe.io) return *recipe.io;
  switch (recipe.mode) {
    case Mode::int8_only: return DataType::int8;
    case Mode::int16x8_only: return DataType::int16;
    default: return DataType::float32;
  }
}

bool is_int16(Mode mode) { return mode == Mode::int16x8 || mode == Mode::int16x8_only; }
bool is_integer_only(Mode mode) { return mode == Mode::int8_only || mode == Mode::int16x8_only; }

// ---- Nodes by name --------------------------------------------------------------------------------------------------

namespace {

// `*` stands for any text, also none.
bool matches(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<NodeReference> parse_index(std::string_view text) {
  NodeReference found;
  const char* end = text.data() + text.size();
  const auto number = [&](const char* from, const char* to, int32_t& value) {
    const auto [stop, error] = std::from_chars(from, to, value);
    return error == std::errc() && stop == to && value >= 0;
  };
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return number(text.data(), end, found.node) ? std::optional(found) : std::nullopt;
  }
  const bool both =
      number(text.data(), text.data() + colon, found.graph) && number(text.data() + colon + 1, end, found.node);
  return both ? std::optional(found) : std::nullopt;
}

}  // namespace

std::vector<NodeReference> select_nodes(const Model& model, std::string_view pattern) {
  const auto fail_with = [&](std::string detail) {
    fail(ErrorCode::bad_argument, {detail}, {},
         {"give the number of an operator (or SUBGRAPH:NUMBER), an operator's name such as SOFTMAX, or the name of a "
          "result, in which * stands for any text"});
  };
  std::vector<NodeReference> found;
  if (const auto index = parse_index(pattern)) {
    if (static_cast<size_t>(index->graph) >= model.graphs.size() ||
        static_cast<size_t>(index->node) >= model.graphs[static_cast<size_t>(index->graph)].nodes.size()) {
      fail_with(text("there is no operator ", index->node, " in subgraph ", index->graph));
    }
    return {*index};
  }
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const Graph& graph = model.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      const bool is_named = std::any_of(node.outputs.begin(), node.outputs.end(), [&](int32_t output) {
        return output != kNoTensor && matches(pattern, graph.tensors[static_cast<size_t>(output)].name);
      });
      if (is_named || operator_name(node) == pattern) {
        found.push_back({static_cast<int32_t>(g), static_cast<int32_t>(n)});
      }
    }
  }
  if (found.empty()) fail_with(text("no operator and no result is called ", quoted(pattern)));
  return found;
}

// ---- Checks ---------------------------------------------------------------------------------------------------------

void check_recipe(const Recipe& recipe) {
  const DataType io = io_of(recipe);
  const auto refuse_io = [&](std::string_view allowed) {
    fail(ErrorCode::bad_argument,
         {"mode ", mode_name(recipe.mode), " cannot have inputs and outputs of type ", data_type_name(io)}, {},
         {"mode ", mode_name(recipe.mode), " allows ", allowed});
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
      if (io != DataType::float32 && io != DataType::int16) refuse_io("float32 and int16");
      break;
    case Mode::int16x8_only:
      if (io != DataType::int16) refuse_io("int16; mode int16x8 allows float32");
      break;
  }
  if (!recipe.keep_int16.empty() && recipe.mode != Mode::int8) {
    fail(ErrorCode::bad_argument, {"mode ", mode_name(recipe.mode), " cannot keep single operators in int16"}, {},
         {"mode int8 can: TensorFlow Lite goes from int8 to int16 through float only"});
  }
  if (recipe.weights_only_form && recipe.mode != Mode::dynamic) {
    fail(ErrorCode::bad_argument, {"mode ", mode_name(recipe.mode), " has no weight-only form"}, {},
         {"mode dynamic has"});
  }
  if (recipe.dynamic_minimum_elements < 0) {
    fail(ErrorCode::bad_argument,
         {"the least number of elements must not be negative, found ", recipe.dynamic_minimum_elements});
  }
}

}  // namespace litequant
