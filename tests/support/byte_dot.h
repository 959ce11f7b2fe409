// Every kind of engine there is for products of bytes (kernels/byte_dot.h): acted natively, in wasm the one that runs.
#pragma once

#include <gtest/gtest.h>

#include "kernels/byte_dot.h"
#include "kernels/simd.h"

namespace litequant::test {

// Calls f() once for each; steps compiled in it use what that engine allows.
template <typename Function>
void for_each_byte_dot(const Function& f) {
#if defined(__wasm_simd128__)
  f();
#else
  using simd::ByteDotActed;
  for (const auto acted : {ByteDotActed::exact_unsigned, ByteDotActed::exact_signed, ByteDotActed::saturating}) {
    SCOPED_TRACE(testing::Message() << "acting engine " << static_cast<int>(acted));
    simd::byte_dot_acted = acted;
    f();
  }
#endif
}

}  // namespace litequant::test
