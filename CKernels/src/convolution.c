// Convolutions and pools over one image: forward beside backward.
#include "constants.h"
#include "convolution.h"
#include "pack.h"

#include <math.h>
#include <string.h>

static uint16_t *image_masks(const ck_planned *p, ptrdiff_t image) {
    return p->masks + image * (p->places_size / CK_LANES);
}

// Masks of a stage of this pass, or NULL.
static const ck_drop *drop_of(const ck_image_pass *pass, ptrdiff_t s) {
    const ck_drop *drop = &pass->plan->drops[s];
    return drop->masks ? drop : NULL;
}

// ---------------------------------------------------------------- forward

void ck_pack_image(const ck_image_pass *pass, const ck_batch_input *input, const float *inputs,
                   ptrdiff_t image, ptrdiff_t slot) {
    const ck_planned *p = &pass->plan->stages[0];
    const ck_layout *l = &p->input;
    const uint8_t *from = input->images + (ptrdiff_t)input->indices[image] * input->pixels;
    for (ptrdiff_t c = 0; c < p->in.channels; c++)
        for (ptrdiff_t y = 0; y < p->in.height; y++, from += p->in.width) {
            float *to = p->inputs + slot * l->size + c / l->lanes * l->plane + l->origin +
                        y * l->row + c % l->lanes;
            for (ptrdiff_t x = 0; x < p->in.width; x++)
                to[x * l->lanes] = inputs[from[x]];
        }
}

// Whether the convolution's kernel does the activation, which else comes after the max-pool.
static int makes_relu(const ck_stage *stage) {
    return stage->kind == CK_CONVOLUTION && !stage->max_pool && stage->activation == CK_RELU;
}

// Activation and dropout of a row of outputs, and the zeros in lanes past the last channel.
static void finish_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t block,
                       ptrdiff_t y, float *row) {
    const ck_stage *stage = &pass->network->stages[s];
    const ck_planned *p = &pass->plan->stages[s];
    const ptrdiff_t used = p->out.channels - block * CK_LANES, n = p->out.width;
    if (!makes_relu(stage))
        ck_activate(pass->kernels, stage->activation, n * CK_LANES, row);
    if (stage->activation == CK_SIGMOID && used < CK_LANES) // of 0, which is not 0
        for (ptrdiff_t x = 0; x < n; x++)
            memset(row + x * CK_LANES + used, 0, (size_t)(CK_LANES - used) * sizeof(float));
    const ck_drop *drop = drop_of(pass, s);
    if (drop)
        pass->kernels->drop(n, image_masks(p, image) + (block * p->out.height + y) * n, drop->scale,
                            row);
}

// Row y of a block of outputs of stage s before activation. line: room for two rows.
static void make_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t slot,
                     ptrdiff_t block, ptrdiff_t y, float *line, float *row) {
    const ck_kernels *kernels = pass->kernels;
    const ck_stage *stage = &pass->network->stages[s];
    const ck_planned *p = &pass->plan->stages[s];
    const float *x = p->inputs + slot * p->input.size;
    const ptrdiff_t place = (block * p->out.height + y) * p->out.width * CK_LANES;
    uint8_t *places = p->places ? p->places + image * p->places_size + place : NULL;
    if (stage->kind != CK_CONVOLUTION) {
        const float *from = x + block * p->input.plane + y * p->pixels.row;
        const ck_grid at = {p->input.row, p->pixels.step};
        if (stage->kind == CK_MAX_POOL)
            kernels->max_pool(p->out.width, stage->window, from, at, row, places);
        else
            kernels->average_pool(p->out.width, stage->window, from, at, row);
        return;
    }
    const float *w = stage->weights + block * (p->rows + 1) * CK_LANES;
    const float *bias = w + p->rows * CK_LANES;
    const ptrdiff_t width = p->computed.width;
    if (!stage->max_pool) {
        kernels->convolve(width, x + y * p->pixels.row, p->pixels.step, &p->taps, w, bias,
                          makes_relu(stage), row);
        return;
    }
    for (int r = 0; r < 2; r++)
        kernels->convolve(width, x + (2 * y + r) * p->pixels.row, p->pixels.step, &p->taps, w, bias,
                          0, line + r * width * CK_LANES);
    const ck_grid at = {width * CK_LANES, 2 * CK_LANES};
    kernels->max_pool(p->out.width, (ck_extent){2, 2}, line, at, row, places);
}

void ck_output_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t slot,
                   ptrdiff_t block, ptrdiff_t y, float *line, float *row) {
    make_row(pass, s, image, slot, block, y, line, row);
    finish_row(pass, s, image, block, y, row);
}

