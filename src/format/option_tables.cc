#include "format/option_tables.h"

#include <cstring>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "format/schema.h"

namespace litequant {
namespace {

using flatbuffers::ElementaryType;
using flatbuffers::TypeCode;
using flatbuffers::TypeTable;

const TypeTable& union_table(OptionUnion which) {
  switch (which) {
    case OptionUnion::builtin_options: return *tflite::BuiltinOptionsTypeTable();
    case OptionUnion::builtin_options_2: return *tflite::BuiltinOptions2TypeTable();
    case OptionUnion::quantization_details: return *tflite::QuantizationDetailsTypeTable();
  }
  return *tflite::BuiltinOptionsTypeTable();
}

// The description of a member's table; null for NONE and for members that the schema does not have.
const TypeTable* member_table(OptionUnion which, uint8_t member) {
  const TypeTable& members = union_table(which);
  if (member == 0 || member >= members.num_elems) return nullptr;
  return members.type_refs[members.type_codes[member].sequence_ref]();
}

uint8_t find_member(OptionUnion which, std::string_view name) {
  const TypeTable& members = union_table(which);
  for (size_t member = 1; member < members.num_elems; ++member) {
    if (name == members.names[member]) return static_cast<uint8_t>(member);
  }
  return 0;
}

// Defaults that are not zero. The generated description does not hold them; a test compares with the generated readers.
struct FieldDefault {
  std::string_view table, field;
  int64_t value;
};
constexpr FieldDefault kDefaults[] = {
    {"Conv2DOptions", "dilation_w_factor", 1},
    {"Conv2DOptions", "dilation_h_factor", 1},
    {"Conv3DOptions", "dilation_d_factor", 1},
    {"Conv3DOptions", "dilation_w_factor", 1},
    {"Conv3DOptions", "dilation_h_factor", 1},
    {"DepthwiseConv2DOptions", "dilation_w_factor", 1},
    {"DepthwiseConv2DOptions", "dilation_h_factor", 1},
    {"AddOptions", "pot_scale_int16", 1},
    {"SubOptions", "pot_scale_int16", 1},
    {"BidirectionalSequenceLSTMOptions", "time_major", 1},
    {"UniqueOptions", "idx_out_type", 2},
};

int64_t default_of(std::string_view table, std::string_view field) {
  for (const FieldDefault& row : kDefaults) {
    if (row.table == table && row.field == field) return row.value;
  }
  return 0;
}

// Calls `visit` with a null pointer of the C++ type that stores `type`. False for what is no number.
template <typename Visit>
bool with_number_type(ElementaryType type, Visit visit) {
  switch (type) {
    case flatbuffers::ET_BOOL:
    case flatbuffers::ET_UTYPE:
    case flatbuffers::ET_UCHAR: visit(static_cast<uint8_t*>(nullptr)); return true;
    case flatbuffers::ET_CHAR: visit(static_cast<int8_t*>(nullptr)); return true;
    case flatbuffers::ET_SHORT: visit(static_cast<int16_t*>(nullptr)); return true;
    case flatbuffers::ET_USHORT: visit(static_cast<uint16_t*>(nullptr)); return true;
    case flatbuffers::ET_INT: visit(static_cast<int32_t*>(nullptr)); return true;
    case flatbuffers::ET_UINT: visit(static_cast<uint32_t*>(nullptr)); return true;
    case flatbuffers::ET_LONG: visit(static_cast<int64_t*>(nullptr)); return true;
    case flatbuffers::ET_ULONG: visit(static_cast<uint64_t*>(nullptr)); return true;
    case flatbuffers::ET_FLOAT: visit(static_cast<float*>(nullptr)); return true;
    case flatbuffers::ET_DOUBLE: visit(static_cast<double*>(nullptr)); return true;
    default: return false;
  }
}

template <typename T>
using Widened = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;

std::optional<OptionValue> read_scalar(ElementaryType type, const uint8_t* at, int64_t absent) {
  std::optional<OptionValue> value;
  with_number_type(type, [&]<typename T>(T*) {
    const T stored = flatbuffers::ReadScalar<T>(at);
    if constexpr (std::is_floating_point_v<T>) {
      // Negative zero is not the default, though equal to it.
      if (stored != 0 || std::signbit(stored)) value = static_cast<double>(stored);
    } else {
      const auto number =
          type == flatbuffers::ET_BOOL ? static_cast<int64_t>(stored != 0) : static_cast<int64_t>(stored);
      if (number != absent) value = number;
    }
  });
  return value;
}

std::optional<OptionValue> read_list(ElementaryType type, const uint8_t* vector) {
  std::optional<OptionValue> value;
  with_number_type(type, [&]<typename T>(T*) {
    const auto& stored = *reinterpret_cast<const flatbuffers::Vector<T>*>(vector);
    std::vector<Widened<T>> list;
    list.reserve(stored.size());
    // A damaged file may hold them unaligned: the Verifier looks at the length in front of them only.
    for (flatbuffers::uoffset_t i = 0; i < stored.size(); ++i) {
      T element;
      std::memcpy(&element, stored.Data() + i * sizeof element, sizeof element);
      list.push_back(static_cast<Widened<T>>(element));
    }
    value = std::move(list);
  });
  return value;
}

[[noreturn]] void fail_field(const Options& options, std::string_view field, std::string_view reason) {
  fail(ErrorCode::internal, {"options ", options.table(), ": field ", quoted(field), " ", reason});
}

template <typename T>
T narrowed(const Options& options, std::string_view field, Widened<T> value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, uint64_t>) {
    if (value < static_cast<int64_t>(std::numeric_limits<T>::min()) ||
        value > static_cast<int64_t>(std::numeric_limits<T>::max())) {
      fail_field(options, field, text("cannot hold ", value));
    }
  }
  return static_cast<T>(value);
}

// One field of the schema and what is to be written there; vectors and strings have been written before the table.
struct Pending {
  size_t index = 0;
  ElementaryType type = flatbuffers::ET_BOOL;
  const OptionValue* scalar = nullptr;
  flatbuffers::uoffset_t offset = 0;
};

}  // namespace

