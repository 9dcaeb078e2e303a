// The part of CKernels.h that is about images: convolutional networks, and augmentation. Include
// CKernels.h, whose conventions apply.
#ifndef CK_CONVOLUTION_INTERFACE_H
#define CK_CONVOLUTION_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

// ---------------------------------------------------------------- convolutional networks
//
// A network is a chain of stages over images (convolutions and pools), whose last output is
// flattened into the panels of dense layers. Without stages it is a chain of dense layers.
//
// - Images are bytes, [channels][height][width] one after the other: PyTorch's order.
// - Between stages an image is stored as [ceil(channels / 16)][height + 2 p][width + 2 p][16]:
//   blocks of 16 channels, with the zero border p that the next stage needs, so no kernel has
//   edge cases; lanes past the last channel are zero. The input of a first stage that is a
//   convolution is stored as [height + 2 p][width + 2 p][channels] instead.
// - Weights, velocity and gradient of a convolution are in panels of 16 output channels whose rows
//   are its taps, in the order (block of input channels, kernel row, kernel column, channel of the
//   block), then one row for the bias. All channels of a first stage are one block.
// - An output is one chain of fused multiply-adds that starts at the bias and takes the taps in
//   that order, those outside the image too, as zeros.
// - The gradient of a weight sums over images and output pixels. The images are distributed in
// order
//   and evenly over 16 chains, or 4 if the network's convolutions have more than 2^20 weights and
//   biases, padding included, but over no more than there are images; each goes from +0 through its
//   images in ascending order and their output pixels row by row. A tree of pairs joins the chains:
//   1 to 0, 3 to 2, ..., then 2 to 0, 6 to 4, ....
// - The gradient with respect to an input is one chain from +0 over (block of output channels,
//   kernel row from the last, kernel column from the last, channel of the block).
// - For a convolution with max_pool, except a first stage, both leave out the deltas that are zero:
//   three in four are. The pixels of its chains are the windows row by row, each of which has one
//   position with a delta; the gradient with respect to an input goes over (output channel,
//   window).
// - A max-pool takes the first largest value of a window, or its last NaN if it has one, and the
//   delta goes to that place. An average is a sum from +0 in the order of the window's rows,
//   divided by the number of its pixels, and so is each pixel's part of the delta. Where windows
//   overlap, a pixel's deltas are added from +0, window by window. Pixels that fill no window are
//   left out.
// - Dropout follows the activation. The slope of sigmoid or tanh is then that of
//   output * (1 - share).

typedef enum { CK_CONVOLUTION = 0, CK_MAX_POOL = 1, CK_AVERAGE_POOL = 2 } ck_stage_kind;

typedef struct {
    ptrdiff_t channels, height, width;
} ck_shape;

typedef struct {
    ptrdiff_t height, width;
} ck_extent;

/// One stage. Buffers are 64-byte aligned and owned by the caller; a pool has none.
typedef struct {
    ck_stage_kind kind;
    ptrdiff_t channels;       ///< a convolution's outputs; unused by a pool
    ck_extent window;         ///< a convolution's kernel; of a pool at most 255 pixels
    ck_extent stride;         ///< at least 1
    ck_extent padding;        ///< zeros at each side; a pool has none
    ck_activation activation; ///< of a convolution; a pool has CK_IDENTITY
    int max_pool;    ///< not 0: the convolution is followed by a max-pool of 2 x 2, stride 2, which
                     ///< costs less than a separate one. The activation, which comes after it, is
                     ///< not CK_SIGMOID or CK_TANH.
    float dropout;   ///< share of the outputs that training drops, in [0, 1): see ck_dropout
    float *weights;  ///< ck_convolution_size floats
    float *velocity; ///< like weights; NULL for evaluation
    float *gradient; ///< like weights; only for ck_network_gradient, else NULL
} ck_stage;

/// The part of a network that a process computes while others, each with a number of its own,
/// compute the rest, from the same batches: of every dense layer but the last its share of the
/// panels of units, and all of the last. Every part has the buffers of the whole network. Of
/// weights, velocity and gradient it keeps those that lead into its own units and out of them: the
/// others are the other parts'. All bits are those of one process.
typedef struct {
    int number, count; ///< from 0; at least 1
    /// Makes an array of `count` items of `size` floats whole: each part has made the items
    /// [first, last) that ck_part_items gives it, and gets the others. Called by the thread that
    /// calls the pass, at the same places in every part, and returns when the array is whole.
    void (*gather)(void *context, float *items, ptrdiff_t count, ptrdiff_t size);
    void *context;
} ck_part;

