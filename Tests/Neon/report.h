// What the parts of the driver share: hashes of results, and inputs that are the same everywhere.
#ifndef REPORT_H
#define REPORT_H

#include "CKernels.h"

typedef struct {
    uint64_t state;
} hash;

hash hash_start(void);
/// Every NaN counts as the same one: its sign and payload differ between CPUs, and are no promise.
void hash_floats(hash *h, ptrdiff_t n, const float *x);
void hash_double(hash *h, double x);
/// Prints a line of name and hash.
void report(const char *name, hash h);

/// SplitMix64 (Steele, Lea and Flood, 2014).
typedef struct {
    uint64_t state;
} generator;

ptrdiff_t below(generator *g, ptrdiff_t bound);
float uniform(generator *g, float low, float high);
/// n values of the range; one in eight is special: zeros, NaN, infinities, subnormal, largest.
void fill(generator *g, ptrdiff_t n, float low, float high, int special, float *x);

/// n zeros, aligned to 64 bytes; ends the program where there is no memory.
float *floats(ptrdiff_t n);

/// A network of dense layers alone, for training. Its workspace is freed with ck_free.
ck_network dense_network(ptrdiff_t count, const ck_dense *layers, ptrdiff_t batch, int threads);

/// A hash for every kernel over edge sizes and special values.
void report_kernels(int threads);

/// The same for what a team that stands by runs: updates, dense networks and augmentation.
void report_steps(int threads);

/// The same for convolutional networks of many shapes.
void report_networks(int threads);

/// What a record of phidias holds beside its tensors.
typedef struct {
    const char *record, *images; // paths: safetensors of phidias record, plain IDX
    ck_activation activation;    // of the hidden layers
    ptrdiff_t batch, steps;
    float eta, alpha, scale, offset;
    ptrdiff_t layers;
    const ptrdiff_t *sizes; // layers + 1
} recording;

/// Repeats the recorded steps and reports the hashes of all logits and of the final weights.
/// Returns 0 if those are the recorded ones bit for bit.
int replay(const recording *r, int threads);

#endif
