// The table of micro-kernels that one architecture provides. The drivers, all files beside this
// one, hold loop structure and threads and call these; a new architecture fills in one table. Every
// entry of every table, except the probe, gives the bits of its counterpart in reference/.
#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include "CKernels.h"

enum {
    CK_ROWS = 6,  // most rows of a register tile; its width is one panel, CK_LANES
    CK_WORD = 64, // bytes of an image that are listed together
    CK_CACHE_LINE = 64,
    CK_SHARD = 1024, // elements of one shard of ck_sum
    CK_PAGE = 1024,  // floats: of rows so far apart the first cache holds no more than eight
};

typedef struct {
    float eta, alpha;
} ck_step;

// Where the elements of a matrix lie: x(i, p) = x[i * row + p * step]. One of the two is 1.
typedef struct {
    ptrdiff_t row, step;
} ck_strides;

// How sums are stored: c = fma(alpha, sum, beta * c), where c is not read when beta is 0.
typedef struct {
    float alpha, beta;
} ck_scale;

// Where the taps of a convolution lie in its input, from the first tap: `blocks` times `rows` runs
// of `run` floats.
typedef struct {
    ptrdiff_t blocks, rows, run;
    ptrdiff_t block, row; // floats from a block or row to the next
} ck_taps;

// Where pixels lie: floats from a row and from a pixel to the next.
typedef struct {
    ptrdiff_t row, step;
} ck_grid;

// A value that is not zero, and where what it is multiplied by lies: of a pixel its row of weights,
// of a delta the first tap of its pixel in the input.
typedef struct {
    float value;
    int32_t at;
} ck_spot;

// Some of them, in order.
typedef struct {
    const ck_spot *spots;
    ptrdiff_t count;
} ck_list;

// What random bits are drawn from, and the least 16 of them that keep an output: see ck_dropout.
typedef struct {
    uint32_t seed[2], epoch, purpose, threshold;
} ck_mask_key;

// Where a row of an augmented image is read from in the image as it was: pixel i at (x, y) + i *
// (step_x, step_y) and, unless bend_x is NULL, the blend of four rows of displacements.
typedef struct {
    float x, y, step_x, step_y;
    const float *bend_x, *bend_y; // [4], bend_row apart
    ptrdiff_t bend_row;
    float blend[4];
} ck_warp;

// Kernels that go over arrays element by element, and the sum of an array.
typedef struct {
    void (*sigmoid)(ptrdiff_t n, const float *x, float *y);
    void (*sigmoid_backward)(ptrdiff_t n, const float *y, float *delta);
    void (*relu)(ptrdiff_t n, const float *x, float *y);
    void (*relu_backward)(ptrdiff_t n, const float *y, float *delta);
    void (*tanh)(ptrdiff_t n, const float *x, float *y);
    void (*tanh_backward)(ptrdiff_t n, const float *y, float *delta);
    void (*leaky_relu)(ptrdiff_t n, const float *x, float *y);
    void (*leaky_relu_backward)(ptrdiff_t n, const float *y, float *delta);
    void (*exp)(ptrdiff_t n, const float *x, float *y);
    void (*log1p)(ptrdiff_t n, const float *x, float *y);
    void (*add)(ptrdiff_t n, const float *x, float *y); // y += x
    void (*momentum_update)(ptrdiff_t n, ck_step step, const float *g, float *v, float *w);
    // Returns nonzero if a weight or moment is no longer finite.
    int (*adam_update)(ptrdiff_t n, const ck_adam_rule *rule, const float *g, float *m, float *v,
                       float *w);

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
} ck_elementwise;

