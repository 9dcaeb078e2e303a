// Drivers of the elementwise kernels and of the reductions: they deal out the elements.
#include "kernels.h"
#include "threads.h"

#include <stdlib.h>

enum { GRAIN = 1 << 14 }; // elements that are worth a thread

// Each thread runs `call` on elements [first, first + count); shares are whole panels, so that
// two threads never write one cache line of an aligned array.
#define SPLIT(n, call)                                                                             \
    do {                                                                                           \
        const ck_kernels *kernels = ck_table();                                                    \
        const ptrdiff_t panels = ((n) + CK_LANES - 1) / CK_LANES;                                  \
        CK_ON_TEAM(ck_team((n), GRAIN, threads),                                                   \
                   const ck_range part = ck_share(panels, thread, threads);                        \
                   const ptrdiff_t first = part.first * CK_LANES;                                  \
                   const ptrdiff_t count = ck_least(part.last * CK_LANES, (n)) - first;            \
                   if (count > 0) kernels->call;);                                                 \
    } while (0)

void ck_sigmoid(ptrdiff_t n, const float *x, float *y, int threads) {
    SPLIT(n, sigmoid(count, x + first, y + first));
}

void ck_sigmoid_backward(ptrdiff_t n, const float *y, float *delta, int threads) {
    SPLIT(n, sigmoid_backward(count, y + first, delta + first));
}

void ck_relu(ptrdiff_t n, const float *x, float *y, int threads) {
    SPLIT(n, relu(count, x + first, y + first));
}

void ck_relu_backward(ptrdiff_t n, const float *y, float *delta, int threads) {
    SPLIT(n, relu_backward(count, y + first, delta + first));
}

void ck_exp(ptrdiff_t n, const float *x, float *y, int threads) {
    SPLIT(n, exp(count, x + first, y + first));
}

void ck_log1p(ptrdiff_t n, const float *x, float *y, int threads) {
    SPLIT(n, log1p(count, x + first, y + first));
}

void ck_momentum_update(ptrdiff_t n, float eta, float alpha, const float *g, float *v, float *w,
                        int threads) {
    const ck_step step = {eta, alpha};
    SPLIT(n, momentum_update(count, step, g + first, v + first, w + first));
}

static void add_bias(const ck_kernels *kernels, ptrdiff_t n, const float *bias, float *c,
                     ptrdiff_t ldc, ck_range rows) {
    for (ptrdiff_t i = rows.first; i < rows.last; i++)
        kernels->add(n, bias, c + i * ldc);
}

void ck_bias_add(ptrdiff_t m, ptrdiff_t n, const float *bias, float *c, ptrdiff_t ldc,
                 int threads) {
    const ck_kernels *kernels = ck_table();
    CK_ON_TEAM(ck_team(m * n, GRAIN, threads),
               add_bias(kernels, n, bias, c, ldc, ck_share(m, thread, threads)););
}

// The shards [first, last) joined pairwise: the left half is the largest power of two below all.
static double join(const ck_kernels *kernels, ptrdiff_t n, const float *x, const double *sums,
                   ptrdiff_t first, ptrdiff_t last) {
    const ptrdiff_t count = last - first;
    if (count == 1) {
        if (sums)
            return sums[first];
        const ptrdiff_t start = first * CK_SHARD, left = n - start;
        return kernels->sum_shard(left < CK_SHARD ? left : CK_SHARD, x + start);
    }
    ptrdiff_t half = 1;
    while (half * 2 < count)
        half *= 2;
    return join(kernels, n, x, sums, first, first + half) +
           join(kernels, n, x, sums, first + half, last);
}

double ck_sum(ptrdiff_t n, const float *x, int threads) {
    if (n <= 0)
        return 0;
    const ck_kernels *kernels = ck_table();
    const ptrdiff_t shards = (n + CK_SHARD - 1) / CK_SHARD;
    const int team = ck_team(n, GRAIN, threads);
    // Without memory for the shards' sums one thread makes them on the way: the same bits.
    double *sums = team > 1 ? malloc((size_t)shards * sizeof *sums) : NULL;
    if (sums) {
#pragma omp parallel for schedule(static) num_threads(team)
        for (ptrdiff_t s = 0; s < shards; s++) {
            const ptrdiff_t left = n - s * CK_SHARD;
            sums[s] = kernels->sum_shard(left < CK_SHARD ? left : CK_SHARD, x + s * CK_SHARD);
        }
    }
    const double sum = join(kernels, n, x, sums, 0, shards);
    free(sums);
    return sum;
}

static int is_correct(ptrdiff_t n, const float *z, uint8_t label) {
    ptrdiff_t best = 0;
    int ordered = 1;
    for (ptrdiff_t j = 0; j < n; j++) {
        ordered &= z[j] == z[j];
        best = z[j] > z[best] ? j : best;
    }
    return ordered && n > 0 && best == label;
}

static ptrdiff_t count_rows(ptrdiff_t n, const float *z, const uint8_t *labels, ck_range rows) {
    ptrdiff_t correct = 0;
    for (ptrdiff_t i = rows.first; i < rows.last; i++)
        correct += is_correct(n, z + i * n, labels[i]);
    return correct;
}

ptrdiff_t ck_count_correct(ptrdiff_t m, ptrdiff_t n, const float *z, const uint8_t *labels,
                           int threads) {
    ptrdiff_t correct = 0;
    CK_ON_TEAM(ck_team(m * n, GRAIN, threads),
               const ptrdiff_t mine = count_rows(n, z, labels, ck_share(m, thread, threads));
               _Pragma("omp atomic") correct += mine;);
    return correct;
}
