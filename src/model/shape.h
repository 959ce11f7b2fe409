// The dimensions of a tensor, outermost first.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace litequant {

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int32_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<int32_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  int32_t operator[](int axis) const { return dims_[static_cast<size_t>(axis)]; }
  int32_t& operator[](int axis) { return dims_[static_cast<size_t>(axis)]; }
  // Counted from the end: back(0) is the innermost dimension.
  int32_t back(int from_end = 0) const { return dims_[dims_.size() - 1 - static_cast<size_t>(from_end)]; }

  const std::vector<int32_t>& dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }
  void push_back(int32_t dim) { dims_.push_back(dim); }

  // Product of all dimensions (1 for a scalar). Plans hold only shapes whose product was checked to fit in 31 bits.
  int64_t count() const { return count(0, rank()); }
  int64_t count(int first_axis, int end_axis) const {
    int64_t product = 1;
    for (int axis = first_axis; axis < end_axis; ++axis) product *= (*this)[axis];
    return product;
  }

  bool operator==(const Shape&) const = default;

 private:
  std::vector<int32_t> dims_;
};

inline TextPart shape_text(const Shape& shape) { return list_text(shape.dims()); }

}  // namespace litequant
