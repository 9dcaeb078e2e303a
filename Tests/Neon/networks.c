// Hashes of convolutional networks of random shapes: logits, what the stages give, gradients, and
// parameters after an update, with dropout and without, and with special values among the weights.
#include "report.h"

#include <stdlib.h>

enum { MOST_STAGES = 3, MOST_LAYERS = 2, NETWORKS = 60, IMAGES = 9, MOST_BATCH = 24 };

typedef struct {
    ck_network network;
    ck_shape shapes[MOST_STAGES + 1]; // of a stage's input
    ck_stage stages[MOST_STAGES];
    ck_dense layers[MOST_LAYERS];
    float layer_dropout[MOST_LAYERS];
} model;

static ck_extent extent(generator *g, ptrdiff_t least, ptrdiff_t count) {
    const ptrdiff_t height = least + below(g, count);
    return (ck_extent){height, least + below(g, count)};
}

static ck_stage random_stage(generator *g) {
    ck_stage stage = {.kind = below(g, 3)   ? CK_CONVOLUTION
                              : below(g, 2) ? CK_MAX_POOL
                                            : CK_AVERAGE_POOL};
    stage.window = extent(g, 1, 4);
    stage.stride = extent(g, 1, below(g, 2) ? 1 : 3);
    stage.dropout = below(g, 3) ? 0 : 0.3f;
    if (stage.kind != CK_CONVOLUTION)
        return stage;
    stage.channels = 1 + below(g, 36);
    stage.padding = extent(g, 0, 4);
    stage.activation = (ck_activation)below(g, CK_LEAKY_RELU + 1);
    stage.max_pool = stage.activation != CK_SIGMOID && stage.activation != CK_TANH && below(g, 2);
    return stage;
}

// Shapes that fit each other.
static void choose_stages(generator *g, model *m) {
    for (int fits = 0; !fits;) {
        m->network.stage_count = 1 + below(g, MOST_STAGES);
        m->shapes[0] =
            (ck_shape){1 + below(g, below(g, 2) ? 4 : 20), 1 + below(g, 19), 1 + below(g, 19)};
        fits = 1;
        for (ptrdiff_t s = 0; s < m->network.stage_count && fits; s++) {
            m->stages[s] = random_stage(g);
            m->shapes[s + 1] = ck_stage_output(m->shapes[s], &m->stages[s]);
            fits = m->shapes[s + 1].channels > 0;
        }
        fits = fits && ck_flatten_size(m->shapes[m->network.stage_count]) < 3000;
    }
}

static void make_convolution(generator *g, ptrdiff_t inputs, int first, int special,
                             ck_stage *stage) {
    const ptrdiff_t taps = inputs * stage->window.height * stage->window.width;
    const ptrdiff_t count = taps * stage->channels;
    const ptrdiff_t size = ck_convolution_size(inputs, stage->channels, stage->window, first);
    float *weight = floats(count), *bias = floats(stage->channels);
    fill(g, count, -0.3f, 0.3f, special, weight);
    fill(g, stage->channels, -0.2f, 0.2f, 0, bias);
    stage->weights = floats(size);
    stage->velocity = floats(size);
    stage->gradient = floats(size);
    ck_convolution_pack(inputs, stage->channels, stage->window, first, weight, bias,
                        stage->weights);
    ck_free(weight);
    ck_free(bias);
}

static void make_layer(generator *g, const ck_shape *flat, ptrdiff_t batch, int threads,
                       ck_dense *layer) {
    const ptrdiff_t out = layer->outputs;
    const ptrdiff_t in = flat ? flat->channels * flat->height * flat->width : layer->inputs;
    const ptrdiff_t size = ck_panel_size(layer->inputs + 1, out);
    float *weight = floats(in * out), *bias = floats(out);
    fill(g, in * out, -0.2f, 0.2f, 0, weight);
    fill(g, out, -0.2f, 0.2f, 0, bias);
    layer->weights = floats(size);
    layer->velocity = floats(size);
    layer->gradient = floats(size);
    layer->activations = floats(ck_panel_size(batch, out));
    layer->deltas = floats(threads * ck_panel_size(batch, out));
    layer->scratch = floats(ck_dense_scratch(layer->inputs, out));
    if (flat)
        ck_flatten_pack(*flat, out, weight, bias, layer->weights);
    else
        ck_dense_pack(in, out, weight, bias, layer->weights);
    ck_free(weight);
    ck_free(bias);
}

