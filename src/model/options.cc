#include "model/options.h"

namespace litequant {

const OptionValue* Options::find(std::string_view field) const {
  for (const auto& [name, value] : fields_) {
    if (name == field) return &value;
  }
  return nullptr;
}

int64_t Options::integer(std::string_view field, int64_t absent) const {
  const OptionValue* value = find(field);
  const auto* number = value ? std::get_if<int64_t>(value) : nullptr;
  return number ? *number : absent;
}

float Options::real(std::string_view field, float absent) const {
  const OptionValue* value = find(field);
  const auto* number = value ? std::get_if<double>(value) : nullptr;
  return number ? static_cast<float>(*number) : absent;
}

std::string_view Options::string(std::string_view field) const {
  const OptionValue* value = find(field);
  const auto* characters = value ? std::get_if<std::string>(value) : nullptr;
  return characters ? std::string_view(*characters) : std::string_view();
}

const std::vector<int64_t>& Options::integers(std::string_view field) const {
  static const std::vector<int64_t> kNone;
  const OptionValue* value = find(field);
  const auto* list = value ? std::get_if<std::vector<int64_t>>(value) : nullptr;
  return list ? *list : kNone;
}

const std::vector<double>& Options::reals(std::string_view field) const {
  static const std::vector<double> kNone;
  const OptionValue* value = find(field);
  const auto* list = value ? std::get_if<std::vector<double>>(value) : nullptr;
  return list ? *list : kNone;
}

void Options::set(std::string_view field, OptionValue value) {
  for (auto& [name, present] : fields_) {
    if (name == field) {
      present = std::move(value);
      return;
    }
  }
  fields_.emplace_back(field, std::move(value));
}

}  // namespace litequant
