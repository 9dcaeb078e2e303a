// Dense layers on panels: forward beside backward, as parts of a parallel pass. Barriers separate
// what a thread reads from what others have written.
#include "listed.h"
#include "pack.h"
#include "threads.h"

#include <string.h>

enum {
    DEPTH = 288,            // most inputs of a block in the forward pass: 18 KB of a weight panel
    PIXELS = CK_CACHE_LINE, // of an image, packed at once
    MOST_COPIES = 1 << 22,  // floats of a batch that threads pack for themselves, 16 MB in all
};

ptrdiff_t ck_panel_size(ptrdiff_t rows, ptrdiff_t features) {
    return ck_panels(features) * rows * CK_LANES;
}

ptrdiff_t ck_dense_scratch(ptrdiff_t inputs, ptrdiff_t outputs) {
    return ck_panel_size(outputs, inputs);
}

void ck_dense_pack(ptrdiff_t inputs, ptrdiff_t outputs, const float *weight, const float *bias,
                   float *panels) {
    for (ptrdiff_t p = 0; p < ck_panels(outputs); p++)
        for (ptrdiff_t k = 0; k <= inputs; k++)
            for (ptrdiff_t lane = 0; lane < CK_LANES; lane++, panels++) {
                const ptrdiff_t unit = p * CK_LANES + lane;
                *panels = unit >= outputs ? 0
                          : k == inputs   ? bias[unit]
                                          : weight[unit * inputs + k];
            }
}

void ck_dense_unpack(ptrdiff_t inputs, ptrdiff_t outputs, const float *panels, float *weight,
                     float *bias) {
    for (ptrdiff_t unit = 0; unit < outputs; unit++) {
        const float *from = panels + unit / CK_LANES * (inputs + 1) * CK_LANES + unit % CK_LANES;
        for (ptrdiff_t k = 0; k < inputs; k++)
            weight[unit * inputs + k] = from[k * CK_LANES];
        bias[unit] = from[inputs * CK_LANES];
    }
}

// ---------------------------------------------------------------- forward

// k is cut so that a block of a weight panel and the rows it meets stay in L1.
static ptrdiff_t depth_of(ptrdiff_t k) {
    const ptrdiff_t blocks = (k + DEPTH - 1) / DEPTH;
    return blocks < 2 ? k : ck_panels((k + blocks - 1) / blocks) * CK_LANES;
}

// Logits leave the panels: rows of units [unit, unit + 16), from y.
static void unpack_logits(const ck_dense *last, const float *y, ptrdiff_t unit, ck_range rows,
                          float *logits) {
    const size_t bytes = (size_t)ck_least(CK_LANES, last->outputs - unit) * sizeof(float);
    for (ptrdiff_t i = rows.first; i < rows.last; i++, y += CK_LANES)
        memcpy(logits + i * last->outputs + unit, y, bytes);
}

void ck_unsign_zeros(ptrdiff_t n, float *x) {
    for (ptrdiff_t i = 0; i < n; i++)
        x[i] += 0.0f;
}

void ck_finish_units(const ck_dense_pass *pass, ptrdiff_t l, ptrdiff_t panel, ck_range rows,
                     int is_first, float *logits) {
    const ck_kernels *kernels = pass->kernels;
    const ck_dense *layer = &pass->layers[l];
    const ck_drop *drop = &pass->drops[l];
    const ptrdiff_t count = rows.last - rows.first, at = panel * pass->batch + rows.first;
    float *y = layer->activations + at * CK_LANES;
    // The other activations have the same value for both zeros.
    if (is_first && layer->activation != CK_SIGMOID && layer->activation != CK_RELU)
        ck_unsign_zeros(count * CK_LANES, y);
    ck_activate(kernels, layer->activation, count * CK_LANES, y);
    if (drop->masks) {
        uint16_t *masks = drop->masks + at;
        kernels->masks(count, &drop->key, drop->images + rows.first, 1, panel, 0, masks);
        kernels->drop(count, masks, drop->scale, y);
    }
    if (logits)
        unpack_logits(layer, y, panel * CK_LANES, rows, logits);
}

