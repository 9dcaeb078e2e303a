// SGEMM of small, shallow and narrow products: what they read is near enough to be used where it
// lies, or is packed a panel at a time.
#include "gemm.h"
#include "pack.h"
#include "threads.h"

enum {
    NARROW_DEPTH = 352, // of k at a time: 22 KB of a panel
};

// Tile after tile of some groups of rows. Only a panel of a transposed B is packed, or rows of one
// that would be read past their last column. If there is a panel before it, it begins 16 columns
// before its end, and its first lanes are what the panel before has stored.
static void run_small(const ck_product *x, ptrdiff_t groups, ck_range own) {
    _Alignas(64) float packed[CK_SMALL_DEPTH * CK_LANES], acc[(CK_ROWS + 1) * CK_LANES];
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

void ck_gemm_small(const ck_product *x, int threads) {
    const ptrdiff_t groups = ck_ceil_div(x->m, CK_ROWS);
    CK_ON_TEAM((int)ck_least(threads, groups),
               run_small(x, groups, ck_share(groups, thread, threads)););
}

void ck_gemm_shallow(const ck_product *x, int threads) {
    const ptrdiff_t groups = ck_ceil_div(x->m, CK_ROWS);
    CK_ON_TEAM((int)ck_least(threads, groups),
               run_shallow(x, groups, ck_share(groups, thread, threads)););
}

void ck_gemm_narrow(const ck_product *x, int threads) {
    const ptrdiff_t panels = ck_ceil_div(x->m, CK_LANES);
    CK_ON_TEAM((int)ck_least(threads, panels), run_narrow(x, ck_share(panels, thread, threads)););
}
