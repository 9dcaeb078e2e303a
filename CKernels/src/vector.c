// Drivers of the elementwise kernels and of the reductions: they deal out the elements.
#include "constants.h"
#include "kernels.h"
#include "threads.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { GRAIN = 1 << 14 }; // elements that are worth a thread

// Each thread runs the statements on its share of the elements: `count` of them from `first`.
#define ON_SHARES(n, ...)                                                                          \
    CK_ON_TEAM(ck_team((n), GRAIN, threads),                                                       \
               const ck_range part = ck_share_panels((n), thread, threads);                        \
               const ptrdiff_t first = part.first, count = part.last - first;                      \
               if (count > 0){__VA_ARGS__})

typedef void map_kernel(ptrdiff_t n, const float *x, float *y);

static void map_on_team(map_kernel *kernel, ptrdiff_t n, const float *x, float *y, int threads) {
    ON_SHARES(n, kernel(count, x + first, y + first););
}

// A function with a parallel region asks OpenMP for the thread's number on every call, which takes
// as long as a hundred elements; so small arrays go past it.
static void map(map_kernel *kernel, ptrdiff_t n, const float *x, float *y, int threads) {
    if (ck_team(n, GRAIN, threads) == 1)
        kernel(n, x, y);
    else
        map_on_team(kernel, n, x, y, threads);
}

void ck_sigmoid(ptrdiff_t n, const float *x, float *y, int threads) {
    map(ck_table()->elementwise->sigmoid, n, x, y, threads);
}

void ck_sigmoid_backward(ptrdiff_t n, const float *y, float *delta, int threads) {
    map(ck_table()->elementwise->sigmoid_backward, n, y, delta, threads);
}

void ck_relu(ptrdiff_t n, const float *x, float *y, int threads) {
    map(ck_table()->elementwise->relu, n, x, y, threads);
}

void ck_relu_backward(ptrdiff_t n, const float *y, float *delta, int threads) {
    map(ck_table()->elementwise->relu_backward, n, y, delta, threads);
}

void ck_tanh(ptrdiff_t n, const float *x, float *y, int threads) {
    map(ck_table()->elementwise->tanh, n, x, y, threads);
}

void ck_tanh_backward(ptrdiff_t n, const float *y, float *delta, int threads) {
    map(ck_table()->elementwise->tanh_backward, n, y, delta, threads);
}

void ck_leaky_relu(ptrdiff_t n, const float *x, float *y, int threads) {
    map(ck_table()->elementwise->leaky_relu, n, x, y, threads);
}

void ck_leaky_relu_backward(ptrdiff_t n, const float *y, float *delta, int threads) {
    map(ck_table()->elementwise->leaky_relu_backward, n, y, delta, threads);
}

void ck_exp(ptrdiff_t n, const float *x, float *y, int threads) {
    map(ck_table()->elementwise->exp, n, x, y, threads);
}

void ck_log1p(ptrdiff_t n, const float *x, float *y, int threads) {
    map(ck_table()->elementwise->log1p, n, x, y, threads);
}

static void momentum_on_team(ptrdiff_t n, ck_step step, const float *g, float *v, float *w,
                             int threads) {
    const ck_elementwise *kernels = ck_table()->elementwise;
    ON_SHARES(n, kernels->momentum_update(count, step, g + first, v + first, w + first););
}

void ck_momentum_update(ptrdiff_t n, float eta, float alpha, const float *g, float *v, float *w,
                        int threads) {
    const ck_step step = {eta, alpha};
    if (ck_team(n, GRAIN, threads) == 1)
        ck_table()->elementwise->momentum_update(n, step, g, v, w);
    else
        momentum_on_team(n, step, g, v, w, threads);
}

// Nothing is fused: every operation rounds, so one form serves all tables. Returns whether
// a weight is not finite.
static int update(ptrdiff_t n, const ck_update_rule *rule, const float *restrict g,
                  float *restrict v, float *restrict w) {
    const float eta = rule->eta, alpha = rule->alpha, scale = rule->scale, decay = rule->decay;
    const int nesterov = rule->nesterov;
    int bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const float step = eta * (g[i] * scale + decay * w[i]);
        const float all = alpha * v[i] - step;
        const float velocity = fabsf(all) < CK_MIN_NORMAL ? 0 : all;
        v[i] = velocity;
        w[i] += nesterov ? alpha * velocity - step : velocity;
        bad |= !(fabsf(w[i]) <= CK_MAX_FINITE);
    }
    return bad;
}

typedef struct {
    ptrdiff_t n;
    const ck_update_rule *rule;
    const float *g;
    float *v, *w;
    atomic_int bad;
} update_call;

static void update_share(void *context, int thread, int threads) {
    update_call *u = context;
    const ck_range own = ck_share_panels(u->n, thread, threads);
    const ptrdiff_t at = own.first;
    if (update(own.last - at, u->rule, u->g + at, u->v + at, u->w + at))
        u->bad = 1;
}

int ck_update(ptrdiff_t n, const ck_update_rule *rule, const float *g, float *v, float *w,
              int threads) {
    update_call u = {n, rule, g, v, w, 0};
    ck_run(ck_all_or_one(n, GRAIN, threads), update_share, &u);
    return u.bad;
}

typedef struct {
    ptrdiff_t n;
    const ck_adam_rule *rule;
    const float *g;
    float *m, *v, *w;
    atomic_int bad;
} adam_call;

static void adam_share(void *context, int thread, int threads) {
    adam_call *a = context;
    const ck_range own = ck_share_panels(a->n, thread, threads);
    const ptrdiff_t at = own.first;
    if (ck_table()->elementwise->adam_update(own.last - at, a->rule, a->g + at, a->m + at,
                                             a->v + at, a->w + at))
        a->bad = 1;
}

