// How work is divided: contiguous shares of a list, which depend on its length alone.
#ifndef CK_SHARE_H
#define CK_SHARE_H

#include "CKernels.h"

static inline ptrdiff_t ck_least(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

static inline ptrdiff_t ck_most(ptrdiff_t a, ptrdiff_t b) {
    return a > b ? a : b;
}

/// Where a part starts if the first `more` parts have each + 1 items, and all others `each`.
static inline ptrdiff_t ck_part_start(ptrdiff_t each, ptrdiff_t more, ptrdiff_t part) {
    return part * each + ck_least(part, more);
}

/// The part of `thread` of `threads` when `count` items are dealt out in order, evenly.
static inline ck_range ck_share(ptrdiff_t count, ptrdiff_t thread, ptrdiff_t threads) {
    ptrdiff_t each = count / threads, more = count % threads;
    return (ck_range){ck_part_start(each, more, thread), ck_part_start(each, more, thread + 1)};
}

/// The same of the items of a range.
static inline ck_range ck_share_of(ck_range all, ptrdiff_t thread, ptrdiff_t threads) {
    const ck_range part = ck_share(all.last - all.first, thread, threads);
    return (ck_range){all.first + part.first, all.first + part.last};
}

/// The share of `count` elements in whole panels: an element has its lane whoever computes it, and
/// two threads never write one cache line of an aligned array.
static inline ck_range ck_share_panels(ptrdiff_t count, ptrdiff_t thread, ptrdiff_t threads) {
    const ck_range part = ck_share((count + CK_LANES - 1) / CK_LANES, thread, threads);
    return (ck_range){ck_least(part.first * CK_LANES, count),
                      ck_least(part.last * CK_LANES, count)};
}

#endif
