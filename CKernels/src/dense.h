// The dense layers of a network as parts of a parallel pass: what each thread of a team does.
#ifndef CK_DENSE_H
#define CK_DENSE_H

#include "dropout.h"
#include "lists.h"
#include "threads.h"

typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t count;
    const ck_dense *layers;
    const ck_drop *drops; // of each layer, its masks [panel][image], NULL for none
    ptrdiff_t batch;
    ck_vote *vote;       // of the threads that share a packed batch
    float *sums;         // [thread]: CK_LISTED_SUMS
    ck_columns columns;  // where lists are turned, in training
    const ck_part *part; // of the network; NULL: all of it
} ck_dense_pass;

/// How gradients are used: they update weights and velocity, or are written.
typedef struct {
    ck_step step;
    int update;
} ck_fate;

static inline ptrdiff_t ck_panels(ptrdiff_t features) {
    return (features + CK_LANES - 1) / CK_LANES;
}

/// The panels of units of a layer that this part of a network computes: all of the last.
static inline ck_range ck_own_panels(const ck_dense_pass *pass, ptrdiff_t layer) {
    const ptrdiff_t panels = ck_panels(pass->layers[layer].outputs);
    return pass->part && layer < pass->count - 1 ? ck_part_items(pass->part, panels)
                                                 : (ck_range){0, panels};
}

/// Inputs of a network's first layer: in panels or, where `panels` is NULL, listed.
typedef struct {
    const float *panels;
    ck_lists lists;
} ck_first_input;

/// Packs the batch, for a network whose first layer is dense; listed, if that is wanted and there
/// is room. Returns what ck_packed_batch does then.
ck_first_input ck_pack_batch(const ck_dense_pass *pass, const ck_batch_input *input, int listed,
                             int thread, int threads);
/// The batch as `threads` threads have packed it and this one reads it: its own copy or, of a large
/// batch, the one of all.
ck_first_input ck_packed_batch(const ck_batch_input *input, ptrdiff_t batch, int listed, int thread,
                               int threads);
/// Hints at some images of the next batch.
void ck_prefetch_next(const ck_batch_input *input, ck_range part);

/// Rows of the batch in groups for the register tile, as even as can be: no group is so small that
/// the latency of an FMA shows.
static inline ptrdiff_t ck_groups(ptrdiff_t batch) {
    return (batch + CK_ROWS - 1) / CK_ROWS;
}

static inline ck_range ck_group_rows(ptrdiff_t batch, ptrdiff_t group) {
    return ck_share(batch, group, ck_groups(batch));
}

/// The sums of a first layer leave out terms with an input of zero, which can only change the sign
/// of a sum that is zero: that is +0.
void ck_unsign_zeros(ptrdiff_t n, float *x);

/// Sums of the units of a panel for `rows` of the batch become activations, and logits where those
/// are not NULL. is_first: whether of the network's first layer.
void ck_finish_units(const ck_dense_pass *pass, ptrdiff_t layer, ptrdiff_t panel, ck_range rows,
                     int is_first, float *logits);

/// The layers over x or, where x is NULL, over the outputs of `below`, whole when this is called.
/// Barriers separate layers.
void ck_dense_forward_on(const ck_dense_pass *pass, const ck_first_input *x, const ck_dense *below,
                         float *logits, int thread, int threads);

/// Back-propagates `delta`. The inputs of the first layer are x or, where x is NULL, the outputs of
/// `below`, whose deltas are then made too; another thread may have made them. Returns the first
/// layer with a weight that is not finite, or pass->count.
ptrdiff_t ck_dense_backward_on(const ck_dense_pass *pass, const ck_first_input *x,
                               const ck_dense *below, const float *delta, ck_fate fate, int thread,
                               int threads);

#endif
