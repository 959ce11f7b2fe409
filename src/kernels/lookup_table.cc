#include "kernels/lookup_table.h"

#include <cstdlib>

#include "kernels/math.h"

namespace litequant {
namespace {

using LogisticTable = std::array<uint16_t, 256>;

// 65536 * logistic(k / 24), each entry moved by a quarter of the curvature there so that linear interpolation errs to
// both sides alike.
LogisticTable make_logistic_table() {
  LogisticTable table;
  const auto curve = [](double k) { return 65536.0 * math::logistic(k / 24.0); };
  for (int k = 0; k < 256; ++k) {
    const double bend = curve(k - 0.5) + curve(k + 0.5) - 2 * curve(k);
    table[static_cast<size_t>(k)] = static_cast<uint16_t>(std::min(std::round(curve(k) - bend / 4), 65535.0));
  }
  table[255] = 65535;
  return table;
}

const LogisticTable& logistic_table() {
  static const LogisticTable kTable = make_logistic_table();
  return kTable;
}

int32_t scaled_input(int16_t q, LogisticInput input) {
  const int32_t half = input.shift > 0 ? 1 << (input.shift - 1) : 0;
  return static_cast<int32_t>((static_cast<int64_t>(q) * input.multiplier + half) >> input.shift);
}

// The table's function at `magnitude` / 2^bits steps, in units of 2^-(16 + bits).
uint32_t interpolate(uint32_t magnitude, int bits) {
  const LogisticTable& table = logistic_table();
  const uint32_t index = magnitude >> bits, rest = magnitude & ((1u << bits) - 1);
  const uint32_t here = table[index], next = table[index + 1];
  return (here << bits) + rest * (next - here);
}

}  // namespace

ByteTable make_byte_table(bool is_signed, StoredFunction function, const void* operation) {
  const int32_t lowest = is_signed ? -128 : 0;
  ByteTable table;
  for (int32_t q = lowest; q < lowest + 256; ++q) {
    table[static_cast<uint8_t>(q)] = static_cast<uint8_t>(function(operation, q));
  }
  return table;
}

LogisticInput logistic_input(float scale, bool is_tanh) {
  int exponent = 0;
  if (std::frexp(scale, &exponent) == 0.5f) {
    const int left = 12 + exponent - 1;
    if (left == 0 || (is_tanh && left == 1)) return {3 << left, 0};
  }
  double multiplier = static_cast<double>(scale) * 4096.0 * 3.0;
  LogisticInput input;
  while (multiplier > 0 && multiplier <= 32767.0 / 2.0 && input.shift <= 30) {
    ++input.shift;
    multiplier *= 2.0;
  }
  input.multiplier = saturating_int(multiplier);
  return input;
}

int16_t logistic_int16(int16_t q, LogisticInput input) {
  const int32_t value = scaled_input(q, input);
  const uint32_t magnitude = static_cast<uint32_t>(std::abs(static_cast<int64_t>(value)));
  uint32_t result = (magnitude >> 9) >= 255 ? 0x7fffu << 10 : interpolate(magnitude, 9);
  result = value >= 0 ? result + (1u << 9) : (1u << 25) - result + (1u << 9) - 1;
  return static_cast<int16_t>(result >> 10);
}

int16_t tanh_int16(int16_t q, LogisticInput input) {
  const int32_t value = scaled_input(q, input);
  const uint32_t magnitude = static_cast<uint32_t>(std::abs(static_cast<int64_t>(value)));
  const auto curve = static_cast<int32_t>((magnitude >> 8) >= 255 ? 0xffffu << 8 : interpolate(magnitude, 8));
  const int32_t result = value >= 0 ? curve - (1 << 23) + (1 << 7) : -curve + (1 << 23) + (1 << 7) - 1;
  return static_cast<int16_t>(result >> 8);
}

}  // namespace litequant
