// The least and the greatest of many floats, at the rate they come from the nearest cache.
#pragma once

#include <span>

namespace litequant {

struct Extremes {
  float least = 0, greatest = 0;
};

// Of `values` and `beside`, which is not NaN; NaN among the values is passed over. Of 0 and -0 either may be given.
Extremes extremes_of(std::span<const float> values, float beside);

}  // namespace litequant