int ck_adam_update(ptrdiff_t n, const ck_adam_rule *rule, const float *g, float *m, float *v,
                   float *w, int threads) {
    adam_call a = {n, rule, g, m, v, w, 0};
    ck_run(ck_all_or_one(n, GRAIN, threads), adam_share, &a);
    return a.bad;
}

static void add_bias(const ck_kernels *kernels, ptrdiff_t n, const float *bias, float *c,
                     ptrdiff_t ldc, ck_range rows) {
    for (ptrdiff_t i = rows.first; i < rows.last; i++)
        kernels->elementwise->add(n, bias, c + i * ldc);
}

void ck_bias_add(ptrdiff_t m, ptrdiff_t n, const float *bias, float *c, ptrdiff_t ldc,
                 int threads) {
    const ck_kernels *kernels = ck_table();
    CK_ON_TEAM(ck_team(m * n, GRAIN, threads),
               add_bias(kernels, n, bias, c, ldc, ck_share(m, thread, threads)););
}

typedef double shard_sum(ptrdiff_t n, const float *x);

static double one_shard(shard_sum *sum, ptrdiff_t n, const float *x, ptrdiff_t shard) {
    const ptrdiff_t start = shard * CK_SHARD;
    return sum(ck_least(CK_SHARD, n - start), x + start);
}

// The shards [first, last) joined pairwise: the left half is the largest power of two below all.
static double join(shard_sum *sum, ptrdiff_t n, const float *x, const double *sums, ptrdiff_t first,
                   ptrdiff_t last) {
    const ptrdiff_t count = last - first;
    if (count == 1)
        return sums ? sums[first] : one_shard(sum, n, x, first);
    ptrdiff_t half = 1;
    while (half * 2 < count)
        half *= 2;
    return join(sum, n, x, sums, first, first + half) + join(sum, n, x, sums, first + half, last);
}

typedef struct {
    shard_sum *sum;
    ptrdiff_t n;
    const float *x;
    double *sums;
} sum_call;

static ptrdiff_t shards_of(ptrdiff_t n) {
    return (n + CK_SHARD - 1) / CK_SHARD;
}

static void sum_share(void *context, int thread, int threads) {
    const sum_call *s = context;
    const ck_range own = ck_share(shards_of(s->n), thread, threads);
    for (ptrdiff_t shard = own.first; shard < own.last; shard++)
        s->sums[shard] = one_shard(s->sum, s->n, s->x, shard);
}

static double sum_shards(shard_sum *sum, ptrdiff_t n, const float *x, int threads) {
    if (n <= 0)
        return 0;
    const ptrdiff_t shards = shards_of(n);
    // Without memory for the shards' sums one thread makes them on the way: the same bits.
    const int team = ck_all_or_one(n, GRAIN, threads);
    double *sums = team > 1 ? malloc((size_t)shards * sizeof *sums) : NULL;
    if (sums)
        ck_run(team, sum_share, &(sum_call){sum, n, x, sums});
    const double all = join(sum, n, x, sums, 0, shards);
    free(sums);
    return all;
}

double ck_sum(ptrdiff_t n, const float *x, int threads) {
    return sum_shards(ck_table()->elementwise->sum_shard, n, x, threads);
}

// The chains of a shard are those of sum_shard.
static double square_shard(ptrdiff_t n, const float *x) {
    double c[8] = {0};
    for (ptrdiff_t i = 0; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++)
            c[j] += (double)x[i + j] * (double)x[i + j];
    for (ptrdiff_t i = n / 8 * 8; i < n; i++)
        c[i % 8] += (double)x[i] * (double)x[i];
    return ((c[0] + c[4]) + (c[2] + c[6])) + ((c[1] + c[5]) + (c[3] + c[7]));
}

double ck_square_sum(ptrdiff_t n, const float *x, int threads) {
    return sum_shards(square_shard, n, x, threads);
}

// The label's logit is the first largest: all others are less, or equal and behind it. A NaN is
// neither. Without branches that depend on the image, but for what is rare in training.
static int is_correct(ptrdiff_t n, const float *z, ptrdiff_t label) {
    if (label >= n || z[label] != z[label])
        return 0;
    ptrdiff_t below = 0;
    for (ptrdiff_t j = 0; j < n; j++)
        below += z[j] < z[label];
    for (ptrdiff_t j = label + 1; below < n - 1 && j < n; j++)
        below += z[j] == z[label];
    return below == n - 1;
}

static ptrdiff_t count_rows(ptrdiff_t n, const float *z, const uint8_t *labels, ck_range rows) {
    ptrdiff_t correct = 0;
    for (ptrdiff_t i = rows.first; i < rows.last; i++)
        correct += is_correct(n, z + i * n, labels[i]);
    return correct;
}

static ptrdiff_t count_on_team(ptrdiff_t m, ptrdiff_t n, const float *z, const uint8_t *labels,
                               int threads) {
    ptrdiff_t correct = 0;
    CK_ON_TEAM(ck_team(m * n, GRAIN, threads),
               const ptrdiff_t mine = count_rows(n, z, labels, ck_share(m, thread, threads));
               _Pragma("omp atomic") correct += mine;);
    return correct;
}

ptrdiff_t ck_count_correct(ptrdiff_t m, ptrdiff_t n, const float *z, const uint8_t *labels,
                           int threads) {
    if (ck_team(m * n, GRAIN, threads) == 1)
        return count_rows(n, z, labels, (ck_range){0, m});
    return count_on_team(m, n, z, labels, threads);
}
