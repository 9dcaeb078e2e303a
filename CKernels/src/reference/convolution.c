// The plain twins of the kernels of convolutional networks. What a fast kernel must equal, bit for
// bit.
#include "philox.h"
#include "reference/reference.h"

#include <math.h>

void ck_convolve_reference(ptrdiff_t n, const float *x, ptrdiff_t step, const ck_taps *taps,
                           const float *w, const float *bias, int relu, float *y) {
    for (ptrdiff_t i = 0; i < n; i++, x += step, y += CK_LANES)
        for (int j = 0; j < CK_LANES; j++) {
            const float *tap = w + j;
            float acc = bias[j];
            for (ptrdiff_t b = 0; b < taps->blocks; b++)
                for (ptrdiff_t r = 0; r < taps->rows; r++)
                    for (ptrdiff_t p = 0; p < taps->run; p++, tap += CK_LANES)
                        acc = fmaf(x[b * taps->block + r * taps->row + p], *tap, acc);
            y[j] = relu && acc <= 0 ? 0 : acc;
        }
}

void ck_correlate_reference(ptrdiff_t taps, const ptrdiff_t *at, ck_extent pixels, const float *x,
                            ck_grid x_at, const float *delta, ck_grid delta_at, float *g) {
    for (ptrdiff_t t = 0; t <= taps; t++)
        for (int j = 0; j < CK_LANES; j++, g++)
            for (ptrdiff_t r = 0; r < pixels.height; r++)
                for (ptrdiff_t c = 0; c < pixels.width; c++) {
                    const float d = delta[r * delta_at.row + c * delta_at.step + j];
                    *g = fmaf(t < taps ? x[at[t] + r * x_at.row + c * x_at.step] : 1, d, *g);
                }
}

void ck_correlate_spots_reference(ptrdiff_t n, const ck_spot *spots, ptrdiff_t taps,
                                  const ptrdiff_t *at, const float *x, float *g) {
    for (ptrdiff_t t = 0; t < taps; t++)
        for (int j = 0; j < CK_LANES; j++, g++)
            for (ptrdiff_t i = 0; i < n; i++)
                *g = fmaf(x[spots[i].at + at[t * CK_LANES] + j], spots[i].value, *g);
}

void ck_scatter_spots_reference(ptrdiff_t n, const ck_spot *spots, const ck_taps *taps,
                                const float *w, float *y) {
    for (ptrdiff_t i = 0; i < n; i++) {
        const float *tap = w;
        for (ptrdiff_t b = 0; b < taps->blocks; b++)
            for (ptrdiff_t r = 0; r < taps->rows; r++)
                for (ptrdiff_t p = 0; p < taps->run; p++, tap++) {
                    float *to = y + spots[i].at + b * taps->block + r * taps->row + p;
                    *to = fmaf(*tap, spots[i].value, *to);
                }
    }
}

void ck_max_pool_reference(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y,
                           uint8_t *places) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (int j = 0; j < CK_LANES; j++) {
            const float *from = x + i * at.step + j;
            float best = *from;
            uint8_t place = 0;
            for (ptrdiff_t p = 1; p < window.height * window.width; p++) {
                const float value = from[p / window.width * at.row + p % window.width * CK_LANES];
                if (value > best || value != value) {
                    best = value;
                    place = (uint8_t)p;
                }
            }
            y[i * CK_LANES + j] = best;
            if (places)
                places[i * CK_LANES + j] = place;
        }
}

void ck_average_pool_reference(ptrdiff_t n, ck_extent window, const float *x, ck_grid at,
                               float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (int j = 0; j < CK_LANES; j++) {
            float sum = 0;
            for (ptrdiff_t r = 0; r < window.height; r++)
                for (ptrdiff_t c = 0; c < window.width; c++)
                    sum += x[i * at.step + r * at.row + c * CK_LANES + j];
            y[i * CK_LANES + j] = sum / (float)(window.height * window.width);
        }
}

void ck_max_unpool_reference(ptrdiff_t n, ck_extent window, const float *delta,
                             const uint8_t *places, float *x, ck_grid at, ptrdiff_t column,
                             int add) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t p = 0; p < window.height * window.width; p++)
            for (int j = 0; j < CK_LANES; j++) {
                float *to =
                    x + i * at.step + p / window.width * at.row + p % window.width * column + j;
                const float d = places[i * CK_LANES + j] == p ? delta[i * CK_LANES + j] : 0;
                *to = add ? *to + d : d;
            }
}

void ck_average_unpool_reference(ptrdiff_t n, ck_extent window, const float *delta, float *x,
                                 ck_grid at) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t r = 0; r < window.height; r++)
            for (ptrdiff_t c = 0; c < window.width; c++)
                for (int j = 0; j < CK_LANES; j++)
                    x[i * at.step + r * at.row + c * CK_LANES + j] +=
                        delta[i * CK_LANES + j] / (float)(window.height * window.width);
}

void ck_masks_reference(ptrdiff_t n, const ck_mask_key *key, const uint32_t *images,
                        ptrdiff_t image_step, ptrdiff_t block, ptrdiff_t block_step,
                        uint16_t *masks) {
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t mask = 0;
        for (int j = 0; j < CK_LANES; j++) {
            uint32_t c[4] = {(uint32_t)(2 * (block + i * block_step)) + (uint32_t)j / 8,
                             images[i * image_step], key->epoch, key->purpose};
            ck_philox(c, key->seed);
            const uint32_t bits = c[j % 8 / 2] >> 16 * (j % 2) & 0xffff;
            mask |= (uint32_t)(bits >= key->threshold) << j;
        }
        masks[i] = (uint16_t)mask;
    }
}

void ck_drop_reference(ptrdiff_t n, const uint16_t *masks, float scale, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (int j = 0; j < CK_LANES; j++, y++)
            *y = masks[i] >> j & 1 ? *y * scale : 0;
}