static void make_model(generator *g, int special, int threads, model *m) {
    *m = (model){.network = {.batch = MOST_BATCH, .threads = threads, .training = 1}};
    choose_stages(g, m);
    ck_network *n = &m->network;
    const ck_shape *flat = &m->shapes[n->stage_count];
    n->input = m->shapes[0];
    n->stages = m->stages;
    n->layers = m->layers;
    n->layer_dropout = m->layer_dropout;
    n->layer_count = 1 + below(g, MOST_LAYERS);
    for (ptrdiff_t s = 0; s < n->stage_count; s++)
        if (m->stages[s].kind == CK_CONVOLUTION)
            make_convolution(g, m->shapes[s].channels, s == 0, special, &m->stages[s]);
    for (ptrdiff_t l = 0; l < n->layer_count; l++) {
        const int last = l == n->layer_count - 1;
        m->layers[l].inputs = l ? m->layers[l - 1].outputs : ck_flatten_size(*flat);
        m->layers[l].outputs = 1 + below(g, 40);
        m->layers[l].activation = last ? CK_IDENTITY : (ck_activation)below(g, 3);
        m->layer_dropout[l] = last || below(g, 2) ? 0 : 0.5f;
        make_layer(g, l ? NULL : flat, MOST_BATCH, threads, &m->layers[l]);
    }
    n->workspace = floats((ptrdiff_t)(ck_network_workspace(n) / sizeof(float)));
    ck_network_prepare(n);
}

static void free_model(const model *m) {
    for (int s = 0; s < MOST_STAGES; s++) {
        ck_free(m->stages[s].weights);
        ck_free(m->stages[s].velocity);
        ck_free(m->stages[s].gradient);
    }
    for (int l = 0; l < MOST_LAYERS; l++) {
        float *buffers[] = {m->layers[l].weights,     m->layers[l].velocity, m->layers[l].gradient,
                            m->layers[l].activations, m->layers[l].deltas,   m->layers[l].scratch};
        for (int i = 0; i < 6; i++)
            ck_free(buffers[i]);
    }
    ck_free(m->network.workspace);
}

// The panels that each stage and layer names; padding included.
static void hash_parameters(hash *h, const model *m, int gradient) {
    for (ptrdiff_t s = 0; s < m->network.stage_count; s++) {
        const ck_stage *stage = &m->stages[s];
        if (stage->kind != CK_CONVOLUTION)
            continue;
        const ptrdiff_t size =
            ck_convolution_size(m->shapes[s].channels, stage->channels, stage->window, s == 0);
        hash_floats(h, size, gradient ? stage->gradient : stage->weights);
        hash_floats(h, size, gradient ? stage->gradient : stage->velocity);
    }
    for (ptrdiff_t l = 0; l < m->network.layer_count; l++) {
        const ck_dense *layer = &m->layers[l];
        const ptrdiff_t size = ck_panel_size(layer->inputs + 1, layer->outputs);
        hash_floats(h, size, gradient ? layer->gradient : layer->weights);
        hash_floats(h, size, gradient ? layer->gradient : layer->velocity);
    }
}

static void hash_stages(hash *h, const model *m, ptrdiff_t image) {
    for (ptrdiff_t s = 0; s < m->network.stage_count; s++) {
        const ck_shape out = m->shapes[s + 1];
        const ptrdiff_t n = out.channels * out.height * out.width;
        float *values = floats(n);
        ck_network_values(&m->network, s, image, values);
        hash_floats(h, n, values);
        ck_free(values);
    }
}

