#include "kernels/math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

namespace litequant::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr double kLog2E = 0x1.71547652b82fep+0;
// ln 2 in two parts: a multiple of the first by a 21-bit integer is exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

// 1.5 * 2^52: adding and subtracting it rounds to the nearest integer (|x| < 2^51).
constexpr double kRounder = 0x1.8p52;
double nearest(double x) { return (x + kRounder) - kRounder; }

// 2^k for k in [-1022, 1023].
double power_of_two(int64_t k) { return std::bit_cast<double>(static_cast<uint64_t>(k + 1023) << 52); }

// c[0] + c[1] x + c[2] x^2 + ...
template <int kCount>
double polynomial(const double (&c)[kCount], double x) {
  double sum = c[kCount - 1];
  for (int i = kCount - 2; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

// (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2: the Taylor series, whose first term left out is below 1e-17.
constexpr double kExpTail[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                               1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                               1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};

// tanh(x) / x in x^2 for |x| < 0.1.
constexpr double kTanhSeries[] = {1.0,         -1.0 / 3,         2.0 / 15,          -17.0 / 315,
                                  62.0 / 2835, -1382.0 / 155925, 21844.0 / 6081075, -929569.0 / 638512875};

// log((1 + s) / (1 - s)) / (2s) in s^2 for |s| < 0.172.
constexpr double kLogSeries[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};

// erf(x) / x in x^2, without the factor 2/sqrt(pi), for |x| < 0.5: (-1)^n / (n! (2n + 1)).
constexpr double kErfSeries[] = {
    1.0,          -1.0 / 3,     1.0 / 10,       -1.0 / 42,      1.0 / 216,        -1.0 / 1320,      1.0 / 9360,
    -1.0 / 75600, 1.0 / 685440, -1.0 / 6894720, 1.0 / 76204800, -1.0 / 918086400, 1.0 / 11975040000};
constexpr double kTwoOverRootPi = 1.1283791670955125739;

// Chebyshev coefficients in y = 2t - 1, t = 2 / (2 + x), of ln(erfc(x) / t) + x^2 over all x >= 0, the first one
// halved.
constexpr double kErfcChebyshev[] = {
    -0.6513268598908547171,     0.6419697923564902603,      0.019476473204185836312,    -0.0095615147868086316419,
    -0.0009465953444820368663,  0.00036683949785276145187,  0.000042523324806907771645, -0.000020278578112534243154,
    -1.6242900046470255135e-6,  1.3036558355805232018e-6,   1.5626441722066143178e-8,   -8.5238095914926542525e-8,
    6.5290544390988514964e-9,   5.0593434955514689418e-9,   -9.9136415649303308674e-10, -2.2736512229318358557e-10,
    9.646791102015526802e-11,   2.3940380830391147447e-12,  -6.8860275264975533984e-12, 8.9448792730907257167e-13,
    3.1309213993429580783e-13,  -1.1270822361367252366e-13, 3.8109052551892320552e-16,  7.1060976136092369878e-15,
    -1.5230282014571043043e-15, -9.4574945712912340005e-17, 1.2102371892242789923e-16};

// sin(r) / r and cos(r) in r^2 for |r| <= pi / 4.
constexpr double kSinSeries[] = {1.0,          -1.0 / 6,        1.0 / 120,        -1.0 / 5040,
                                 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000};
constexpr double kCosSeries[] = {1.0,
                                 -1.0 / 2,
                                 1.0 / 24,
                                 -1.0 / 720,
                                 1.0 / 40320,
                                 -1.0 / 3628800,
                                 1.0 / 479001600,
                                 -1.0 / 87178291200,
                                 1.0 / 20922789888000};

// pi / 2 in three parts; multiples of the first two by a 26-bit integer are exact.
constexpr double kHalfPi1 = 0x1.921fb54p+0;
constexpr double kHalfPi2 = 0x1.10b46p-30;
constexpr double kHalfPi3 = 0x1.1a62633145c07p-54;
constexpr double kHalfPi = 0x1.921fb54442d18p+0;

// The first 320 binary places of 2 / pi.
constexpr uint64_t kTwoOverPi[] = {0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
                                   0xb7246e3a424dd2e0};

// x = quadrant * pi/2 + rest, |rest| <= pi/4; the quadrant modulo 4.
struct Angle {
  int quadrant = 0;
  double rest = 0;
};

Angle reduce(float x) {
  const double magnitude = std::fabs(static_cast<double>(x));
  Angle angle;
  if (magnitude < 0x1p26) {
    const double turns = nearest(magnitude * (1 / kHalfPi));
    angle.quadrant = static_cast<int>(static_cast<int64_t>(turns) & 3);
    angle.rest = ((magnitude - turns * kHalfPi1) - turns * kHalfPi2) - turns * kHalfPi3;
  } else {
    // Payne and Hanek: magnitude = mantissa * 2^exponent, exponent >= 2. Places of 2/pi up to exponent - 2 contribute
    // multiples of 4 turns; the 128 after them give the turns modulo 4 in units of 2^-126.
    const uint32_t bits = std::bit_cast<uint32_t>(x) & 0x7fffffffu;
    const uint32_t mantissa = (bits & 0x7fffffu) | 0x800000u;
    const int exponent = static_cast<int>(bits >> 23) - 150;
    const int first = exponent - 2;  // place exponent - 1, counted from 0
    const auto window = [&](int place) {
      const int word = place / 64, offset = place % 64;
      const uint64_t high = kTwoOverPi[word] << offset;
      return offset == 0 ? high : high | (kTwoOverPi[word + 1] >> (64 - offset));
    };
    using Wide = unsigned __int128;
    const Wide places = (static_cast<Wide>(window(first)) << 64) | window(first + 64);
    const Wide turns = places * mantissa;
    const Wide rounded = turns + (static_cast<Wide>(1) << 125);
    angle.quadrant = static_cast<int>(rounded >> 126);
    const Wide rest = turns - ((rounded >> 126) << 126);
    const auto high = static_cast<int64_t>(static_cast<uint64_t>(rest >> 64));
    const double value =
        static_cast<double>(high) * 0x1p-62 + static_cast<double>(static_cast<uint64_t>(rest)) * 0x1p-126;
    angle.rest = value * kHalfPi;
  }
  return angle;
}

double sine_of(const Angle& angle) {
  const double square = angle.rest * angle.rest;
  const double value =
      (angle.quadrant & 1) != 0 ? polynomial(kCosSeries, square) : angle.rest * polynomial(kSinSeries, square);
  return (angle.quadrant & 2) != 0 ? -value : value;
}

// exp(x) - 1 for |x| <= ln(2) / 2.
double small_expm1(double x) { return x + x * x * polynomial(kExpTail, x); }

}  // namespace

double exp(double x) {
  if (!(x >= -745.2)) return x < 0 ? 0.0 : x;  // underflow, or NaN
  if (x > 709.8) return kInfinity;
  const double k = nearest(x * kLog2E);
  const double rest = (x - k * kLn2High) - k * kLn2Low;
  const auto whole = static_cast<int64_t>(k);
  const int64_t half = whole / 2;  // in two factors: 2^k alone may be out of range
  return (1 + small_expm1(rest)) * power_of_two(half) * power_of_two(whole - half);
}

double expm1(double x) { return std::fabs(x) < 0.3 ? small_expm1(x) : exp(x) - 1; }

double log(double x) {
  if (!(x > 0)) return x == 0 ? -kInfinity : kNaN;
  if (x == kInfinity) return x;
  int64_t exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  exponent += static_cast<int64_t>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0xfffffffffffffu) | 0x3ff0000000000000u);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    ++exponent;
  }
  const double s = (mantissa - 1) / (mantissa + 1);
  const auto k = static_cast<double>(exponent);
  return k * kLn2High + (2 * s * polynomial(kLogSeries, s * s) + k * kLn2Low);
}

