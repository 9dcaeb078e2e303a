// The few vector operations that the kernels in simd/ are written in, on the types of an
// architecture's lanes.h: compiler vector extensions, one source for every width.
#ifndef CK_OPERATIONS_H
#define CK_OPERATIONS_H

#include "constants.h"
#include "pack.h"
#include "share.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vf v) {
    memcpy(p, &v, sizeof v);
}

INLINE vf splat(float x) {
    return x - (vf){0};
}

INLINE vf fma_v(vf a, vf b, vf c) {
    return __builtin_elementwise_fma(a, b, c);
}

INLINE vi int_bits(vf x) {
    return (vi)x;
}

INLINE vf choose(vi mask, vf yes, vf no) {
    return (vf)((mask & (vi)yes) | (~mask & (vi)no));
}

// By the sign of x, which zeros and NaNs have too.
INLINE vf choose_by_sign(vf x, vf minus, vf plus) {
    return choose(int_bits(x) < 0, minus, plus);
}

INLINE vf abs_v(vf x) {
    return (vf)((vi)x & 0x7fffffff);
}

INLINE vi not_finite(vf x) {
    return ~(vi)(abs_v(x) <= splat(CK_MAX_FINITE));
}

INLINE vf relu_v(vf x) {
    return choose(x <= splat(0), splat(0), x);
}

INLINE vf negate(vf x) {
    return (vf)((vi)x ^ (vi)splat(-0.0f));
}

INLINE int any(vi mask) {
    int32_t lanes[WIDTH], bad = 0;
    memcpy(lanes, &mask, sizeof lanes);
    for (int i = 0; i < WIDTH; i++)
        bad |= lanes[i];
    return bad != 0;
}

// The first n < WIDTH elements; the other lanes are zero.
INLINE vf load_some(const float *p, ptrdiff_t n) {
    float lanes[WIDTH] = {0};
    ck_copy_some(lanes, p, n);
    return load(lanes);
}

INLINE void store_some(float *p, ptrdiff_t n, vf v) {
    float lanes[WIDTH];
    store(lanes, v);
    ck_copy_some(p, lanes, n);
}

// x, +0 where subnormal (a NaN stays). exponent: CK_EXPONENT_BITS.
INLINE vf flushed(vf x, vi exponent) {
    const vi tiny = (int_bits(x) & exponent) == 0;
    return (vf)(~tiny & (vi)x);
}

// What a momentum update multiplies by, and the bits of an exponent.
typedef struct {
    vf alpha, minus_eta;
    vi exponent;
} update_factors;

INLINE update_factors factors_of(ck_step step) {
    return (update_factors){splat(step.alpha), splat(-step.eta), (vi){0} + CK_EXPONENT_BITS};
}

// v = fma(-eta, g, alpha v), +0 where subnormal (a NaN stays): the formula of the reference.
INLINE vf new_velocity(const update_factors *f, vf g, vf v) {
    return flushed(fma_v(f->minus_eta, g, f->alpha * v), f->exponent);
}

#endif
