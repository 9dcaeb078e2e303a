// The plain twins of the matrix micro-kernels. What a fast kernel must equal, bit for bit.
#include "reference/reference.h"

#include <math.h>

static float scaled(const ck_scale *scale, float sum, float old) {
    return fmaf(scale->alpha, sum, scale->beta == 0 ? 0 : scale->beta * old);
}

void ck_strided_tile_reference(int m, ptrdiff_t k, const float *a, const ck_strides *at,
                               const float *b, ptrdiff_t b_row, const float *init,
                               ptrdiff_t init_stride, float *c, ptrdiff_t ldc,
                               const ck_scale *scale) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < CK_LANES; j++) {
            float acc = init[i * init_stride + j];
            for (ptrdiff_t p = 0; p < k; p++)
                acc = fmaf(a[i * at->row + p * at->step], b[p * b_row + j], acc);
            float *to = &c[i * ldc + j];
            *to = scale ? scaled(scale, acc, *to) : acc;
        }
}

void ck_tile_reference(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                       const float *init, ptrdiff_t init_stride, float *c) {
    const ck_strides at = {CK_LANES, 1};
    for (ptrdiff_t p = 0; p < k || p == 0; p += CK_LANES, a += a_panel, b += CK_LANES * CK_LANES) {
        const ptrdiff_t depth = k - p < CK_LANES ? k - p : CK_LANES;
        ck_strided_tile_reference(m, depth, a, &at, b, CK_LANES, init, init_stride, c, CK_LANES,
                                  NULL);
        init = c;
        init_stride = CK_LANES;
    }
}

// One row of the gradient; x is NULL for the bias.
static void gradient_row(ptrdiff_t batch, const float *x, const float *delta, float *g) {
    for (int j = 0; j < CK_LANES; j++) {
        float acc = 0;
        for (ptrdiff_t i = 0; i < batch; i++)
            acc = fmaf(x ? x[i * CK_LANES] : 1, delta[i * CK_LANES + j], acc);
        g[j] = acc;
    }
}

static const float *input_row(ptrdiff_t r, ptrdiff_t rows, const float *x, ptrdiff_t x_panel) {
    return r < rows ? x + r / CK_LANES * x_panel + r % CK_LANES : NULL;
}

void ck_gradient_panel_reference(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                                 ptrdiff_t x_panel, const float *delta, float *g) {
    for (ptrdiff_t r = 0; r < rows + (bias != 0); r++)
        gradient_row(batch, input_row(r, rows, x, x_panel), delta, g + r * CK_LANES);
}

int ck_update_rows_reference(ptrdiff_t n, float *g, ck_step step, float *w, float *v) {
    int bad = 0;
    ck_momentum_update_reference(n, step, g, v, w);
    for (ptrdiff_t i = 0; i < n; i++) {
        bad |= !(fabsf(w[i]) <= CK_MAX_FINITE);
        g[i] = 0;
    }
    return bad;
}

int ck_update_panel_reference(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                              ptrdiff_t x_panel, const float *delta, ck_step step, float *w,
                              float *v) {
    int bad = 0;
    for (ptrdiff_t r = 0; r < rows + (bias != 0); r++, w += CK_LANES, v += CK_LANES) {
        float g[CK_LANES];
        gradient_row(batch, input_row(r, rows, x, x_panel), delta, g);
        bad |= ck_update_rows_reference(CK_LANES, g, step, w, v);
    }
    return bad;
}

void ck_store_reference(ptrdiff_t m, ptrdiff_t n, const ck_scale *scale, const float *acc, float *c,
                        ptrdiff_t ldc) {
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            float *to = &c[i * ldc + j];
            *to = scaled(scale, acc[i * CK_LANES + j], *to);
        }
}

static void add(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t row, ptrdiff_t col,
                const float *v, ptrdiff_t step, float *y) {
    for (ptrdiff_t i = 0; i < n; i += CK_LANES, y += CK_LANES) {
        const ptrdiff_t start = ck_least(i, n - CK_LANES);
        for (int j = 0; j < CK_LANES; j++)
            for (ptrdiff_t p = 0; p < k; p++)
                y[j] = fmaf(x[(start + j) * row + p * col], v[p * step], y[j]);
    }
}

void ck_add_rows_reference(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx, const float *v,
                           ptrdiff_t step, float *y) {
    add(n, k, x, 1, ldx, v, step, y);
}

void ck_add_columns_reference(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx,
                              const float *v, ptrdiff_t step, float *y) {
    add(n, k, x, ldx, 1, v, step, y);
}

void ck_pack_transposed_reference(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
                                  float *to) {
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t i = 0; i < CK_LANES; i++)
            to[r * CK_LANES + i] = i < width ? x[i * ldx + r] : 0;
}

void ck_pack_bytes_reference(ptrdiff_t count, ptrdiff_t first, ptrdiff_t width,
                             const uint8_t *images, const uint32_t *indices, ptrdiff_t pixels,
                             float scale, float offset, float *out, ptrdiff_t panel) {
    const ptrdiff_t padded = (width + CK_LANES - 1) / CK_LANES * CK_LANES;
    for (ptrdiff_t b = 0; b < count; b++) {
        const uint8_t *from = images + (ptrdiff_t)indices[b] * pixels + first;
        for (ptrdiff_t p = 0; p < padded; p++)
            out[p / CK_LANES * panel + b * CK_LANES + p % CK_LANES] =
                p < width ? fmaf((float)from[p], scale, offset) : 0;
    }
}