double tanh(double x) {
  const double magnitude = std::fabs(x);
  if (magnitude < 0.1) return x * polynomial(kTanhSeries, x * x);
  const double e = exp(-2 * magnitude);
  return std::copysign((1 - e) / (1 + e), x);
}

double logistic(double x) { return 1 / (1 + exp(-x)); }

double erfc(double x) {
  const double magnitude = std::fabs(x);
  if (magnitude < 0.5) return 1 - erf(x);
  if (magnitude > 28) return x > 0 ? 0.0 : 2.0;
  const double t = 2 / (2 + magnitude);
  const double y = 2 * t - 1;
  // Clenshaw's recurrence.
  double next = 0, after = 0;
  for (int i = static_cast<int>(std::size(kErfcChebyshev)) - 1; i > 0; --i) {
    const double current = 2 * y * next - after + kErfcChebyshev[i];
    after = next;
    next = current;
  }
  const double exponent = y * next - after + kErfcChebyshev[0] - magnitude * magnitude;
  const double value = t * exp(exponent);
  return x > 0 ? value : 2 - value;
}

double erf(double x) {
  if (std::fabs(x) < 0.5) return x * kTwoOverRootPi * polynomial(kErfSeries, x * x);
  return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
}

float exp(float x) { return static_cast<float>(exp(static_cast<double>(x))); }
float expm1(float x) { return static_cast<float>(expm1(static_cast<double>(x))); }
float log(float x) { return static_cast<float>(log(static_cast<double>(x))); }
float tanh(float x) { return static_cast<float>(tanh(static_cast<double>(x))); }
float logistic(float x) { return static_cast<float>(logistic(static_cast<double>(x))); }
float erf(float x) { return static_cast<float>(erf(static_cast<double>(x))); }
float erfc(float x) { return static_cast<float>(erfc(static_cast<double>(x))); }

