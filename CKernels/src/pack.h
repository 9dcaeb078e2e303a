// How drivers copy matrices into panels: only moves, so every kernel table shares it.
#ifndef CK_PACK_H
#define CK_PACK_H

#include "CKernels.h"

#include <stdint.h>
#include <string.h>

// Hints at what lies `away` bytes from p, which may be past the end: no pointer may go there.
static inline void ck_fetch(const void *p, ptrdiff_t away) {
    __builtin_prefetch((const void *)((uintptr_t)p + (uintptr_t)away));
}

// The first n < 16 floats, in pieces of fixed sizes: a call of memcpy takes longer than they do.
static inline void ck_copy_some(float *to, const float *from, ptrdiff_t n) {
    if (n & 8) {
        memcpy(to, from, 8 * sizeof(float));
        to += 8, from += 8;
    }
    if (n & 4) {
        memcpy(to, from, 4 * sizeof(float));
        to += 4, from += 4;
    }
    if (n & 2) {
        memcpy(to, from, 2 * sizeof(float));
        to += 2, from += 2;
    }
    if (n & 1)
        *to = *from;
}

// y[4][4], rows `to` apart, becomes x[4][4], rows `from` apart, with rows and columns exchanged.
static inline void ck_transpose_4x4(const float *x, ptrdiff_t from, float *y, ptrdiff_t to) {
    typedef float v4 __attribute__((vector_size(16)));
    v4 a, b, c, d;
    memcpy(&a, x, sizeof a);
    memcpy(&b, x + from, sizeof b);
    memcpy(&c, x + 2 * from, sizeof c);
    memcpy(&d, x + 3 * from, sizeof d);
    const v4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const v4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const v4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const v4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
    memcpy(y, &a, sizeof a);
    memcpy(y + to, &b, sizeof b);
    memcpy(y + 2 * to, &c, sizeof c);
    memcpy(y + 3 * to, &d, sizeof d);
}

// One panel to[rows][16]: to[r][i] = x[i * ldx + r] for i < width, else 0.
static inline void ck_pack_transposed(ptrdiff_t rows, ptrdiff_t width, const float *x,
                                      ptrdiff_t ldx, float *to) {
    ptrdiff_t r = 0;
    for (; width == CK_LANES && r + 4 <= rows; r += 4)
        for (ptrdiff_t i = 0; i < CK_LANES; i += 4)
            ck_transpose_4x4(x + i * ldx + r, ldx, to + r * CK_LANES + i, CK_LANES);
    for (; r < rows; r++)
        for (ptrdiff_t i = 0; i < CK_LANES; i++)
            to[r * CK_LANES + i] = i < width ? x[i * ldx + r] : 0;
}

#endif
