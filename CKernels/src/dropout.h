// Dropout of one place of a network: what its masks are made from, and the masks.
#ifndef CK_DROPOUT_H
#define CK_DROPOUT_H

#include "kernels.h"

typedef struct {
    ck_mask_key key;
    const uint32_t *images; // a number for each image of the batch
    float scale, keep;      // kept outputs are multiplied by scale = 1 / keep
    uint16_t *masks;        // a bit for each output, 16 neighbouring channels or units a mask
} ck_drop;

/// For a share of `dropout` of the outputs of `place`, which is in (0, 1).
static inline ck_drop ck_drop_at(const ck_dropout *source, const uint32_t *indices, float dropout,
                                 ptrdiff_t place, uint16_t *masks) {
    const uint32_t all = 65536;
    uint32_t threshold = (uint32_t)(dropout * (float)all + 0.5f);
    threshold = threshold < all ? threshold : all - 1;
    return (ck_drop){
        .key = {.seed = {(uint32_t)source->seed, (uint32_t)(source->seed >> 32)},
                .epoch = source->epoch,
                .purpose = source->purpose + ((uint32_t)place << 16),
                .threshold = threshold},
        .images = source->images ? source->images : indices,
        .scale = (float)all / (float)(all - threshold),
        .keep = (float)(all - threshold) / (float)all,
        .masks = masks,
    };
}

/// ck_slope of a curve, which wants its output as it was before dropout scaled it.
static inline void ck_curve_slope(void (*backward)(ptrdiff_t n, const float *y, float *delta),
                                  ptrdiff_t n, const float *y, const ck_drop *drop,
                                  const uint16_t *masks, float *delta) {
    for (ptrdiff_t i = 0; masks && i < n; i++) {
        float before[CK_LANES];
        for (int j = 0; j < CK_LANES; j++)
            before[j] = y[i * CK_LANES + j] * drop->keep;
        backward(CK_LANES, before, delta + i * CK_LANES);
    }
    if (!masks)
        backward(n * CK_LANES, y, delta);
}

/// delta becomes the gradient before activation and dropout of n * 16 outputs y, where it was the
/// gradient after them. masks: of these outputs, or NULL where nothing is dropped.
static inline void ck_slope(const ck_kernels *kernels, ck_activation activation, ptrdiff_t n,
                            const float *y, const ck_drop *drop, const uint16_t *masks,
                            float *delta) {
    if (masks)
        kernels->drop(n, masks, drop->scale, delta);
    const ck_elementwise *all = kernels->elementwise;
    switch (activation) {
    case CK_IDENTITY: break;
    case CK_SIGMOID: ck_curve_slope(all->sigmoid_backward, n, y, drop, masks, delta); break;
    case CK_RELU: all->relu_backward(n * CK_LANES, y, delta); break;
    case CK_TANH: ck_curve_slope(all->tanh_backward, n, y, drop, masks, delta); break;
    case CK_LEAKY_RELU: all->leaky_relu_backward(n * CK_LANES, y, delta); break;
    }
}

/// y = activation(y), in place.
static inline void ck_activate(const ck_kernels *kernels, ck_activation activation, ptrdiff_t n,
                               float *y) {
    switch (activation) {
    case CK_IDENTITY: break;
    case CK_SIGMOID: kernels->elementwise->sigmoid(n, y, y); break;
    case CK_RELU: kernels->elementwise->relu(n, y, y); break;
    case CK_TANH: kernels->elementwise->tanh(n, y, y); break;
    case CK_LEAKY_RELU: kernels->elementwise->leaky_relu(n, y, y); break;
    }
}

#endif
