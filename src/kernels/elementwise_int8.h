// ADD, SUB and MUL of 8-bit operands at speed, equal to reference/arithmetic.h for every pair of stored values.
//
// The result is a function of 256 x 256 pairs, so a fast formula is not trusted but tried: a float pipeline is run over
// all pairs when the kernel is made, and used only if it agrees everywhere. Otherwise the pairs' results are looked up.
// Both sides of the trial are vectors.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/broadcast.h"
#include "kernels/reference/arithmetic.h"

namespace litequant {

// Results in a tensor from which on a kernel is worth its making, which costs as much as some 5,000 plain results.
inline constexpr int64_t kWorthProving = 2048;

// clamp(round(a * (qa - zero_a) + b * (qb - zero_b)) + zero_point), or with both factors of one product. Halves are
// moved away from zero by `nudge` first, because rounding is to even.
struct FloatPair {
  bool is_product = false;
  float a = 0, b = 0;  // of a product only `a`
  float nudge = 0;
  int32_t zero_a = 0, zero_b = 0, zero_point = 0;
  IntegerRange range;
};

struct ExactPairs;

// T is int8_t or uint8_t.
template <typename T>
class Int8PairKernel {
 public:
  // `real_a` and `real_b` are the operands' scales over the result's, `real_b` negative for SUB.
  static Int8PairKernel sum(const reference::QuantizedSum& exact, double real_a, double real_b);
  // `real` is the product of the operands' scales over the result's.
  static Int8PairKernel product(const reference::QuantizedProduct& exact, double real);

  void run(const BroadcastWalk& walk, const T* a, const T* b, T* result) const;

  // The float pipeline was proved and is used.
  bool is_proved() const { return table_ == nullptr; }

 private:
  Int8PairKernel(const FloatPair& pair, const ExactPairs& exact);

  FloatPair pair_;
  std::shared_ptr<const std::vector<T>> table_;  // [256, 256] by stored bytes, when the pipeline disagrees
};

}  // namespace litequant
