// The stages of a network over one image: what a thread does with it while it is in its cache.
#ifndef CK_CONVOLUTION_H
#define CK_CONVOLUTION_H

#include "plan.h"

typedef struct {
    const ck_kernels *kernels;
    const ck_network *network;
    ck_plan *plan;
    ptrdiff_t batch;
} ck_image_pass;

/// Where a network's plan is.
static inline ck_plan *ck_plan_of(const ck_network *network) {
    return network->workspace;
}

/// The row y of block `block` that stage s gave for an image, for a stage below another.
static inline float *ck_row_above(const ck_plan *plan, ptrdiff_t s, ptrdiff_t slot, ptrdiff_t block,
                                  ptrdiff_t y) {
    const ck_planned *next = &plan->stages[s + 1];
    const ck_layout *l = &next->input;
    return next->inputs + slot * l->size + block * l->plane + y * l->row + l->origin;
}

/// A pixel of the flattened images; the image's next pixel is batch * 16 floats on.
static inline float *ck_flat_pixel(float *flat, ptrdiff_t batch, ptrdiff_t pixel, ptrdiff_t image) {
    return flat + (pixel * batch + image) * CK_LANES;
}

/// Bytes of an image into the first stage's input. inputs: the value of each byte.
void ck_pack_image(const ck_image_pass *pass, const ck_batch_input *input, const float *inputs,
                   ptrdiff_t image, ptrdiff_t slot);
/// The packed image `image` through all stages, into the flattened images. slot: where its inputs
/// are kept.
void ck_image_forward(const ck_image_pass *pass, ptrdiff_t image, ptrdiff_t slot, int thread);

/// Row y of a block of outputs of stage s, from the inputs in `slot`. line: a thread's, of the
/// plan.
void ck_output_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t slot,
                   ptrdiff_t block, ptrdiff_t y, float *line, float *row);

/// Makes the weights of panel `panel` of stage s ready for the way back.
void ck_turn_weights(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t panel);
/// Before a chain's first image, and after its last: until then sums are not whole.
void ck_start_chain(const ck_image_pass *pass, float *sums, int thread);
void ck_end_chain(const ck_image_pass *pass, float *sums, int thread);
/// From the flattened images' deltas to the gradient of each convolution, which is added to sums.
void ck_image_backward(const ck_image_pass *pass, ptrdiff_t image, float *sums, int thread);
/// Joins this thread's part of the gradients, and updates with it or writes it. Returns the first
/// stage with a weight that is not finite, or the number of stages.
ptrdiff_t ck_finish_weights(const ck_image_pass *pass, ptrdiff_t chains, ck_fate fate, int thread,
                            int threads);

// The parts of the way back of a convolution that is not sparse.

/// A row of deltas to where the convolution's pixels are in a buffer of deltas.
void ck_spread_row(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t image, ptrdiff_t block,
                   ptrdiff_t y, const float *delta, float *buffer);
/// Adds the gradient by the weights, of the inputs in `slot`.
void ck_add_gradient(const ck_image_pass *pass, ptrdiff_t s, ptrdiff_t slot, const float *buffer,
                     float *sums);
/// The gradient by the inputs, of a stage that is not the first.
void ck_input_deltas(const ck_image_pass *pass, ptrdiff_t s, const float *buffer, float *below);

#endif
