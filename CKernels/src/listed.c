// The first dense layer over lists: forward beside backward. A term with an input of zero is left
// out of every sum.
#include "listed.h"

#include <string.h>

enum {
    ROWS = 512,    // most rows of 16 floats that a tile works on in L1: 32 KB
    TILE = 8,      // most panels of any tile
    TOGETHER = 32, // images whose lists are handed over at once
};
_Static_assert(CK_LISTED_SUMS == (ROWS + TILE) * CK_LANES,
               "a tile's rows, and a line between panels");

// Words of pixels whose rows of so many panels stay in L1.
static ptrdiff_t words_at_once(ptrdiff_t panels) {
    const ptrdiff_t words = ROWS / CK_WORD / panels;
    return words > 0 ? words : 1;
}

// Whether the gradient is summed by pixel, not by image.
static int is_by_pixel(const ck_dense_pass *pass) {
    const ck_range own = ck_own_panels(pass, 0);
    return pass->columns.lists && pass->batch >= CK_TURNED_IMAGES &&
           own.last - own.first >= CK_TURNED_TILES * pass->kernels->spot_tile;
}

// ---------------------------------------------------------------- forward

// The sums of the panels [first, first + count), a tile, for some images.
static void add_tile(const ck_dense_pass *pass, const ck_lists *lists, ptrdiff_t first, int count,
                     ck_range images) {
    const ck_dense *layer = pass->layers;
    const ptrdiff_t w_panel = (layer->inputs + 1) * CK_LANES, y_panel = pass->batch * CK_LANES;
    const ptrdiff_t step = words_at_once(count);
    const float *w = layer->weights + first * w_panel, *bias = w + layer->inputs * CK_LANES;
    float *y = layer->activations + first * y_panel;
    for (ptrdiff_t word = 0; word < lists->words; word += step) {
        const ptrdiff_t end = ck_least(word + step, lists->words);
        for (ptrdiff_t b = images.first; b < images.last; b += TOGETHER) {
            const ptrdiff_t together = ck_least(TOGETHER, images.last - b);
            ck_list some[TOGETHER];
            for (ptrdiff_t i = 0; i < together; i++)
                some[i] = ck_list_of(lists, b + i, word, end);
            float *to = y + b * CK_LANES;
            pass->kernels->add_spots(together, count, some, w, w_panel, word ? to : bias,
                                     word ? CK_LANES : 0, word ? y_panel : w_panel, to, y_panel);
        }
    }
}

static void forward_panels(const ck_dense_pass *pass, const ck_lists *lists, ck_range panels,
                           ck_range images, float *logits) {
    for (ptrdiff_t p = panels.first; p < panels.last; p += pass->kernels->spot_tile) {
        const int count = (int)ck_least(pass->kernels->spot_tile, panels.last - p);
        add_tile(pass, lists, p, count, images);
        for (int i = 0; i < count; i++)
            ck_finish_units(pass, 0, p + i, images, 1, logits);
    }
}

void ck_listed_forward(const ck_dense_pass *pass, const ck_lists *lists, float *logits, int thread,
                       int threads) {
    const ptrdiff_t batch = pass->batch, groups = ck_groups(batch);
    // For the way back, before which all threads meet.
    if (is_by_pixel(pass))
        ck_turn_lists(lists, batch, ck_share(lists->words, thread, threads), &pass->columns);
    const ck_range own = ck_own_panels(pass, 0);
    ck_range part = ck_share_of((ck_range){own.first * groups, own.last * groups}, thread, threads);
    // The last images of a panel, whole panels, and the first images of another.
    while (part.first < part.last) {
        const ptrdiff_t panel = part.first / groups, group = part.first % groups;
        const ptrdiff_t left = part.last - part.first, whole = group ? 0 : left / groups;
        const ptrdiff_t taken = whole ? whole * groups : ck_least(left, groups - group);
        const ck_range images = {
            whole ? 0 : ck_group_rows(batch, group).first,
            whole ? batch : ck_group_rows(batch, group + taken - 1).last,
        };
        forward_panels(pass, lists, (ck_range){panel, panel + (whole ? whole : 1)}, images, logits);
        part.first += taken;
    }
}

// ---------------------------------------------------------------- backward

