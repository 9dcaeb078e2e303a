// The plan of a network that ck_network_prepare computes, at the start of its workspace: where the
// images between stages are, and every buffer.
#ifndef CK_PLAN_H
#define CK_PLAN_H

#include "dense.h"

// Images in blocks of channels with a border: element (c, y, x) lies at c / lanes * plane +
// y * row + x * lanes + c % lanes + origin.
typedef struct {
    ptrdiff_t lanes, blocks;
    ptrdiff_t row, plane, size; // floats
    ptrdiff_t origin;           // of pixel (0, 0)
} ck_layout;

typedef struct {
    ck_shape in, out;
    ck_extent computed; // pixels that the convolution gives, before its max-pool
    ck_layout input;
    ck_taps taps;
    ptrdiff_t rows;   // taps of a panel of weights
    ptrdiff_t panels; // blocks of output channels
    ck_grid pixels;   // in the input, from an output pixel to the next

    float *inputs;         // [image] with its border
    uint8_t *places;       // of the largest values, [image][panel][pixel][16]; or NULL
    ptrdiff_t places_size; // of an image
    uint16_t *masks;       // [image][panel][pixel]; NULL without dropout

    ptrdiff_t *tap_places; // of each tap in the input
    ptrdiff_t sums;        // where the gradient's sums start in a chain
    ck_layout flow;        // of the deltas of the inputs: where a stage below finds its outputs'
    float *turned;         // weights as the way back to the inputs wants them

    // The way back of most convolutions. Deltas of computed pixels lie as far apart as the stride,
    // with a border, so that the gradient by the input is a convolution of stride 1 with the
    // weights [input block][tap, flipped][16].
    ck_layout deltas;
    ck_grid delta_pixels;
    ptrdiff_t delta_start; // where the input's pixel (0, 0) reads its first tap
    float *delta_buffers;  // [thread]
    ck_taps flipped_taps;

    // The way back of a convolution with a max-pool, but for the first stage: three in four deltas
    // are zero, and more behind a ReLU, so that those that are not are listed for each output
    // channel. Weights and sums lie by output channel: [channel][tap].
    int sparse;
    ck_spot *spots;    // [thread][channel][window]
    ptrdiff_t windows; // of a channel
    float *spot_sums;  // [thread]: the taps' sums of one chain
} ck_planned;

struct ck_plan {
    ptrdiff_t count, batch, slots; // stages, most images, images whose inputs are kept
    int threads;
    ptrdiff_t lowest;     // the first convolution, or count: nothing below it has a gradient
    ptrdiff_t last_batch; // of the last forward pass
    int is_listed;        // whether its inputs are listed
    unsigned passes;      // forward, over inputs that could be listed
    int lists_pay;        // of one of the last of them
    ck_vote vote;
    float *listed_sums; // [thread]
    ck_columns columns;
    ck_shape flat;          // what is flattened
    ck_dense base;          // the flattened images, as if they were a layer's outputs
    ck_drop *drops;         // stages, then layers
    uint16_t **layer_masks; // NULL for a layer without dropout
    float *lines;           // [thread]: rows of outputs on their way
    ptrdiff_t line_size;
    float *flows[2]; // [thread]: deltas of a stage's outputs and inputs, [block][pixel][16]
    ptrdiff_t flow_size;
    float *chain_sums; // [chain]
    ptrdiff_t sums_size;
    ck_planned stages[];
};
typedef struct ck_plan ck_plan;

/// The number of chains of a batch, for convolutions with this many weights together.
ptrdiff_t ck_chains(ptrdiff_t weights, ptrdiff_t batch);
/// The same for those of a network.
ptrdiff_t ck_network_chains(const ck_network *network, ptrdiff_t batch);
/// The plan of a convolution without a network, which keeps one image a thread. summed: images over
/// whose gradients it sums, 0 for none. training: 0 for a forward pass. Released with ck_free; NULL
/// if it cannot be had.
ck_plan *ck_plan_alone(const ck_stage *stage, ck_shape input, int first, ptrdiff_t summed,
                       int training, int threads);

#endif
