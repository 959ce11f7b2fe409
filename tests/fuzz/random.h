// Random numbers that are the same everywhere, from a seed and a case number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace litequant::test {

class Random {
 public:
  Random(uint64_t seed, uint64_t number) : state_(seed * 0x9e3779b97f4a7c15u ^ (number + 1) * 0xd1342543de82ef95u) {}

  // splitmix64
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  // 0 for an empty range.
  size_t below(size_t end) { return end == 0 ? 0 : static_cast<size_t>(next() % end); }
  bool percent(unsigned chance) { return next() % 100 < chance; }
  float between(float low, float high) {
    return low + (high - low) * (static_cast<float>(next() >> 40) / static_cast<float>(1 << 24));
  }
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }
  template <typename List>
  auto& item(List& list) {
    return list[below(list.size())];
  }

 private:
  uint64_t state_;
};

}  // namespace litequant::test