// The weights of one block of outputs stay in the cache while all its pixels are made.
static void stage_forward(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t slot,
                          int thread) {
    const ck_plan *plan = pass->plan;
    const ck_planned *p = &plan->stages[s];
    const ck_drop *drop = drop_of(pass, s);
    float *line = plan->lines + thread * plan->line_size;
    const int last = s == plan->count - 1;
    const ptrdiff_t width = p->out.width;
    if (drop)
        pass->kernels->masks(p->places_size / CK_LANES, &drop->key, drop->images + image, 0, 0, 1,
                             image_masks(p, image));
    for (ptrdiff_t block = 0; block < p->panels; block++)
        for (ptrdiff_t y = 0; y < p->out.height; y++) {
            float *row = last ? line + 2 * p->computed.width * CK_LANES
                              : ck_row_above(plan, s, slot, block, y);
            ck_output_row(pass, s, image, slot, block, y, line, row);
            for (ptrdiff_t x = 0; last && x < width; x++)
                memcpy(ck_flat_pixel(plan->base.activations, pass->batch,
                                     (block * p->out.height + y) * width + x, image),
                       row + x * CK_LANES, CK_LANES * sizeof(float));
        }
}

void ck_image_forward(const ck_image_pass *pass, ptrdiff_t image, ptrdiff_t slot, int thread) {
    for (ptrdiff_t s = 0; s < pass->plan->count; s++)
        stage_forward(pass, s, image, slot, thread);
}

// ---------------------------------------------------------------- backward

// Weights of a tap between two blocks of channels.
enum { SQUARE = CK_LANES * CK_LANES };

static float *weights_of(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t panel) {
    const ck_planned *p = &pass->plan->stages[s];
    return pass->network->stages[s].weights + panel * (p->rows + 1) * CK_LANES;
}

void ck_turn_weights(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t panel) {
    const ck_planned *p = &pass->plan->stages[s];
    const ptrdiff_t taps = p->rows / CK_LANES, flipped = taps / p->taps.blocks;
    const float *w = weights_of(pass, s, panel);
    if (p->sparse) {
        for (ptrdiff_t j = 0; j < CK_LANES; j++)
            for (ptrdiff_t t = 0; t < p->rows; t++)
                p->turned[(panel * CK_LANES + j) * p->rows + t] = w[t * CK_LANES + j];
        return;
    }
    for (ptrdiff_t tap = 0; tap < taps; tap++) {
        const ptrdiff_t block = tap / flipped, to = flipped - 1 - tap % flipped;
        float *turned = p->turned + ((block * p->panels + panel) * flipped + to) * SQUARE;
        pass->kernels->pack_transposed(CK_LANES, CK_LANES, w + tap * SQUARE, CK_LANES, turned);
    }
}

// The deltas of row y of a block of stage s, before activation and dropout: from the flattened
// images into `line`, or where the stage above left them.
static float *delta_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t block,
                        ptrdiff_t y, float *flow, float *line) {
    const ck_plan *plan = pass->plan;
    const ck_planned *p = &plan->stages[s];
    const ptrdiff_t width = p->out.width, first = (block * p->out.height + y) * width;
    const ck_drop *drop = drop_of(pass, s);
    float *delta = line;
    const float *outputs;
    if (s < plan->count - 1) {
        const ck_layout *at = &plan->stages[s + 1].flow;
        delta = flow + block * at->plane + y * at->row + at->origin;
        outputs = ck_row_above(plan, s, image, block, y);
    } else {
        float *copy = line + width * CK_LANES;
        for (ptrdiff_t x = 0; x < width; x++) {
            memcpy(delta + x * CK_LANES,
                   ck_flat_pixel(plan->base.deltas, pass->batch, first + x, image),
                   CK_LANES * sizeof(float));
            memcpy(copy + x * CK_LANES,
                   ck_flat_pixel(plan->base.activations, pass->batch, first + x, image),
                   CK_LANES * sizeof(float));
        }
        outputs = copy;
    }
    ck_slope(pass->kernels, pass->network->stages[s].activation, width, outputs, drop,
             drop ? image_masks(p, image) + first : NULL, delta);
    return delta;
}

void ck_spread_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t block,
                   ptrdiff_t y, const float *delta, float *buffer) {
    const ck_planned *p = &pass->plan->stages[s];
    const ck_grid at = p->delta_pixels;
    const ptrdiff_t first = (block * p->out.height + y) * p->out.width;
    float *to = buffer + block * p->deltas.plane + p->deltas.origin;
    if (p->places)
        pass->kernels->max_unpool(p->out.width, (ck_extent){2, 2}, delta,
                                  p->places + image * p->places_size + first * CK_LANES,
                                  to + 2 * y * at.row, (ck_grid){at.row, 2 * at.step}, at.step, 0);
    else
        for (ptrdiff_t x = 0; x < p->out.width; x++)
            memcpy(to + y * at.row + x * at.step, delta + x * CK_LANES, CK_LANES * sizeof(float));
}

