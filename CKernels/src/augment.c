// Shifted, rotated and deformed images: a thread's work on each of them.
#include "kernels.h"
#include "philox.h"
#include "threads.h"

#include <string.h>

enum { BEFORE = 1, BEHIND = 2, BORDER = BEFORE + BEHIND }; // pixels of zeros around an image

// One thread's part of the workspace, in bytes from its start.
typedef struct {
    ptrdiff_t row, image; // bytes of a row and an image, border included
    struct {
        ptrdiff_t rows, columns;
    } grid;                    // of control points; none without elastic distortion
    ptrdiff_t width;           // floats of a row of displacements, whole vectors
    size_t points, spread, by; // control points; their rows as wide as the image; blends of columns
    size_t size;
} ck_augment_plan;

static size_t whole_lines(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static ck_augment_plan plan_for(ck_shape image, const ck_augmentation *how) {
    ck_augment_plan p = {.row = image.width + BORDER};
    p.image = p.row * (image.height + BORDER);
    if (how->elastic > 0) {
        p.grid.rows = (image.height - 1) / how->spacing + 4;
        p.grid.columns = (image.width - 1) / how->spacing + 4;
        p.width = (image.width + CK_LANES - 1) / CK_LANES * CK_LANES;
    }
    const size_t number = sizeof(float);
    p.points = whole_lines((size_t)p.image);
    p.spread = p.points + whole_lines(2 * (size_t)(p.grid.rows * p.grid.columns) * number);
    p.by = p.spread + whole_lines(2 * (size_t)(p.grid.rows * p.width) * number);
    p.size = p.by + whole_lines(4 * (size_t)p.width * number);
    return p;
}

size_t ck_augment_workspace(ck_shape image, const ck_augmentation *how, int threads) {
    // Below it no product of a plan can overflow.
    const ptrdiff_t most = 1 << 22;
    if (image.height > most || image.width > most)
        return 0;
    const ck_augment_plan plan = plan_for(image, how);
    // Kernels count an image's pixels in 32 bits.
    return plan.image > INT32_MAX ? 0 : plan.size * (size_t)threads;
}

// Weights of the four control points around a place `t` of the way from the second to the third.
static void spline(double t, float weights[4]) {
    const double u = 1 - t;
    weights[0] = (float)(u * u * u / 6);
    weights[1] = (float)((3 * t * t * t - 6 * t * t + 4) / 6);
    weights[2] = (float)((3 * u * u * u - 6 * u * u + 4) / 6);
    weights[3] = (float)(t * t * t / 6);
}

static float draw(uint32_t word) {
    return (float)(int32_t)word * 0x1p-31f;
}

// Words of a block of an image.
typedef struct {
    uint32_t key[2], number, epoch, purpose;
} ck_source;

static void words(const ck_source *source, uint32_t block, uint32_t c[4]) {
    c[0] = block;
    c[1] = source->number;
    c[2] = source->epoch;
    c[3] = source->purpose;
    ck_philox(c, source->key);
}

static void draw_points(const ck_augment_plan *p, const ck_source *source, float elastic,
                        float *points) {
    const ptrdiff_t count = p->grid.rows * p->grid.columns;
    for (ptrdiff_t i = 0; i < count; i += 2) {
        uint32_t c[4];
        words(source, (uint32_t)(1 + i / 2), c);
        for (ptrdiff_t j = i; j < ck_least(i + 2, count); j++) {
            points[j] = elastic * draw(c[2 * (j - i)]);
            points[count + j] = elastic * draw(c[2 * (j - i) + 1]);
        }
    }
}

// Each row of control points, of x and then of y, blended along the image's width.
static void spread_points(const ck_augment_plan *p, ptrdiff_t width, ptrdiff_t spacing,
                          const float *points, const float *by, float *spread) {
    for (ptrdiff_t r = 0; r < 2 * p->grid.rows; r++, points += p->grid.columns, spread += p->width)
        for (ptrdiff_t first = 0, cell = 0; first < width; first += spacing, cell++) {
            const float *c = points + cell;
            const ptrdiff_t end = ck_least(first + spacing, width);
            for (ptrdiff_t x = first; x < end; x++)
                spread[x] = (by[x] * c[0] + by[p->width + x] * c[1]) +
                            (by[2 * p->width + x] * c[2] + by[3 * p->width + x] * c[3]);
        }
}

static void copy_inside(const ck_augment_plan *p, ck_shape image, const uint8_t *from,
                        uint8_t *padded) {
    for (ptrdiff_t y = 0; y < image.height; y++)
        memcpy(padded + (y + BEFORE) * p->row + BEFORE, from + y * image.width,
               (size_t)image.width);
}

// What all images of a call share.
typedef struct {
    const ck_kernels *kernels;
    ck_augment_plan plan;
    ck_shape image;
    const ck_augmentation *how;
    ck_source source;
    ptrdiff_t count;
    const uint8_t *images;
    const uint32_t *indices;
    uint8_t *augmented, *workspace;
} ck_augment_call;

static void begin_thread(const ck_augment_call *call, uint8_t *space) {
    const ck_augment_plan *p = &call->plan;
    memset(space, 0, p->size);
    float *by = (float *)(space + p->by);
    for (ptrdiff_t x = 0; p->width > 0 && x < call->image.width; x++) {
        float weights[4];
        spline((double)(x % call->how->spacing) / (double)call->how->spacing, weights);
        for (int k = 0; k < 4; k++)
            by[k * p->width + x] = weights[k];
    }
}

// space: of this thread
static void augment(const ck_augment_call *call, uint8_t *space, const ck_source *source,
                    const uint8_t *from, uint8_t *to) {
    const ck_augment_plan *p = &call->plan;
    const ck_augmentation *how = call->how;
    const ptrdiff_t width = call->image.width, height = call->image.height;
    float *points = (float *)(space + p->points);
    float *spread = (float *)(space + p->spread);
    const int bends = p->width > 0;
    if (bends) {
        draw_points(p, source, how->elastic, points);
        spread_points(p, width, how->spacing, points, (float *)(space + p->by), spread);
    }
    uint32_t c[4];
    words(source, 0, c);
    const double x = (double)(width - 1) / 2, y = (double)(height - 1) / 2;
    const double move_x = (double)(how->shift * draw(c[0]));
    const double move_y = (double)(how->shift * draw(c[1]));
    const double angle = (double)(how->rotation * draw(c[2]));
    const double sine = ck_sin64(angle), cosine = ck_cos64(angle);
    for (ptrdiff_t channel = 0; channel < call->image.channels; channel++) {
        copy_inside(p, call->image, from + channel * width * height, space);
        for (ptrdiff_t j = 0; j < height; j++, to += width) {
            const double down = (double)j - y;
            ck_warp at = {.x = (float)(x - cosine * x + sine * down - move_x),
                          .y = (float)(y + sine * x + cosine * down - move_y),
                          .step_x = (float)cosine,
                          .step_y = (float)-sine,
                          .bend_row = p->width};
            if (bends) {
                at.bend_x = spread + j / how->spacing * p->width;
                at.bend_y = at.bend_x + p->grid.rows * p->width;
                spline((double)(j % how->spacing) / (double)how->spacing, at.blend);
            }
            call->kernels->warp(width, &at, space, p->row, (ck_extent){height, width}, to);
        }
    }
}

static void augment_share(void *context, int thread, int threads) {
    const ck_augment_call *call = context;
    const ptrdiff_t bytes = call->image.channels * call->image.height * call->image.width;
    uint8_t *space = call->workspace + (size_t)thread * call->plan.size;
    const ck_range own = ck_share(call->count, thread, threads);
    if (own.first < own.last)
        begin_thread(call, space);
    for (ptrdiff_t i = own.first; i < own.last; i++) {
        ck_source of = call->source;
        of.number = call->indices[i];
        augment(call, space, &of, call->images + (ptrdiff_t)of.number * bytes,
                call->augmented + i * bytes);
    }
}

void ck_augment(ck_shape image, const ck_augmentation *how, uint64_t seed, uint32_t epoch,
                uint32_t purpose, ptrdiff_t count, const uint8_t *images, const uint32_t *indices,
                uint8_t *augmented, void *workspace, int threads) {
    enum { PER_THREAD = 2 };
    const ck_source source = {{(uint32_t)seed, (uint32_t)(seed >> 32)}, 0, epoch, purpose};
    ck_augment_call call = {
        ck_table(), plan_for(image, how), image, how, source, count, images, indices, augmented,
        workspace};
    ck_run(ck_all_or_one(count, PER_THREAD, threads), augment_share, &call);
}
