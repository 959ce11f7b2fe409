// Every options table of the schema, every field at the ends of its type: what is written is what is read.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "format/model_builder.h"
#include "model/operator_facts.h"

namespace litequant {
namespace {

struct Field {
  std::string name, type, fallback;  // "int", "[float]"; the default as the schema spells it
};

// The schema's own text, read line by line.
struct Schema {
  std::map<std::string, std::vector<Field>> tables;
  std::map<std::string, std::string> enums;  // underlying types
  std::map<std::string, std::map<std::string, int64_t>> enum_values;
  std::map<std::string, std::vector<std::string>> unions;
};

Schema read_schema() {
  std::ifstream stream(std::string(LITEQUANT_ROOT) + "/src/format/tflite.fbs");
  Schema schema;
  std::string line, kind, current;
  while (std::getline(stream, line)) {
    std::istringstream words(line);
    std::string first, second, third;
    words >> first >> second >> third;
    if (first == "table" || first == "union" || first == "enum") {
      kind = first;
      current = second;
      if (kind == "enum") words >> schema.enums[current];
      if (kind == "table") schema.tables[current];
    } else if (first == "}") {
      kind.clear();
    } else if (kind == "union") {
      schema.unions[current].push_back(first.substr(0, first.find(',')));
    } else if (kind == "enum") {
      schema.enum_values[current][first] = std::stoll(third);
    } else if (kind == "table") {
      Field field{first.substr(0, first.find(':')), second, ""};
      if (third == "=") words >> field.fallback;
      schema.tables[current].push_back(field);
    }
  }
  return schema;
}

template <typename T>
std::vector<int64_t> ends_of() {
  using Limits = std::numeric_limits<T>;
  return {static_cast<int64_t>(Limits::min()), static_cast<int64_t>(Limits::max())};
}

std::vector<int64_t> ends_of(const std::string& type) {
  if (type == "bool") return {0, 1};
  if (type == "byte") return ends_of<int8_t>();
  if (type == "ubyte") return ends_of<uint8_t>();
  if (type == "short") return ends_of<int16_t>();
  if (type == "ushort") return ends_of<uint16_t>();
  if (type == "int") return ends_of<int32_t>();
  if (type == "uint") return ends_of<uint32_t>();
  if (type == "long") return ends_of<int64_t>();
  ADD_FAILURE() << "no such type: " << type;
  return {0, 1};
}

int64_t default_of(const Schema& schema, const Field& field) {
  if (field.fallback.empty()) return 0;
  if (field.fallback == "true") return 1;
  if (schema.enums.contains(field.type)) return schema.enum_values.at(field.type).at(field.fallback);
  return std::stoll(field.fallback);
}

// The low ends of all fields, or the high ends, or the defaults.
enum class Values { low, high, defaults };

bool names_graph(const Field& field) { return field.name.find("subgraph") != std::string::npos; }

OptionValue value_of(const Schema& schema, const Field& field, Values which) {
  std::string type = field.type;
  const bool is_list = type.front() == '[';
  if (is_list) type = type.substr(1, type.size() - 2);
  if (schema.enums.contains(type)) type = schema.enums.at(type);
  if (names_graph(field)) return is_list ? OptionValue(std::vector<int64_t>{1}) : int64_t{1};  // one that exists
  const size_t end = which == Values::low ? 0 : 1;
  if (type == "string") return std::string(which == Values::low ? "" : "caf\xc3\xa9");
  if (type == "float" || type == "double") {
    const double value = which == Values::defaults ? 0.0 : which == Values::low ? -0.0 : 1.5;
    if (is_list) return std::vector<double>{value, -2.25};
    return value;
  }
  if (is_list) return std::vector<int64_t>{ends_of(type)[end], ends_of(type)[1 - end]};
  return which == Values::defaults ? default_of(schema, field) : ends_of(type)[end];
}

Options round_trip(const Options& options) {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1});
  b.node(static_cast<OpCode>(kOpCodeCount), {x}, {b.output("y", DataType::float32, {1})}, options);
  b.graph();
  return b.load()->graphs[0].nodes[0].options;
}

TEST(OptionTables, AllRoundTrip) {
  const Schema schema = read_schema();
  size_t tables = 0, fields = 0;
  for (const char* name : {"BuiltinOptions", "BuiltinOptions2"}) {
    for (const std::string& table : schema.unions.at(name)) {
      ++tables;
      for (const Values which : {Values::low, Values::high, Values::defaults}) {
        Options written(table), expected(table);
        for (const Field& field : schema.tables.at(table)) {
          const OptionValue value = value_of(schema, field, which);
          written.set(field.name, value);
          ++fields;
          // Numbers equal to their default are left out; lists and strings are kept even when empty.
          const auto* integer = std::get_if<int64_t>(&value);
          const auto* real = std::get_if<double>(&value);
          if (integer != nullptr && *integer == default_of(schema, field)) continue;
          if (real != nullptr && *real == 0 && !std::signbit(*real)) continue;
          expected.set(field.name, value);
        }
        const Options read = round_trip(written);
        EXPECT_EQ(read.table(), table);
        EXPECT_EQ(read, expected) << table;
      }
    }
  }
  EXPECT_EQ(tables, 149u);
  EXPECT_GT(fields, 500u);
}

TEST(OptionTables, OperatorFactsNameTablesOfTheSchema) {
  const Schema schema = read_schema();
  std::set<std::string> used;
  for (int32_t code = 0; code < kOpCodeCount; ++code) {
    const OperatorFacts& facts = *find_operator_facts(static_cast<OpCode>(code));
    EXPECT_LE(facts.least_inputs, facts.most_inputs);
    EXPECT_LE(facts.least_outputs, facts.most_outputs);
    if (facts.options == nullptr) {
      EXPECT_FALSE(facts.needs_options);
      continue;
    }
    EXPECT_TRUE(schema.tables.contains(facts.options)) << facts.options;
    used.insert(facts.options);
  }
  for (const char* name : {"BuiltinOptions", "BuiltinOptions2"}) {
    for (const std::string& table : schema.unions.at(name)) {
      EXPECT_TRUE(used.contains(table)) << table << " belongs to no operator";
    }
  }
  // Every field that names a graph is followed.
  for (const auto& [table, fields] : schema.tables) {
    for (const Field& field : fields) {
      if (!table.ends_with("Options") || !names_graph(field)) continue;
      Node node;
      node.options = Options(table);
      node.options.set(field.name, field.type.front() == '[' ? OptionValue(std::vector<int64_t>{7}) : int64_t{7});
      bool found = false;
      for (const GraphReference& reference : referenced_graphs(node)) {
        found = found || (reference.field == field.name && reference.graph == 7);
      }
      EXPECT_TRUE(found) << table << "." << field.name;
    }
  }
}

}  // namespace
}  // namespace litequant
