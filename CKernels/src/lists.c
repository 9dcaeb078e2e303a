// Makes the lists of a batch, or finds that they would not pay.
#include "lists.h"

#include <string.h>

enum { AHEAD = 2 }; // images

ck_lists ck_lists_in(float *panels, ptrdiff_t batch, ptrdiff_t pixels) {
    const ptrdiff_t words = ck_words(pixels);
    const ptrdiff_t taken = ck_panel_size(1, batch * (words + 1)); // by the starts
    const ptrdiff_t left = ck_panel_size(batch, pixels) - taken;
    return (ck_lists){.words = words,
                      .room = left / 2 / batch, // a spot is two floats
                      .starts = (uint32_t *)panels,
                      .spots = (ck_spot *)(panels + taken)};
}

static ptrdiff_t count_bytes(ptrdiff_t n, const uint8_t *bytes) {
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        count += bytes[i] != 0;
    return count;
}

static ptrdiff_t count_numbers(ptrdiff_t n, const float *numbers) {
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        count += numbers[i] != 0;
    return count;
}

int ck_lists_pay(const ck_kernels *kernels, const ck_batch_input *input, ptrdiff_t batch,
                 ptrdiff_t panels) {
    enum { LOOKED_AT = 8 }; // images, most
    const ptrdiff_t pixels = input->pixels, images = ck_least(batch, LOOKED_AT);
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < images; i++) {
        const ptrdiff_t first = (ptrdiff_t)input->indices[i * batch / images] * pixels;
        count += input->rows ? count_numbers(pixels, input->rows + first)
                             : count_bytes(pixels, input->images + first);
    }
    const double most = 0.5 - kernels->listing.by_panels / (double)panels -
                        kernels->listing.by_batch / (double)batch;
    return (double)count <= most * (double)(images * pixels);
}

// As a table's list_image does with bytes.
static ptrdiff_t list_numbers(ptrdiff_t n, const float *numbers, ck_spot *spots, ptrdiff_t at,
                              ptrdiff_t end, uint32_t *starts) {
    for (ptrdiff_t p = 0; p < n; p++) {
        if (p % CK_WORD == 0)
            *starts++ = (uint32_t)at;
        if (at == end)
            return -1;
        spots[at] = (ck_spot){numbers[p], (int32_t)p * CK_LANES};
        at += numbers[p] != 0;
    }
    *starts = (uint32_t)at;
    return at;
}

// Into L1: since ck_prefetch_next has brought it near, it may have left L2.
static void prefetch_near(const ck_batch_input *input, ptrdiff_t b) {
    const ptrdiff_t image = (ptrdiff_t)input->indices[b] * input->pixels;
    for (ptrdiff_t p = 0; !input->rows && p < input->pixels; p += CK_CACHE_LINE)
        __builtin_prefetch(input->images + image + p);
}

int ck_list_images(const ck_kernels *kernels, const ck_batch_input *input, ck_range images,
                   const ck_lists *lists) {
    const ptrdiff_t pixels = input->pixels, end = images.last * lists->room;
    ptrdiff_t at = images.first * lists->room;
    for (ptrdiff_t b = images.first; b < images.last && at >= 0; b++) {
        const ptrdiff_t image = (ptrdiff_t)input->indices[b] * pixels;
        if (b + AHEAD < images.last)
            prefetch_near(input, b + AHEAD);
        uint32_t *starts = lists->starts + b * (lists->words + 1);
        at = input->rows ? list_numbers(pixels, input->rows + image, lists->spots, at, end, starts)
                         : kernels->list_image(pixels, input->images + image, input->scale,
                                               lists->spots, at, end, starts);
    }
    return at >= 0;
}

// ---------------------------------------------------------------- by pixel

// Words that are turned together: long lists are gone through without a stop, and the ends of all
// their pixels' lists stay in L1.
enum { TURNED = 4 };

static ptrdiff_t pixel_of(ck_spot spot, ck_range words) {
    return (ptrdiff_t)((uint32_t)spot.at / CK_LANES) - words.first * CK_WORD;
}

// Of some words and a block of images. `columns` are those of the first word, and those of the next
// lie that far on. Returns where the spots end.
static ck_spot *turn_words(const ck_lists *lists, ck_range words, ck_range images, ck_list *columns,
                           ptrdiff_t next_word, ck_spot *spots) {
    const ptrdiff_t pixels = (words.last - words.first) * CK_WORD;
    ck_spot *ends[TURNED * CK_WORD];
    uint8_t counts[TURNED * CK_WORD] = {0};
    _Static_assert(CK_BLOCK < 256, "counts are bytes");
    for (ptrdiff_t b = images.first; b < images.last; b++) {
        const ck_list list = ck_list_of(lists, b, words.first, words.last);
        for (ptrdiff_t i = 0; i < list.count; i++)
            counts[pixel_of(list.spots[i], words)]++;
    }
    for (ptrdiff_t p = 0; p < pixels; p++) {
        columns[p / CK_WORD * next_word + p % CK_WORD] = (ck_list){spots, counts[p]};
        ends[p] = spots;
        spots += counts[p];
    }
    for (ptrdiff_t b = images.first; b < images.last; b++) {
        const ck_list list = ck_list_of(lists, b, words.first, words.last);
        const int32_t at = (int32_t)(b - images.first) * CK_LANES;
        for (ptrdiff_t i = 0; i < list.count; i++) {
            const ck_spot turned = {list.spots[i].value, at};
            memcpy(ends[pixel_of(list.spots[i], words)]++, &turned, sizeof turned);
        }
    }
    return spots;
}

void ck_turn_lists(const ck_lists *lists, ptrdiff_t batch, ck_range words, const ck_columns *to) {
    const ptrdiff_t blocks = ck_blocks(batch);
    ck_spot *spots = to->spots;
    for (ptrdiff_t b = 0; b < batch; b++)
        spots += ck_list_of(lists, b, 0, words.first).count;
    for (ptrdiff_t word = words.first; word < words.last; word += TURNED)
        for (ptrdiff_t block = 0; block < blocks; block++) {
            const ptrdiff_t b = block * CK_BLOCK;
            spots =
                turn_words(lists, (ck_range){word, ck_least(word + TURNED, words.last)},
                           (ck_range){b, ck_least(b + CK_BLOCK, batch)},
                           to->lists + (word * blocks + block) * CK_WORD, blocks * CK_WORD, spots);
        }
}

// ---------------------------------------------------------------- bits

uint64_t ck_places_set[256];
uint8_t ck_counts_set[256];

__attribute__((constructor)) static void tabulate_bits(void) {
    for (unsigned bits = 0; bits < 256; bits++) {
        uint8_t places[8] = {0};
        int count = 0;
        for (uint8_t p = 0; p < 8; p++)
            if (bits >> p & 1)
                places[count++] = p;
        memcpy(&ck_places_set[bits], places, sizeof places);
        ck_counts_set[bits] = (uint8_t)count;
    }
}
