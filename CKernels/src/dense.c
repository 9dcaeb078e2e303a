// Dense networks on panels: forward beside backward. Each is one parallel region; barriers
// separate the stages in which a thread reads what others wrote.
#include "kernels.h"
#include "pack.h"
#include "threads.h"

#include <string.h>

enum {
    DEPTH = 288, // most inputs of a block in the forward pass: 18 KB of a weight panel
    CACHE_LINE = 64,
    PIXELS = CACHE_LINE, // of an image, packed at once
};

static ptrdiff_t panels_of(ptrdiff_t features) {
    return (features + CK_LANES - 1) / CK_LANES;
}

ptrdiff_t ck_panel_size(ptrdiff_t rows, ptrdiff_t features) {
    return panels_of(features) * rows * CK_LANES;
}

ptrdiff_t ck_dense_scratch(ptrdiff_t inputs, ptrdiff_t outputs) {
    return ck_panel_size(outputs, inputs);
}

void ck_dense_pack(ptrdiff_t inputs, ptrdiff_t outputs, const float *weight, const float *bias,
                   float *panels) {
    for (ptrdiff_t p = 0; p < panels_of(outputs); p++)
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

static void activate(const ck_kernels *kernels, ck_activation activation, ptrdiff_t n, float *y) {
    switch (activation) {
    case CK_IDENTITY: break;
    case CK_SIGMOID: kernels->sigmoid(n, y, y); break;
    case CK_RELU: kernels->relu(n, y, y); break;
    }
}

// Rows of a batch in groups for the register tile, as even as can be: no group is so small that
// the latency of an FMA shows.
static ptrdiff_t groups_of(ptrdiff_t batch) {
    return (batch + CK_ROWS - 1) / CK_ROWS;
}

static ck_range group_rows(ptrdiff_t batch, ptrdiff_t group) {
    return ck_share(batch, group, groups_of(batch));
}

// k is cut so that a block of a weight panel and the rows it meets stay in L1.
static ptrdiff_t depth_of(ptrdiff_t k) {
    const ptrdiff_t blocks = (k + DEPTH - 1) / DEPTH;
    return blocks < 2 ? k : panels_of((k + blocks - 1) / blocks) * CK_LANES;
}

// Logits leave the panels: rows of units [unit, unit + 16), from y.
static void unpack_logits(const ck_dense *last, const float *y, ptrdiff_t unit, ck_range rows,
                          float *logits) {
    const size_t bytes = (size_t)ck_least(CK_LANES, last->outputs - unit) * sizeof(float);
    for (ptrdiff_t i = rows.first; i < rows.last; i++, y += CK_LANES)
        memcpy(logits + i * last->outputs + unit, y, bytes);
}

// This thread's tiles of y = activation(x W + bias), and of the logits where they are not NULL.
// Unit panels outermost: a thread keeps its weights in its own cache from step to step.
static void forward_layer(const ck_kernels *kernels, const ck_dense *layer, ptrdiff_t batch,
                          const float *x, float *logits, int thread, int threads) {
    const ptrdiff_t groups = groups_of(batch), depth = depth_of(layer->inputs);
    const ptrdiff_t weight_panel = (layer->inputs + 1) * CK_LANES;
    const ck_range part = ck_share(panels_of(layer->outputs) * groups, thread, threads);
    for (ptrdiff_t k = 0; k < layer->inputs; k += depth)
        for (ptrdiff_t item = part.first; item < part.last; item++) {
            const ptrdiff_t panel = item / groups;
            const ck_range rows = group_rows(batch, item % groups);
            const int count = (int)(rows.last - rows.first);
            const float *w = layer->weights + panel * weight_panel;
            const float *bias = w + layer->inputs * CK_LANES;
            float *y = layer->activations + (panel * batch + rows.first) * CK_LANES;
            kernels->tile(count, ck_least(depth, layer->inputs - k),
                          x + k * batch + rows.first * CK_LANES, batch * CK_LANES, w + k * CK_LANES,
                          k ? y : bias, k ? CK_LANES : 0, y);
            if (k + depth < layer->inputs)
                continue;
            activate(kernels, layer->activation, count * CK_LANES, y);
            if (logits)
                unpack_logits(layer, y, panel * CK_LANES, rows, logits);
        }
}

// Every thread packs the whole batch for itself: that is cheaper than to fetch half of it out of
// another core's cache.
static float *own_input(const ck_batch_input *input, ptrdiff_t batch, int thread) {
    return input->panels + thread * ck_panel_size(batch, input->pixels);
}

static void pack_batch(const ck_kernels *kernels, const ck_batch_input *input, ptrdiff_t batch,
                       float *panels) {
    for (ptrdiff_t p = 0; p < input->pixels; p += PIXELS)
        kernels->pack_bytes(batch, p, ck_least(PIXELS, input->pixels - p), input->images,
                            input->indices, input->pixels, input->scale, input->offset,
                            panels + p * batch, batch * CK_LANES);
    // Images lie anywhere in memory, too far apart for the processor to guess the next.
    for (ptrdiff_t i = 0; i < input->next_count; i++)
        for (ptrdiff_t p = 0; p < input->pixels; p += CACHE_LINE)
            __builtin_prefetch(input->images + (ptrdiff_t)input->next[i] * input->pixels + p, 0, 2);
}

void ck_dense_forward(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                      const ck_batch_input *input, float *logits, int threads) {
    const ck_kernels *kernels = ck_table();
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        float *panels = own_input(input, batch, thread);
        pack_batch(kernels, input, batch, panels);
        for (ptrdiff_t l = 0; l < count; l++) {
            if (l > 0) {
#pragma omp barrier
            }
            forward_layer(kernels, &layers[l], batch, l ? layers[l - 1].activations : panels,
                          l == count - 1 ? logits : NULL, thread, there);
        }
    }
}

