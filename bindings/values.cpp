#include "values.h"

#include <new>
#include <stdexcept>

#include "base/text.h"
#include "describe.h"

namespace litequant {
namespace {

using emscripten::typed_memory_view;
using emscripten::val;

val view_of(const void* data, size_t size) { return val(typed_memory_view(size, static_cast<const uint8_t*>(data))); }

size_t length_of(const val& array) { return array["byteLength"].as<size_t>(); }

val error_value(const Error& error) {
  val detail = val::object();
  detail.set("code", std::string(error_code_name(error.code())));
  detail.set("message", error.message());
  detail.set("hint", error.hint());
  const Place& place = error.place();
  if (!place.is_tensor && place.node >= 0) {
    detail.set("operator", place.operator_name);
    detail.set("node", place.node);
  }
  if (!place.name.empty()) detail.set("tensor", place.name);
  val out = val::object();
  out.set("error", detail);
  return out;
}

}  // namespace

Bytes bytes_from(const val& array) {
  const size_t size = length_of(array);
  constexpr std::align_val_t kAlignment{16};
  auto* data = static_cast<std::byte*>(::operator new(size > 0 ? size : 1, kAlignment));
  Bytes bytes{std::shared_ptr<std::byte[]>(data, [](std::byte* p) { ::operator delete(p, kAlignment); }), size};
  view_of(data, size).call<void>("set", array);
  return bytes;
}

void copy_bytes(const val& array, std::span<std::byte> destination, std::string_view what) {
  const size_t size = length_of(array);
  if (size != destination.size()) {
    fail(ErrorCode::shape_mismatch, {what, " has ", size, " bytes where ", destination.size(), " are needed"});
  }
  view_of(destination.data(), size).call<void>("set", array);
}

val to_uint8_array(std::span<const std::byte> bytes) {
  return val::global("Uint8Array").new_(view_of(bytes.data(), bytes.size()));
}

std::vector<Shape> shapes_from(const val& lists) {
  std::vector<Shape> shapes;
  if (lists.isNull()) return shapes;
  const auto count = lists["length"].as<size_t>();
  for (size_t i = 0; i < count; ++i) {
    std::vector<int32_t> dims;
    for (const double dim : emscripten::vecFromJSArray<double>(lists[i])) {
      if (!(dim >= 0 && dim <= 2147483647.0) || dim != static_cast<double>(static_cast<int32_t>(dim))) {
        fail(ErrorCode::bad_argument, {dim, " is not a dimension"});
      }
      dims.push_back(static_cast<int32_t>(dim));
    }
    shapes.emplace_back(std::move(dims));
  }
  return shapes;
}

ImageRecipe image_recipe_from(const val& options) {
  ImageRecipe recipe;
  recipe.width = options["width"].as<int32_t>();
  recipe.height = options["height"].as<int32_t>();
  recipe.channels = options["channels"].as<int32_t>();
  recipe.reverse_colors = options["order"].as<std::string>() == "bgr";
  recipe.fit = options["resize"].as<std::string>() == "cover" ? Fit::cover : Fit::stretch;
  recipe.kept_fraction = options["crop"].as<double>();
  recipe.mean = emscripten::vecFromJSArray<float>(options["mean"]);
  recipe.deviation = emscripten::vecFromJSArray<float>(options["std"]);
  recipe.type = type_of_text(options["type"].as<std::string>());
  recipe.scale = options["scale"].as<float>();
  recipe.zero_point = options["zeroPoint"].as<int32_t>();
  return recipe;
}

Recipe recipe_from(const val& options, const Model& model) {
  Recipe recipe;
  recipe.mode = parse_mode(options["mode"].as<std::string>());
  const auto io = options["io"].as<std::string>();
  if (!io.empty()) recipe.io = parse_io(io);
  const auto weights = options["weights"].as<std::string>();
  if (!weights.empty()) recipe.weights = parse_weight_granularity(weights);
  const auto target = options["target"].as<std::string>();
  if (!target.empty()) recipe.target = parse_target(target);
  recipe.symmetric_activations = options["symmetricActivations"].as<bool>();
  const auto minimum = options["minimumElements"].as<int32_t>();
  if (minimum >= 0) recipe.dynamic_minimum_elements = recipe.float16_minimum_elements = minimum;
  recipe.weights_only_form = options["weightsOnly"].as<bool>();
  const auto select = [&](const char* field, std::vector<NodeReference>& nodes) {
    const val patterns = options[field];
    const auto count = patterns["length"].as<size_t>();
    for (size_t i = 0; i < count; ++i) {
      const auto found = select_nodes(model, patterns[i].as<std::string>());
      nodes.insert(nodes.end(), found.begin(), found.end());
    }
  };
  select("keepFloat", recipe.keep_float);
  select("keepInt16", recipe.keep_int16);
  return recipe;
}

val caught_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error_value(error);
  } catch (const std::bad_alloc&) {
    return error_value({ErrorCode::out_of_memory,
                        "there is not enough memory for this model or these data",
                        {},
                        "use fewer or smaller data, or close other pages"});
  } catch (const std::length_error&) {  // a vector past 2 GiB
    return error_value({ErrorCode::out_of_memory, "a single array would be larger than 2 GiB"});
  } catch (const std::exception& error) {
    return error_value({ErrorCode::internal, error.what()});
  } catch (...) {
    return error_value({ErrorCode::internal, "an unknown exception was thrown"});
  }
}

}  // namespace litequant
