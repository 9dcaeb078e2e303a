// Makes the lists of a batch, or finds that they would not pay.
#include "lists.h"

static ptrdiff_t words_of(ptrdiff_t pixels) {
    return (pixels + CK_WORD - 1) / CK_WORD;
}

ck_lists ck_lists_in(float *panels, ptrdiff_t batch, ptrdiff_t pixels) {
    const ptrdiff_t padded = (pixels + CK_LANES - 1) / CK_LANES * CK_LANES, words = words_of(pixels);
    const ptrdiff_t taken = (batch * (words + 1) + CK_LANES - 1) / CK_LANES * CK_LANES;
    return (ck_lists){.words = words,
                      .room = (batch * padded - taken) / 2 / batch, // a spot is two floats
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

int ck_lists_pay(const ck_batch_input *input, ptrdiff_t batch) {
    enum { LOOKED_AT = 8 }; // images, most
    const ptrdiff_t pixels = input->pixels, images = ck_least(batch, LOOKED_AT);
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < images; i++) {
        const ptrdiff_t first = (ptrdiff_t)input->indices[i * batch / images] * pixels;
        count += input->rows ? count_numbers(pixels, input->rows + first)
                             : count_bytes(pixels, input->images + first);
    }
    return (double)count <= 0.4 * (double)(images * pixels); // measured: docs/performance.md
}

static ptrdiff_t list_numbers(ptrdiff_t n, const float *numbers, int32_t first, ck_spot *spots) {
    ptrdiff_t count = 0;
    for (ptrdiff_t p = 0; p < n; p++)
        if (numbers[p] != 0)
            spots[count++] = (ck_spot){numbers[p], first + (int32_t)p * CK_LANES};
    return count;
}

int ck_list_images(const ck_kernels *kernels, const ck_batch_input *input, const float *values,
                   ck_range images, const ck_lists *lists) {
    const ptrdiff_t pixels = input->pixels, end = images.last * lists->room;
    ptrdiff_t at = images.first * lists->room;
    for (ptrdiff_t b = images.first; b < images.last; b++) {
        const ptrdiff_t image = (ptrdiff_t)input->indices[b] * pixels;
        uint32_t *start = lists->starts + b * (lists->words + 1);
        for (ptrdiff_t p = 0; p < pixels; p += CK_WORD) {
            const ptrdiff_t n = ck_least(CK_WORD, pixels - p);
            if (at + n > end)
                return 0;
            *start++ = (uint32_t)at;
            const int32_t first = (int32_t)p * CK_LANES;
            at += input->rows ? list_numbers(n, input->rows + image + p, first, lists->spots + at)
                              : kernels->list_bytes(n, input->images + image + p, values, first,
                                                    lists->spots + at);
        }
        *start = (uint32_t)at;
    }
    return 1;
}
