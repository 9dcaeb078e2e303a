// What is not zero in a batch of inputs, image by image: a list for every CK_WORD of its pixels.
#ifndef CK_LISTS_H
#define CK_LISTS_H

#include "kernels.h"
#include "share.h"

// Of the 256 bytes: the places of the bits that are set, one in each of the first bytes, and their
// number.
extern uint64_t ck_places_set[256];
extern uint8_t ck_counts_set[256];

/// Lists lie where panels would, and take no more room.
typedef struct {
    ptrdiff_t words;  // of an image
    ptrdiff_t room;   // spots of an image, on average
    uint32_t *starts; // [image][words + 1]: where the spots of each word begin, and the last end
    ck_spot *spots;
} ck_lists;

/// Where a batch's lists lie in the memory of its panels.
ck_lists ck_lists_in(float *panels, ptrdiff_t batch, ptrdiff_t pixels);
/// Whether lists are faster than panels for this batch, of which it looks at some images. panels:
/// of units, for each thread.
int ck_lists_pay(const ck_kernels *kernels, const ck_batch_input *input, ptrdiff_t batch,
                 ptrdiff_t panels);
/// Lists some images of a batch. Returns 0 if there is no room.
int ck_list_images(const ck_kernels *kernels, const ck_batch_input *input, ck_range images,
                   const ck_lists *lists);

/// The spots of words [first, last) of an image.
static inline ck_list ck_list_of(const ck_lists *lists, ptrdiff_t image, ptrdiff_t first,
                                 ptrdiff_t last) {
    const uint32_t *starts = lists->starts + image * (lists->words + 1);
    return (ck_list){lists->spots + starts[first], (ptrdiff_t)starts[last] - starts[first]};
}

#endif