// ---------------------------------------------------------------- backward

static void pack_delta(const ck_dense *last, ptrdiff_t batch, const float *delta, float *panels) {
    for (ptrdiff_t unit = 0; unit < last->outputs; unit += CK_LANES) {
        const ptrdiff_t width = ck_least(CK_LANES, last->outputs - unit);
        for (ptrdiff_t i = 0; i < batch; i++, panels += CK_LANES) {
            memset(panels, 0, CK_LANES * sizeof(float));
            memcpy(panels, delta + i * last->outputs + unit, (size_t)width * sizeof(float));
        }
    }
}

// The layer's weights with rows and columns exchanged, in panels of inputs: scratch.
static void transpose_weights(const ck_dense *layer, ck_range input_panels) {
    const ptrdiff_t weight_panel = (layer->inputs + 1) * CK_LANES;
    for (ptrdiff_t panel = input_panels.first; panel < input_panels.last; panel++) {
        float *to = layer->scratch + panel * layer->outputs * CK_LANES;
        const ptrdiff_t first = panel * CK_LANES, width = ck_least(CK_LANES, layer->inputs - first);
        for (ptrdiff_t unit = 0; unit < layer->outputs; unit += CK_LANES)
            ck_pack_transposed(ck_least(CK_LANES, layer->outputs - unit), width,
                               layer->weights + unit / CK_LANES * weight_panel + first * CK_LANES,
                               CK_LANES, to + unit * CK_LANES);
    }
}

// The deltas of the layer below, for its unit panels `own`: (delta W^T) times its activation's
// slope.
static void backward_delta(const ck_kernels *kernels, const ck_dense *layer, const float *delta,
                           const ck_dense *below, ptrdiff_t batch, ck_range own) {
    static const float zeros[CK_LANES];
    for (ptrdiff_t panel = own.first; panel < own.last; panel++)
        for (ptrdiff_t group = 0; group < groups_of(batch); group++) {
            const ck_range rows = group_rows(batch, group);
            const int count = (int)(rows.last - rows.first);
            const ptrdiff_t at = (panel * batch + rows.first) * CK_LANES, n = count * CK_LANES;
            float *to = below->deltas + at;
            kernels->tile(count, layer->outputs, delta + rows.first * CK_LANES, batch * CK_LANES,
                          layer->scratch + panel * layer->outputs * CK_LANES, zeros, 0, to);
            switch (below->activation) {
            case CK_IDENTITY: break;
            case CK_SIGMOID: kernels->sigmoid_backward(n, below->activations + at, to); break;
            case CK_RELU: kernels->relu_backward(n, below->activations + at, to); break;
            }
        }
}

