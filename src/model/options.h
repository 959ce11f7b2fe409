// The options of a node as the file states them: a flat record of named fields.
//
// Every options table of the format holds only numbers, strings and lists of numbers, so one record type serves all of
// them; `format` fills it from the schema's own description of the table and writes it back the same way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace litequant {

using OptionValue = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;

class Options {
 public:
  Options() = default;
  explicit Options(std::string table) : table_(std::move(table)) {}

  // The schema's name of the table ("Conv2DOptions"); empty when the node carries none.
  const std::string& table() const { return table_; }
  bool empty() const { return table_.empty(); }

  // A field that is absent has its schema default, which the caller states: zero, unless the schema says otherwise.
  int64_t integer(std::string_view field, int64_t absent = 0) const;
  float real(std::string_view field, float absent = 0) const;
  bool flag(std::string_view field, bool absent = false) const { return integer(field, absent ? 1 : 0) != 0; }
  std::string_view string(std::string_view field) const;
  const std::vector<int64_t>& integers(std::string_view field) const;
  const std::vector<double>& reals(std::string_view field) const;

  bool has(std::string_view field) const { return find(field) != nullptr; }
  void set(std::string_view field, OptionValue value);

  // Present fields, in schema order.
  const std::vector<std::pair<std::string, OptionValue>>& fields() const { return fields_; }

  bool operator==(const Options&) const = default;

 private:
  const OptionValue* find(std::string_view field) const;

  std::string table_;
  std::vector<std::pair<std::string, OptionValue>> fields_;
};

}  // namespace litequant
