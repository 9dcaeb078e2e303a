// Losses and softmax: value and gradient together. Formulas: docs/theory.md.
#include "kernels.h"
#include "threads.h"

#include <string.h>

enum { GRAIN = 1 << 12 }; // elements that are worth a thread

typedef void loss_kernel(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                         float *delta);

// -t ln t, which is zero for hard targets
static double self_information(float t) {
    return t > 0 && t != 1 ? -(double)t * ck_log64(t) : 0;
}

// For soft targets the entropy of t is subtracted.
static void subtract_information(ptrdiff_t n, const float *t, float *loss) {
    int soft = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        soft |= (t[i] > 0) & (t[i] < 1);
    for (ptrdiff_t i = 0; soft && i < n; i++)
        if (t[i] > 0 && t[i] < 1)
            loss[i] =
                (float)((double)loss[i] - self_information(t[i]) - self_information(1.0f - t[i]));
}

static void one_share(loss_kernel *kernel, int divergence, ptrdiff_t n, const float *z,
                      const float *t, float scale, float *loss, float *delta) {
    kernel(n, z, t, scale, loss, delta);
    if (divergence)
        subtract_information(n, t, loss);
}

static void share_out(loss_kernel *kernel, int divergence, ptrdiff_t n, const float *z,
                      const float *t, float scale, float *loss, float *delta, int threads) {
    CK_ON_TEAM(
        ck_team(n, GRAIN, threads), const ck_range part = ck_share_panels(n, thread, threads);
        const ptrdiff_t f = part.first;
        one_share(kernel, divergence, part.last - f, z + f, t + f, scale, loss + f, delta + f););
}

// As in vector.c, small arrays bypass OpenMP.
static void sigmoid_form(loss_kernel *kernel, int divergence, ptrdiff_t n, const float *z,
                         const float *t, float scale, float *loss, float *delta, int threads) {
    if (ck_team(n, GRAIN, threads) == 1)
        one_share(kernel, divergence, n, z, t, scale, loss, delta);
    else
        share_out(kernel, divergence, n, z, t, scale, loss, delta, threads);
}

void ck_synaptic_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                      float *delta, int threads) {
    sigmoid_form(ck_table()->elementwise->synaptic_loss, 1, n, z, t, scale, loss, delta, threads);
}

void ck_cross_entropy_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                           float *delta, int threads) {
    sigmoid_form(ck_table()->elementwise->cross_entropy_loss, 1, n, z, t, scale, loss, delta,
                 threads);
}

void ck_mean_square_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                         float *delta, int threads) {
    sigmoid_form(ck_table()->elementwise->mean_square_loss, 0, n, z, t, scale, loss, delta,
                 threads);
}

static float clamp(float z) {
    const float limit = 0x1p126f;
    return z > limit ? limit : z < -limit ? -limit : z;
}

// What a softmax row needs. Logits are clamped so that differences stay finite.
typedef struct {
    ptrdiff_t top;   // index of the first largest logit
    float max;       // that logit
    float total;     // sum of e^(z - max)
    float rest;      // the same without that logit's term, ascending
    float log_total; // ln of the whole sum
} row_summary;

// Rows whose exponentials and logarithms are taken together: vectors are then whole, and the
// latency of one row hides behind the others.
enum { CHUNK = 32 };

// e[n] = z - max of one row; e may be z.
static void subtract_max(ptrdiff_t n, const float *z, float *e, row_summary *row) {
    row->top = 0;
    row->max = clamp(z[0]);
    for (ptrdiff_t j = 1; j < n; j++)
        if (clamp(z[j]) > row->max) {
            row->max = clamp(z[j]);
            row->top = j;
        }
    for (ptrdiff_t j = 0; j < n; j++)
        e[j] = clamp(z[j]) - row->max;
}

static float sum_rest(ptrdiff_t n, const float *e, ptrdiff_t top) {
    float rest = 0;
    for (ptrdiff_t j = 0; j < n; j++)
        rest += j == top ? 0 : e[j];
    return rest;
}

