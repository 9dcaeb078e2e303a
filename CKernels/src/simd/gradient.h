// Weight gradients, alone and with the momentum update, written once for every vector width; see
// kernels.h for their contracts. Included by one file per architecture, after simd/gemm.h.

enum {
    IMAGES = 4,      // between the updates of two vectors
    FEW_IMAGES = 12, // at least IMAGES; with fewer left an update at once is as fast
};

// Sums that wait for their momentum update, and the weights and velocities they are for. An update
// that is made at once takes the place of products; spread over the sums of the next rows it runs
// beside them.
typedef struct {
    const update_factors *factors;
    const float *sums;
    float *w, *v;
    ptrdiff_t count; // floats
    vf check;        // sums of the new weights: finite only if all of them are
} waiting;

// Of the lanes from `at`; returns the new weights.
INLINE vf update_at(const waiting *u, ptrdiff_t at, const update_factors *factors) {
    const vf velocity = new_velocity(factors, load(u->sums + at), load(u->v + at));
    const vf weights = load(u->w + at) + velocity;
    store(u->v + at, velocity);
    store(u->w + at, weights);
    return weights;
}

// The factors, to be read from memory at every use: sums need the registers.
INLINE const update_factors *in_memory(const update_factors *factors) {
    __asm__ volatile("" : "+r"(factors));
    return factors;
}

// From float `at` to the last.
INLINE void update_rest(waiting *u, ptrdiff_t at) {
    if (u->count == 0)
        return;
    const update_factors factors = *u->factors;
    vf check[2] = {u->check, {0}}; // two chains of additions
    for (; at + 2 * WIDTH <= u->count; at += 2 * WIDTH)
        for (int j = 0; j < 2; j++)
            check[j] = check[j] + update_at(u, at + j * WIDTH, &factors);
    if (at < u->count)
        check[0] = check[0] + update_at(u, at, &factors);
    u->check = check[0] + check[1];
    u->w += u->count;
    u->v += u->count;
    u->count = 0;
}

// acc[m] += x[m] * delta, for `count` images; x and delta go on to the next.
INLINE void add_images(const int m, ptrdiff_t count, const float **x, const float **delta,
                       vf acc[CK_ROWS][VECTORS]) {
#pragma clang loop unroll_count(4)
    for (; count > 0; count--, *x += CK_LANES, *delta += CK_LANES) {
        vf d[VECTORS];
        for (int j = 0; j < VECTORS; j++)
            d[j] = load(*delta + j * WIDTH);
        for (int r = 0; r < m; r++) {
            const vf broadcast = splat((*x)[r]);
            for (int j = 0; j < VECTORS; j++)
                acc[r][j] = fma_v(broadcast, d[j], acc[r][j]);
        }
    }
}

// sums[m][16] = sum over images of x[m] * delta; what waits is updated meanwhile. m is a constant
// in each call.
INLINE void sum_rows(const int m, ptrdiff_t batch, const float *x, const float *delta, float *sums,
                     waiting *u) {
    vf acc[CK_ROWS][VECTORS] = {{{0}}};
    ptrdiff_t at = 0;
    for (; at < u->count && batch >= FEW_IMAGES; at += WIDTH, batch -= IMAGES) {
        add_images(m, IMAGES, &x, &delta, acc);
        u->check = u->check + update_at(u, at, in_memory(u->factors));
    }
    add_images(m, batch, &x, &delta, acc);
    for (int r = 0; r < m; r++)
        for (int j = 0; j < VECTORS; j++)
            store(sums + r * CK_LANES + j * WIDTH, acc[r][j]);
    update_rest(u, at);
}

INLINE void sum_bias(ptrdiff_t batch, const float *delta, float *sums) {
    vf acc[VECTORS] = {{0}};
    for (ptrdiff_t i = 0; i < batch; i++)
        for (int j = 0; j < VECTORS; j++)
            acc[j] = acc[j] + load(delta + i * CK_LANES + j * WIDTH);
    for (int j = 0; j < VECTORS; j++)
        store(sums + j * WIDTH, acc[j]);
}

// What becomes of the sums: they are the gradient, or they wait for the update in one of two
// places.
typedef struct {
    int update;
    float *sums, *others;
    waiting waiting;
} sink;

// m rows of sums are there.
INLINE void hand_over(ptrdiff_t m, sink *to) {
    if (!to->update) {
        to->sums += m * CK_LANES;
        return;
    }
    float *done = to->sums;
    to->sums = to->others;
    to->others = done;
    to->waiting.sums = done;
    to->waiting.count = m * CK_LANES;
}

INLINE void part(const int m, ptrdiff_t batch, const float *x, const float *delta, sink *to) {
    sum_rows(m, batch, x, delta, to->sums, &to->waiting);
    hand_over(m, to);
}

INLINE void whole_panel(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                        ptrdiff_t x_panel, const float *delta, sink *to) {
    // 16 rows are dealt out as 6 + 5 + 5: each part has enough accumulators to hide the latency
    // of an FMA.
    for (; rows >= CK_LANES; rows -= CK_LANES, x += x_panel) {
        part(6, batch, x, delta, to);
        part(5, batch, x + 6, delta, to);
        part(5, batch, x + 11, delta, to);
    }
    for (int m; rows > 0; rows -= m, x += m) {
        m = rows < CK_ROWS ? (int)rows : CK_ROWS;
        WITH_ROWS(m, part, batch, x, delta, to)
    }
    if (bias) {
        update_rest(&to->waiting, 0);
        sum_bias(batch, delta, to->sums);
        hand_over(1, to);
    }
    update_rest(&to->waiting, 0);
}

static void gradient_panel(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                           ptrdiff_t x_panel, const float *delta, float *g) {
    sink to = {.update = 0, .sums = g};
    whole_panel(rows, bias, batch, x, x_panel, delta, &to);
}

// check: their sum, which is infinite of some finite weights: only then are they looked at one by
// one.
INLINE int has_not_finite(vf check, ptrdiff_t n, const float *w) {
    if (!any(not_finite(check)))
        return 0;
    vi bad = {0};
    for (ptrdiff_t at = 0; at < n; at += WIDTH)
        bad |= not_finite(load(w + at));
    return any(bad);
}

static int update_panel(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                        ptrdiff_t x_panel, const float *delta, ck_step step, float *w, float *v) {
    float room[2][CK_ROWS * CK_LANES] __attribute__((aligned(64)));
    const update_factors factors = factors_of(step);
    sink to = {.update = 1, .sums = room[0], .others = room[1]};
    to.waiting = (waiting){.factors = &factors, .w = w, .v = v};
    whole_panel(rows, bias, batch, x, x_panel, delta, &to);
    return has_not_finite(to.waiting.check, (rows + (bias != 0)) * CK_LANES, w);
}

static int update_rows(ptrdiff_t n, float *g, ck_step step, float *w, float *v) {
    const update_factors factors = factors_of(step);
    const waiting rows = {.sums = g, .w = w, .v = v};
    vf check[2] = {{0}, {0}};
    for (ptrdiff_t at = 0; at < n; at += CK_LANES)
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            vf *sum = &check[j / WIDTH % 2];
            *sum = *sum + update_at(&rows, at + j, &factors);
            store(g + at + j, splat(0));
        }
    return has_not_finite(check[0] + check[1], n, w);
}
