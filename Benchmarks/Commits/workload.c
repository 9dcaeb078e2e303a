#define _GNU_SOURCE
#include "workload.h"
#include "CKernels.h"

#include <stdlib.h>

// Older commits have no teams that stand by.
__attribute__((weak)) void ck_with_team(int threads, void (*body)(void *), void *context);

enum { CLASSES = 10, BUFFERS = 19 };

struct workload {
    work_case c;
    float *buffers[BUFFERS];
    int count;
    ck_dense layers[2];
    ck_network network;
    float *x, *logits, *targets, *loss, *delta; // x: the packed batch, or A
    long at;                                    // of the next batch in the order
};

// Small numbers of both signs.
static float *floats(workload *w, ptrdiff_t count, float scale) {
    float *f = ck_alloc((size_t)count * sizeof *f);
    if (!f)
        abort();
    for (ptrdiff_t i = 0; i < count; i++)
        f[i] = (float)((int32_t)((uint32_t)i * 2654435761u) >> 8) * scale * 0x1p-23f;
    return w->buffers[w->count++] = f;
}

static ck_dense layer(workload *w, ptrdiff_t inputs, ptrdiff_t outputs, ck_activation activation) {
    const ptrdiff_t weights = ck_panel_size(inputs + 1, outputs);
    const ptrdiff_t units = ck_panel_size(w->c.batch, outputs);
    ck_dense d = {.inputs = inputs, .outputs = outputs, .activation = activation};
    d.weights = floats(w, weights, 0);
    ck_dense_pack(inputs, outputs, floats(w, inputs * outputs, 0.05f), floats(w, outputs, 0.05f),
                  d.weights);
    d.velocity = floats(w, weights, 0);
    d.activations = floats(w, units, 0);
    d.deltas = floats(w, units * w->c.threads, 0);
    if (activation == CK_IDENTITY)
        d.scratch = floats(w, ck_dense_scratch(inputs, outputs), 0);
    return d;
}

workload *workload_open(const work_case *c) {
    workload *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->c = *c;
    if (c->is_product) {
        w->x = floats(w, c->m * c->k, 1);
        w->targets = floats(w, c->k * c->n, 1);
        w->logits = floats(w, c->m * c->n, 0);
        return w;
    }
    const ptrdiff_t outputs = c->batch * CLASSES;
    w->layers[0] = layer(w, c->pixels, c->hidden, CK_SIGMOID);
    w->layers[1] = layer(w, c->hidden, CLASSES, CK_IDENTITY);
    w->network = (ck_network){.input = {1, 1, c->pixels},
                              .layer_count = 2,
                              .layers = w->layers,
                              .batch = c->batch,
                              .threads = c->threads,
                              .training = 1};
    w->network.workspace =
        floats(w, (ptrdiff_t)(ck_network_workspace(&w->network) / sizeof(float)), 0);
    ck_network_prepare(&w->network);
    w->x = floats(w, c->threads * ck_panel_size(c->batch, c->pixels), 0);
    w->logits = floats(w, outputs, 0);
    w->loss = floats(w, outputs, 0);
    w->delta = floats(w, outputs, 0);
    w->targets = floats(w, outputs, 0);
    for (ptrdiff_t i = 0; i < c->batch; i++)
        w->targets[i * CLASSES + i % CLASSES] = 1;
    return w;
}

static void run_once(workload *w) {
    const work_case *c = &w->c;
    if (c->is_product) {
        if (ck_sgemm(CK_NO_TRANSPOSE, CK_NO_TRANSPOSE, c->m, c->n, c->k, 1, w->x, c->k, w->targets,
                     c->n, 0, w->logits, c->n, c->threads) != CK_OK)
            abort();
        return;
    }
    if (w->at + 2 * c->batch > c->count)
        w->at = 0;
    const ck_batch_input input = {.images = c->images,
                                  .indices = c->order + w->at,
                                  .next = c->order + w->at + c->batch,
                                  .next_count = c->batch,
                                  .pixels = c->pixels,
                                  .scale = 1 / 255.f,
                                  .panels = w->x};
    ck_network_forward(&w->network, c->batch, &input, NULL, w->logits, c->threads);
    ck_synaptic_loss(c->batch * CLASSES, w->logits, w->targets, 1 / (float)c->batch, w->loss,
                     w->delta, 1);
    ck_network_backward(&w->network, c->batch, &input, w->delta, 0.0159f, 0.874f, c->threads);
    w->at += c->batch;
}

typedef struct {
    workload *work;
    int runs;
    double *times;
} turn;

static void take_turn(void *context) {
    const turn *t = context;
    for (int i = 0; i < t->runs; i++) {
        const double begin = now();
        run_once(t->work);
        t->times[i] = now() - begin;
    }
}

void workload_run(workload *w, int runs, double *times) {
    turn t = {w, runs, times};
    if (ck_with_team && !w->c.is_product)
        ck_with_team(w->c.threads, take_turn, &t);
    else
        take_turn(&t);
}

static uint64_t hash(uint64_t h, const float *x, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        union {
            float value;
            uint32_t bits;
        } u = {x[i]};
        h = (h ^ u.bits) * 0x100000001b3u; // FNV
    }
    return h;
}

uint64_t workload_hash(const workload *w) {
    const work_case *c = &w->c;
    uint64_t h = 0xcbf29ce484222325u;
    if (c->is_product)
        return hash(h, w->logits, c->m * c->n);
    for (int l = 0; l < 2; l++)
        h = hash(h, w->layers[l].weights,
                 ck_panel_size(w->layers[l].inputs + 1, w->layers[l].outputs));
    return h;
}

void workload_close(workload *w) {
    for (int i = 0; i < w->count; i++)
        ck_free(w->buffers[i]);
    free(w);
}
