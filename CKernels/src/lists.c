// Makes the lists of a batch, or finds that they would not pay.
#include "lists.h"

#include <string.h>

ck_lists ck_lists_in(float *panels, ptrdiff_t batch, ptrdiff_t pixels) {
    const ptrdiff_t words = (pixels + CK_WORD - 1) / CK_WORD;
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

int ck_list_images(const ck_kernels *kernels, const ck_batch_input *input, ck_range images,
                   const ck_lists *lists) {
    const ptrdiff_t pixels = input->pixels, end = images.last * lists->room;
    ptrdiff_t at = images.first * lists->room;
    for (ptrdiff_t b = images.first; b < images.last && at >= 0; b++) {
        const ptrdiff_t image = (ptrdiff_t)input->indices[b] * pixels;
        uint32_t *starts = lists->starts + b * (lists->words + 1);
        at = input->rows ? list_numbers(pixels, input->rows + image, lists->spots, at, end, starts)
                         : kernels->list_image(pixels, input->images + image, input->scale,
                                               lists->spots, at, end, starts);
    }
    return at >= 0;
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
