// SGEMM for any shape: looks at a product, and chooses the way that costs least.
#include "gemm.h"

enum {
    THREAD_WORK = 100000, // multiply-adds that are worth a thread
    SMALL_SIZE = 1 << 16, // elements of C that are few enough for ck_gemm_small, as is one panel
    SHALLOW_DEPTH = 16,   // most of k if C is larger, and for
    SHALLOW_SIZE = 16384, // a B of so many elements, which stay near
    WIDE = 128,           // columns of C
};

static int team_for(const ck_product *x, int threads) {
    const double useful = (double)x->m * (double)x->n * (double)x->k / THREAD_WORK;
    return useful < 1 ? 1 : useful < threads ? (int)useful : threads;
}

static ck_operand view(ck_transpose t, const float *x, ptrdiff_t ld) {
    return t == CK_NO_TRANSPOSE ? (ck_operand){x, ld, 1} : (ck_operand){x, 1, ld};
}

// One row or column of at least a panel of sums: fewer, side by side, are one tile.
static int is_vector(const ck_product *x) {
    if (x->m > 1 && x->n > 1)
        return 0;
    const ptrdiff_t sums = x->n == 1 ? x->m : x->n;
    const int side_by_side = (x->n == 1 ? x->a.row : x->b.col) == 1;
    return sums > CK_LANES || (sums == CK_LANES && !side_by_side);
}

// Whether the product costs less as its transpose. Counted in multiply-adds of a lane: otherwise 16
// for an element of A, else one for each column, some to pack A, and some to turn the sums.
static int is_narrow(const ck_product *x) {
    enum { PACK = 5, TURN = 40 };
    const ptrdiff_t each = x->n + (x->a.row == 1 ? 0 : PACK);
    return x->n < CK_LANES && x->m >= CK_LANES &&
           ck_ceil_div(x->m, CK_LANES) * (x->k * each + TURN) < x->k * x->m;
}

int ck_sgemm(ck_transpose ta, ck_transpose tb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha,
             const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c,
             ptrdiff_t ldc, int threads) {
    if (m <= 0 || n <= 0)
        return CK_OK;
    ck_product x = {ck_table(),    m, n,  k < 0 ? 0 : k, view(ta, a, lda), view(tb, b, ldb),
                    {alpha, beta}, c, ldc};
    if (is_vector(&x)) {
        ck_gemm_vector(&x, team_for(&x, threads));
        return CK_OK;
    }

    // Columns that fill no panel, behind those that do. In a wide B they would lie too far apart.
    ck_product last = x;
    last.n = n % CK_LANES;
    last.b.at += (n - last.n) * x.b.col;
    last.c += n - last.n;
    if (last.n > 0 && n <= WIDE && is_narrow(&last)) {
        ck_gemm_narrow(&last, team_for(&last, threads));
        x.n -= last.n;
        if (x.n == 0)
            return CK_OK;
    }

    const int team = team_for(&x, threads);
    if (x.k <= CK_SMALL_DEPTH && (x.n <= CK_LANES || (team == 1 && m * x.n <= SMALL_SIZE))) {
        ck_gemm_small(&x, team);
        return CK_OK;
    }
    const int depth = x.b.row % CK_PAGE == 0 ? SHALLOW_DEPTH / 2 : SHALLOW_DEPTH;
    if (x.b.col == 1 && x.k <= depth && x.k * x.n <= SHALLOW_SIZE) {
        ck_gemm_shallow(&x, team);
        return CK_OK;
    }
    return ck_gemm_blocked(&x, team);
}
