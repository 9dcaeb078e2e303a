#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hash hash_start(void) {
    return (hash){0xcbf29ce484222325};
}

// FNV-1a over bytes, lowest first.
static void hash_word(hash *h, uint64_t word, int bytes) {
    for (int i = 0; i < bytes; i++) {
        h->state ^= word >> (8 * i) & 0xff;
        h->state *= 0x100000001b3;
    }
}

void hash_floats(hash *h, ptrdiff_t n, const float *x) {
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t bits = 0x7fc00000;
        if (x[i] == x[i])
            memcpy(&bits, &x[i], sizeof bits);
        hash_word(h, bits, sizeof bits);
    }
}

void hash_double(hash *h, double x) {
    uint64_t bits = 0x7ff8000000000000;
    if (x == x)
        memcpy(&bits, &x, sizeof bits);
    hash_word(h, bits, sizeof bits);
}

void report(const char *name, hash h) {
    printf("%-22s %016" PRIx64 "\n", name, h.state);
}

static uint64_t bits(generator *g) {
    uint64_t z = g->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

ptrdiff_t below(generator *g, ptrdiff_t bound) {
    return (ptrdiff_t)(bits(g) % (uint64_t)bound);
}

float uniform(generator *g, float low, float high) {
    return low + (high - low) * (float)(bits(g) >> 40) * 0x1p-24f;
}

void fill(generator *g, ptrdiff_t n, float low, float high, int special, float *x) {
    static const float specials[] = {
        0.0f,    -0.0f,  NAN,       INFINITY,        -INFINITY,        0x1p-149f, -0x1p-149f,
        88.7f,   -87.4f, 0x1p-126f, 0x1.fffffep127f, -0x1.fffffep127f, -95.0f,    -103.9f,
        -104.5f, 17.0f,  -17.0f,    0x1p-24f,        -0x1p-24f,
    };
    enum { COUNT = sizeof specials / sizeof *specials };
    for (ptrdiff_t i = 0; i < n; i++)
        x[i] = special && below(g, 8) == 0 ? specials[below(g, COUNT)] : uniform(g, low, high);
}

float *floats(ptrdiff_t n) {
    const size_t bytes = (size_t)n * sizeof(float);
    float *memory = ck_alloc(bytes);
    if (!memory) {
        fprintf(stderr, "no memory for %td numbers\n", n);
        exit(71); // sysexits.h: EX_OSERR
    }
    return memset(memory, 0, bytes);
}

ck_network dense_network(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch, int threads) {
    ck_network n = {.input = {1, 1, layers[0].inputs},
                    .layer_count = count,
                    .layers = layers,
                    .batch = batch,
                    .threads = threads,
                    .training = 1};
    n.workspace = floats((ptrdiff_t)(ck_network_workspace(&n) / sizeof(float)));
    ck_network_prepare(&n);
    return n;
}
