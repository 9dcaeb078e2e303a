// The first dense layer over lists of its inputs, as parts of a parallel pass.
#ifndef CK_LISTED_H
#define CK_LISTED_H

#include "dense.h"

/// The gradient is summed by pixel from so many images and tiles of panels on, and in any table a
/// tile has at least so many panels. Measured: from there that is faster by more than it takes to
/// turn the lists.
enum { CK_TURNED_IMAGES = 32, CK_TURNED_TILES = 2, CK_LEAST_TILE = 4 };

/// Floats of a thread's sums of the gradient, which are zero between passes.
enum { CK_LISTED_SUMS = (512 + 8) * CK_LANES };

/// This thread's part of the first layer's outputs, and of the logits where they are not NULL.
void ck_listed_forward(const ck_dense_pass *pass, const ck_lists *lists, float *logits, int thread,
                       int threads);
/// The gradient of panels `units` by the inputs of `words`, the last of which bring the bias. sums:
/// CK_LISTED_SUMS floats of this thread's, zero. Returns nonzero if a weight is no longer finite.
int ck_listed_gradient(const ck_dense_pass *pass, ck_fate fate, const ck_lists *lists,
                       const float *delta, ck_range units, ck_range words, float *sums);

#endif
