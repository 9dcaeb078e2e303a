// Weight gradients, alone and with the momentum update, written once for every vector width; see
// kernels.h for their contracts. Included by one file per architecture, after simd/gemm.h.

// acc[m] = sum over images of x[r] * delta. m is a constant in each call.
INLINE void sum_rows(const int m, ptrdiff_t batch, const float *x, const float *delta,
                     vf acc[CK_ROWS][VECTORS]) {
    for (int r = 0; r < m; r++)
        for (int j = 0; j < VECTORS; j++)
            acc[r][j] = splat(0);
#pragma clang loop unroll_count(4)
    for (ptrdiff_t i = 0; i < batch; i++, x += CK_LANES, delta += CK_LANES) {
        vf d[VECTORS];
        for (int j = 0; j < VECTORS; j++)
            d[j] = load(delta + j * WIDTH);
        for (int r = 0; r < m; r++) {
            const vf broadcast = splat(x[r]);
            for (int j = 0; j < VECTORS; j++)
                acc[r][j] = fma_v(broadcast, d[j], acc[r][j]);
        }
    }
}

INLINE void sum_bias(ptrdiff_t batch, const float *delta, vf acc[CK_ROWS][VECTORS]) {
    for (int j = 0; j < VECTORS; j++)
        acc[0][j] = splat(0);
    for (ptrdiff_t i = 0; i < batch; i++)
        for (int j = 0; j < VECTORS; j++)
            acc[0][j] = acc[0][j] + load(delta + i * CK_LANES + j * WIDTH);
}

// What becomes of m rows of sums: they are written to w, or they change w and v.
typedef struct {
    int update;
    ck_step step;
    float *w, *v;
    vf check; // sums of the new weights: finite only if all of them are
} sink;

INLINE void finish_rows(const int m, ptrdiff_t row, vf acc[CK_ROWS][VECTORS], sink *to) {
    vf check[VECTORS] = {{0}};
    for (int r = 0; r < m; r++)
        for (int j = 0; j < VECTORS; j++) {
            const ptrdiff_t at = (row + r) * CK_LANES + j * WIDTH;
            if (!to->update) {
                store(to->w + at, acc[r][j]);
                continue;
            }
            const vf velocity = new_velocity(to->step, acc[r][j], load(to->v + at));
            const vf weight = load(to->w + at) + velocity;
            store(to->v + at, velocity);
            store(to->w + at, weight);
            check[j] = check[j] + weight;
        }
    for (int j = 0; j < VECTORS; j++)
        to->check = to->check + check[j];
}

INLINE void part(const int m, ptrdiff_t row, ptrdiff_t batch, const float *x, const float *delta,
                 sink *to) {
    for (int r = 0; r < m && to->update; r++) { // wanted when the sums are done
        __builtin_prefetch(to->w + (row + r) * CK_LANES, 1);
        __builtin_prefetch(to->v + (row + r) * CK_LANES, 1);
    }
    vf acc[CK_ROWS][VECTORS];
    sum_rows(m, batch, x, delta, acc);
    finish_rows(m, row, acc, to);
}

INLINE int whole_panel(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x, ptrdiff_t x_panel,
                       const float *delta, sink to) {
    // 16 rows are dealt out as 6 + 5 + 5: each part has enough accumulators to hide the latency
    // of an FMA.
    ptrdiff_t row = 0;
    for (; row + CK_LANES <= rows; row += CK_LANES, x += x_panel) {
        part(6, row, batch, x, delta, &to);
        part(5, row + 6, batch, x + 6, delta, &to);
        part(5, row + 11, batch, x + 11, delta, &to);
    }
    for (int m; row < rows; row += m, x += m) {
        m = rows - row < CK_ROWS ? (int)(rows - row) : CK_ROWS;
        WITH_ROWS(m, part, row, batch, x, delta, &to)
    }
    if (bias) {
        vf acc[CK_ROWS][VECTORS];
        sum_bias(batch, delta, acc);
        finish_rows(1, rows, acc, &to);
    }
    // Finite weights can have an infinite sum: only then are they looked at one by one.
    if (!any(not_finite(to.check)))
        return 0;
    vi bad = {0};
    for (ptrdiff_t at = 0; at < (rows + (bias != 0)) * CK_LANES; at += WIDTH)
        bad |= not_finite(load(to.w + at));
    return any(bad);
}

static void gradient_panel(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                           ptrdiff_t x_panel, const float *delta, float *g) {
    whole_panel(rows, bias, batch, x, x_panel, delta, (sink){.w = g});
}

static int update_panel(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                        ptrdiff_t x_panel, const float *delta, ck_step step, float *w, float *v) {
    const sink to = {.update = 1, .step = step, .w = w, .v = v};
    return whole_panel(rows, bias, batch, x, x_panel, delta, to);
}
