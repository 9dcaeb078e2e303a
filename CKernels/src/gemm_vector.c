// SGEMM with one row or one column: a matrix times a vector. Nothing is packed, because no element
// of the matrix is used twice; many sums at once hide the latency of their chains.
#include "gemm.h"
#include "pack.h"
#include "threads.h"

enum {
    PANELS = 128, // of sums at a time: 8 KB, which stay near
};

// y[i * step] = sum over p of matrix(i, p) * x[p * x_step].
typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t rows, k;
    ck_operand matrix;
    const float *x;
    ptrdiff_t x_step;
    ck_scale scale;
    float *y;
    ptrdiff_t y_step;
} matrix_vector;

static matrix_vector view(const ck_product *x) {
    matrix_vector y = {.kernels = x->kernels, .k = x->k, .scale = x->scale, .y = x->c};
    if (x->n == 1) {
        y.rows = x->m;
        y.matrix = x->a;
        y.x = x->b.at;
        y.x_step = x->b.row;
        y.y_step = x->ldc;
    } else {
        y.rows = x->n;
        y.matrix = (ck_operand){x->b.at, x->b.col, x->b.row};
        y.x = x->a.at;
        y.x_step = x->a.col;
        y.y_step = 1;
    }
    return y;
}

// The first sum of a panel; the last panel begins 16 sums before the end.
static ptrdiff_t start_of(const matrix_vector *x, ptrdiff_t panel) {
    return ck_least(panel * CK_LANES, x->rows - CK_LANES);
}

static void store_panel(const matrix_vector *x, ptrdiff_t panel, const float *acc) {
    const ptrdiff_t row = panel * CK_LANES, before = row - start_of(x, panel);
    const ptrdiff_t count = CK_LANES - before;
    float *y = x->y + row * x->y_step;
    float near[CK_LANES];
    if (x->y_step == 1) {
        x->kernels->store(1, count, &x->scale, acc + before, y, CK_LANES);
        return;
    }
    for (ptrdiff_t i = 0; x->scale.beta != 0 && i < count; i++)
        near[i] = y[i * x->y_step];
    x->kernels->store(1, count, &x->scale, acc + before, near, CK_LANES);
    for (ptrdiff_t i = 0; i < count; i++)
        y[i * x->y_step] = near[i];
}

static void run(const matrix_vector *x, ck_range panels) {
    // and a line, of which the store of a panel that begins early reads some
    _Alignas(64) float acc[(PANELS + 1) * CK_LANES];
    for (ptrdiff_t first = panels.first; first < panels.last; first += PANELS) {
        const ptrdiff_t last = ck_least(first + PANELS, panels.last);
        const ptrdiff_t row = start_of(x, first);
        const ptrdiff_t rows = ck_least(last * CK_LANES, x->rows) - row;
        const float *from = x->matrix.at + row * x->matrix.row;
        for (ptrdiff_t i = 0; i < (last - first) * CK_LANES; i++)
            acc[i] = 0;
        if (x->matrix.row == 1)
            x->kernels->add_rows(rows, x->k, from, x->matrix.col, x->x, x->x_step, acc);
        else
            x->kernels->add_columns(rows, x->k, from, x->matrix.row, x->x, x->x_step, acc);
        for (ptrdiff_t panel = first; panel < last; panel++)
            store_panel(x, panel, acc + (panel - first) * CK_LANES);
    }
}

int ck_is_vector_product(const ck_product *product) {
    if (product->m > 1 && product->n > 1)
        return 0;
    // Up to one panel of sums side by side is one tile.
    const matrix_vector x = view(product);
    return x.rows > CK_LANES || (x.rows == CK_LANES && x.matrix.row != 1);
}

void ck_gemm_vector(const ck_product *product, int threads) {
    const matrix_vector x = view(product);
    const ptrdiff_t panels = ck_ceil_div(x.rows, CK_LANES);
    CK_ON_TEAM((int)ck_least(threads, panels), run(&x, ck_share(panels, thread, threads)););
}
