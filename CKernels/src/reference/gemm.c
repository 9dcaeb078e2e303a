// The plain twins of the matrix micro-kernels. What a fast kernel must equal, bit for bit.
#include "reference/reference.h"

#include <math.h>

void ck_tile_reference(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                       const float *init, ptrdiff_t init_stride, float *c) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < CK_LANES; j++) {
            float acc = init[i * init_stride + j];
            for (ptrdiff_t p = 0; p < k; p++)
                acc = fmaf(a[p / CK_LANES * a_panel + i * CK_LANES + p % CK_LANES],
                           b[p * CK_LANES + j], acc);
            c[i * CK_LANES + j] = acc;
        }
}

void ck_gradient_tile_reference(int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                                const float *delta, float *g) {
    for (int r = 0; r < m; r++)
        for (int j = 0; j < CK_LANES; j++) {
            float acc = 0;
            for (ptrdiff_t i = 0; i < batch; i++)
                acc = fmaf(x[i * x_stride + r], delta[i * CK_LANES + j], acc);
            g[r * CK_LANES + j] = acc;
        }
}

int ck_update_tile_reference(int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                             const float *delta, ck_step step, float *w, float *v) {
    float g[CK_ROWS * CK_LANES];
    ck_gradient_tile_reference(m, batch, x, x_stride, delta, g);
    ck_momentum_update_reference(m * CK_LANES, step, g, v, w);
    int bad = 0;
    for (int i = 0; i < m * CK_LANES; i++)
        bad |= !(fabsf(w[i]) <= CK_MAX_FINITE);
    return bad;
}

void ck_store_reference(ptrdiff_t m, ptrdiff_t n, float alpha, const float *acc, float beta,
                        float *c, ptrdiff_t ldc) {
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            float *to = &c[i * ldc + j];
            *to = fmaf(alpha, acc[i * CK_LANES + j], beta == 0 ? 0 : beta * *to);
        }
}

void ck_pack_bytes_reference(ptrdiff_t batch, ptrdiff_t width, const uint8_t *images,
                             const uint32_t *indices, ptrdiff_t pixels, float scale, float offset,
                             float *out) {
    for (ptrdiff_t b = 0; b < batch; b++)
        for (ptrdiff_t p = 0; p < CK_LANES; p++)
            out[b * CK_LANES + p] =
                p < width ? fmaf((float)images[(ptrdiff_t)indices[b] * pixels + p], scale, offset)
                          : 0;
}