void ck_add_gradient(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t slot, const float *buffer,
                     float *sums) {
    const ck_planned *p = &pass->plan->stages[s];
    for (ptrdiff_t block = 0; block < p->panels; block++)
        pass->kernels->correlate(p->rows, p->tap_places, p->computed,
                                 p->inputs + slot * p->input.size, p->pixels,
                                 buffer + block * p->deltas.plane + p->deltas.origin,
                                 p->delta_pixels, sums + block * (p->rows + 1) * CK_LANES);
}

void ck_input_deltas(const ck_image_pass *pass, ptrdiff_t s, const float *buffer, float *below) {
    static const float zeros[CK_LANES];
    const ck_planned *p = &pass->plan->stages[s];
    for (ptrdiff_t block = 0; block < p->input.blocks; block++)
        for (ptrdiff_t y = 0; y < p->in.height; y++)
            pass->kernels->convolve(p->in.width, buffer + p->delta_start + y * p->deltas.row,
                                    CK_LANES, &p->flipped_taps,
                                    p->turned +
                                        block * (p->rows / p->input.blocks) * p->panels * CK_LANES,
                                    zeros, 0, below + block * p->flow.plane + y * p->flow.row);
}

static void dense_backward(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, float *flow,
                           float *below, float *line, float *sums, int thread) {
    const ck_planned *p = &pass->plan->stages[s];
    float *buffer = p->delta_buffers + thread * p->deltas.size;
    for (ptrdiff_t block = 0; block < p->panels; block++)
        for (ptrdiff_t y = 0; y < p->out.height; y++)
            ck_spread_row(pass, s, image, block, y, delta_row(pass, s, image, block, y, flow, line),
                          buffer);
    ck_add_gradient(pass, s, image, buffer, sums);
    if (below)
        ck_input_deltas(pass, s, buffer, below);
}

// Lists the deltas of a row that are not zero, for each of 16 channels, and adds all to the bias.
static void list_row(const ck_planned *p, ptrdiff_t y, ptrdiff_t used, const float *delta,
                     const uint8_t *places, ck_spot *spots, ptrdiff_t *counts, float *bias) {
    for (ptrdiff_t x = 0; x < p->out.width; x++)
        for (ptrdiff_t j = 0; j < used; j++) {
            const float d = delta[x * CK_LANES + j];
            const ptrdiff_t place = places[x * CK_LANES + j];
            ck_spot *spot = &spots[j * p->windows + counts[j]];
            spot->value = d;
            spot->at = (int32_t)((2 * y + (place >> 1)) * p->pixels.row +
                                 (2 * x + (place & 1)) * p->pixels.step);
            counts[j] += d != 0;
            bias[j] += d;
        }
}

// Floats of the sums of a sparse convolution, which lie by output channel; 0 of another.
static ptrdiff_t spot_sums(const ck_planned *p) {
    return p->sparse ? p->panels * CK_LANES * p->rows : 0;
}

static void sparse_backward(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, float *flow,
                            float *below, float *line, float *sums, int thread) {
    const ck_planned *p = &pass->plan->stages[s];
    ck_spot *spots = p->spots + thread * p->out.channels * p->windows;
    if (below)
        memset(below, 0, (size_t)p->flow.size * sizeof(float));
    for (ptrdiff_t block = 0; block < p->panels; block++) {
        const ptrdiff_t first = block * CK_LANES,
                        used = ck_least(CK_LANES, p->out.channels - first);
        ptrdiff_t counts[CK_LANES] = {0};
        for (ptrdiff_t y = 0; y < p->out.height; y++)
            list_row(p, y, used, delta_row(pass, s, image, block, y, flow, line),
                     p->places + image * p->places_size +
                         (block * p->out.height + y) * p->out.width * CK_LANES,
                     spots + first * p->windows, counts,
                     sums + (block * (p->rows + 1) + p->rows) * CK_LANES);
        for (ptrdiff_t j = 0; j < used; j++) {
            const ck_spot *own = spots + (first + j) * p->windows;
            const ptrdiff_t at = (first + j) * p->rows;
            pass->kernels->correlate_spots(counts[j], own, p->rows / CK_LANES, p->tap_places,
                                           p->inputs + image * p->input.size,
                                           p->spot_sums + thread * p->panels * CK_LANES * p->rows +
                                               at);
            if (below)
                pass->kernels->scatter_spots(counts[j], own, &p->taps, p->turned + at, below);
        }
    }
}

