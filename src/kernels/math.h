// Transcendental functions, written once so that they give the same bits in every build: C libraries differ in last
// bits, and a table made of their results would differ with them.
//
// Everything is computed in double with plain multiplications, additions and divisions in one fixed order; relative
// error below 1e-14 (erfc 1e-13), so a result rounded to float is the correctly rounded one but for about one argument
// in 10^7. Special arguments (zero, infinities, NaN, out of domain) give what C's functions give. No function traps.
#pragma once

namespace litequant::math {

double exp(double x);
double expm1(double x);  // exp(x) - 1 without cancellation near 0
double log(double x);    // -infinity at 0, NaN below
double tanh(double x);
double logistic(double x);  // 1 / (1 + exp(-x))
double erf(double x);
double erfc(double x);  // 1 - erf(x) without cancellation
double atan2(double y, double x);  // the angle of the point (x, y), in [-pi, pi]

// The functions rounded to float.
float exp(float x);
float expm1(float x);
float log(float x);
float tanh(float x);
float logistic(float x);
float erf(float x);
float erfc(float x);
float sin(float x);  // exact reduction of any finite argument
float cos(float x);
float pow(float base, float exponent);

}  // namespace litequant::math
