// Dense networks on panels: forward beside backward. Each is one parallel region; barriers
// separate the stages in which a thread reads what others wrote.
#include "kernels.h"
#include "threads.h"

#include <string.h>

enum { DELTA_CACHE = 16 << 10 }; // bytes of delta panels to keep in L1 in the backward pass

static ptrdiff_t panels_of(ptrdiff_t features) {
    return (features + CK_LANES - 1) / CK_LANES;
}

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
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
                *panels = unit >= outputs ? 0 : k == inputs ? bias[unit] : weight[unit * inputs + k];
            }
}

void ck_dense_unpack(ptrdiff_t inputs, ptrdiff_t outputs, const float *panels, float *weight,
                     float *bias) {
    for (ptrdiff_t unit = 0; unit < outputs; unit++) {
        const float *from =
            panels + unit / CK_LANES * (inputs + 1) * CK_LANES + unit % CK_LANES;
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

// This thread's tiles of y = activation(x W + bias). Unit panels outermost: a thread keeps its
// weights in its own cache from step to step.
static void forward_layer(const ck_kernels *kernels, const ck_dense *layer, ptrdiff_t batch,
                          const float *x, int thread, int threads) {
    const ptrdiff_t groups = (batch + CK_ROWS - 1) / CK_ROWS;
    const ptrdiff_t weight_panel = (layer->inputs + 1) * CK_LANES;
    const ck_range part = ck_share(panels_of(layer->outputs) * groups, thread, threads);
    for (ptrdiff_t item = part.first; item < part.last; item++) {
        const ptrdiff_t panel = item / groups, row = item % groups * CK_ROWS;
        const int rows = (int)least(CK_ROWS, batch - row);
        const float *w = layer->weights + panel * weight_panel;
        float *y = layer->activations + (panel * batch + row) * CK_LANES;
        kernels->tile(rows, layer->inputs, x + row * CK_LANES, batch * CK_LANES, w,
                      w + layer->inputs * CK_LANES, 0, y);
        activate(kernels, layer->activation, rows * CK_LANES, y);
    }
}

static void unpack_logits(const ck_dense *last, ptrdiff_t batch, float *logits, ck_range rows) {
    for (ptrdiff_t i = rows.first; i < rows.last; i++)
        for (ptrdiff_t unit = 0; unit < last->outputs; unit += CK_LANES)
            memcpy(logits + i * last->outputs + unit,
                   last->activations + (unit / CK_LANES * batch + i) * CK_LANES,
                   (size_t)least(CK_LANES, last->outputs - unit) * sizeof(float));
}

void ck_dense_forward(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                      const ck_batch_input *input, float *logits, int threads) {
    const ck_kernels *kernels = ck_table();
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        const ck_range packs = ck_share(panels_of(input->pixels), thread, there);
        for (ptrdiff_t p = packs.first; p < packs.last; p++) {
            const ptrdiff_t first = p * CK_LANES;
            kernels->pack_bytes(batch, least(CK_LANES, input->pixels - first),
                                input->images + first, input->indices, input->pixels,
                                input->scale, input->offset, input->panels + first * batch);
        }
        for (ptrdiff_t l = 0; l < count; l++) {
#pragma omp barrier
            forward_layer(kernels, &layers[l], batch, l ? layers[l - 1].activations : input->panels,
                          thread, there);
        }
#pragma omp barrier
        unpack_logits(&layers[count - 1], batch, logits, ck_share(batch, thread, there));
    }
}

// ---------------------------------------------------------------- backward

static void pack_delta(const ck_dense *last, ptrdiff_t batch, const float *delta, ck_range rows) {
    for (ptrdiff_t i = rows.first; i < rows.last; i++)
        for (ptrdiff_t unit = 0; unit < panels_of(last->outputs) * CK_LANES; unit++)
            last->deltas[(unit / CK_LANES * batch + i) * CK_LANES + unit % CK_LANES] =
                unit < last->outputs ? delta[i * last->outputs + unit] : 0;
}

// The layer's weights with rows and columns exchanged, in panels of inputs: scratch.
static void transpose_weights(const ck_dense *layer, ck_range input_panels) {
    for (ptrdiff_t panel = input_panels.first; panel < input_panels.last; panel++) {
        float *to = layer->scratch + panel * layer->outputs * CK_LANES;
        const ptrdiff_t first = panel * CK_LANES, width = least(CK_LANES, layer->inputs - first);
        for (ptrdiff_t unit = 0; unit < layer->outputs; unit++, to += CK_LANES) {
            const float *from = layer->weights +
                                (unit / CK_LANES * (layer->inputs + 1) + first) * CK_LANES +
                                unit % CK_LANES;
            for (ptrdiff_t i = 0; i < CK_LANES; i++)
                to[i] = i < width ? from[i * CK_LANES] : 0;
        }
    }
}

// This thread's tiles of the deltas of the layer below: (delta W^T) times its activation's slope.
static void backward_delta(const ck_kernels *kernels, const ck_dense *layer, const ck_dense *below,
                           ptrdiff_t batch, int thread, int threads) {
    static const float zeros[CK_LANES];
    const ptrdiff_t groups = (batch + CK_ROWS - 1) / CK_ROWS;
    const ck_range part = ck_share(panels_of(layer->inputs) * groups, thread, threads);
    for (ptrdiff_t item = part.first; item < part.last; item++) {
        const ptrdiff_t panel = item / groups, row = item % groups * CK_ROWS;
        const int rows = (int)least(CK_ROWS, batch - row);
        const ptrdiff_t at = (panel * batch + row) * CK_LANES, n = rows * CK_LANES;
        float *delta = below->deltas + at;
        kernels->tile(rows, layer->outputs, layer->deltas + row * CK_LANES, batch * CK_LANES,
                      layer->scratch + panel * layer->outputs * CK_LANES, zeros, 0, delta);
        switch (below->activation) {
        case CK_IDENTITY: break;
        case CK_SIGMOID: kernels->sigmoid_backward(n, below->activations + at, delta); break;
        case CK_RELU: kernels->relu_backward(n, below->activations + at, delta); break;
        }
    }
}

// Where a weight gradient goes: into the update of weights and velocity, or into memory.
typedef struct {
    const ck_kernels *kernels;
    const ck_dense *layer;
    ptrdiff_t batch;
    ck_step step;
    int update;
} gradient_task;

static int gradient_rows(const gradient_task *task, int rows, const float *x, ptrdiff_t x_stride,
                         ptrdiff_t panel, ptrdiff_t k) {
    const ck_dense *layer = task->layer;
    const float *delta = layer->deltas + panel * task->batch * CK_LANES;
    const ptrdiff_t at = (panel * (layer->inputs + 1) + k) * CK_LANES;
    if (task->update)
        return task->kernels->update_tile(rows, task->batch, x, x_stride, delta, task->step,
                                          layer->weights + at, layer->velocity + at);
    task->kernels->gradient_tile(rows, task->batch, x, x_stride, delta, layer->gradient + at);
    return 0;
}

// The rows of 16 inputs are dealt out as 6 + 5 + 5: each part has enough accumulators to hide
// the latency of an FMA.
static int rows_of_tile(ptrdiff_t left) {
    return left > 10 || left == CK_ROWS ? CK_ROWS : (int)least(left, 5);
}

// Input panels `blocks` (the one past the last is the bias row) for unit panels `units`.
static int gradient_block(const gradient_task *task, const float *x, ck_range units,
                          ck_range blocks) {
    static const float one = 1;
    const ptrdiff_t inputs = task->layer->inputs, batch = task->batch;
    const ptrdiff_t held = DELTA_CACHE / (batch * CK_LANES * (ptrdiff_t)sizeof(float));
    const ptrdiff_t group = held < 1 ? 1 : held;
    int bad = 0;
    for (ptrdiff_t first = units.first; first < units.last; first += group)
        for (ptrdiff_t block = blocks.first; block < blocks.last; block++)
            for (ptrdiff_t panel = first; panel < least(first + group, units.last); panel++) {
                if (block == panels_of(inputs)) {
                    bad |= gradient_rows(task, 1, &one, 0, panel, inputs);
                    continue;
                }
                const ptrdiff_t k = block * CK_LANES, width = least(CK_LANES, inputs - k);
                int rows;
                for (ptrdiff_t r = 0; r < width; r += rows) {
                    rows = rows_of_tile(width - r);
                    bad |= gradient_rows(task, rows, x + k * batch + r, CK_LANES, panel, k + r);
                }
            }
    return bad;
}

static int weight_gradient(const gradient_task *task, const float *x, int thread, int threads) {
    const ck_range units = {0, panels_of(task->layer->outputs)};
    const ck_range blocks = {0, panels_of(task->layer->inputs) + 1};
    // By units where that is even: the thread that reads a weight forward then updates it.
    if (units.last % threads == 0 || units.last >= 8 * threads)
        return gradient_block(task, x, ck_share(units.last, thread, threads), blocks);
    return gradient_block(task, x, units, ck_share(blocks.last, thread, threads));
}

// Returns the index of the first layer with a weight that is not finite, or count.
static ptrdiff_t backward(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                          const ck_batch_input *input, const float *delta, ck_step step,
                          int update, int threads) {
    const ck_kernels *kernels = ck_table();
    ptrdiff_t first_bad = count;
#pragma omp parallel num_threads(threads) reduction(min : first_bad)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        pack_delta(&layers[count - 1], batch, delta, ck_share(batch, thread, there));
        for (ptrdiff_t l = count - 1; l >= 0; l--) {
            const ck_dense *layer = &layers[l];
            const float *x = l ? layers[l - 1].activations : input->panels;
            if (l > 0) {
                transpose_weights(layer, ck_share(panels_of(layer->inputs), thread, there));
#pragma omp barrier
                backward_delta(kernels, layer, &layers[l - 1], batch, thread, there);
            }
#pragma omp barrier
            const gradient_task task = {kernels, layer, batch, step, update};
            if (weight_gradient(&task, x, thread, there) && l < first_bad)
                first_bad = l;
        }
    }
    return first_bad;
}

ptrdiff_t ck_dense_backward(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                            const ck_batch_input *input, const float *delta, float eta,
                            float alpha, int threads) {
    const ptrdiff_t bad =
        backward(count, layers, batch, input, delta, (ck_step){eta, alpha}, 1, threads);
    return bad == count ? -1 : bad;
}

void ck_dense_gradient(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch,
                       const ck_batch_input *input, const float *delta, int threads) {
    backward(count, layers, batch, input, delta, (ck_step){0, 0}, 0, threads);
}
