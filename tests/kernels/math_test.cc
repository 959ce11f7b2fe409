// Transcendental functions against values computed with 50 digits, and against the C library in double.
#include "kernels/math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/float_functions.h"

namespace litequant {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Value {
  float x, want;
};

using Function = float (*)(float);

void expect_values(const char* name, Function function, const std::vector<Value>& values) {
  for (const auto& [x, want] : values) {
    EXPECT_EQ(std::bit_cast<uint32_t>(function(x)), std::bit_cast<uint32_t>(want)) << name << "(" << x << ")";
  }
}

// Correctly rounded, by mpmath.
TEST(Math, EqualsCorrectlyRoundedValues) {
  // clang-format off
  expect_values("sin", math::sin, {
    {0x1p-1f, 0x1.eaee88p-2f}, {0x1.8p1f, 0x1.210386p-3f}, {0x1.86ap16f, 0x1.24daaap-5f},
    {0x1.12a88p26f, -0x1.261898p-1f}, {0x1.2a05f2p33f, -0x1.f334c8p-2f}, {0x1.043562p68f, 0x1.acd31p-1f},
    {0x1.fffffep127f, -0x1.0b3366p-1f}, {0x1.f37c8ap95f, 0x1p0f}, {0x1.4484cp-100f, 0x1.4484cp-100f},
    {-0x1p1f, -0x1.d18f6ep-1f}});
  expect_values("cos", math::cos, {
    {0x1p-1f, 0x1.c1528p-1f}, {0x1.8p1f, -0x1.fae04cp-1f}, {0x1.86ap16f, -0x1.ffac38p-1f},
    {0x1.12a88p26f, 0x1.a31ba4p-1f}, {0x1.2a05f2p33f, 0x1.bf098ap-1f}, {0x1.043562p68f, -0x1.17bd0ap-1f},
    {0x1.fffffep127f, 0x1.b4bf2cp-1f}, {0x1.f37c8ap95f, -0x1.bbdd52p-30f}, {0x1.4484cp-100f, 0x1p0f},
    {-0x1p1f, -0x1.aa2266p-2f}});
  expect_values("tanh", math::tanh, {
    {0x1.b7cdfep-34f, 0x1.b7cdfep-34f}, {0x1.99999ap-5f, 0x1.99424ep-5f}, {0x1.9930bep-4f, 0x1.97d5a6p-4f},
    {0x1.99999ap-4f, 0x1.983d78p-4f}, {0x1p-1f, 0x1.d9353ep-2f}, {0x1p0f, 0x1.85efacp-1f},
    {0x1.8p1f, 0x1.fd77d2p-1f}, {0x1.1cccccp3f, 0x1.fffffep-1f}, {-0x1.4p1f, -0x1.f92582p-1f}});
  expect_values("logistic", math::logistic, {
    {-0x1.7cp6f, 0x1.ec8p-138f}, {-0x1.4p4f, 0x1.1b4866p-29f}, {-0x1p0f, 0x1.136562p-2f},
    {0x0p0f, 0x1p-1f}, {0x1p-2f, 0x1.1fd59ap-1f}, {0x1.8p1f, 0x1.e7b7ccp-1f},
    {0x1.1p4f, 0x1.fffffep-1f}});
  expect_values("erf", math::erf, {
    {-0x1.8p1f, -0x1.fffd1ap-1f}, {-0x1.333334p-1f, -0x1.352cap-1f}, {-0x1.99999ap-3f, -0x1.c8184cp-3f},
    {0x1.4f8b58p-17f, 0x1.7a9f08p-17f}, {0x1p-1f, 0x1.0a7ef6p-1f}, {0x1.666666p-1f, 0x1.5b08c2p-1f},
    {0x1p1f, 0x1.fd9ae2p-1f}});
  expect_values("erfc", math::erfc, {
    {-0x1.8p1f, 0x1.fffe8ep0f}, {-0x1.333334p-1f, 0x1.9a965p0f}, {-0x1.99999ap-3f, 0x1.39030ap0f},
    {0x1.99999ap-3f, 0x1.8df9eep-1f}, {0x1p-1f, 0x1.eb0214p-2f}, {0x1.666666p-1f, 0x1.49ee7cp-2f},
    {0x1p1f, 0x1.328f5ep-8f}, {0x1p2f, 0x1.08ddd2p-26f}, {0x1.2p3f, 0x1.198d42p-121f}});
  expect_values("exp", math::exp, {
    {-0x1.9p6f, 0x1.bp-145f}, {-0x1.5ep6f, 0x1.b2cafp-127f}, {-0x1.4p4f, 0x1.1b4866p-29f},
    {-0x1p0f, 0x1.78b564p-2f}, {-0x1.99999ap-4f, 0x1.cf46dap-1f}, {0x1.5798eep-27f, 0x1p0f},
    {0x1.333334p-2f, 0x1.59905ap0f}, {0x1p0f, 0x1.5bf0a8p1f}, {0x1.4p3f, 0x1.5829dcp14f},
    {0x1.62p6f, 0x1.99b988p127f}});
  expect_values("expm1", math::expm1, {
    {-0x1.4p4f, -0x1p0f}, {-0x1p0f, -0x1.43a54ep-1f}, {-0x1.333334p-2f, -0x1.0966f4p-2f},
    {-0x1.99999ap-4f, -0x1.85c934p-4f}, {0x1.5798eep-27f, 0x1.5798eep-27f}, {0x1.99999ap-3f, 0x1.c56edp-3f},
    {0x1p0f, 0x1.b7e152p0f}});
  expect_values("log", math::log, {
    {0x1.cp-147f, -0x1.955504p6f}, {0x1.79ca1p-67f, -0x1.7069e2p5f}, {0x1p-1f, -0x1.62e43p-1f},
    {0x1.fff2e4p-1f, -0x1.a3855ep-14f}, {0x1.00068ep0f, 0x1.a37aa2p-14f}, {0x1.8p0f, 0x1.9f323ep-2f},
    {0x1p1f, 0x1.62e43p-1f}, {0x1.4p3f, 0x1.26bb1cp1f}, {0x1.c363ccp127f, 0x1.62632cp6f}});
  // clang-format on
  EXPECT_EQ(math::pow(0x1p1f, 0x1p-1f), 0x1.6a09e6p0f);
  EXPECT_EQ(math::pow(0x1.00068ep0f, 0x1.388p13f), 0x1.5bfafcp1f);
  EXPECT_EQ(math::pow(0x1.333334p-2f, -0x1.48p4f), 0x1.86201p35f);
  EXPECT_EQ(math::pow(0x1.4p3f, 0x1.3p5f), 0x1.2ced32p126f);
  EXPECT_EQ(math::pow(0x1.0624dep-10f, 0x1.8p3f), 0x1.544856p-120f);
}

// The C library's double functions err by about 1e-16 relative; ours by less than 1e-14.
TEST(Math, AgreesWithTheLibraryInDouble) {
  const auto close = [](double got, double want, const char* name, double x) {
    EXPECT_LE(std::fabs(got - want), 1e-14 * std::fabs(want)) << name << "(" << x << ")";
  };
  for (int i = -20000; i <= 20000; ++i) {
    const double x = i / 1024.0 + 1e-7;
    close(math::exp(x), std::exp(x), "exp", x);
    close(math::expm1(x), std::expm1(x), "expm1", x);
    close(math::tanh(x), std::tanh(x), "tanh", x);
    close(math::erf(x), std::erf(x), "erf", x);
    // The square of x is rounded before it is exponentiated.
    EXPECT_LE(std::fabs(math::erfc(x) - std::erfc(x)), 1e-13 * std::erfc(x)) << x;
    if (x > 0) close(math::log(x), std::log(x), "log", x);
  }
  for (int i = -1000; i <= 1000; ++i) close(math::log(std::ldexp(1.37, i)), std::log(std::ldexp(1.37, i)), "log", i);
}

TEST(Math, SineAndCosineOverAllMagnitudes) {
  for (int exponent = -20; exponent < 128; ++exponent) {
    for (const double mantissa : {1.0, 1.1, 1.3, 1.57, 1.99}) {
      const auto x = static_cast<float>(std::ldexp(mantissa, exponent));
      EXPECT_FLOAT_EQ(math::sin(x), static_cast<float>(std::sin(static_cast<double>(x)))) << x;
      EXPECT_FLOAT_EQ(math::cos(-x), static_cast<float>(std::cos(static_cast<double>(x)))) << x;
    }
  }
}

TEST(Math, SpecialArguments) {
  EXPECT_EQ(math::exp(kInfinity), kInfinity);
  EXPECT_EQ(math::exp(-kInfinity), 0.0f);
  EXPECT_EQ(math::exp(1000.0f), kInfinity);
  EXPECT_EQ(math::exp(-1e30), 0.0);
  EXPECT_EQ(math::log(0.0f), -kInfinity);
  EXPECT_EQ(math::log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(math::log(-1.0f)));
  EXPECT_EQ(math::tanh(kInfinity), 1.0f);
  EXPECT_EQ(math::tanh(-kInfinity), -1.0f);
  EXPECT_EQ(math::logistic(-kInfinity), 0.0f);
  EXPECT_EQ(math::logistic(kInfinity), 1.0f);
  EXPECT_EQ(math::erfc(kInfinity), 0.0f);
  EXPECT_EQ(math::erfc(-kInfinity), 2.0f);
  EXPECT_TRUE(std::isnan(math::sin(kInfinity)));
  EXPECT_TRUE(std::signbit(math::sin(-0.0f)));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Function function :
       {Function{math::exp}, Function{math::expm1}, Function{math::log}, Function{math::tanh}, Function{math::logistic},
        Function{math::erf}, Function{math::erfc}, Function{math::sin}, Function{math::cos}}) {
    EXPECT_TRUE(std::isnan(function(nan)));
  }
}