// This thread's tiles of y = activation(x W + bias), and of the logits where they are not NULL.
// Unit panels outermost: a thread keeps its weights in its own cache from step to step.
static void forward_layer(const ck_dense_pass *pass, ptrdiff_t l, const float *x, int is_first,
                          float *logits, int thread, int threads) {
    const ck_dense *layer = &pass->layers[l];
    const ptrdiff_t batch = pass->batch, groups = ck_groups(batch), depth = depth_of(layer->inputs);
    const ptrdiff_t weight_panel = (layer->inputs + 1) * CK_LANES;
    const ck_range own = ck_own_panels(pass, l);
    const ck_range part =
        ck_share_of((ck_range){own.first * groups, own.last * groups}, thread, threads);
    for (ptrdiff_t k = 0; k < layer->inputs; k += depth)
        for (ptrdiff_t item = part.first; item < part.last; item++) {
            const ptrdiff_t panel = item / groups;
            const ck_range rows = ck_group_rows(batch, item % groups);
            const float *w = layer->weights + panel * weight_panel;
            const float *bias = w + layer->inputs * CK_LANES;
            float *y = layer->activations + (panel * batch + rows.first) * CK_LANES;
            pass->kernels->tile((int)(rows.last - rows.first), ck_least(depth, layer->inputs - k),
                                x + k * batch + rows.first * CK_LANES, batch * CK_LANES,
                                w + k * CK_LANES, k ? y : bias, k ? CK_LANES : 0, y);
            if (k + depth >= layer->inputs)
                ck_finish_units(pass, l, panel, rows, is_first, logits);
        }
}

ptrdiff_t ck_input_size(ptrdiff_t batch, ptrdiff_t pixels, int threads) {
    const ptrdiff_t whole = ck_panel_size(batch, pixels);
    const ptrdiff_t copies = ck_least(threads * whole, MOST_COPIES); // also of a smaller batch
    return whole > copies ? whole : copies;
}

// A batch is packed by every thread for itself: that is cheaper than to fetch half of it out of
// another core's cache. Where so many copies would fill the last cache, each packs a part of one;
// and where there are enough images to list, as a list is short and takes long to make.
static int is_shared(const ck_batch_input *input, ptrdiff_t batch, int listed, int threads) {
    enum { ENOUGH = 32 }; // images a thread
    return threads * ck_panel_size(batch, input->pixels) > MOST_COPIES ||
           (listed && threads > 1 && batch >= ENOUGH * threads);
}

// Where this thread's copy is, or the one of all.
static float *copy_of(const ck_batch_input *input, ptrdiff_t batch, int shared, int thread) {
    return input->panels + (shared ? 0 : thread) * ck_panel_size(batch, input->pixels);
}

ck_first_input ck_packed_batch(const ck_batch_input *input, ptrdiff_t batch, int listed, int thread,
                               int threads) {
    float *panels = copy_of(input, batch, is_shared(input, batch, listed, threads), thread);
    if (!listed)
        return (ck_first_input){.panels = panels};
    return (ck_first_input){.lists = ck_lists_in(panels, batch, input->pixels)};
}

void ck_prefetch_next(const ck_batch_input *input, ck_range part) {
    if (input->rows)
        return;
    // Images lie anywhere in memory, too far apart for the processor to guess the next.
    for (ptrdiff_t i = part.first; i < part.last; i++)
        for (ptrdiff_t p = 0; p < input->pixels; p += CK_CACHE_LINE)
            __builtin_prefetch(input->images + (ptrdiff_t)input->next[i] * input->pixels + p, 0, 2);
}

// The numbers of rows [first, last) of the batch into panels.
static void pack_rows(const ck_batch_input *input, ck_range images, ptrdiff_t batch,
                      float *panels) {
    for (ptrdiff_t p = 0; p < input->pixels; p += CK_LANES, panels += batch * CK_LANES)
        for (ptrdiff_t b = images.first; b < images.last; b++)
            ck_copy_lanes(panels + b * CK_LANES,
                          input->rows + (ptrdiff_t)input->indices[b] * input->pixels + p,
                          ck_least(CK_LANES, input->pixels - p));
}

// The same of images, whose bytes become inputs.
static void pack_images(const ck_kernels *kernels, const ck_batch_input *input, ck_range images,
                        ptrdiff_t batch, float *panels) {
    for (ptrdiff_t p = 0; p < input->pixels; p += PIXELS)
        kernels->pack_bytes(images.last - images.first, p, ck_least(PIXELS, input->pixels - p),
                            input->images, input->indices + images.first, input->pixels,
                            input->scale, input->offset,
                            panels + p * batch + images.first * CK_LANES, batch * CK_LANES);
}

// Whether all of the batch could be listed; this thread's part of it then is.
static int list_part(const ck_dense_pass *pass, const ck_batch_input *input, ck_range images,
                     int shared, int thread, int threads) {
    const ck_lists lists =
        ck_lists_in(copy_of(input, pass->batch, shared, thread), pass->batch, input->pixels);
    const int fits = ck_list_images(pass->kernels, input, images, &lists);
    return shared ? ck_all_agree(pass->vote, fits, threads) : fits;
}

static void pack_part(const ck_dense_pass *pass, const ck_batch_input *input, ck_range images,
                      int shared, int thread, int threads) {
    float *panels = copy_of(input, pass->batch, shared, thread);
    if (input->rows)
        pack_rows(input, images, pass->batch, panels);
    else
        pack_images(pass->kernels, input, images, pass->batch, panels);
    if (shared)
        ck_barrier(threads);
}

