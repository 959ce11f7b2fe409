#include "kernels/byte_dot.h"

#include <algorithm>
#include <array>
#include <span>

#include "kernels/simd.h"

namespace litequant {

#if LITEQUANT_BYTE_DOT
namespace {

using Bytes = std::array<uint8_t, 16>;

// Whether the instruction gives the sums of products when the second operand's bytes are of type T.
template <typename T>
bool is_exact(const Bytes& weights, const Bytes& rows, const std::array<int32_t, 4>& start) {
  std::array<int32_t, 4> found;
  simd::store(found.data(),
              simd::dot_bytes(simd::load(weights.data()), simd::load(rows.data()), simd::load(start.data())));
  for (size_t lane = 0; lane < 4; ++lane) {
    int32_t sum = start[lane];
    for (size_t i = 4 * lane; i < 4 * lane + 4; ++i) {
      sum += static_cast<int8_t>(weights[i]) * static_cast<T>(rows[i]);
    }
    if (found[lane] != sum) return false;
  }
  return true;
}

// The ends of both ranges in all pairs, and values between, on accumulators that are not zero.
template <typename T>
bool is_exact() {
  constexpr std::array<uint8_t, 8> kHard = {0x80, 0xff, 0x7f, 0x81, 0x01, 0xfe, 0x00, 0x55};
  for (const uint8_t weight : kHard) {
    for (const uint8_t row : kHard) {
      Bytes weights, rows;
      weights.fill(weight);
      rows.fill(row);
      if (!is_exact<T>(weights, rows, {1000, -1000, 1, 123456789})) return false;
    }
  }
  uint32_t state = 1;
  for (int i = 0; i < 64; ++i) {
    Bytes weights, rows;
    for (Bytes* bytes : {&weights, &rows}) {
      for (uint8_t& byte : *bytes) byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    }
    if (!is_exact<T>(weights, rows, {i, -i, 7 * i, 1 << 20})) return false;
  }
  return true;
}

ByteDot probe() {
  if (is_exact<uint8_t>()) return ByteDot::exact_unsigned;
  return is_exact<int8_t>() ? ByteDot::exact_signed : ByteDot::inexact;
}

}  // namespace
#endif

#if defined(__wasm_simd128__)
ByteDot byte_dot() {
#if LITEQUANT_BYTE_DOT
  static const ByteDot found = probe();
  return found;
#else
  return ByteDot::inexact;
#endif
}
#else
ByteDot byte_dot() { return probe(); }  // of what is acted now

simd::Vector simd::dot_bytes(Vector weights, Vector rows, Vector sum) {
  std::array<int8_t, 16> left;
  Bytes right;
  std::array<int32_t, 4> sums;
  store(left.data(), weights);
  store(right.data(), rows);
  store(sums.data(), sum);
  for (size_t lane = 0; lane < 4; ++lane) {
    for (size_t i = 4 * lane; i < 4 * lane + 4; i += 2) {
      const bool is_signed = byte_dot_acted == ByteDotActed::exact_signed;
      const auto value = [&](size_t at) { return is_signed ? int32_t{static_cast<int8_t>(right[at])} : right[at]; };
      int32_t both = left[i] * value(i) + left[i + 1] * value(i + 1);
      if (byte_dot_acted == ByteDotActed::saturating) both = std::clamp(both, -32768, 32767);
      sums[lane] = static_cast<int32_t>(static_cast<uint32_t>(sums[lane]) + static_cast<uint32_t>(both));
    }
  }
  return load(sums.data());
}
#endif

}  // namespace litequant