static void pool_backward(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, float *flow,
                          float *below, float *line) {
    const ck_stage *stage = &pass->network->stages[s];
    const ck_planned *p = &pass->plan->stages[s];
    const ptrdiff_t row = p->in.width * CK_LANES;
    const ck_grid at = {row, stage->stride.width * CK_LANES};
    memset(below, 0, (size_t)(p->panels * p->in.height * row) * sizeof(float));
    for (ptrdiff_t block = 0; block < p->panels; block++)
        for (ptrdiff_t y = 0; y < p->out.height; y++) {
            const float *delta = delta_row(pass, s, image, block, y, flow, line);
            float *to = below + (block * p->in.height + y * stage->stride.height) * row;
            const ptrdiff_t first = (block * p->out.height + y) * p->out.width;
            if (stage->kind == CK_MAX_POOL)
                pass->kernels->max_unpool(p->out.width, stage->window, delta,
                                          p->places + image * p->places_size + first * CK_LANES, to,
                                          at, CK_LANES, 1);
            else
                pass->kernels->average_unpool(p->out.width, stage->window, delta, to, at);
        }
}

void ck_image_backward(const ck_image_pass *pass, ptrdiff_t image, float *sums, int thread) {
    const ck_plan *plan = pass->plan;
    float *line = plan->lines + thread * plan->line_size;
    float *flow = plan->flows[0] + thread * plan->flow_size;
    float *below = plan->flows[1] + thread * plan->flow_size;
    for (ptrdiff_t s = plan->count - 1; s >= plan->lowest; s--) {
        const ck_planned *p = &plan->stages[s];
        float *wanted = s > plan->lowest ? below : NULL;
        if (pass->network->stages[s].kind != CK_CONVOLUTION)
            pool_backward(pass, s, image, flow, below, line);
        else if (p->sparse)
            sparse_backward(pass, s, image, flow, wanted, line, sums + p->sums, thread);
        else
            dense_backward(pass, s, image, flow, wanted, line, sums + p->sums, thread);
        below = flow;
        flow = wanted;
    }
}

void ck_start_chain(const ck_image_pass *pass, float *sums, int thread) {
    const ck_plan *plan = pass->plan;
    memset(sums, 0, (size_t)plan->sums_size * sizeof(float));
    for (const ck_planned *p = plan->stages; p < plan->stages + plan->count; p++)
        if (p->sparse)
            memset(p->spot_sums + thread * spot_sums(p), 0, (size_t)spot_sums(p) * sizeof(float));
}

void ck_end_chain(const ck_image_pass *pass, float *sums, int thread) {
    const ck_plan *plan = pass->plan;
    for (const ck_planned *p = plan->stages; p < plan->stages + plan->count; p++)
        for (ptrdiff_t panel = 0; p->sparse && panel < p->panels; panel++) {
            const float *from = p->spot_sums + thread * spot_sums(p) + panel * CK_LANES * p->rows;
            float *to = sums + p->sums + panel * (p->rows + 1) * CK_LANES;
            pass->kernels->pack_transposed(p->rows, CK_LANES, from, p->rows, to);
        }
}

// n sums of all chains become one, in the first chain's place.
static void join_chains(const ck_image_pass *pass, ptrdiff_t chains, ptrdiff_t n, float *sums) {
    const ptrdiff_t size = pass->plan->sums_size;
    for (ptrdiff_t near = 1; near < chains; near *= 2)
        for (ptrdiff_t chain = 0; chain + near < chains; chain += 2 * near)
            pass->kernels->elementwise->add(n, sums + (chain + near) * size, sums + chain * size);
}

ptrdiff_t ck_finish_weights(const ck_image_pass *pass, ptrdiff_t chains, ck_fate fate, int thread,
                            int threads) {
    enum { PIECE = 64 }; // rows of weights at once: all chains' fit the cache
    const ck_plan *plan = pass->plan;
    ptrdiff_t bad = plan->count;
    for (ptrdiff_t s = plan->count - 1; s >= plan->lowest; s--) {
        const ck_planned *p = &plan->stages[s];
        const ck_stage *stage = &pass->network->stages[s];
        if (stage->kind != CK_CONVOLUTION)
            continue;
        const ck_range own = ck_share(p->panels * (p->rows + 1), thread, threads);
        for (ptrdiff_t row = own.first; row < own.last; row += PIECE) {
            const ptrdiff_t n = ck_least(PIECE, own.last - row) * CK_LANES, at = row * CK_LANES;
            float *sums = plan->chain_sums + p->sums + at;
            join_chains(pass, chains, n, sums);
            if (!fate.update) {
                memcpy(stage->gradient + at, sums, (size_t)n * sizeof(float));
                continue;
            }
            float *w = stage->weights + at;
            pass->kernels->elementwise->momentum_update(n, fate.step, sums, stage->velocity + at,
                                                        w);
            int finite = 1;
            for (ptrdiff_t i = 0; i < n; i++)
                finite &= fabsf(w[i]) <= CK_MAX_FINITE;
            bad = finite ? bad : s;
        }
    }
    return bad;
}
