// GATHER and GATHER_ND: slices picked by index. Indices that are known are checked when the plan is made; those known
// only at run time pick zeros where they point outside.
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "ops/movement.h"

namespace litequant {
namespace {

template <typename Function>
Step with_index_type(const NodeView& node, Function make) {
  switch (node.input(1).type) {
    case DataType::int16: return make(int16_t{});
    case DataType::int32: return make(int32_t{});
    case DataType::int64: return make(int64_t{});
    default: node.fail_type();
  }
}

void copy_or_zero(const std::byte* from, std::byte* to, size_t bytes, bool inside) {
  if (inside) {
    std::memcpy(to, from, bytes);
  } else {
    std::memset(to, 0, bytes);
  }
}

// ---- GATHER: result[batch, outer, i, inner] = params[batch, outer, indices[batch, i], inner]
// -------------------------

struct Gather {
  int axis = 0, batch_dims = 0;
};

Gather gather_of(const NodeView& node) {
  const Shape& params = node.input(0).shape;
  const Shape& indices = node.input(1).shape;
  Gather gather;
  gather.axis = node.axis(node.options().integer("axis"), params.rank());
  const int64_t batch_dims = node.options().integer("batch_dims");
  const int64_t positive = batch_dims < 0 ? batch_dims + indices.rank() : batch_dims;
  node.require(positive >= 0 && positive <= indices.rank() && positive <= gather.axis, "batch_dims ", batch_dims,
               " does not fit axis ", gather.axis, " and indices ", shape_text(indices));
  gather.batch_dims = static_cast<int>(positive);
  for (int i = 0; i < gather.batch_dims; ++i) {
    node.require(params[i] == indices[i], "the batch dimensions of ", shape_text(params), " and ", shape_text(indices),
                 " differ");
  }
  return gather;
}

std::vector<Shape> infer_gather(const NodeView& node) {
  const Shape& params = node.input(0).shape;
  const Shape& indices = node.input(1).shape;
  const Gather gather = gather_of(node);
  Shape result;
  for (int i = 0; i < gather.axis; ++i) result.push_back(params[i]);
  for (int i = gather.batch_dims; i < indices.rank(); ++i) result.push_back(indices[i]);
  for (int i = gather.axis + 1; i < params.rank(); ++i) result.push_back(params[i]);
  checked_count(node, result);
  return {result};
}

struct GatherLoops {
  int64_t batches = 1, outer = 1, size = 1, picks = 1;
  size_t inner_bytes = 1;
};

template <typename Index>
void gather(const GatherLoops& loops, const std::byte* params, const Index* indices, std::byte* output) {
  for (int64_t b = 0; b < loops.batches; ++b, indices += loops.picks) {
    for (int64_t o = 0; o < loops.outer; ++o) {
      for (int64_t i = 0; i < loops.picks; ++i, output += loops.inner_bytes) {
        const int64_t index = indices[i];
        const bool inside = index >= 0 && index < loops.size;
        copy_or_zero(params + (inside ? static_cast<size_t>(index) * loops.inner_bytes : 0), output, loops.inner_bytes,
                     inside);
      }
      params += static_cast<size_t>(loops.size) * loops.inner_bytes;
    }
  }
}

Step compile_gather(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& params = node.input(0).shape;
  const Shape& indices = node.input(1).shape;
  const auto [axis, batch_dims] = gather_of(node);
  const GatherLoops loops{.batches = params.count(0, batch_dims),
                          .outer = params.count(batch_dims, axis),
                          .size = params[axis],
                          .picks = indices.count(batch_dims, indices.rank()),
                          .inner_bytes = static_cast<size_t>(params.count(axis + 1, params.rank())) *
                                         bytes_per_element(node.input(0).type)};
  if (node.input(1).has_value) {
    for (const int64_t index : node.integers(1)) {
      node.require(index >= 0 && index < loops.size, "index ", index, " is out of range for axis ", axis, " of ",
                   shape_text(params));
    }
  }
  if (node.output(0).shape.count() == 0) return {.run = [](const Frame&) {}};
  return with_index_type(node, [&]<typename Index>(Index) -> Step {
    return {.run = [loops](const Frame& frame) {
      gather(loops, frame.in<std::byte>(0), frame.in<Index>(1), frame.out<std::byte>());
    }};
  });
}

int gather_version(const NodeView& node) {
  const DataType params = node.input(0).type;
  if (params == DataType::int4) return 7;
  if (node.input(1).type == DataType::int16) return 6;
  if (node.options().integer("batch_dims") != 0) return 5;
  if (params == DataType::int16) return 4;
  if (params == DataType::boolean) return 3;
  return params == DataType::int8 ? 2 : 1;
}

// ---- GATHER_ND: result[i, ...] = params[indices[i, 0], indices[i, 1], ..., ...]
// ---------------------------------------

int index_depth(const NodeView& node) {
  const Shape& params = node.input(0).shape;
  const Shape& indices = node.input(1).shape;
  node.require(params.rank() >= 1 && indices.rank() >= 1, "its inputs must have a dimension");
  const int32_t depth = indices.back();
  node.require(depth >= 0 && depth <= params.rank(), "indices ", shape_text(indices), " are too deep for ",
               shape_text(params));
  return depth;
}

std::vector<Shape> infer_gather_nd(const NodeView& node) {
  const Shape& params = node.input(0).shape;
  const Shape& indices = node.input(1).shape;
  Shape result;
  for (int i = 0; i + 1 < indices.rank(); ++i) result.push_back(indices[i]);
  for (int i = index_depth(node); i < params.rank(); ++i) result.push_back(params[i]);
  checked_count(node, result);
  return {result};
}

struct GatherNdLoops {
  int64_t picks = 1;
  size_t inner_bytes = 1;
  std::vector<int64_t> sizes, strides;  // of the indexed axes; strides in slices
};

template <typename Index>
void gather_nd(const GatherNdLoops& loops, const std::byte* params, const Index* indices, std::byte* output) {
  for (int64_t i = 0; i < loops.picks; ++i, output += loops.inner_bytes) {
    int64_t slice = 0;
    bool inside = true;
    for (size_t a = 0; a < loops.sizes.size(); ++a) {
      const int64_t index = *indices++;
      inside = inside && index >= 0 && index < loops.sizes[a];
      if (inside) slice += index * loops.strides[a];
    }
    copy_or_zero(params + (inside ? static_cast<size_t>(slice) * loops.inner_bytes : 0), output, loops.inner_bytes,
                 inside);
  }
}

Step compile_gather_nd(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& params = node.input(0).shape;
  const Shape& indices = node.input(1).shape;
  const int depth = index_depth(node);
  const int64_t inner = params.count(depth, params.rank());
  GatherNdLoops loops{.picks = indices.count(0, indices.rank() - 1),
                      .inner_bytes = static_cast<size_t>(inner) * bytes_per_element(node.input(0).type),
                      .sizes = {},
                      .strides = {}};
  for (int axis = 0; axis < depth; ++axis) {
    loops.sizes.push_back(params[axis]);
    loops.strides.push_back(params.count(axis + 1, depth));
  }
  if (node.input(1).has_value && depth > 0) {
    const std::vector<int64_t> known = node.integers(1);
    for (size_t i = 0; i < known.size(); ++i) {
      const size_t axis = i % loops.sizes.size();
      node.require(known[i] >= 0 && known[i] < loops.sizes[axis], "index ", known[i], " is out of range for axis ",
                   axis, " of ", shape_text(params));
    }
  }
  if (node.output(0).shape.count() == 0) return {.run = [](const Frame&) {}};
  return with_index_type(node, [&]<typename Index>(Index) -> Step {
    return {.run = [loops = std::move(loops)](const Frame& frame) {
      gather_nd(loops, frame.in<std::byte>(0), frame.in<Index>(1), frame.out<std::byte>());
    }};
  });
}

int gather_nd_version(const NodeView& node) {
  const DataType params = node.input(0).type;
  if (params == DataType::boolean) return 5;
  if (node.input(1).type == DataType::int16) return 4;
  if (params == DataType::string) return 2;
  return params == DataType::int16 ? 3 : 1;
}

}  // namespace

extern const OpDef kGather;
const OpDef kGather = {.code = OpCode::gather,
                       .types = kWholeByteTypes | types(DataType::int4, DataType::string),
                       .infer = infer_gather,
                       .compile = compile_any_width<compile_gather>,
                       .quant = kMovesData,
                       .version = gather_version};

extern const OpDef kGatherNd;
const OpDef kGatherNd = {.code = OpCode::gather_nd,
                         .types = kWholeByteTypes | types(DataType::string),
                         .infer = infer_gather_nd,
                         .compile = compile_gather_nd,
                         .quant = kMovesData,
                         .version = gather_nd_version};

}  // namespace litequant