/// Which of `count` items a part has, the panels of a layer for instance: contiguous, as even as
/// can be, and none where there are more parts than items.
ck_range ck_part_items(const ck_part *part, ptrdiff_t count);

/// The whole network. The caller owns it and may change the layers' and stages' buffers for
/// parameters between calls, but not their shapes.
typedef struct {
    ck_shape input; ///< of an image
    ptrdiff_t stage_count;
    const ck_stage *stages;
    ptrdiff_t layer_count;  ///< at least 1
    const ck_dense *layers; ///< the first has ck_flatten_size inputs if there are stages, and then
                            ///< its scratch is used; else as many as an image has pixels
    const float *layer_dropout; ///< share of each layer's outputs that training drops, or NULL; of
                                ///< the last layer none
    ptrdiff_t batch;            ///< most images of a call
    int threads;                ///< most threads of a call
    int training;               ///< 0: for evaluation, with less memory; no backward pass
    void *workspace;            ///< ck_network_workspace bytes, 64-byte aligned, prepared by
                                ///< ck_network_prepare
    const ck_part *part;        ///< NULL: all of it; for training without stages
} ck_network;

/// Masks of dropout: an output is kept where 16 random bits, as a number, are at least
/// t = round(65536 dropout) (halves up), and then multiplied by 65536 / (65536 - t), rounded once;
/// else it is +0. The bits come from Philox4x32-10 with the seed as its key and the counter
/// (f / 8, image, epoch, purpose + 65536 place), low word first: word (f % 8) / 2, its lower half
/// for an even f. f numbers the outputs in our order, (block of channels, pixel, lane) or (unit);
/// place numbers stages and, after them, layers.
typedef struct {
    uint64_t seed;
    uint32_t epoch, purpose; ///< purpose below 65536
    const uint32_t *images;  ///< a number for each image of the batch; NULL: the input's indices
} ck_dropout;

/// Output of a stage, or zeros if it does not fit its input or is not a stage.
ck_shape ck_stage_output(ck_shape input, const ck_stage *stage);
/// Floats of weights of a convolution from `inputs` to `outputs` channels. `first`: it is the
/// network's first stage.
ptrdiff_t ck_convolution_size(ptrdiff_t inputs, ptrdiff_t outputs, ck_extent kernel, int first);
/// weight[outputs][inputs][kernel height][kernel width] and bias[outputs] into panels.
void ck_convolution_pack(ptrdiff_t inputs, ptrdiff_t outputs, ck_extent kernel, int first,
                         const float *weight, const float *bias, float *panels);
/// The inverse of ck_convolution_pack.
void ck_convolution_unpack(ptrdiff_t inputs, ptrdiff_t outputs, ck_extent kernel, int first,
                           const float *panels, float *weight, float *bias);

/// Inputs of a dense layer over images of this shape: (block of channels, pixel, lane), lanes past
/// the last channel included, which are zero.
ptrdiff_t ck_flatten_size(ck_shape shape);
/// Like ck_dense_pack, for a layer over flattened images: weight[outputs][channels][height][width],
/// PyTorch's order of inputs. The panels have ck_flatten_size + 1 rows.
void ck_flatten_pack(ck_shape shape, ptrdiff_t outputs, const float *weight, const float *bias,
                     float *panels);
/// The inverse of ck_flatten_pack.
void ck_flatten_unpack(ck_shape shape, ptrdiff_t outputs, const float *panels, float *weight,
                       float *bias);

/// Bytes of the workspace; 0 if stages and layers do not fit each other, or for a number too large.
/// Reads shapes, dropout, `batch`, `threads` and `training`, no other field.
size_t ck_network_workspace(const ck_network *network);
/// Prepares the workspace: once, and again after a change of shapes or of `workspace`.
void ck_network_prepare(const ck_network *network);

/// Runs a batch through the network in one parallel pass. dropout: NULL for evaluation. logits:
/// the last layer's output, [batch][outputs] without gaps. input->pixels is channels * height *
/// width; input->panels is used by a network without stages alone. Returns how many threads there
/// were, which OpenMP may make fewer (OMP_DYNAMIC): the batch is packed for as many.
int ck_network_forward(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                       const ck_dropout *dropout, float *logits, int threads);