// m <= CHUNK rows: e[m][n] = e^(z - max); e may be z.
static void summarize(const ck_kernels *kernels, ptrdiff_t m, ptrdiff_t n, const float *z,
                      ptrdiff_t ldz, float *e, ptrdiff_t lde, row_summary *rows) {
    float rest[CHUNK], logs[CHUNK];
    for (ptrdiff_t i = 0; i < m; i++)
        subtract_max(n, z + i * ldz, e + i * lde, &rows[i]);
    // Rows that touch are one array.
    const ptrdiff_t arrays = lde == n ? 1 : m;
    for (ptrdiff_t i = 0; i < arrays; i++)
        kernels->elementwise->exp(m / arrays * n, e + i * lde, e + i * lde);
    for (ptrdiff_t i = 0; i < m; i++) {
        rest[i] = sum_rest(n, e + i * lde, rows[i].top);
        rows[i].rest = rest[i];
        rows[i].total = rest[i] + e[i * lde + rows[i].top];
    }
    kernels->elementwise->log1p(m, rest, logs);
    for (ptrdiff_t i = 0; i < m; i++)
        rows[i].log_total = logs[i];
}

static void softmax_rows(const ck_kernels *kernels, ptrdiff_t n, const float *z, ptrdiff_t ldz,
                         float *p, ptrdiff_t ldp, ck_range part) {
    row_summary rows[CHUNK];
    for (ptrdiff_t first = part.first; first < part.last; first += CHUNK) {
        const ptrdiff_t m = ck_least(CHUNK, part.last - first);
        summarize(kernels, m, n, z + first * ldz, ldz, p + first * ldp, ldp, rows);
        for (ptrdiff_t i = 0; i < m; i++)
            for (ptrdiff_t j = 0; j < n; j++)
                p[(first + i) * ldp + j] /= rows[i].total;
    }
}

void ck_softmax(ptrdiff_t m, ptrdiff_t n, const float *z, ptrdiff_t ldz, float *p, ptrdiff_t ldp,
                int threads) {
    if (n <= 0)
        return;
    const ck_kernels *kernels = ck_table();
    CK_ON_TEAM(ck_team(m * n, GRAIN, threads),
               softmax_rows(kernels, n, z, ldz, p, ldp, ck_share(m, thread, threads)););
}

// One row: value returned, gradient into delta, where e^(z - max) is.
static float softmax_row(const row_summary *row, int synaptic, ptrdiff_t n, const float *z,
                         const float *t, float scale, float *delta) {
    float divergence = 0, entropy = 0;
    for (ptrdiff_t j = 0; j < n; j++) {
        const float information = row->log_total - (clamp(z[j]) - row->max); // -ln p
        const float p = delta[j] /= row->total;
        divergence += t[j] == 0 ? 0 : t[j] * information;
        entropy += p == 0 ? 0 : p * information;
    }
    const float top_lack = row->rest / row->total; // 1 - p of the largest, without cancellation
    for (ptrdiff_t j = 0; j < n; j++) {
        const float information = row->log_total - (clamp(z[j]) - row->max);
        const float p = delta[j], q = j == row->top ? top_lack : 1.0f - p;
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

static void loss_rows(const ck_kernels *kernels, int synaptic, ptrdiff_t n, const float *z,
                      const float *t, float scale, float *loss, float *delta, ck_range part) {
    row_summary rows[CHUNK];
    for (ptrdiff_t first = part.first; first < part.last; first += CHUNK) {
        const ptrdiff_t m = ck_least(CHUNK, part.last - first), at = first * n;
        summarize(kernels, m, n, z + at, n, delta + at, n, rows);
        for (ptrdiff_t i = 0; i < m; i++)
            loss[first + i] = softmax_row(&rows[i], synaptic, n, z + at + i * n, t + at + i * n,
                                          scale, delta + at + i * n);
    }
}

static void softmax_form(int synaptic, ptrdiff_t m, ptrdiff_t n, const float *z, const float *t,
                         float scale, float *loss, float *delta, int threads) {
    if (m <= 0)
        return;
    if (n <= 0) {
        memset(loss, 0, (size_t)m * sizeof *loss);
        return;
    }
    const ck_kernels *kernels = ck_table();
    CK_ON_TEAM(ck_team(m * n, GRAIN, threads), loss_rows(kernels, synaptic, n, z, t, scale, loss,
                                                         delta, ck_share(m, thread, threads)););
}

void ck_synaptic_softmax_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t, float scale,
                              float *loss, float *delta, int threads) {
    softmax_form(1, m, n, z, t, scale, loss, delta, threads);
}

void ck_cross_entropy_softmax_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t,
                                   float scale, float *loss, float *delta, int threads) {
    softmax_form(0, m, n, z, t, scale, loss, delta, threads);
}
