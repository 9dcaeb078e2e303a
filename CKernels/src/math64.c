// Double-precision exp, log, sin and cos from fma alone: the same bits on every machine, which
// libm does not promise. Not performance-critical: schedules, synthesis, reports.
#include "CKernels.h"

#include <math.h>
#include <string.h>

#define ROUND 0x1.8p52 // adding it rounds to an integer

static uint64_t to_bits(double x) {
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static double from_bits(uint64_t b) {
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

static double power_of_two(int64_t n) { // -1022 <= n <= 1023
    return from_bits((uint64_t)(n + 1023) << 52);
}

// c[0] + c[1] x + … + c[n-1] x^(n-1)
static double polynomial(int n, const double *c, double x) {
    double y = c[n - 1];
    for (int i = n - 2; i >= 0; i--)
        y = fma(y, x, c[i]);
    return y;
}

static const double ln2_hi = 0x1.62e42feep-1, ln2_lo = 0x1.a39ef35793c76p-33;

double ck_exp64(double x) {
    if (x != x)
        return x;
    if (x > 710)
        return INFINITY;
    if (x < -746)
        return 0;
    static const double c[] = {1,
                               1,
                               1.0 / 2,
                               1.0 / 6,
                               1.0 / 24,
                               1.0 / 120,
                               1.0 / 720,
                               1.0 / 5040,
                               1.0 / 40320,
                               1.0 / 362880,
                               1.0 / 3628800,
                               1.0 / 39916800,
                               1.0 / 479001600,
                               1.0 / 6227020800.0};
    double n = fma(x, 0x1.71547652b82fep0, ROUND) - ROUND;
    double r = fma(-n, ln2_lo, fma(-n, ln2_hi, x));
    int64_t i = (int64_t)n, half = i >> 1; // in two steps, so that subnormal results work
    return polynomial(14, c, r) * power_of_two(half) * power_of_two(i - half);
}

double ck_log64(double x) {
    if (x != x || x < 0)
        return NAN;
    if (x == 0)
        return -INFINITY;
    if (x == INFINITY)
        return x;
    int64_t k = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        k = -54;
    }
    // x = 2^k m with m in [sqrt(1/2), sqrt(2))
    uint64_t bits = to_bits(x) - 0x3fe6a09e667f3bcdu;
    k += (int64_t)bits >> 52;
    double f = from_bits((bits & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1;
    static const double c[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                               2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23};
    double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    double tail = s * (half + z * polynomial(11, c, z));
    double n = (double)k;
    return n * ln2_hi - ((half - (tail + n * ln2_lo)) - f);
}

// r = x - n π/2 with |r| <= π/4; returns n mod 4.
static int reduce(double x, double *r) {
    double n = fma(x, 0x1.45f306dc9c883p-1, ROUND) - ROUND;
    *r = fma(-n, 0x1.1a62633145c07p-54, fma(-n, 0x1.921fb54442d18p0, x));
    return (int)((int64_t)n & 3);
}

static double sine(double r) {
    static const double c[] = {-1.0 / 6,
                               1.0 / 120,
                               -1.0 / 5040,
                               1.0 / 362880,
                               -1.0 / 39916800,
                               1.0 / 6227020800.0,
                               -1.0 / 1307674368000.0,
                               1.0 / 355687428096000.0};
    double z = r * r;
    return fma(z * r, polynomial(8, c, z), r);
}

static double cosine(double r) {
    static const double c[] = {-1.0 / 2,
                               1.0 / 24,
                               -1.0 / 720,
                               1.0 / 40320,
                               -1.0 / 3628800,
                               1.0 / 479001600,
                               -1.0 / 87178291200.0,
                               1.0 / 20922789888000.0,
                               -1.0 / 6402373705728000.0};
    double z = r * r;
    return fma(z, polynomial(9, c, z), 1);
}

static double quadrant(int q, double r) {
    double y = q & 1 ? cosine(r) : sine(r);
    return q & 2 ? -y : y;
}

double ck_sin64(double x) {
    double r;
    int q = reduce(x, &r);
    return quadrant(q, r);
}

double ck_cos64(double x) {
    double r;
    int q = reduce(x, &r);
    return quadrant((q + 1) & 3, r);
}
