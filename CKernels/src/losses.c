// Losses and softmax: value and gradient together. Formulas: docs/theory.md.
#include "kernels.h"
#include "threads.h"

#include <math.h>

enum { GRAIN = 1 << 12 }; // elements that are worth a thread

typedef void loss_kernel(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                         float *delta);

// -t ln t, which is zero for hard targets
static double self_information(float t) {
    return t > 0 && t != 1 ? -(double)t * ck_log64(t) : 0;
}

static void sigmoid_form(loss_kernel *kernel, int divergence, ptrdiff_t n, const float *z,
                         const float *t, float scale, float *loss, float *delta, int threads) {
    const int team = ck_team(n, GRAIN, threads);
#pragma omp parallel num_threads(team) if (team > 1)
    {
        const ck_range part = ck_share(n, omp_get_thread_num(), omp_get_num_threads());
        const ptrdiff_t f = part.first, count = part.last - part.first;
        kernel(count, z + f, t + f, scale, loss + f, delta + f);
        for (ptrdiff_t i = part.first; divergence && i < part.last; i++)
            if (t[i] > 0 && t[i] < 1)
                loss[i] = (float)((double)loss[i] - self_information(t[i]) -
                                  self_information(1.0f - t[i]));
    }
}

void ck_synaptic_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                      float *delta, int threads) {
    sigmoid_form(ck_table()->synaptic_loss, 1, n, z, t, scale, loss, delta, threads);
}

void ck_cross_entropy_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                           float *delta, int threads) {
    sigmoid_form(ck_table()->cross_entropy_loss, 1, n, z, t, scale, loss, delta, threads);
}

void ck_mean_square_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                         float *delta, int threads) {
    sigmoid_form(ck_table()->mean_square_loss, 0, n, z, t, scale, loss, delta, threads);
}

// What a softmax row needs. Logits are clamped so that differences stay finite.
typedef struct {
    ptrdiff_t top;   // index of the first largest logit
    float max;       // that logit
    float rest;      // sum of e^(z - max) over all other elements, ascending
    float log_total; // ln of the whole sum
} row_summary;

static float clamp(float z) {
    const float limit = 0x1p126f;
    return z > limit ? limit : z < -limit ? -limit : z;
}

// e[n] = e^(z - max); e may be z.
static row_summary summarize(const ck_kernels *kernels, ptrdiff_t n, const float *z, float *e) {
    row_summary row = {0, clamp(z[0]), 0, 0};
    for (ptrdiff_t j = 1; j < n; j++)
        if (clamp(z[j]) > row.max) {
            row.max = clamp(z[j]);
            row.top = j;
        }
    for (ptrdiff_t j = 0; j < n; j++)
        e[j] = clamp(z[j]) - row.max;
    kernels->exp(n, e, e);
    for (ptrdiff_t j = 0; j < n; j++)
        row.rest += j == row.top ? 0 : e[j];
    kernels->log1p(1, &row.rest, &row.log_total);
    return row;
}

void ck_softmax(ptrdiff_t m, ptrdiff_t n, const float *z, ptrdiff_t ldz, float *p, ptrdiff_t ldp,
                int threads) {
    if (n <= 0)
        return;
    const ck_kernels *kernels = ck_table();
    const int team = ck_team(m * n, GRAIN, threads);
#pragma omp parallel for schedule(static) num_threads(team) if (team > 1)
    for (ptrdiff_t i = 0; i < m; i++) {
        float *e = p + i * ldp;
        const row_summary row = summarize(kernels, n, z + i * ldz, e);
        const float total = row.rest + e[row.top];
        for (ptrdiff_t j = 0; j < n; j++)
            e[j] = e[j] / total;
    }
}

// One row: value returned, gradient into delta.
static float softmax_row(const ck_kernels *kernels, int synaptic, ptrdiff_t n, const float *z,
                         const float *t, float scale, float *delta) {
    const row_summary row = summarize(kernels, n, z, delta);
    const float total = row.rest + delta[row.top];
    float divergence = 0, entropy = 0;
    for (ptrdiff_t j = 0; j < n; j++) {
        const float information = row.log_total - (clamp(z[j]) - row.max); // -ln p
        const float p = delta[j] / total;
        divergence += t[j] == 0 ? 0 : t[j] * information;
        entropy += p == 0 ? 0 : p * information;
    }
    for (ptrdiff_t j = 0; j < n; j++) {
        const float information = row.log_total - (clamp(z[j]) - row.max);
        const float p = delta[j] / total;
        const float q = j == row.top ? row.rest / total : 1.0f - p; // 1 - p without cancellation
        float g = (1.0f - t[j]) * p - t[j] * q;
        if (synaptic && p != 0)
            g -= p * (entropy - information);
        delta[j] = scale * g;
    }
    double known = 0;
    for (ptrdiff_t j = 0; j < n; j++)
        known += self_information(t[j]);
    const float value = synaptic ? divergence + entropy : divergence;
    return known == 0 ? value : (float)((double)value - known);
}

static void softmax_form(int synaptic, ptrdiff_t m, ptrdiff_t n, const float *z, const float *t,
                         float scale, float *loss, float *delta, int threads) {
    const ck_kernels *kernels = ck_table();
    const int team = ck_team(m * n, GRAIN, threads);
#pragma omp parallel for schedule(static) num_threads(team) if (team > 1)
    for (ptrdiff_t i = 0; i < m; i++)
        loss[i] =
            n <= 0 ? 0
                   : softmax_row(kernels, synaptic, n, z + i * n, t + i * n, scale, delta + i * n);
}

void ck_synaptic_softmax_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t, float scale,
                              float *loss, float *delta, int threads) {
    softmax_form(1, m, n, z, t, scale, loss, delta, threads);
}

void ck_cross_entropy_softmax_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t,
                                   float scale, float *loss, float *delta, int threads) {
    softmax_form(0, m, n, z, t, scale, loss, delta, threads);
}