// What becomes of `rows` rows of a panel's sums: floats `at` of the layer's panels. Leaves zeros.
static int use_sums(const ck_dense_pass *pass, ck_fate fate, ptrdiff_t rows, float *sums,
                    ptrdiff_t at) {
    const ck_dense *layer = pass->layers;
    if (fate.update)
        return pass->kernels->update_rows(rows * CK_LANES, sums, fate.step, layer->weights + at,
                                          layer->velocity + at);
    memcpy(layer->gradient + at, sums, (size_t)rows * CK_LANES * sizeof *sums);
    memset(sums, 0, (size_t)rows * CK_LANES * sizeof *sums);
    ck_unsign_zeros(rows * CK_LANES, layer->gradient + at);
    return 0;
}

static int use_bias(const ck_dense_pass *pass, ck_fate fate, const float *delta, ptrdiff_t at) {
    const ck_dense *layer = pass->layers;
    if (fate.update)
        return pass->kernels->update_panel(0, 1, pass->batch, NULL, 0, delta, fate.step,
                                           layer->weights + at, layer->velocity + at);
    pass->kernels->gradient_panel(0, 1, pass->batch, NULL, 0, delta, layer->gradient + at);
    ck_unsign_zeros(CK_LANES, layer->gradient + at);
    return 0;
}

// The sums of some words of pixels, of the panels [panel, panel + count), a tile: an image's deltas
// are added to the rows of its spots.
static void sum_by_image(const ck_dense_pass *pass, const ck_lists *lists, const float *d,
                         int count, ck_range words, float *sums, ptrdiff_t s_panel) {
    for (ptrdiff_t b = 0; b < pass->batch; b++) {
        const ck_list list = ck_list_of(lists, b, words.first, words.last);
        pass->kernels->spread_spots(count, &list, words.first * CK_WORD * CK_LANES,
                                    d + b * CK_LANES, pass->batch * CK_LANES, sums, s_panel);
    }
}

// The same: a pixel's sums, in registers, take the deltas of the images in which it is not zero.
static void sum_by_pixel(const ck_dense_pass *pass, const float *d, int count, ck_range words,
                         float *sums, ptrdiff_t s_panel) {
    static const float zeros[CK_LANES];
    const ptrdiff_t batch = pass->batch, inputs = pass->layers->inputs;
    for (ptrdiff_t word = words.first; word < words.last; word++, sums += CK_WORD * CK_LANES)
        for (ptrdiff_t b = 0; b < batch; b += CK_BLOCK)
            pass->kernels->add_spots(ck_least(CK_WORD, inputs - word * CK_WORD), count,
                                     pass->columns.lists +
                                         (word * ck_blocks(batch) + b / CK_BLOCK) * CK_WORD,
                                     d + b * CK_LANES, batch * CK_LANES, b ? sums : zeros,
                                     b ? CK_LANES : 0, b ? s_panel : 0, sums, s_panel);
}

int ck_listed_gradient(const ck_dense_pass *pass, ck_fate fate, const ck_lists *lists,
                       const float *delta, ck_range units, ck_range words, float *sums) {
    const ptrdiff_t inputs = pass->layers->inputs, batch = pass->batch;
    const ptrdiff_t d_panel = batch * CK_LANES, w_panel = (inputs + 1) * CK_LANES;
    int bad = 0;
    if (words.first == words.last)
        return 0; // of fewer words than threads
    for (ptrdiff_t panel = units.first; panel < units.last; panel += pass->kernels->spot_tile) {
        const int count = (int)ck_least(pass->kernels->spot_tile, units.last - panel);
        const float *d = delta + panel * d_panel;
        const ptrdiff_t step = words_at_once(count);
        for (ptrdiff_t word = words.first; word < words.last; word += step) {
            const ck_range some = {word, ck_least(word + step, words.last)};
            const ptrdiff_t first = word * CK_WORD;
            const ptrdiff_t rows = ck_least(some.last * CK_WORD, inputs) - first;
            // A line apart: where panels lie whole pages apart, loads wait for stores.
            const ptrdiff_t s_panel = (rows + 1) * CK_LANES;
            if (is_by_pixel(pass))
                sum_by_pixel(pass, d, count, some, sums, s_panel);
            else
                sum_by_image(pass, lists, d, count, some, sums, s_panel);
            for (int i = 0; i < count; i++)
                bad |= use_sums(pass, fate, rows, sums + i * s_panel,
                                (panel + i) * w_panel + first * CK_LANES);
        }
        for (int i = 0; i < count && words.last == lists->words; i++)
            bad |= use_bias(pass, fate, d + i * d_panel, (panel + i + 1) * w_panel - CK_LANES);
    }
    return bad;
}