TEST(Math, PowersOfSpecialNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> numbers = {0.0f,  -0.0f, 1.0f,  -1.0f,     2.0f,       -2.0f, 0.5f,
                                      -0.5f, 3.0f,  -3.0f, kInfinity, -kInfinity, nan};
  for (const float base : numbers) {
    for (const float exponent : numbers) {
      const float want = std::pow(base, exponent), got = math::pow(base, exponent);
      if (std::isnan(want)) {
        EXPECT_TRUE(std::isnan(got)) << base << " ^ " << exponent;
      } else {
        EXPECT_FLOAT_EQ(got, want) << base << " ^ " << exponent;
        EXPECT_EQ(std::signbit(got), std::signbit(want)) << base << " ^ " << exponent;
      }
    }
  }
}

// ---- The functions in float -----------------------------------------------------------------------------------------

using Elements = void (*)(const float*, float*, int64_t);

// Floats of all signs and magnitudes, infinities and NaN among them.
std::vector<float> floats_of_all_kinds() {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 99991)
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  for (const float special : {0.0f, -0.0f, kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()})
    x.push_back(special);
  return x;
}

void expect_within(const char* name, Elements elements, double (*exact)(double), double relative, double absolute) {
  const std::vector<float> x = floats_of_all_kinds();
  std::vector<float> got(x.size());
  elements(x.data(), got.data(), static_cast<int64_t>(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    const auto want = exact(static_cast<double>(x[i]));
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(got[i])) << name << "(" << x[i] << ")";
    } else if (std::isinf(static_cast<float>(want))) {
      EXPECT_EQ(got[i], static_cast<float>(want)) << name << "(" << x[i] << ")";
    } else {
      EXPECT_NEAR(got[i], want, relative * std::fabs(want) + absolute) << name << "(" << x[i] << ")";
    }
  }
}

