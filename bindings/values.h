// Between C++ and JavaScript values. Everything is copied: no view of our memory ever leaves.
#pragma once

#include <emscripten/val.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/image.h"
#include "model/shape.h"
#include "quantize/recipe.h"

namespace litequant {

// A Uint8Array's bytes, 16-byte aligned.
struct Bytes {
  std::shared_ptr<std::byte[]> data;
  size_t size = 0;
  std::span<const std::byte> span() const { return {data.get(), size}; }
};
Bytes bytes_from(const emscripten::val& array);
// Into memory of ours; SHAPE_MISMATCH unless the sizes are equal.
void copy_bytes(const emscripten::val& array, std::span<std::byte> destination, std::string_view what);

emscripten::val to_uint8_array(std::span<const std::byte> bytes);

// [[1, 224, 224, 3], ...]; BAD_ARGUMENT for what is no dimension. Null gives none.
std::vector<Shape> shapes_from(const emscripten::val& lists);

// The fields of ImageOptions, all of them present (the TypeScript side fills in the defaults).
ImageRecipe image_recipe_from(const emscripten::val& options);

// {mode, io, weights, target, symmetricActivations, minimumElements, weightsOnly, keepFloat: [text], keepInt16:
// [text]}; empty texts and a negative number are defaults. `model` is what the texts select nodes of (select_nodes).
Recipe recipe_from(const emscripten::val& recipe, const Model& model);

// {error: {code, message, hint, operator, node, tensor}} of what is being caught.
emscripten::val caught_error();

// Runs one exported function; whatever it throws becomes its result.
template <typename Function>
emscripten::val guarded(Function&& function) {
  try {
    return function();
  } catch (...) {
    return caught_error();
  }
}

}  // namespace litequant
