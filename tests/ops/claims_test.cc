// What the list of operators claims: every cell (operator, element type) has a golden vector, and the README's table is
// the list's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "format/load.h"
#include "ops/op_def.h"
#include "support/files.h"
#include "support/vector_case.h"

namespace litequant {
namespace {

const std::filesystem::path kRoot = LITEQUANT_ROOT;

std::string name_of(const OpDef& row) {
  return row.code == OpCode::custom ? row.custom_code : std::string(op_code_name(row.code));
}

// "INT8", or "hybrid" for float results of INT8 weights.
std::string type_of(const Node& node, const Graph& graph, const OpDef& row) {
  const auto tensor = [&](size_t i) { return graph.tensors[static_cast<size_t>(node.inputs[i])]; };
  const auto data = static_cast<size_t>(row.data_operand);
  if (!node.has_input(data)) return "any";
  if (row.hybrid && graph.tensors[static_cast<size_t>(node.outputs[0])].type == DataType::float32) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.has_input(i) && tensor(i).type == DataType::int8 && tensor(i).quantization.is_quantized())
        return "hybrid";
    }
  }
  return std::string(data_type_name(tensor(data).type));
}

// Cells that a golden vector covers: "CONV_2D INT8".
std::set<std::string> covered_cells() {
  std::set<std::string> cells;
  for (const std::string& id : test::vector_ids()) {
    const auto bytes = test::read_file(test::vector_model_path(id));
    const std::shared_ptr<const Model> model = load_model(bytes);
    const Graph& graph = model->graphs[0];
    for (const Node& node : graph.nodes) {
      if (const OpDef* row = find_op(node)) cells.insert(name_of(*row) + " " + type_of(node, graph, *row));
    }
  }
  return cells;
}

std::vector<std::string> claimed_types(const OpDef& row) {
  std::vector<std::string> claimed;
  if (row.types == kAllTypes) return claimed;  // the values are not looked at
  for (int type = 0; type < kDataTypeCount; ++type) {
    if ((row.types >> type & 1u) != 0) claimed.emplace_back(data_type_name(static_cast<DataType>(type)));
  }
  if (row.hybrid) claimed.emplace_back("hybrid");
  return claimed;
}

TEST(Claims, EveryCellHasAGoldenVector) {
  LITEQUANT_NEEDS_SHARED();
  const std::set<std::string> covered = covered_cells(), refused = test::refused_cells();
  for (const OpDef* row : all_ops()) {
    for (const std::string& type : claimed_types(*row)) {
      const std::string cell = name_of(*row) + " " + type;
      EXPECT_TRUE(covered.contains(cell) || refused.contains(cell)) << "no golden vector of " << cell;
    }
    EXPECT_TRUE(std::any_of(covered.begin(), covered.end(),
                            [&](const std::string& cell) { return cell.starts_with(name_of(*row) + " "); }))
        << "no golden vector of " << name_of(*row);
  }
  for (const std::string& cell : refused) EXPECT_FALSE(covered.contains(cell)) << cell << " has a golden vector";
}

// ---- The README's table ---------------------------------------------------------------------------------------------

// "`INT8`" as "int8".
std::string shown(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
  return type;
}

std::string quantized_in(const QuantRule& rule) {
  std::string modes;
  const auto add = [&](bool holds, const char* mode) {
    if (holds) modes += (modes.empty() ? "" : ", ") + std::string(mode);
  };
  add(rule.int8, "int8");
  add(rule.int16, "int16");
  add(rule.hybrid, "dynamic");
  return modes;
}

// A line for each operator in the order of their names: element types that run as TensorFlow Lite runs them, and what
// is quantized for it.
std::string table() {
  const std::set<std::string> refused = test::refused_cells();
  std::map<std::string, std::string> lines;
  for (const OpDef* row : all_ops()) {
    std::string types;
    for (const std::string& type : claimed_types(*row)) {
      if (refused.contains(name_of(*row) + " " + type)) continue;
      types += (types.empty() ? "" : ", ") + shown(type);
    }
    if (row->types == kAllTypes) types = "any";
    lines[name_of(*row)] = "| " + name_of(*row) + " | " + types + " | " + quantized_in(row->quant) + " |\n";
  }
  std::string text = "| operator | element types | quantized in |\n|---|---|---|\n";
  for (const auto& [name, line] : lines) text += line;
  return text;
}

// Where nothing stands between the marks, the table is written instead of compared.
TEST(Claims, TheReadmeShowsTheListOfOperators) {
  std::ifstream stream(kRoot / "web/docs/operators.md");
  std::stringstream contents;
  contents << stream.rdbuf();
  const std::string text = contents.str();
  const std::string begin = "<!-- operators: written by tests/ops/claims_test.cc -->\n",
                    end = "<!-- end of operators -->\n";
  const size_t first = text.find(begin), last = text.find(end);
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(last, std::string::npos);
  const size_t start = first + begin.size();
  if (start == last) {
    std::ofstream(kRoot / "web/docs/operators.md") << text.substr(0, start) + table() + text.substr(last);
    return;
  }
  EXPECT_EQ(text.substr(start, last - start), table()) << "delete the old lines and run this test again";
}

}  // namespace
}  // namespace litequant