// The passes of convolutions without a network.
static void report_convolutions(int threads) {
    enum { CONVOLUTIONS = 40 };
    generator g = {9};
    hash forward = hash_start(), data = hash_start(), weights = hash_start();
    for (int i = 0; i < CONVOLUTIONS; i++) {
        const ck_shape in = {1 + below(&g, 36), 1 + below(&g, 9), 1 + below(&g, 9)};
        const int first = i % 2;
        ck_stage stage = random_stage(&g);
        ck_stage sums = stage;
        sums.max_pool = 0;
        const ck_shape out = ck_stage_output(in, &stage), all = ck_stage_output(in, &sums);
        if (stage.kind != CK_CONVOLUTION || out.channels == 0)
            continue;
        make_convolution(&g, in.channels, first, i % 4 == 3, &stage);
        const ptrdiff_t batch = 1 + below(&g, MOST_BATCH);
        const ptrdiff_t x_size = batch * ck_flatten_size(in), y_size = batch * ck_flatten_size(out);
        const ptrdiff_t d_size = batch * ck_flatten_size(all);
        float *x = floats(x_size), *y = floats(y_size), *delta = floats(d_size);
        float *dx = floats(x_size);
        fill(&g, x_size, -1, 1, 0, x);
        fill(&g, d_size, -1, 1, 0, delta);
        ck_convolution_forward(&stage, in, first, batch, x, y, threads);
        hash_floats(&forward, y_size, y);
        ck_convolution_backward_weights(&stage, in, first, batch, x, delta, threads);
        hash_floats(&weights, ck_convolution_size(in.channels, stage.channels, stage.window, first),
                    stage.gradient);
        if (!first) {
            ck_convolution_backward_data(&stage, in, batch, delta, dx, threads);
            hash_floats(&data, x_size, dx);
        }
        float *buffers[] = {x, y, delta, dx, stage.weights, stage.velocity, stage.gradient};
        for (int b = 0; b < 7; b++)
            ck_free(buffers[b]);
    }
    report("convolution_forward", forward);
    report("convolution_backward_data", data);
    report("convolution_backward_weights", weights);
}

void report_networks(int threads) {
    generator g = {8};
    hash forward = hash_start(), gradient = hash_start(), backward = hash_start();
    for (int i = 0; i < NETWORKS; i++) {
        model m;
        make_model(&g, i % 4 == 3, threads, &m);
        const ck_network *n = &m.network;
        const ptrdiff_t pixels = n->input.channels * n->input.height * n->input.width;
        const ptrdiff_t batch = 1 + below(&g, MOST_BATCH);
        const ptrdiff_t classes = m.layers[n->layer_count - 1].outputs;
        uint8_t *images = malloc((size_t)(IMAGES * pixels));
        uint32_t indices[MOST_BATCH];
        for (ptrdiff_t p = 0; images && p < IMAGES * pixels; p++)
            images[p] = (uint8_t)below(&g, 256);
        for (ptrdiff_t b = 0; b < batch; b++)
            indices[b] = (uint32_t)below(&g, IMAGES);
        const ck_batch_input input = {
            .images = images,
            .indices = indices,
            .pixels = pixels,
            .scale = 1.0f / 127.5f,
            .offset = -1,
        };
        const ck_dropout dropout = {.seed = 0x123456789abcdef0, .epoch = 3, .purpose = 9};
        float *logits = floats(batch * classes), *delta = floats(batch * classes);
        for (int step = 0; step < 2; step++) {
            ck_network_forward(n, batch, &input, step ? &dropout : NULL, logits, threads);
            hash_floats(&forward, batch * classes, logits);
            hash_stages(&forward, &m, batch - 1);
            fill(&g, batch * classes, -0.1f, 0.1f, 0, delta);
            ck_network_gradient(n, batch, &input, delta, threads);
            hash_parameters(&gradient, &m, 1);
            const ptrdiff_t bad =
                ck_network_backward(n, batch, &input, delta, 0.25f, 0.875f, threads);
            hash_double(&backward, (double)bad);
            hash_parameters(&backward, &m, 0);
        }
        ck_free(logits);
        ck_free(delta);
        free(images);
        free_model(&m);
    }
    report("network_forward", forward);
    report("network_gradient", gradient);
    report("network_backward", backward);
    report_convolutions(threads);
}
