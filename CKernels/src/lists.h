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

/// The same pixel by pixel: in which images it is not zero, for blocks of CK_BLOCK images. A spot's
/// place is its image's in the block.
typedef struct {
    ck_list *lists; // [word][block][CK_WORD]
    ck_spot *spots;
} ck_columns;

enum { CK_BLOCK = 64 };

/// Where a batch's lists lie in the memory of its panels.
ck_lists ck_lists_in(float *panels, ptrdiff_t batch, ptrdiff_t pixels);
/// Whether lists are faster than panels for this batch, of which it looks at some images. panels:
/// of units, for each thread.
int ck_lists_pay(const ck_kernels *kernels, const ck_batch_input *input, ptrdiff_t batch,
                 ptrdiff_t panels);
/// Lists some images of a batch. Returns 0 if there is no room.
int ck_list_images(const ck_kernels *kernels, const ck_batch_input *input, ck_range images,
                   const ck_lists *lists);

static inline ptrdiff_t ck_words(ptrdiff_t pixels) {
    return (pixels + CK_WORD - 1) / CK_WORD;
}

/// Lists by pixel, for training, of words that this thread has to itself.
void ck_turn_lists(const ck_lists *lists, ptrdiff_t batch, ck_range words, const ck_columns *to);

static inline ptrdiff_t ck_blocks(ptrdiff_t batch) {
    return (batch + CK_BLOCK - 1) / CK_BLOCK;
}

/// The spots of words [first, last) of an image.
static inline ck_list ck_list_of(const ck_lists *lists, ptrdiff_t image, ptrdiff_t first,
                                 ptrdiff_t last) {
    const uint32_t *starts = lists->starts + image * (lists->words + 1);
    return (ck_list){lists->spots + starts[first], (ptrdiff_t)starts[last] - starts[first]};
}

#endif
