// The dense layers of a network as parts of a parallel pass: what each thread of a team does.
#ifndef CK_DENSE_H
#define CK_DENSE_H

#include "dropout.h"
#include "share.h"

typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t count;
    const ck_dense *layers;
    const ck_drop *drops; // of each layer, its masks [panel][image], NULL for none
    ptrdiff_t batch;
} ck_dense_pass;

/// How gradients are used: they update weights and velocity, or are written.
typedef struct {
    ck_step step;
    int update;
} ck_fate;

static inline ptrdiff_t ck_panels(ptrdiff_t features) {
    return (features + CK_LANES - 1) / CK_LANES;
}

/// Packs the batch, for a network whose first layer is dense. Returns what ck_input_of does then.
const float *ck_pack_batch(const ck_kernels *kernels, const ck_batch_input *input, ptrdiff_t batch,
                           int thread, int threads);
/// The batch as `threads` threads have packed it and this one reads it: its own copy or, of a large
/// batch, the one of all.
float *ck_input_of(const ck_batch_input *input, ptrdiff_t batch, int thread, int threads);
/// Hints at some images of the next batch.
void ck_prefetch_next(const ck_batch_input *input, ck_range part);

/// The layers over x, panels that are whole when this is called. Barriers separate layers.
void ck_dense_forward_on(const ck_dense_pass *pass, const float *x, float *logits, int thread,
                         int threads);

/// Back-propagates `delta`. The inputs of the first layer are x or, where x is NULL, the outputs of
/// `below`, whose deltas are then made too; another thread may have made them. Returns the first
/// layer with a weight that is not finite, or pass->count.
ptrdiff_t ck_dense_backward_on(const ck_dense_pass *pass, const float *x, const ck_dense *below,
                               const float *delta, ck_fate fate, int thread, int threads);

#endif