ck_first_input ck_pack_batch(const ck_dense_pass *pass, const ck_batch_input *input, int listed,
                             int thread, int threads) {
    for (;; listed = 0) {
        const int shared = is_shared(input, pass->batch, listed, threads);
        const int part = shared ? thread : 0, parts = shared ? threads : 1;
        const ck_range images = ck_share(pass->batch, part, parts);
        if (!listed)
            pack_part(pass, input, images, shared, thread, threads);
        else if (!list_part(pass, input, images, shared, thread, threads))
            continue;
        ck_prefetch_next(input, ck_share(input->next_count, part, parts));
        return ck_packed_batch(input, pass->batch, listed, thread, threads);
    }
}

ck_range ck_part_items(const ck_part *part, ptrdiff_t count) {
    return ck_share(count, part->number, part->count);
}

// Waits until the threads have made their panels of activations or deltas of a layer and, where the
// network is in parts, until the other parts' are there.
static void await_panels(const ck_dense_pass *pass, ptrdiff_t l, float *panels, int thread,
                         int threads) {
    ck_barrier(threads);
    if (!pass->part)
        return;
    if (thread == 0)
        pass->part->gather(pass->part->context, panels, ck_panels(pass->layers[l].outputs),
                           pass->batch * CK_LANES);
    ck_barrier(threads);
}

void ck_dense_forward_on(const ck_dense_pass *pass, const ck_first_input *x, const ck_dense *below,
                         float *logits, int thread, int threads) {
    for (ptrdiff_t l = 0; l < pass->count; l++) {
        float *last = l == pass->count - 1 ? logits : NULL;
        if (l > 0)
            await_panels(pass, l - 1, pass->layers[l - 1].activations, thread, threads);
        if (l == 0 && x && !x->panels)
            ck_listed_forward(pass, &x->lists, last, thread, threads);
        else if (l == 0 && x)
            forward_layer(pass, l, x->panels, 1, last, thread, threads);
        else
            forward_layer(pass, l, l ? pass->layers[l - 1].activations : below->activations, 0,
                          last, thread, threads);
    }
}

// ---------------------------------------------------------------- backward

static void pack_delta(const ck_dense *last, ptrdiff_t batch, const float *delta, float *panels) {
    for (ptrdiff_t unit = 0; unit < last->outputs; unit += CK_LANES, panels += batch * CK_LANES)
        ck_copy_rows(batch, ck_least(CK_LANES, last->outputs - unit), delta + unit, last->outputs,
                     panels);
}

// The layer's weights with rows and columns exchanged, in panels of inputs: scratch.
static void transpose_weights(const ck_kernels *kernels, const ck_dense *layer,
                              ck_range input_panels) {
    const ptrdiff_t weight_panel = (layer->inputs + 1) * CK_LANES;
    for (ptrdiff_t panel = input_panels.first; panel < input_panels.last; panel++) {
        float *to = layer->scratch + panel * layer->outputs * CK_LANES;
        const ptrdiff_t first = panel * CK_LANES, width = ck_least(CK_LANES, layer->inputs - first);
        for (ptrdiff_t unit = 0; unit < layer->outputs; unit += CK_LANES) {
            const float *from = layer->weights + unit / CK_LANES * weight_panel + first * CK_LANES;
            kernels->pack_transposed(ck_least(CK_LANES, layer->outputs - unit), width, from,
                                     CK_LANES, to + unit * CK_LANES);
        }
    }
}

// The deltas of the layer below, for its unit panels `own`: (delta W^T) times its activation's
// slope. drop: of the layer below.
static void backward_delta(const ck_kernels *kernels, const ck_dense *layer, const float *delta,
                           const ck_dense *below, const ck_drop *drop, ptrdiff_t batch,
                           ck_range own) {
    static const float zeros[CK_LANES];
    for (ptrdiff_t panel = own.first; panel < own.last; panel++)
        for (ptrdiff_t group = 0; group < ck_groups(batch); group++) {
            const ck_range rows = ck_group_rows(batch, group);
            const int count = (int)(rows.last - rows.first);
            const ptrdiff_t first = panel * batch + rows.first, at = first * CK_LANES;
            float *to = below->deltas + at;
            kernels->tile(count, layer->outputs, delta + rows.first * CK_LANES, batch * CK_LANES,
                          layer->scratch + panel * layer->outputs * CK_LANES, zeros, 0, to);
            ck_slope(kernels, below->activation, count, below->activations + at, drop,
                     drop && drop->masks ? drop->masks + first : NULL, to);
        }
}

