#include "runtime/strings.h"

#include <algorithm>
#include <utility>

#include "model/strings.h"

namespace litequant {
namespace {

constexpr int64_t kEntryBytes = 128;  // of a string beside its characters, about

bool is_constant_string(const Model& model, const Tensor& tensor) {
  return tensor.type == DataType::string && model.is_constant(tensor);
}

}  // namespace

ConstantStrings::ConstantStrings(std::shared_ptr<const Model> model) : model_(std::move(model)) {
  for (const Graph& graph : model_->graphs) {
    for (const Tensor& tensor : graph.tensors) {
      if (!is_constant_string(*model_, tensor)) continue;
      const auto strings = strings_in(model_->constant(tensor));
      if (strings) sorted_.insert(sorted_.end(), strings->begin(), strings->end());
    }
  }
  std::sort(sorted_.begin(), sorted_.end());
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
  if (!sorted_.empty() && sorted_[0].empty()) sorted_.erase(sorted_.begin());
}

StringNumber ConstantStrings::find(std::string_view text) const {
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), text);
  return found == sorted_.end() || *found != text ? 0 : static_cast<StringNumber>(found - sorted_.begin()) + 1;
}

std::string_view ConstantStrings::operator[](StringNumber number) const {
  return number == 0 || number > sorted_.size() ? std::string_view() : sorted_[number - 1];
}

Buffer ConstantStrings::numbers(const Tensor& constant) const {
  std::vector<StringNumber> numbers;
  const auto strings = strings_in(model_->constant(constant));
  for (const std::string_view text : strings.value_or(std::vector<std::string_view>())) numbers.push_back(find(text));
  return Buffer::copy_of(std::as_bytes(std::span(numbers)));
}

StringNumber RunStrings::add(std::string_view text) {
  if (std::exchange(is_over_, false)) forget();
  if (text.empty()) return 0;
  if (const StringNumber constant = constants_->find(text); constant != 0) return constant;
  if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
  const int64_t bytes = static_cast<int64_t>(text.size()) + kEntryBytes;
  budget_.take(bytes);
  bytes_ += bytes;
  texts_.emplace_back(text);
  const auto number = static_cast<StringNumber>(constants_->size() + texts_.size());
  numbers_.emplace(texts_.back(), number);
  return number;
}

std::string_view RunStrings::operator[](StringNumber number) const {
  const size_t constants = constants_->size();
  if (number <= constants) return (*constants_)[number];
  return number - constants > texts_.size() ? std::string_view() : std::string_view(texts_[number - constants - 1]);
}

void RunStrings::forget() {
  budget_.give_back(std::exchange(bytes_, 0));
  numbers_.clear();
  texts_.clear();
}

}  // namespace litequant
