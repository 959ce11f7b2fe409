#include "format/verify.h"

#include "base/error.h"
#include "base/text.h"

namespace litequant {

void verify_model(const Model& model) {
  if (model.version != 3) {
    fail(ErrorCode::bad_model, text("the model is of format version ", model.version, "; only version 3 exists"));
  }
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const Graph& graph = model.graphs[g];
    const auto check = [&](const std::vector<int32_t>& indices, bool may_be_absent, std::string_view what,
                           Place place) {
      for (const int32_t index : indices) {
        if (index == kNoTensor && may_be_absent) continue;
        if (index < 0 || static_cast<size_t>(index) >= graph.tensors.size()) {
          fail(ErrorCode::bad_model, text(what, " names tensor ", index, ", but there are ", graph.tensors.size()),
               std::move(place));
        }
      }
    };
    const Place place{
        .graph = static_cast<int32_t>(g), .node = -1, .operator_name = {}, .name = {}, .is_tensor = false};
    check(graph.inputs, false, "a graph input", place);
    check(graph.outputs, false, "a graph output", place);
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Place here = place_of(model, static_cast<int32_t>(g), static_cast<int32_t>(n));
      check(graph.nodes[n].inputs, true, "an input", here);
      check(graph.nodes[n].outputs, true, "an output", here);
      check(graph.nodes[n].intermediates, true, "an intermediate", here);
    }
    for (size_t t = 0; t < graph.tensors.size(); ++t) {
      if (graph.tensors[t].buffer >= model.buffers.size()) {
        fail(ErrorCode::bad_model,
             text("names buffer ", graph.tensors[t].buffer, ", but there are ", model.buffers.size()),
             place_of_tensor(model, static_cast<int32_t>(g), static_cast<int32_t>(t)));
      }
    }
  }
}

}  // namespace litequant
