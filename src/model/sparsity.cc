#include "model/sparsity.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

// One level of the traversal: a dimension of the tensor or a block of one.
struct Level {
  const Sparsity::Dimension* dimension = nullptr;
  int64_t stride = 0;  // elements of the dense tensor between its positions
  int64_t next = 0, end = 0;  // into the indices where compressed, else positions
  int64_t node = 0;           // number of this level's position among all of the level
};

std::vector<Level> levels_of(const Tensor& tensor) {
  const Sparsity& sparsity = *tensor.sparsity;
  const auto rank = static_cast<size_t>(tensor.shape.rank());
  std::vector<int64_t> strides(rank + sparsity.block_map.size());
  int64_t stride = 1;
  for (size_t axis = rank; axis-- > 0;) {
    strides[axis] = stride;
    stride *= tensor.shape[static_cast<int>(axis)];
  }
  std::vector<Level> levels(strides.size());
  for (size_t block = 0; block < sparsity.block_map.size(); ++block) {
    const auto axis = static_cast<size_t>(sparsity.block_map[block]);
    strides[rank + block] = strides[axis];
  }
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto axis = static_cast<size_t>(sparsity.traversal_order[i]);
    levels[i].dimension = &sparsity.dimensions[i];
    // A blocked dimension counts blocks.
    if (axis >= rank)
      strides[static_cast<size_t>(sparsity.block_map[axis - rank])] *= sparsity.dimensions[i].dense_size;
  }
  for (size_t i = 0; i < levels.size(); ++i)
    levels[i].stride = strides[static_cast<size_t>(sparsity.traversal_order[i])];
  return levels;
}

void enter(Level& level, int64_t outer) {
  const Sparsity::Dimension& dimension = *level.dimension;
  if (dimension.is_compressed) {
    level.next = dimension.segments[static_cast<size_t>(outer)];
    level.end = dimension.segments[static_cast<size_t>(outer) + 1];
  } else {
    level.next = 0;
    level.end = dimension.dense_size;
  }
  level.node = dimension.is_compressed ? level.next : outer * dimension.dense_size;
}

}  // namespace

void write_dense(const Tensor& tensor, std::span<const std::byte> stored, std::span<std::byte> dense) {
  const size_t bytes = bytes_per_element(tensor.type);
  std::fill(dense.begin(), dense.end(), std::byte{0});
  std::vector<Level> levels = levels_of(tensor);
  if (levels.empty()) {  // a single number
    if (stored.size() == dense.size()) std::copy(stored.begin(), stored.end(), dense.begin());
    return;
  }
  // Depth first, without recursion: `place[i]` is the offset that the levels before i give.
  std::vector<int64_t> place(levels.size() + 1, 0);
  size_t depth = 0, element = 0;
  enter(levels[0], 0);
  while (true) {
    Level& level = levels[depth];
    if (level.next == level.end) {
      if (depth == 0) break;
      --depth;
      ++levels[depth].next;
      ++levels[depth].node;
      continue;
    }
    const Sparsity::Dimension& dimension = *level.dimension;
    const int64_t position = dimension.is_compressed ? dimension.indices[static_cast<size_t>(level.next)] : level.next;
    place[depth + 1] = place[depth] + position * level.stride;
    if (depth + 1 < levels.size()) {
      enter(levels[depth + 1], level.node);
      ++depth;
      continue;
    }
    const size_t to = static_cast<size_t>(place[depth + 1]) * bytes, from = element * bytes;
    if (to + bytes <= dense.size() && from + bytes <= stored.size()) {
      std::memcpy(dense.data() + to, stored.data() + from, bytes);
    }
    ++element;
    ++level.next;
    ++level.node;
  }
}

namespace {

// Per tensor of the graph: it is sparse, some node reads it, and none of them is a DENSIFY.
std::vector<bool> needs_dense_form(const Model& model, const Graph& graph) {
  std::vector<bool> is_read(graph.tensors.size(), false), is_densified(graph.tensors.size(), false);
  for (const Node& node : graph.nodes) {
    for (const int32_t input : node.inputs) {
      if (input == kNoTensor) continue;
      (node.op == OpCode::densify ? is_densified : is_read)[static_cast<size_t>(input)] = true;
    }
  }
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    const Tensor& tensor = graph.tensors[t];
    is_read[t] = is_read[t] && !is_densified[t] && tensor.sparsity && !tensor.is_variable &&
                 model.is_constant(tensor) && bits_per_element(tensor.type) >= 8 && tensor.type != DataType::string;
  }
  return is_read;
}

}  // namespace

std::shared_ptr<const Model> with_dense_constants(std::shared_ptr<const Model> model, int64_t limit) {
  std::shared_ptr<Model> dense;
  int64_t total = 0;
  for (size_t g = 0; g < model->graphs.size(); ++g) {
    const std::vector<bool> needed = needs_dense_form(*model, model->graphs[g]);
    for (size_t t = 0; t < needed.size(); ++t) {
      if (!needed[t]) continue;
      const Tensor& sparse = model->graphs[g].tensors[t];
      const double bytes =
          static_cast<double>(sparse.shape.count()) * static_cast<double>(bytes_per_element(sparse.type));
      if (bytes > static_cast<double>(limit - total)) {
        fail(ErrorCode::too_large, {"its dense form needs ", bytes, " bytes, with others more than ", limit},
             place_of_tensor(*model, static_cast<int32_t>(g), static_cast<int32_t>(t)));
      }
      total += static_cast<int64_t>(bytes);
      if (!dense) dense = std::make_shared<Model>(*model);
      std::vector<std::byte> values(static_cast<size_t>(bytes));
      write_dense(sparse, model->constant(sparse), values);
      Tensor& tensor = dense->graphs[g].tensors[t];
      tensor.sparsity.reset();
      tensor.buffer = dense->add_buffer(Buffer::copy_of(values));
    }
  }
  return dense ? dense : model;
}

}  // namespace litequant