Options read_options(OptionUnion from, uint8_t member, const void* table) {
  const TypeTable* description = member_table(from, member);
  if (description == nullptr || table == nullptr) return Options();
  Options options(union_table(from).names[member]);
  const auto& fields = *static_cast<const flatbuffers::Table*>(table);
  for (size_t i = 0; i < description->num_elems; ++i) {
    const uint8_t* at = fields.GetAddressOf(flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(i)));
    if (at == nullptr) continue;
    const TypeCode code = description->type_codes[i];
    const auto type = static_cast<ElementaryType>(code.base_type);
    const char* name = description->names[i];
    std::optional<OptionValue> value;
    if (code.is_repeating) {
      value = read_list(type, at + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at));
    } else if (type == flatbuffers::ET_STRING) {
      const auto* characters =
          reinterpret_cast<const flatbuffers::String*>(at + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at));
      value = characters->str();
    } else {
      value = read_scalar(type, at, default_of(options.table(), name));
    }
    if (value) options.set(name, std::move(*value));
  }
  return options;
}

OptionMember find_operator_options(std::string_view table) {
  for (const OptionUnion which : {OptionUnion::builtin_options, OptionUnion::builtin_options_2}) {
    const uint8_t member = find_member(which, table);
    if (member != 0) return {which, member};
  }
  return {};
}

uint8_t find_quantization_details(std::string_view table) {
  return find_member(OptionUnion::quantization_details, table);
}

flatbuffers::Offset<void> write_options(FlatWriter& writer, OptionMember where, const Options& options) {
  const TypeTable* description = member_table(where.in, where.member);
  if (description == nullptr) fail(ErrorCode::internal, {"no options table ", quoted(options.table())});
  for (const auto& [name, value] : options.fields()) {
    bool known = false;
    for (size_t i = 0; i < description->num_elems; ++i) known = known || name == description->names[i];
    if (!known) fail_field(options, name, "is not in the schema");
  }

  std::vector<Pending> pending;
  for (size_t i = 0; i < description->num_elems; ++i) {
    const char* name = description->names[i];
    const OptionValue* value = nullptr;
    for (const auto& [present, stored] : options.fields()) {
      if (present == name) value = &stored;
    }
    if (value == nullptr) continue;
    const TypeCode code = description->type_codes[i];
    Pending field{.index = i, .type = static_cast<ElementaryType>(code.base_type), .scalar = nullptr, .offset = 0};
    if (code.is_repeating) {
      const bool written = with_number_type(field.type, [&]<typename T>(T*) {
        const auto* list = std::get_if<std::vector<Widened<T>>>(value);
        if (list == nullptr) fail_field(options, name, "is a list of another kind in the schema");
        std::vector<T> stored;
        stored.reserve(list->size());
        for (const auto element : *list) stored.push_back(narrowed<T>(options, name, element));
        // The alignment that the schema asks of byte vectors of this kind.
        const bool is_aligned = where.in == OptionUnion::quantization_details && sizeof(T) == 1;
        field.offset = writer.vector(stored, is_aligned ? 16 : sizeof(T)).o;
      });
      if (!written) fail_field(options, name, "cannot be written");
    } else if (field.type == flatbuffers::ET_STRING) {
      const auto* characters = std::get_if<std::string>(value);
      if (characters == nullptr) fail_field(options, name, "is a string in the schema");
      field.offset = writer.builder().CreateSharedString(*characters).o;
    } else {
      field.scalar = value;
    }
    pending.push_back(field);
  }

  flatbuffers::FlatBufferBuilder& builder = writer.builder();
  const flatbuffers::uoffset_t start = builder.StartTable();
  // Widest fields first, so that no padding comes between them.
  for (const size_t width : {size_t{8}, size_t{4}, size_t{2}, size_t{1}}) {
    for (const Pending& field : pending) {
      const auto slot = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field.index));
      const char* name = description->names[field.index];
      if (field.scalar == nullptr) {
        if (width == 4) builder.AddOffset(slot, flatbuffers::Offset<void>(field.offset));
        continue;
      }
      const bool written = with_number_type(field.type, [&]<typename T>(T*) {
        if (sizeof(T) != width) return;
        const auto* number = std::get_if<Widened<T>>(field.scalar);
        if (number == nullptr) fail_field(options, name, "is of another kind in the schema");
        if constexpr (std::is_floating_point_v<T>) {
          const T stored = static_cast<T>(*number);
          if (stored != 0 || std::signbit(stored)) builder.AddElement<T>(slot, stored);
        } else if (*number != default_of(options.table(), name)) {
          builder.AddElement<T>(slot, narrowed<T>(options, name, *number));
        }
      });
      if (!written) fail_field(options, name, "cannot be written");
    }
  }
  return flatbuffers::Offset<void>(builder.EndTable(start));
}

}  // namespace litequant
