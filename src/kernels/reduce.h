// Reductions over any set of axes.
//
// An operation `Op` folds input values of one result in row-major order:
//   using Input, Accumulator, Result;
//   Accumulator first(Input) const; Accumulator next(Accumulator, Input) const;  the first value, then each other
//   Result finish(Accumulator) const;
//   Result empty() const;                                                       of no values
//   static constexpr bool kReorders;        the order of values does not matter, and `combine` joins two accumulators
//   static constexpr bool kAdds = true;     optional: `next` is the addition of add_rows, which has their types
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace litequant {

// One loop over an input: `count` positions, `stride` elements apart.
struct LoopAxis {
  int64_t count = 1, stride = 0;
};

// Which input elements make up each result. Axes are outermost first, without those of one element, neighbours merged.
struct Reduction {
  std::vector<LoopAxis> kept, reduced;
  int64_t results = 1;   // product of kept counts
  int64_t elements = 1;  // of each result
};

// `dims` of the input, and for each whether it is reduced.
Reduction make_reduction(const std::vector<int32_t>& dims, const std::vector<bool>& is_reduced);

// Runs over the offsets of nested loops. An array of fewer than 2^31 elements has at most 31 axes longer than 1.
class Offsets {
 public:
  explicit Offsets(const LoopAxis* axes, size_t rank) : axes_(axes), rank_(rank) {}
  int64_t offset() const { return offset_; }
  // False after the last, having returned to the first.
  bool advance() {
    for (size_t a = rank_; a-- > 0;) {
      offset_ += axes_[a].stride;
      if (++index_[a] < axes_[a].count) return true;
      offset_ -= axes_[a].stride * axes_[a].count;
      index_[a] = 0;
    }
    return false;
  }

 private:
  const LoopAxis* axes_;
  size_t rank_;
  int64_t offset_ = 0;
  std::array<int64_t, 31> index_{};
};

namespace reference {

template <typename Op>
void reduce(const Reduction& loops, const Op& op, const typename Op::Input* input, typename Op::Result* output) {
  if (loops.elements == 0) {
    std::fill_n(output, loops.results, op.empty());
    return;
  }
  Offsets kept(loops.kept.data(), loops.kept.size());
  for (int64_t r = 0; r < loops.results; ++r, kept.advance()) {
    Offsets reduced(loops.reduced.data(), loops.reduced.size());
    auto value = op.first(input[kept.offset()]);
    while (reduced.advance()) value = op.next(value, input[kept.offset() + reduced.offset()]);
    output[r] = op.finish(value);
  }
}

}  // namespace reference

// Adds rows, `stride` elements apart, to sums[columns], in their order; integers wrap. By vectors, and apart from the
// loops around it, which are many and need not be fast.
template <typename Input, typename Sum>  // int8_t, uint8_t, int16_t with int32_t; float with float
void add_rows(const Input* rows, int64_t count, int64_t stride, int64_t columns, Sum* sums);

template <typename Op>
concept AddsRows = requires { requires Op::kAdds; };

// Results that lie side by side, `count` of them: one pass over rows, whatever the order of the values may be.
template <typename Op, int64_t kCount>
void reduce_columns(const Op& op, const LoopAxis* axes, size_t rank, int64_t count, const typename Op::Input* input,
                    typename Op::Result* output) {
  typename Op::Accumulator values[kCount];
  const int64_t columns = std::min(count, kCount);
  if constexpr (AddsRows<Op>) {
    if (rank > 0) {
      const LoopAxis& inner = axes[rank - 1];
      Offsets outer(axes, rank - 1);
      for (int64_t c = 0; c < columns; ++c) values[c] = op.first(input[c]);
      int64_t first = 1;
      do {
        add_rows(input + outer.offset() + first * inner.stride, inner.count - first, inner.stride, columns, values);
        first = 0;
      } while (outer.advance());
      for (int64_t c = 0; c < columns; ++c) output[c] = op.finish(values[c]);
      return;
    }
  }
  Offsets rows(axes, rank);
  if (columns == kCount) {
    for (int64_t c = 0; c < kCount; ++c) values[c] = op.first(input[c]);
    while (rows.advance()) {
      const auto* row = input + rows.offset();
      for (int64_t c = 0; c < kCount; ++c) values[c] = op.next(values[c], row[c]);
    }
  } else {
    for (int64_t c = 0; c < columns; ++c) values[c] = op.first(input[c]);
    while (rows.advance()) {
      const auto* row = input + rows.offset();
      for (int64_t c = 0; c < columns; ++c) values[c] = op.next(values[c], row[c]);
    }
  }
  for (int64_t c = 0; c < columns; ++c) output[c] = op.finish(values[c]);
}

// One dense run, in 16 interleaved parts where the order is free.
template <typename Op>
typename Op::Accumulator reduce_run(const Op& op, const typename Op::Input* input, int64_t count) {
  int64_t i = 1;
  auto value = op.first(input[0]);
  if constexpr (Op::kReorders) {
    constexpr int64_t kParts = 16;
    if (count >= 2 * kParts) {
      typename Op::Accumulator parts[kParts];
      for (int64_t p = 0; p < kParts; ++p) parts[p] = op.first(input[p]);
      if constexpr (AddsRows<Op>) {
        add_rows(input + kParts, count / kParts - 1, kParts, kParts, parts);
        i = count / kParts * kParts;
      } else {
        for (i = kParts; i + kParts <= count; i += kParts) {
          for (int64_t p = 0; p < kParts; ++p) parts[p] = op.next(parts[p], input[i + p]);
        }
      }
      value = parts[0];
      for (int64_t p = 1; p < kParts; ++p) value = op.combine(value, parts[p]);
    }
  }
  for (; i < count; ++i) value = op.next(value, input[i]);
  return value;
}

template <typename Op>
void reduce(const Reduction& loops, const Op& op, const typename Op::Input* input, typename Op::Result* output) {
  constexpr int64_t kColumns = 64;
  if (loops.elements == 0 || loops.results == 0) return reference::reduce(loops, op, input, output);
  if (!loops.kept.empty() && loops.kept.back().stride == 1) {
    const int64_t row = loops.kept.back().count;
    Offsets outer(loops.kept.data(), loops.kept.size() - 1);
    for (int64_t r = 0; r < loops.results; r += row, outer.advance()) {
      for (int64_t c = 0; c < row; c += kColumns) {
        reduce_columns<Op, kColumns>(op, loops.reduced.data(), loops.reduced.size(), row - c,
                                     input + outer.offset() + c, output + r + c);
      }
    }
    return;
  }
  if constexpr (Op::kReorders) {
    if (!loops.reduced.empty() && loops.reduced.back().stride == 1) {
      const int64_t run = loops.reduced.back().count;
      Offsets kept(loops.kept.data(), loops.kept.size());
      for (int64_t r = 0; r < loops.results; ++r, kept.advance()) {
        Offsets runs(loops.reduced.data(), loops.reduced.size() - 1);
        auto value = reduce_run(op, input + kept.offset(), run);
        while (runs.advance()) value = op.combine(value, reduce_run(op, input + kept.offset() + runs.offset(), run));
        output[r] = op.finish(value);
      }
      return;
    }
  }
  reference::reduce(loops, op, input, output);
}

}  // namespace litequant
