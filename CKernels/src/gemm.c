// SGEMM for any shape. Small and shallow products use their operands where they lie, and those with
// few columns are computed as their transpose. gemm_vector.c has the driver for one row or column,
// gemm_blocked.c the one for all others.
#include "gemm.h"
#include "pack.h"
#include "threads.h"

enum {
    THREAD_WORK = 100000, // multiply-adds that are worth a thread
    SMALL_DEPTH = 128,    // most of k that needs no packing, for
    SMALL_SIZE = 1 << 16, // a C of so many elements, or of one panel
    SHALLOW_DEPTH = 16,   // most of k if C is larger, and for
    SHALLOW_SIZE = 16384, // a B of so many elements, which stay near
    NARROW_DEPTH = 352,   // of k at a time: 22 KB of a panel
    WIDE = 128,           // columns of C
};

static int team_for(const ck_product *x, int threads) {
    const double useful = (double)x->m * (double)x->n * (double)x->k / THREAD_WORK;
    return useful < 1 ? 1 : useful < threads ? (int)useful : threads;
}

static ck_operand view(ck_transpose t, const float *x, ptrdiff_t ld) {
    return t == CK_NO_TRANSPOSE ? (ck_operand){x, ld, 1} : (ck_operand){x, 1, ld};
}

// Tile after tile of some groups of rows. Only a panel of a transposed B is packed, or rows of one
// that would be read past their last column. If there is a panel before it, it begins 16 columns
// before its end, and its first lanes are what the panel before has stored.
static void run_small(const ck_product *x, ptrdiff_t groups, ck_range own) {
    _Alignas(64) float packed[SMALL_DEPTH * CK_LANES], acc[(CK_ROWS + 1) * CK_LANES];
    const ptrdiff_t each = x->m / groups, longer = x->m % groups;
    const ptrdiff_t top = ck_part_start(each, longer, own.first);
    const ck_strides at = {x->a.row, x->a.col};
    const int turned = x->b.col != 1;
    // A second tile for the rows that are packed takes as long as to pack four.
    ptrdiff_t direct = turned ? 0 : ck_direct_rows(x);
    direct = direct > 4 * (own.last - own.first) || direct == x->k ? direct : 0;
    ck_panel b = {NULL, packed, direct, x->k - direct, 0, 0};
    for (ptrdiff_t j = 0; j < x->n; j += CK_LANES) {
        b.columns = ck_least(CK_LANES, x->n - j);
        b.before = j > 0 && direct == x->k ? CK_LANES - b.columns : 0;
        b.direct = x->b.at + (j - b.before) * x->b.col;
        const float *from = b.direct + direct * x->b.row;
        if (turned)
            x->kernels->pack_transposed(b.packed_rows, b.columns, from, x->b.col, packed);
        else
            ck_copy_rows(b.packed_rows, b.columns, from, x->b.row, packed);
        const float *a = x->a.at + top * x->a.row;
        float *c = x->c + top * x->ldc + j;
        if (b.before > 0 && x->scale.beta == 0) { // storing an element twice costs less
            c -= b.before;
            b.columns = CK_LANES;
            b.before = 0;
        }
        for (ptrdiff_t group = own.first; group < own.last; group++) {
            const ptrdiff_t rows = each + (group < longer);
            ck_run_tile(x, rows, a, &at, &b, 1, acc, c);
            a += rows * x->a.row;
            c += rows * x->ldc;
        }
    }
}

// A large C that takes longer to write than to compute: row by row of tiles.
static void run_shallow(const ck_product *x, ptrdiff_t groups, ck_range own) {
    for (ptrdiff_t group = own.first; group < own.last; group++)
        run_small(x, groups, (ck_range){group, group + 1});
}

// C^T = op(B)^T op(A)^T, panels of 16 rows of C: no lane is idle, where columns would leave most.
// The last panel begins 16 rows before the end, and stores only those that the one before has not.
static void run_narrow(const ck_product *x, ck_range panels) {
    _Alignas(64) float packed[NARROW_DEPTH * CK_LANES];
    _Alignas(64) float acc[CK_LANES * CK_LANES] = {0}, turned[CK_LANES * CK_LANES];
    const ptrdiff_t groups = ck_ceil_div(x->n, CK_ROWS);
    const ptrdiff_t columns = x->n / groups, longer = x->n % groups;
    static const float zeros[CK_LANES];
    const ck_strides at = {x->b.col, x->b.row};
    for (ptrdiff_t panel = panels.first; panel < panels.last; panel++) {
        const ptrdiff_t row = ck_least(panel * CK_LANES, x->m - CK_LANES);
        const ptrdiff_t before = panel * CK_LANES - row;
        for (ptrdiff_t k = 0; k < x->k; k += NARROW_DEPTH) {
            const ptrdiff_t depth = ck_least(NARROW_DEPTH, x->k - k);
            const float *a = x->a.at + row * x->a.row + k * x->a.col;
            ptrdiff_t a_row = x->a.col;
            if (x->a.row != 1) {
                x->kernels->pack_transposed(depth, CK_LANES, a, x->a.row, packed);
                a = packed;
                a_row = CK_LANES;
            }
            const float *b = x->b.at + k * x->b.row;
            float *sums = acc;
            for (ptrdiff_t group = 0; group < groups; group++) {
                const int count = (int)(columns + (group < longer));
                x->kernels->strided_tile(count, depth, b, &at, a, a_row, k ? sums : zeros,
                                         k ? CK_LANES : 0, sums, CK_LANES, NULL);
                b += count * x->b.col;
                sums += count * CK_LANES;
            }
        }
        x->kernels->pack_transposed(CK_LANES, CK_LANES, acc, CK_LANES, turned);
        x->kernels->store(CK_LANES - before, x->n, &x->scale, turned + before * CK_LANES,
                          x->c + (row + before) * x->ldc, x->ldc);
    }
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
    if (ck_is_vector_product(&x)) {
        ck_gemm_vector(&x, team_for(&x, threads));
        return CK_OK;
    }

    // Columns that fill no panel, behind those that do. In a wide B they would lie too far apart.
    ck_product last = x;
    last.n = n % CK_LANES;
    last.b.at += (n - last.n) * x.b.col;
    last.c += n - last.n;
    if (last.n > 0 && n <= WIDE && is_narrow(&last)) {
        const ptrdiff_t panels = ck_ceil_div(m, CK_LANES);
        CK_ON_TEAM((int)ck_least(team_for(&last, threads), panels),
                   run_narrow(&last, ck_share(panels, thread, threads)););
        x.n -= last.n;
        if (x.n == 0)
            return CK_OK;
    }

    const int team = team_for(&x, threads);
    const int is_small =
        x.k <= SMALL_DEPTH && (x.n <= CK_LANES || (team == 1 && m * x.n <= SMALL_SIZE));
    const int depth = x.b.row % CK_PAGE == 0 ? SHALLOW_DEPTH / 2 : SHALLOW_DEPTH;
    const int is_shallow = x.b.col == 1 && x.k <= depth && x.k * x.n <= SHALLOW_SIZE;
    if (!is_small && !is_shallow)
        return ck_gemm_blocked(&x, team);
    const ptrdiff_t groups = ck_ceil_div(m, CK_ROWS);
    void (*run)(const ck_product *, ptrdiff_t, ck_range) = is_small ? run_small : run_shallow;
    CK_ON_TEAM((int)ck_least(team, groups), run(&x, groups, ck_share(groups, thread, threads)););
    return CK_OK;
}
