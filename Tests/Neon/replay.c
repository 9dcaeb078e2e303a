// Repeats the training steps of a record of phidias with its gradients by the logits.
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The whole file; ends the program with a sentence if it cannot be read.
static uint8_t *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long length = -1;
    if (f && fseek(f, 0, SEEK_END) == 0 && (length = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)length + 1);
    if (!bytes || fread(bytes, 1, (size_t)length, f) != (size_t)length) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(66); // sysexits.h: EX_NOINPUT
    }
    fclose(f);
    *size = (size_t)length;
    return bytes;
}

static void refuse(const char *path, const char *reason) {
    fprintf(stderr, "%s: %s\n", path, reason);
    exit(65); // sysexits.h: EX_DATAERR
}

// The tensors of a record, one after the other: n floats from `at`, which moves on.
static const float *take(const float **at, ptrdiff_t n) {
    const float *here = *at;
    *at += n;
    return here;
}

// Numbers of all weights and biases.
static ptrdiff_t parameters(const recording *r) {
    ptrdiff_t n = 0;
    for (ptrdiff_t l = 0; l < r->layers; l++)
        n += (r->sizes[l] + 1) * r->sizes[l + 1];
    return n;
}

static float *read_tensors(const recording *r) {
    size_t size;
    uint8_t *bytes = read_file(r->record, &size);
    const ptrdiff_t images = r->steps * r->batch;
    const ptrdiff_t n = 2 * parameters(r) + images + r->steps + images * r->sizes[r->layers];
    uint64_t header = 0;
    for (int i = 7; i >= 0 && size >= 8; i--)
        header = header << 8 | bytes[i];
    if (size < 8 || header > size - 8 || size - 8 - header != (size_t)n * sizeof(float))
        refuse(r->record, "not a record of these sizes");
    float *tensors = floats(n);
    memcpy(tensors, bytes + 8 + header, (size_t)n * sizeof(float));
    free(bytes);
    return tensors;
}

static void make_layers(const recording *r, int threads, const float **at, ck_dense *layers) {
    for (ptrdiff_t l = 0; l < r->layers; l++) {
        const ptrdiff_t in = r->sizes[l], out = r->sizes[l + 1];
        layers[l] = (ck_dense){
            .inputs = in,
            .outputs = out,
            .activation = l == r->layers - 1 ? CK_IDENTITY : r->activation,
            .weights = floats(ck_panel_size(in + 1, out)),
            .velocity = floats(ck_panel_size(in + 1, out)),
            .activations = floats(ck_panel_size(r->batch, out)),
            .deltas = floats(threads * ck_panel_size(r->batch, out)),
            .scratch = floats(ck_dense_scratch(in, out)),
        };
        const float *weight = take(at, in * out);
        ck_dense_pack(in, out, weight, take(at, out), layers[l].weights);
    }
}

int replay(const recording *r, int threads) {
    enum { IDX_HEADER = 16, MOST_LAYERS = 8 };
    if (r->layers > MOST_LAYERS)
        refuse(r->record, "too many layers");
    size_t size;
    uint8_t *file = read_file(r->images, &size);
    const ptrdiff_t pixels = r->sizes[0], classes = r->sizes[r->layers];
    float *tensors = read_tensors(r);
    const float *at = tensors;
    ck_dense layers[MOST_LAYERS];
    make_layers(r, threads, &at, layers);
    const float *numbers = take(&at, r->steps * r->batch);
    take(&at, r->steps); // the losses
    const float *deltas = take(&at, r->steps * r->batch * classes);

    uint32_t *indices = calloc((size_t)r->batch, sizeof *indices);
    if (!indices)
        refuse(r->record, "no memory for a batch");
    const ck_batch_input input = {
        .images = file + IDX_HEADER,
        .indices = indices,
        .pixels = pixels,
        .scale = r->scale,
        .offset = r->offset,
        .panels = floats(ck_input_size(r->batch, pixels, threads)),
    };
    const ck_network network = dense_network(r->layers, layers, r->batch, threads);
    float *logits = floats(r->batch * classes);
    hash all_logits = hash_start(), end = hash_start();
    for (ptrdiff_t step = 0; step < r->steps; step++, numbers += r->batch) {
        for (ptrdiff_t i = 0; i < r->batch; i++) {
            indices[i] = (uint32_t)numbers[i];
            if (IDX_HEADER + ((size_t)indices[i] + 1) * (size_t)pixels > size)
                refuse(r->images, "has not the images of the record");
        }
        ck_network_forward(&network, r->batch, &input, NULL, logits, threads);
        hash_floats(&all_logits, r->batch * classes, logits);
        ck_network_backward(&network, r->batch, &input, deltas + step * r->batch * classes, r->eta,
                            r->alpha, threads);
    }

    int differ = 0;
    for (ptrdiff_t l = 0; l < r->layers; l++) {
        const ptrdiff_t in = r->sizes[l], out = r->sizes[l + 1];
        float *weight = floats(in * out), *bias = floats(out);
        ck_dense_unpack(in, out, layers[l].weights, weight, bias);
        differ |= memcmp(weight, take(&at, in * out), (size_t)(in * out) * sizeof *weight);
        differ |= memcmp(bias, take(&at, out), (size_t)out * sizeof *bias);
        hash_floats(&end, in * out, weight);
        hash_floats(&end, out, bias);
        ck_free(weight);
        ck_free(bias);
    }
    report("recorded logits", all_logits);
    report("recorded end", end);
    return differ != 0;
}