float sin(float x) {
  if (!std::isfinite(x)) return std::numeric_limits<float>::quiet_NaN();
  const auto value = static_cast<float>(sine_of(reduce(x)));
  return std::signbit(x) ? -value : value;
}

float cos(float x) {
  if (!std::isfinite(x)) return std::numeric_limits<float>::quiet_NaN();
  Angle angle = reduce(x);
  angle.quadrant = (angle.quadrant + 1) & 3;
  return static_cast<float>(sine_of(angle));
}

float pow(float base, float exponent) {
  if (exponent == 0 || base == 1) return 1;
  if (std::isnan(base) || std::isnan(exponent)) return std::numeric_limits<float>::quiet_NaN();
  const double power = exponent;
  const bool is_integer = std::isinf(exponent) || std::floor(power) == power;
  // Floats of 2^25 and more are even.
  const bool is_odd = is_integer && std::fabs(power) < 0x1p25 && (static_cast<int64_t>(power) & 1) != 0;
  const double magnitude = std::fabs(static_cast<double>(base));
  double value = 0;
  if (magnitude == 0 || std::isinf(base)) {
    value = (magnitude == 0) == (power < 0) ? kInfinity : 0.0;
  } else if (std::isinf(exponent)) {
    value = magnitude == 1 ? 1.0 : (magnitude > 1) == (power > 0) ? kInfinity : 0.0;
  } else {
    if (base < 0 && !is_integer) return std::numeric_limits<float>::quiet_NaN();
    value = exp(power * log(magnitude));
  }
  return static_cast<float>(std::signbit(base) && is_odd ? -value : value);
}

namespace {

// For t in [0, 1]: halving the angle twice brings it below 0.2, where the Taylor series ends soon.
double arctangent(double t) {
  const auto halved = [](double x) { return x / (1 + std::sqrt(1 + x * x)); };
  const double x = halved(halved(t));
  const double square = x * x;
  double sum = 0;
  for (int n = 25; n >= 1; n -= 2) sum = 1.0 / n - square * sum;
  return 4 * x * sum;
}

}  // namespace

double atan2(double y, double x) {
  constexpr double kPi = 3.14159265358979323846;
  if (std::isnan(x) || std::isnan(y)) return kNaN;
  double a = std::fabs(y), b = std::fabs(x);
  if (std::isinf(a) && std::isinf(b)) a = b = 1;
  double angle = 0;
  if (a > b) {
    angle = kPi / 2 - arctangent(b / a);
  } else if (a > 0) {
    angle = arctangent(a / b);
  }
  if (std::signbit(x)) angle = kPi - angle;
  return std::signbit(y) ? -angle : angle;
}

}  // namespace litequant::math
