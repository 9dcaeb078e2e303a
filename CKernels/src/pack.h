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

// A row of a panel: the first `width` of 16 floats, and zeros.
static inline void ck_copy_lanes(float *to, const float *from, ptrdiff_t width) {
    if (width == CK_LANES) {
        memcpy(to, from, CK_LANES * sizeof *to);
        return;
    }
    memset(to, 0, CK_LANES * sizeof *to);
    ck_copy_some(to, from, width);
}

// One panel to[rows][16]: to[r][i] = x[r * ldx + i] for i < width, else 0.
static inline void ck_copy_rows(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
                                float *to) {
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx, to += CK_LANES)
        ck_copy_lanes(to, x, width);
}

#endif
