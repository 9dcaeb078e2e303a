// SGEMM with one row or one column: a matrix times a vector. Nothing is packed, since no element
// of the matrix is used twice; many sums at once hide the latency of their chains.
#include "gemm.h"
#include "threads.h"

enum {
    PANELS = 128, // of sums at a time: 8 KB, which stay near
};

// One column of C, as the transpose where it is one row.
static ck_product as_column(const ck_product *x) {
    if (x->n == 1)
        return *x;
    return (ck_product){
        x->kernels, x->n, 1, x->k, {x->b.at, x->b.col, x->b.row}, {x->a.at, x->a.col, x->a.row},
        x->scale,   x->c, 1};
}

// The first row of a panel of sums; the last panel begins 16 rows before the end.
static ptrdiff_t start_of(const ck_product *x, ptrdiff_t panel) {
    return ck_least(panel * CK_LANES, x->m - CK_LANES);
}

static void store_panel(const ck_product *x, ptrdiff_t panel, const float *acc) {
    const ptrdiff_t row = panel * CK_LANES, before = row - start_of(x, panel);
    const ptrdiff_t count = CK_LANES - before;
    float *c = x->c + row * x->ldc;
    if (x->ldc == 1) {
        x->kernels->store(1, count, &x->scale, acc + before, c, CK_LANES);
        return;
    }
    float near[CK_LANES];
    for (ptrdiff_t i = 0; x->scale.beta != 0 && i < count; i++)
        near[i] = c[i * x->ldc];
    x->kernels->store(1, count, &x->scale, acc + before, near, CK_LANES);
    for (ptrdiff_t i = 0; i < count; i++)
        c[i * x->ldc] = near[i];
}

static void run(const ck_product *x, ck_range panels) {
    // and a line, of which the store of a panel that begins early reads some
    _Alignas(64) float acc[(PANELS + 1) * CK_LANES];
    for (ptrdiff_t first = panels.first; first < panels.last; first += PANELS) {
        const ptrdiff_t last = ck_least(first + PANELS, panels.last);
        const ptrdiff_t row = start_of(x, first);
        const ptrdiff_t rows = ck_least(last * CK_LANES, x->m) - row;
        const float *a = x->a.at + row * x->a.row;
        for (ptrdiff_t i = 0; i < (last - first) * CK_LANES; i++)
            acc[i] = 0;
        if (x->a.row == 1)
            x->kernels->add_rows(rows, x->k, a, x->a.col, x->b.at, x->b.row, acc);
        else
            x->kernels->add_columns(rows, x->k, a, x->a.row, x->b.at, x->b.row, acc);
        for (ptrdiff_t panel = first; panel < last; panel++)
            store_panel(x, panel, acc + (panel - first) * CK_LANES);
    }
}

void ck_gemm_vector(const ck_product *product, int threads) {
    const ck_product x = as_column(product);
    const ptrdiff_t panels = ck_ceil_div(x.m, CK_LANES);
    CK_ON_TEAM((int)ck_least(threads, panels), run(&x, ck_share(panels, thread, threads)););
}