// Where weight gradients go: into the update of weights and velocity, or into memory.
typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t batch;
    ck_step step;
    int update;
} gradient_task;

// Input panels `blocks` of the unit panels `units`; the last input panel brings the bias.
static int gradient_panels(const gradient_task *task, const ck_dense *layer, const float *x,
                           const float *delta, ck_range units, ck_range blocks) {
    const ck_kernels *kernels = task->kernels;
    const ptrdiff_t batch = task->batch, first = blocks.first * CK_LANES;
    const ptrdiff_t rows = ck_least(blocks.last * CK_LANES, layer->inputs) - first;
    const int bias = blocks.last == panels_of(layer->inputs);
    int bad = 0;
    for (ptrdiff_t panel = units.first; rows > 0 && panel < units.last; panel++) {
        const float *d = delta + panel * batch * CK_LANES;
        const ptrdiff_t at = (panel * (layer->inputs + 1) + first) * CK_LANES;
        if (task->update)
            bad |= kernels->update_panel(rows, bias, batch, x + first * batch, batch * CK_LANES, d,
                                         task->step, layer->weights + at, layer->velocity + at);
        else
            kernels->gradient_panel(rows, bias, batch, x + first * batch, batch * CK_LANES, d,
                                    layer->gradient + at);
    }
    return bad;
}

// Back-propagates on one thread of a team. A thread owns the same panels of units throughout: it
// makes their deltas, and updates the weights that lead into them and out of them, so that these
// stay in its core's cache, and it waits for the others only where it needs all deltas of a layer.
// Returns the index of the first layer with a weight that is not finite, or count.
static ptrdiff_t backward_on(int thread, int threads, const gradient_task *task, ptrdiff_t count,
                             const ck_dense *layers, const ck_batch_input *input,
                             const float *delta) {
    const ptrdiff_t batch = task->batch;
    const ck_dense *first = &layers[0], *last = &layers[count - 1];
    float *own_delta = last->deltas + thread * ck_panel_size(batch, last->outputs);
    const float *d = own_delta;
    ptrdiff_t bad = count;
    pack_delta(last, batch, delta, own_delta);
    for (ptrdiff_t l = count - 1; l > 0; l--) {
        const ck_dense *layer = &layers[l], *below = &layers[l - 1];
        const ck_range own = ck_share(panels_of(layer->inputs), thread, threads);
        if (layer != last) {
#pragma omp barrier
        }
        transpose_weights(layer, own);
        backward_delta(task->kernels, layer, d, below, batch, own);
        if (gradient_panels(task, layer, below->activations, d,
                            (ck_range){0, panels_of(layer->outputs)}, own))
            bad = l;
        d = below->deltas;
    }
    // Where the panels of units do not come out even, the first layer is shared by inputs.
    ck_range units = {0, panels_of(first->outputs)}, blocks = {0, panels_of(first->inputs)};
    if (units.last % threads == 0 || units.last >= 8 * threads) {
        units = ck_share(units.last, thread, threads);
    } else {
        blocks = ck_share(blocks.last, thread, threads);
        if (first != last) {
#pragma omp barrier
        }
    }
    if (gradient_panels(task, first, own_input(input, batch, thread), d, units, blocks))
        bad = 0;
    return bad;
}

static ptrdiff_t backward(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                          const ck_batch_input *input, const float *delta, ck_step step, int update,
                          int threads) {
    const gradient_task task = {ck_table(), batch, step, update};
    ptrdiff_t bad = count;
#pragma omp parallel num_threads(threads) reduction(min : bad)
    bad = backward_on(omp_get_thread_num(), omp_get_num_threads(), &task, count, layers, input,
                      delta);
    return bad;
}

ptrdiff_t ck_dense_backward(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                            const ck_batch_input *input, const float *delta, float eta, float alpha,
                            int threads) {
    const ptrdiff_t bad =
        backward(count, layers, batch, input, delta, (ck_step){eta, alpha}, 1, threads);
    return bad == count ? -1 : bad;
}

void ck_dense_gradient(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                       const ck_batch_input *input, const float *delta, int threads) {
    backward(count, layers, batch, input, delta, (ck_step){0, 0}, 0, threads);
}
