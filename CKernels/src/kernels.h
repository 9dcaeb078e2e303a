// The table of micro-kernels that one architecture provides. Drivers (gemm.c, dense.c, vector.c,
// losses.c) hold loop structure and threads and call these; a new architecture fills in one table.
// Every entry of every table gives the bits of its twin in reference/, but for the probe.
#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include "CKernels.h"

enum {
    CK_ROWS = 6,     // most rows of a register tile; its width is one panel, CK_LANES
    CK_SHARD = 1024, // elements of one shard of ck_sum
};

typedef struct {
    float eta, alpha;
} ck_step;

// Where the elements of a matrix lie: x(i, p) = x[p / 16 * panel + p % 16 * step + i * row].
typedef struct {
    ptrdiff_t row, step, panel;
} ck_strides;

typedef struct {
    const char *name;

    // c[m][16] = init[m][16] + sum over p ascending of a(i, p) * b[p][16], 1 <= m <= CK_ROWS.
    // a(i, p) = a[(p / 16) * a_panel + i * 16 + p % 16]; init has row stride init_stride (0: one
    // row for all); c has row stride 16 and may be init.
    void (*tile)(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                 const float *init, ptrdiff_t init_stride, float *c);

    // The same for operands that lie otherwise: a(i, p) by its strides, b[p * b_row + j].
    void (*strided_tile)(int m, ptrdiff_t k, const float *a, const ck_strides *at, const float *b,
                         ptrdiff_t b_row, const float *init, ptrdiff_t init_stride, float *c);

    // The gradient of one panel of units, for `rows` inputs and then, if `bias` is not 0, for the
    // bias: g[r][16] = sum over images i ascending of input(i, r) * delta[i][16], where
    // input(i, r) = x[(r / 16) * x_panel + i * 16 + r % 16], and 1 for the bias.
    void (*gradient_panel)(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                           ptrdiff_t x_panel, const float *delta, float *g);

    // The same sums, kept near, and the momentum update of w[r][16], v[r][16] with them.
    // Returns nonzero if a weight is no longer finite.
    int (*update_panel)(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                        ptrdiff_t x_panel, const float *delta, ck_step step, float *w, float *v);

    // c[m][n] = fma(alpha, acc[m][16], beta * c), 0 <= n <= 16; c is not read when beta is 0.
    void (*store)(ptrdiff_t m, ptrdiff_t n, float alpha, const float *acc, float beta, float *c,
                  ptrdiff_t ldc);

    // Pixels [first, first + width) of `count` images into their panels, of which `out` is the
    // first: out[p / 16 * panel + b * 16 + p % 16] = fma(byte, scale, offset) for p < width, zero
    // in the lanes past it. The byte is images[indices[b] * pixels + first + p].
    void (*pack_bytes)(ptrdiff_t count, ptrdiff_t first, ptrdiff_t width, const uint8_t *images,
                       const uint32_t *indices, ptrdiff_t pixels, float scale, float offset,
                       float *out, ptrdiff_t panel);

    void (*sigmoid)(ptrdiff_t n, const float *x, float *y);
    void (*sigmoid_backward)(ptrdiff_t n, const float *y, float *delta);
    void (*relu)(ptrdiff_t n, const float *x, float *y);
    void (*relu_backward)(ptrdiff_t n, const float *y, float *delta);
    void (*exp)(ptrdiff_t n, const float *x, float *y);
    void (*log1p)(ptrdiff_t n, const float *x, float *y);
    void (*add)(ptrdiff_t n, const float *x, float *y); // y += x
    void (*momentum_update)(ptrdiff_t n, ck_step step, const float *g, float *v, float *w);

    // Hard-target forms of the losses; for soft targets the driver subtracts the entropy of t.
    void (*synaptic_loss)(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                          float *delta);
    void (*cross_entropy_loss)(ptrdiff_t n, const float *z, const float *t, float scale,
                               float *loss, float *delta);
    void (*mean_square_loss)(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                             float *delta);

    // Sum of at most CK_SHARD elements: chain c takes the elements i with i % 8 == c; the chains
    // are joined as ((0+4)+(2+6)) + ((1+5)+(3+7)).
    double (*sum_shard)(ptrdiff_t n, const float *x);

    // `rounds` times acc = fma(acc, operands[0], operands[1]) in registers, in as many independent
    // chains as fill the pipes. Returns the number of floating-point operations.
    double (*fma_probe)(ptrdiff_t rounds, const float *operands, float *result);
    int fma_lanes; // a limit to the lanes that a CPU starts in one cycle
} ck_kernels;

/// The table in use.
const ck_kernels *ck_table(void);
/// The fastest that this CPU can run, also one that is used only if it is asked for.
const ck_kernels *ck_fastest_table(void);

#endif
