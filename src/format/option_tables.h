// Between the format's options tables and `Options`: one routine each way for all of them, driven by the description
// of the tables that flatc derives from the schema.
#pragma once

#include <cstdint>
#include <string_view>

#include "flatbuffers/flatbuffers.h"
#include "format/flat_writer.h"
#include "model/options.h"

namespace litequant {

// The unions of the schema whose members are tables of options.
enum class OptionUnion : uint8_t { builtin_options, builtin_options_2, quantization_details };

// The options in the member `member` of a union, whose table is `table` (verified; may be null). Fields that hold
// their default are left out. Empty for no member, or a member beyond the schema.
Options read_options(OptionUnion from, uint8_t member, const void* table);

// Which union of an operator has a table of this name, and as which member; member 0 when none has.
struct OptionMember {
  OptionUnion in = OptionUnion::builtin_options;
  uint8_t member = 0;
};
OptionMember find_operator_options(std::string_view table);
// The member of QuantizationDetails; 0 when it has none of this name.
uint8_t find_quantization_details(std::string_view table);

// Writes the table. Fields that the schema does not know, or that are of another kind there, are an internal error.
flatbuffers::Offset<void> write_options(FlatWriter& writer, OptionMember where, const Options& options);

}  // namespace litequant
