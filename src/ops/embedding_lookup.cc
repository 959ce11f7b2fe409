// EMBEDDING_LOOKUP: rows of a table [rows, ...] picked by INT32 indices [n]; a quantized table gives floats or, with
// the same type, its stored values. Indices outside the table give zeros.
#include <cmath>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "ops/cell_operands.h"
#include "ops/movement.h"

namespace litequant {
namespace {

struct Table {
  int64_t picks = 0, rows = 0, columns = 1;  // columns: elements of a row
};

Table table_of(const NodeView& node) {
  node.require_rank(node.input(0), "its indices", 1, 1);
  node.require_type(node.input(0), "its indices", DataType::int32);
  node.require_rank(node.input(1), "its table", 2, 8);
  const Shape& table = node.input(1).shape;
  require_whole_constant(node, node.input(1), "its table");
  return {.picks = node.input(0).shape[0], .rows = table[0], .columns = table.count(1, table.rank())};
}

std::vector<Shape> infer(const NodeView& node) {
  const Table table = table_of(node);
  Shape result = node.input(1).shape;
  result[0] = static_cast<int32_t>(table.picks);
  return {result};
}

// One scale for all rows, or one for each.
std::vector<float> row_scales(const NodeView& node, const Table& table) {
  const Quantization& quantization = node.input(1).quantization();
  if (!quantization.details.empty() && !quantization.is_quantized()) {
    node.fail(ErrorCode::unsupported_operator,
              {"a table quantized by ", quantization.details.table(), " is not executed"});
  }
  const size_t count = quantization.scale.size();
  node.require(count == 1 || count == static_cast<size_t>(table.rows), "its table has ", count, " scales for ",
               table.rows, " rows");
  node.require(count == 1 || quantization.axis == 0, "the scales of its table must lie along dimension 0");
  for (const float scale : quantization.scale) node.require(std::isfinite(scale), "a scale of its table is not finite");
  node.require(quantization.zero_point.empty() || quantization.zero_point[0] == 0,
               "the zero point of its table must be 0");
  return quantization.scale;
}

void restore_int8(const int8_t* row, int64_t columns, float scale, float* result) {
  for (int64_t k = 0; k < columns; ++k) result[k] = static_cast<float>(row[k]) * scale;
}

// Two values in a byte, the low half first. Rows begin at whole bytes for the reference, which rounds their start down.
void restore_int4(const int8_t* row, int64_t columns, float scale, float* result) {
  for (int64_t k = 0; k < columns; ++k) {
    const auto byte = static_cast<uint8_t>(row[k / 2]);
    const auto high = static_cast<int8_t>(k % 2 == 0 ? byte << 4 : byte & 0xf0);
    result[k] = static_cast<float>(high) * (scale / 16);
  }
}

Step compile_restoring(const NodeView& node, const Table& table) {
  const bool is_int4 = node.input(1).type == DataType::int4;
  std::vector<float> scales = row_scales(node, table);
  return {.run =
              [table, is_int4, scales = std::move(scales)](const Frame& frame) {
                const auto* indices = frame.in<int32_t>(0);
                const auto* stored = frame.in<int8_t>(1);
                float* result = frame.out<float>();
                for (int64_t i = 0; i < table.picks; ++i, result += table.columns) {
                  const int64_t index = indices[i];
                  if (index < 0 || index >= table.rows) {
                    std::fill_n(result, table.columns, 0.0f);
                    continue;
                  }
                  const float scale = scales[scales.size() == 1 ? 0 : static_cast<size_t>(index)];
                  const int64_t start = index * table.columns;
                  if (is_int4) {
                    restore_int4(stored + start / 2, table.columns, scale, result);
                  } else {
                    restore_int8(stored + start, table.columns, scale, result);
                  }
                }
              },
          .scratch_bytes = 0};
}

Step compile(const NodeView& node, const CompileOptions&) {
  const Table table = table_of(node);
  const DataType stored = node.input(1).type, result = node.output(0).type;
  const bool is_quantized = stored == DataType::int8 || stored == DataType::uint8 || stored == DataType::int4;
  if (is_quantized && result == DataType::float32) return compile_restoring(node, table);
  if (stored != result || stored == DataType::int4) node.fail_type();
  const size_t row_bytes = stored_bytes(stored, table.columns);
  return {.run =
              [table, row_bytes](const Frame& frame) {
                const auto* indices = frame.in<int32_t>(0);
                std::byte* to = frame.out<std::byte>();
                for (int64_t i = 0; i < table.picks; ++i, to += row_bytes) {
                  const int64_t index = indices[i];
                  if (index >= 0 && index < table.rows) {
                    std::memcpy(to, frame.in<std::byte>(1) + static_cast<size_t>(index) * row_bytes, row_bytes);
                  } else {
                    std::memset(to, 0, row_bytes);
                  }
                }
              },
          .scratch_bytes = 0};
}

int version(const NodeView& node) {
  if (node.output(0).type != DataType::float32) return 1;
  return node.input(1).type == DataType::int4 || node.input(1).quantization().is_per_channel() ? 4 : 1;
}

}  // namespace

extern const OpDef kEmbeddingLookup;
const OpDef kEmbeddingLookup = {.code = OpCode::embedding_lookup,
                                .data_operand = 1,
                                .types = kWholeByteTypes | types(DataType::int4),
                                .hybrid = true,
                                .infer = infer,
                                .compile = compile,
                                .quant = {.roles = {Role::none, Role::data},
                                          .output = OutputRule::same,
                                          .weight_axis = 0,
                                          .int8 = true,
                                          .int16 = true,
                                          .hybrid = true},
                                .version = version};

}  // namespace litequant
