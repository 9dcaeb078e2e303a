// A matrix product, its tile, and the ways to compute it. gemm.c chooses one of them, and none
// calls another: gemm_small.c, gemm_vector.c and gemm_blocked.c know this header alone.
#ifndef CK_GEMM_H
#define CK_GEMM_H

#include "kernels.h"

// op(X): element (i, j) is at[i * row + j * col]. One of the two is 1.
typedef struct {
    const float *at;
    ptrdiff_t row, col;
} ck_operand;

typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t m, n, k; // m, n > 0
    ck_operand a, b;
    ck_scale scale;
    float *c;
    ptrdiff_t ldc;
} ck_product;

static inline ptrdiff_t ck_ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

// Rows of B that a tile multiplies by, in 16 columns: some where they lie, then some packed. C has
// `columns` of these, from the lane `before` on.
typedef struct {
    const float *direct, *packed;
    ptrdiff_t direct_rows, packed_rows, columns, before;
} ck_panel;

/// Rows of B from which a panel can be read where it lies, unless B is transposed. One that is
/// narrower than a panel has behind its columns the next row's, and nothing behind its last rows.
static inline ptrdiff_t ck_direct_rows(const ck_product *x) {
    const ptrdiff_t missing = x->n < CK_LANES ? CK_LANES - x->n : 0;
    const ptrdiff_t rows = x->k - (missing ? ck_ceil_div(missing, x->b.row) : 0);
    return rows > 0 ? rows : 0;
}

/// A tile of `count` rows of A times a panel. Sums start at zero if `first`, else at acc, and go to
/// acc, or to C if c, its place there, is not NULL.
static inline void ck_run_tile(const ck_product *x, ptrdiff_t count, const float *a,
                               const ck_strides *at, const ck_panel *b, int first, float *acc,
                               float *c) {
    static const float zeros[CK_LANES];
    const float *init = first ? zeros : acc;
    ptrdiff_t init_row = first ? 0 : CK_LANES;
    const int whole = c && b->columns == CK_LANES; // sums go to C as soon as they are done
    const ck_scale *scale = whole ? &x->scale : NULL;
    float *to = whole ? c : acc;
    const ptrdiff_t to_row = whole ? x->ldc : CK_LANES;
    if (b->direct_rows > 0 && b->packed_rows > 0) {
        x->kernels->strided_tile((int)count, b->direct_rows, a, at, b->direct, x->b.row, init,
                                 init_row, acc, CK_LANES, NULL);
        a += b->direct_rows * at->step;
        init = acc;
        init_row = CK_LANES;
    }
    const int packed = b->packed_rows > 0;
    x->kernels->strided_tile((int)count, packed ? b->packed_rows : b->direct_rows, a, at,
                             packed ? b->packed : b->direct, packed ? CK_LANES : x->b.row, init,
                             init_row, to, to_row, scale);
    if (c && !whole)
        x->kernels->store(count, b->columns, &x->scale, acc + b->before, c, x->ldc);
}

// The ways, for at least one element of C each and up to `threads` threads.

enum { CK_SMALL_DEPTH = 128 }; // most of k that ck_gemm_small and ck_gemm_shallow take

/// Packs only what cannot be read where it lies.
void ck_gemm_small(const ck_product *product, int threads);
/// The same for a large C that takes longer to write than to compute.
void ck_gemm_shallow(const ck_product *product, int threads);
/// As the transpose: fewer than CK_LANES columns, and at least as many rows.
void ck_gemm_narrow(const ck_product *product, int threads);
/// Packs nothing: one row or one column, at least CK_LANES long.
void ck_gemm_vector(const ck_product *product, int threads);
/// Packs what is used often, block by block, in memory of its own: CK_NO_MEMORY if there is none.
int ck_gemm_blocked(const ck_product *product, int threads);

#endif
