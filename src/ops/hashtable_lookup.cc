// HASHTABLE_LOOKUP: rows of values [n, ...] at the places of INT32 keys [n], which are sorted; result 1 tells per query
// whether the key was found, result 0 has zeros where not.
#include <cstring>

#include "ops/cell_operands.h"
#include "ops/movement.h"

namespace litequant {
namespace {

struct Lookup {
  int64_t queries = 0, keys = 0;
  size_t row_bytes = 0;
};

Lookup lookup_of(const NodeView& node) {
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const std::string_view what = i == 0 ? "its queries" : "its keys";
    node.require_rank(node.input(i), what, 1, 1);
    node.require_type(node.input(i), what, DataType::int32);
    require_whole_constant(node, node.input(i), what);
  }
  const Operand& values = node.input(2);
  node.require_rank(values, "its values", 1, 8);
  node.require(values.shape[0] == node.input(1).shape[0] && values.shape[0] >= 1,
               "needs one row of values for each key, found ", shape_text(values.shape));
  require_whole_constant(node, values, "its values");
  if (bits_per_element(values.type) < 8) node.fail_type();
  return {.queries = node.input(0).shape[0],
          .keys = values.shape[0],
          .row_bytes = stored_bytes(values.type, values.shape.count(1, values.shape.rank()))};
}

std::vector<Shape> infer(const NodeView& node) {
  const Lookup lookup = lookup_of(node);
  Shape result = node.input(2).shape;
  result[0] = static_cast<int32_t>(lookup.queries);
  return {result, Shape{static_cast<int32_t>(lookup.queries)}};
}

// The place of `key`, or -1. Halves the range as the C library does, so that unsorted keys give the same answers.
int64_t find(const int32_t* keys, int64_t count, int32_t key) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (keys[middle] == key) return middle;
    (key < keys[middle] ? high : low) = key < keys[middle] ? middle : middle + 1;
  }
  return -1;
}

Step compile(const NodeView& node, const CompileOptions&) {
  const Lookup lookup = lookup_of(node);
  node.require_type(node.output(0), "its output", node.input(2).type);
  node.require_type(node.output(1), "its hits", DataType::uint8);
  return {.run =
              [lookup](const Frame& frame) {
                std::byte* to = frame.out<std::byte>(0);
                for (int64_t i = 0; i < lookup.queries; ++i, to += lookup.row_bytes) {
                  const int64_t place = find(frame.in<int32_t>(1), lookup.keys, frame.in<int32_t>(0)[i]);
                  frame.out<uint8_t>(1)[i] = place < 0 ? 0 : 1;
                  if (place < 0) {
                    std::memset(to, 0, lookup.row_bytes);
                  } else {
                    const std::byte* values = frame.in<std::byte>(2);
                    std::memcpy(to, values + static_cast<size_t>(place) * lookup.row_bytes, lookup.row_bytes);
                  }
                }
              },
          .scratch_bytes = 0};
}

}  // namespace

extern const OpDef kHashtableLookup;
const OpDef kHashtableLookup = {.code = OpCode::hashtable_lookup,
                                .data_operand = 2,
                                .types = kWholeByteTypes | types(DataType::string),
                                .infer = infer,
                                .compile = compile,
                                .version = version_one};

}  // namespace litequant
