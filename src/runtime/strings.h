// Strings while graphs run. A tensor of strings holds a number for each, so that operators that only pass values on
// need not know of them: the same number is the same string. Those of a model's constants follow from the model alone,
// so all its plans agree; those of inputs are given as they come. 0, and a number that was never given, is the empty
// string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"
#include "runtime/block.h"

namespace litequant {

using StringNumber = uint32_t;

class ConstantStrings {
 public:
  explicit ConstantStrings(std::shared_ptr<const Model> model);

  // 0 where it is none of them.
  StringNumber find(std::string_view text) const;
  std::string_view operator[](StringNumber number) const;
  size_t size() const { return sorted_.size(); }  // the greatest number

  // The numbers of a constant of strings as a tensor holds them.
  Buffer numbers(const Tensor& constant) const;

 private:
  std::shared_ptr<const Model> model_;  // which the views are of
  std::vector<std::string_view> sorted_;
};

// Of sessions that share a state.
class RunStrings {
 public:
  explicit RunStrings(MemoryBudget& budget) : budget_(budget) {}
  ~RunStrings() { forget(); }
  RunStrings(const RunStrings&) = delete;

  void use(std::shared_ptr<const ConstantStrings> constants) { constants_ = std::move(constants); }

  // The inputs of a run, which are written before it: those of the last one are forgotten when the next are.
  StringNumber add(std::string_view text);
  void end_run() { is_over_ = true; }

  std::string_view operator[](StringNumber number) const;

 private:
  void forget();

  MemoryBudget& budget_;
  std::shared_ptr<const ConstantStrings> constants_;
  std::deque<std::string> texts_;
  std::map<std::string_view, StringNumber> numbers_;
  int64_t bytes_ = 0;
  bool is_over_ = false;
};

}  // namespace litequant