// Input panels `blocks` of the unit panels `units`; the last input panel brings the bias.
static int gradient_panels(const ck_dense_pass *pass, ck_fate fate, const ck_dense *layer,
                           const float *x, int is_first, const float *delta, ck_range units,
                           ck_range blocks) {
    const ck_kernels *kernels = pass->kernels;
    const ptrdiff_t batch = pass->batch, first = blocks.first * CK_LANES;
    const ptrdiff_t rows = ck_least(blocks.last * CK_LANES, layer->inputs) - first;
    const int bias = blocks.last == ck_panels(layer->inputs);
    int bad = 0;
    for (ptrdiff_t panel = units.first; rows > 0 && panel < units.last; panel++) {
        const float *d = delta + panel * batch * CK_LANES;
        const ptrdiff_t at = (panel * (layer->inputs + 1) + first) * CK_LANES;
        if (fate.update) {
            bad |= kernels->update_panel(rows, bias, batch, x + first * batch, batch * CK_LANES, d,
                                         fate.step, layer->weights + at, layer->velocity + at);
            continue;
        }
        kernels->gradient_panel(rows, bias, batch, x + first * batch, batch * CK_LANES, d,
                                layer->gradient + at);
        if (is_first)
            ck_unsign_zeros((rows + bias) * CK_LANES, layer->gradient + at);
    }
    return bad;
}

// Of a network in parts, the weights that lead from units of other parts into own ones: panels of
// inputs outside `own`, which are other parts' units. All of them are shared, as no thread waits
// for them.
static int update_from_others(const ck_dense_pass *pass, ck_fate fate, ptrdiff_t l, const float *x,
                              const float *delta, ck_range own, int thread, int threads) {
    const ck_dense *layer = &pass->layers[l];
    const ptrdiff_t gap = own.last - own.first;
    const ck_range units = ck_own_panels(pass, l);
    const ck_range part = ck_share(ck_panels(layer->inputs) - gap, thread, threads);
    const ck_range before = {part.first, ck_least(part.last, own.first)};
    const ck_range after = {ck_most(part.first, own.first) + gap, part.last + gap};
    return gradient_panels(pass, fate, layer, x, 0, delta, units, before) |
           gradient_panels(pass, fate, layer, x, 0, delta, units, after);
}

// A thread owns the same panels of units throughout: it makes their deltas, and updates the weights
// that lead into them and out of them, so that these stay in its core's cache, and it waits for the
// others only where it needs all deltas of a layer.
ptrdiff_t ck_dense_backward_on(const ck_dense_pass *pass, const ck_first_input *x,
                               const ck_dense *below, const float *delta, ck_fate fate, int thread,
                               int threads) {
    const ptrdiff_t batch = pass->batch, count = pass->count;
    const ck_dense *first = &pass->layers[0], *last = &pass->layers[count - 1];
    float *own_delta = last->deltas + thread * ck_panel_size(batch, last->outputs);
    const float *d = own_delta;
    ptrdiff_t bad = count;
    pack_delta(last, batch, delta, own_delta);
    for (ptrdiff_t l = count - 1; l >= (x ? 1 : 0); l--) {
        const ck_dense *layer = &pass->layers[l], *under = l ? layer - 1 : below;
        const ck_range inputs =
            l ? ck_own_panels(pass, l - 1) : (ck_range){0, ck_panels(layer->inputs)};
        const ck_range own = ck_share_of(inputs, thread, threads);
        if (layer != last)
            await_panels(pass, l, layer->deltas, thread, threads);
        transpose_weights(pass->kernels, layer, own);
        backward_delta(pass->kernels, layer, d, under, l ? &pass->drops[l - 1] : NULL, batch, own);
        if (gradient_panels(pass, fate, layer, under->activations, 0, d,
                            (ck_range){0, ck_panels(layer->outputs)}, own))
            bad = l;
        if (pass->part &&
            update_from_others(pass, fate, l, under->activations, d, inputs, thread, threads))
            bad = l;
        d = under->deltas;
    }
    if (!x)
        return bad;
    // Where the panels of units do not come out even, the first layer is shared by inputs.
    ck_range units = ck_own_panels(pass, 0);
    ck_range blocks = {0, x->panels ? ck_panels(first->inputs) : x->lists.words};
    const ptrdiff_t panels = units.last - units.first;
    if (panels % threads == 0 || panels >= 8 * threads) {
        units = ck_share_of(units, thread, threads);
    } else {
        blocks = ck_share_of(blocks, thread, threads);
        if (first != last)
            ck_barrier(threads);
    }
    const int is_bad = x->panels
                           ? gradient_panels(pass, fate, first, x->panels, 1, d, units, blocks)
                           : ck_listed_gradient(pass, fate, &x->lists, d, units, blocks,
                                                pass->sums + thread * CK_LISTED_SUMS);
    return is_bad ? 0 : bad;
}