TEST(FloatFunctions, AreWithinAFewUnitsInTheLastPlace) {
  expect_within("exp", exp_elements, [](double x) { return math::exp(x); }, 1.2e-7, 1.2e-38);
  expect_within("logistic", logistic_elements, [](double x) { return math::logistic(x); }, 2e-7, 1.2e-38);
  expect_within("tanh", tanh_elements, [](double x) { return math::tanh(x); }, 2e-7, 0);
  expect_within("elu", elu_elements, [](double x) { return x < 0 ? math::expm1(x) : x; }, 2e-7, 0);
}

TEST(FloatFunctions, GeluIsAsGoodAsItsArithmetic) {
  std::vector<float> x(4001), exact(4001), by_tanh(4001);
  for (int i = 0; i <= 4000; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i - 2000) / 200;
  gelu_elements(x.data(), exact.data(), 4001);
  gelu_by_tanh_elements(x.data(), by_tanh.data(), 4001);
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    EXPECT_NEAR(exact[i], 0.5 * v * math::erfc(-v * std::sqrt(0.5)), 1e-7 * (1 + std::fabs(v)));
    EXPECT_NEAR(by_tanh[i], 0.5 * v * (1 + math::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))),
                1.5e-7 * (1 + std::fabs(v)));
  }
}

}  // namespace
}  // namespace litequant