/// Back-propagates `delta` (the gradient with respect to the logits, [batch][outputs]) after
/// ck_network_forward of the same batch with as many threads as it returned and the same dropout or
/// none, and updates weights and velocity by the formula of ck_momentum_update. One parallel pass.
/// Returns -1, or the index of the first stage or, after the stages, layer in which a weight is no
/// longer finite.
ptrdiff_t ck_network_backward(const ck_network *network, ptrdiff_t batch,
                              const ck_batch_input *input, const float *delta, float eta,
                              float alpha, int threads);

/// Like ck_network_backward, but writes the gradients of stages and layers and changes no weight.
/// The gradients have the bits that ck_network_backward uses.
void ck_network_gradient(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                         const float *delta, int threads);

/// The output of stage `stage` for image `image` of the batch of the last ck_network_forward,
/// dropout included: values[channels][height][width]. A network for evaluation keeps only image 0
/// of a batch of 1.
void ck_network_values(const ck_network *network, ptrdiff_t stage, ptrdiff_t image, float *values);

// A convolution without a network, over a batch. Weights and gradient are the stage's, in its
// panels; its other buffers and its dropout play no part. The stage has to fit the input
// (ck_stage_output), and all buffers need the alignment of float only. Images are stored as between
// stages, without a border: [image][ceil(channels / 16)][height][width][16], lanes past the last
// channel zero; the input of a `first` stage as [image][height][width][channels]. The bits are
// those of a network. CK_NO_MEMORY also stands for sizes too large.

/// y = activation(bias + sum of taps), and its max-pool if the stage has one.
int ck_convolution_forward(const ck_stage *stage, ck_shape input, int first, ptrdiff_t batch,
                           const float *x, float *y, int threads);
/// dx: the gradient with respect to x from `delta`, the gradient with respect to the sums before
/// activation and max-pool, which has the shape of the outputs of a stage without max_pool. Not for
/// a first stage.
int ck_convolution_backward_data(const ck_stage *stage, ck_shape input, ptrdiff_t batch,
                                 const float *delta, float *dx, int threads);
/// stage->gradient: the gradient with respect to weights and bias, delta as above. The images are
/// distributed over as many chains as those of a network of this convolution alone; all deltas are
/// used.
int ck_convolution_backward_weights(const ck_stage *stage, ck_shape input, int first,
                                    ptrdiff_t batch, const float *x, const float *delta,
                                    int threads);

// ---------------------------------------------------------------- augmentation
//
// Images for training, slightly shifted, rotated and elastically deformed, with bilinear
// interpolation between pixels and zeros around the image. An image is a function of (seed,
// purpose, epoch, its number), whatever the batch, the threads and the table.
//
// - Random numbers are words of Philox4x32-10 with the seed as its key and the counter (block,
//   number, epoch, purpose). A draw is the word as a signed integer, times 2^-31: in [-1, 1].
//   Block 0 has the draws of the shift along x and along y and of the rotation; control point p,
//   counted row by row, has words 2 (p % 2), for x, and 2 (p % 2) + 1 of block 1 + p / 2.
// - The control points are `spacing` pixels apart, (height - 1) / spacing + 4 rows and
//   (width - 1) / spacing + 4 columns of them, rounded down; the first one spacing
//   left of and above pixel (0, 0). Their displacements are blended by uniform cubic B-splines
//   (Rueckert et al., Nonrigid Registration Using Free-Form Deformations, IEEE TMI 1999), so no
//   pixel moves farther than they do; below 0.4886 spacings the image never folds (Choi and Lee,
//   Injectivity Conditions of 2D and 3D Uniform Cubic B-Spline Functions, 2000).
// - A pixel takes the value at middle + R (pixel - middle) - shift + displacement of the image
//   before, where R turns by the drawn angle. Values are rounded to the nearest byte, halves up.

typedef struct {
    float shift;       ///< most pixels along each axis
    float rotation;    ///< most radians about the middle, either way
    float elastic;     ///< most pixels along each axis that a control point is displaced
    ptrdiff_t spacing; ///< pixels between control points, at least 1
} ck_augmentation;

/// Bytes of workspace that ck_augment needs; 0 for a number too large.
size_t ck_augment_workspace(ck_shape image, const ck_augmentation *how, int threads);
/// Makes augmented[count][channels][height][width] from the images at `indices`, which are their
/// numbers, in one parallel pass. All numbers of `how` are finite, at least 0, and so small that
/// no position reaches 2^22 pixels. workspace: 64-byte aligned; it needs no preparation.
void ck_augment(ck_shape image, const ck_augmentation *how, uint64_t seed, uint32_t epoch,
                uint32_t purpose, ptrdiff_t count, const uint8_t *images, const uint32_t *indices,
                uint8_t *augmented, void *workspace, int threads);

#endif