typedef struct {
    const char *name;
    const ck_elementwise *elementwise;

    // c[m][16] = init[m][16] + sum over p ascending of a(i, p) * b[p][16], 1 <= m <= CK_ROWS.
    // a(i, p) = a[(p / 16) * a_panel + i * 16 + p % 16]; init has row stride init_stride (0: one
    // row for all); c has row stride 16 and may be init.
    void (*tile)(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                 const float *init, ptrdiff_t init_stride, float *c);

    // The same for matrices that lie otherwise: a(i, p) by its strides, b[p * b_row + j], and
    // c[i * ldc + j], to which the sums go as they are if scale is NULL.
    void (*strided_tile)(int m, ptrdiff_t k, const float *a, const ck_strides *at, const float *b,
                         ptrdiff_t b_row, const float *init, ptrdiff_t init_stride, float *c,
                         ptrdiff_t ldc, const ck_scale *scale);

    // The gradient of one panel of units, for `rows` inputs and then, if `bias` is not 0, for the
    // bias: g[r][16] = sum over images i ascending of input(i, r) * delta[i][16], where
    // input(i, r) = x[(r / 16) * x_panel + i * 16 + r % 16], and 1 for the bias.
    void (*gradient_panel)(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                           ptrdiff_t x_panel, const float *delta, float *g);

    // The same sums, kept near, and the momentum update of w[r][16], v[r][16] with them.
    // Returns nonzero if a weight is no longer finite.
    int (*update_panel)(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                        ptrdiff_t x_panel, const float *delta, ck_step step, float *w, float *v);

    // The same update of n floats, whole rows, with a gradient that is there, and is 0 afterwards.
    int (*update_rows)(ptrdiff_t n, float *g, ck_step step, float *w, float *v);

    // What is not zero of an image of n bytes, as spots from spots[at] on: of byte p the value byte
    // * scale, at 16 p. starts[w]: where those of word w, of CK_WORD bytes, begin; one more for the
    // end. Returns where they end, or -1 if they might not fit before spots[end]: without that a
    // word has room for CK_WORD spots.
    ptrdiff_t (*list_image)(ptrdiff_t n, const uint8_t *bytes, float scale, ck_spot *spots,
                            ptrdiff_t at, ptrdiff_t end, uint32_t *starts);

    // Sums over lists, of list i and panel p: c[p * c_panel + 16 i + j] = init[p * init_panel +
    // i * init_list + j] + sum over the list's spots in order of value * w[p * w_panel + at + j].
    // panels <= spot_tile. c may be init.
    void (*add_spots)(ptrdiff_t lists, int panels, const ck_list *list, const float *w,
                      ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                      ptrdiff_t init_panel, float *c, ptrdiff_t c_panel);
    // An image's part of the gradient: for its spots in order, and all panels p, g[p * g_panel + at
    // - first + j] += value * delta[p * d_panel + j]. panels <= spot_tile.
    void (*spread_spots)(int panels, const ck_list *list, ptrdiff_t first, const float *delta,
                         ptrdiff_t d_panel, float *g, ptrdiff_t g_panel);
    int spot_tile; // panels of sums that fill the pipes
    // Lists pay where at most a share of 0.5 - by_panels / panels - by_batch / batch is set, for so
    // many panels of units a thread.
    struct {
        double by_panels, by_batch;
    } listing;

    // The sums acc[m][16] go to c[m][n], 0 <= n <= 16.
    void (*store)(ptrdiff_t m, ptrdiff_t n, const ck_scale *scale, const float *acc, float *c,
                  ptrdiff_t ldc);

    // Matrix times vector, for n >= 16 sums. Sum 16 i + j is y[16 i + j] plus, p ascending, element
    // (start + j, p) times v[p * step], where start is 16 i, or n - 16 if that is less: the last
    // sums may be there twice. Element (r, p) is x[p * ldx + r] for add_rows, x[r * ldx + p] for
    // add_columns.
    void (*add_rows)(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx, const float *v,
                     ptrdiff_t step, float *y);
    void (*add_columns)(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx, const float *v,
                        ptrdiff_t step, float *y);

    // One panel to[rows][16]: to[r][i] = x[i * ldx + r] for i < width, else 0.
    void (*pack_transposed)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
                            float *to);

    // Pixels [first, first + width) of `count` images into their panels, of which `out` is the
    // first: out[p / 16 * panel + b * 16 + p % 16] = fma(byte, scale, offset) for p < width, zero
    // in the lanes past it. The byte is images[indices[b] * pixels + first + p].
    void (*pack_bytes)(ptrdiff_t count, ptrdiff_t first, ptrdiff_t width, const uint8_t *images,
                       const uint32_t *indices, ptrdiff_t pixels, float scale, float offset,
                       float *out, ptrdiff_t panel);

    // A row of n pixels of a convolution: y[i][16] = bias[16] + sum over the taps t in order of
    // x[i * step + place of t] * w[t][16], and of that the relu if it is not 0.
    void (*convolve)(ptrdiff_t n, const float *x, ptrdiff_t step, const ck_taps *taps,
                     const float *w, const float *bias, int relu, float *y);

    // Goes on with sums over the pixels of an image, row by row, for `taps` taps and the bias:
    // g[t][16] += x[at[t] + pixel in x_at] * delta[pixel in delta_at][16], with 1 for x in row
    // `taps`.
    void (*correlate)(ptrdiff_t taps, const ptrdiff_t *at, ck_extent pixels, const float *x,
                      ck_grid x_at, const float *delta, ck_grid delta_at, float *g);

    // The same for one output channel with few deltas: for spots i ascending
    // g[t][16] += x[spots[i].at + at[16 t]][16] * spots[i].value, for taps t that are 16 channels.
    void (*correlate_spots)(ptrdiff_t n, const ck_spot *spots, ptrdiff_t taps, const ptrdiff_t *at,
                            const float *x, float *g);
    // The way back of one output channel with few deltas: for spots i ascending, and all taps t,
    // y[spots[i].at + place of t] += w[t] * spots[i].value. Runs are whole rows of 16.
    void (*scatter_spots)(ptrdiff_t n, const ck_spot *spots, const ck_taps *taps, const float *w,
                          float *y);

    // A row of n windows of 16 channels, whose pixels (r, c) lie at x[i * at.step + r * at.row +
    // c * 16]: the largest value and, unless places is NULL, its place r * window.width + c.
    void (*max_pool)(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y,
                     uint8_t *places);
    // The same with the average.
    void (*average_pool)(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y);

    // The way back for windows whose pixels lie at x[i * at.step + r * at.row + c * column]: delta
    // goes to the pixel at its place. If `add`, x += it, window by window; else x is set, to zero
    // at the other places.
    void (*max_unpool)(ptrdiff_t n, ck_extent window, const float *delta, const uint8_t *places,
                       float *x, ck_grid at, ptrdiff_t column, int add);
    // x += delta / pixels of the window, window by window.
    void (*average_unpool)(ptrdiff_t n, ck_extent window, const float *delta, float *x, ck_grid at);

    // masks[i]: bit j is set if output j of block `block + i * block_step` of the image number
    // images[i * image_step] is kept.
    void (*masks)(ptrdiff_t n, const ck_mask_key *key, const uint32_t *images, ptrdiff_t image_step,
                  ptrdiff_t block, ptrdiff_t block_step, uint16_t *masks);
    // y[n][16]: times scale where the mask's bit is set, else +0.
    void (*drop)(ptrdiff_t n, const uint16_t *masks, float scale, float *y);

    // A row of n pixels by bilinear interpolation. Pixel (x, y) of the image, of which `size` says
    // the extent, lies at image[(y + 1) * row + x + 1]; there is a border of zeros, one pixel
    // before and two behind. Positions outside it are moved to it: x to [-1, width], y to [-1,
    // height].
    void (*warp)(ptrdiff_t n, const ck_warp *at, const uint8_t *image, ptrdiff_t row,
                 ck_extent size, uint8_t *out);

    // `rounds` times acc = fma(acc, operands[0], operands[1]) in registers, in as many independent
    // chains as fill the pipes. Returns the number of floating-point operations.
    double (*fma_probe)(ptrdiff_t rounds, const float *operands, float *result);
    int fma_lanes; // a limit to the lanes that a CPU starts in one cycle
} ck_kernels;

/// The table in use.
const ck_kernels *ck_table(void);
/// The fastest that this CPU can run, including one that is used only on request.
const ck_kernels *ck_fastest_table(void);

#endif
