// Kernels of convolutional networks, written once for every vector width; see kernels.h for their
// contracts. Included by one file per architecture, after simd/gemm.h.

// m pixels. m is a constant in each call, so the accumulators stay in registers over all taps.
INLINE void convolve_tile(const int m, const float *x, ptrdiff_t step, const ck_taps *taps,
                          const float *w, const float *bias, int relu, float *y) {
    vf acc[CK_ROWS][VECTORS];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            acc[i][j] = load(bias + j * WIDTH);
    for (ptrdiff_t b = 0; b < taps->blocks; b++)
        for (ptrdiff_t r = 0; r < taps->rows; r++) {
            const float *from = x + b * taps->block + r * taps->row;
#pragma clang loop unroll_count(4)
            for (ptrdiff_t p = 0; p < taps->run; p++, from++, w += CK_LANES) {
                vf tap[VECTORS];
                for (int j = 0; j < VECTORS; j++)
                    tap[j] = load(w + j * WIDTH);
                for (int i = 0; i < m; i++) {
                    const vf broadcast = splat(from[i * step]);
                    for (int j = 0; j < VECTORS; j++)
                        acc[i][j] = fma_v(broadcast, tap[j], acc[i][j]);
                }
            }
        }
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            store(y + i * CK_LANES + j * WIDTH, relu ? relu_v(acc[i][j]) : acc[i][j]);
}

// Tiles as even as can be, so that each has enough accumulators to hide the latency of an FMA.
INLINE void convolve_row(ptrdiff_t n, const float *x, const ptrdiff_t step, const ck_taps *taps,
                         const float *w, const float *bias, int relu, float *y) {
    for (ptrdiff_t tiles = (n + CK_ROWS - 1) / CK_ROWS; tiles > 0; tiles--) {
        const ptrdiff_t m = (n + tiles - 1) / tiles;
        WITH_ROWS(m, convolve_tile, x, step, taps, w, bias, relu, y)
        n -= m;
        x += m * step;
        y += m * CK_LANES;
    }
}

static void convolve(ptrdiff_t n, const float *x, ptrdiff_t step, const ck_taps *taps,
                     const float *w, const float *bias, int relu, float *y) {
    if (step == CK_LANES)
        convolve_row(n, x, CK_LANES, taps, w, bias, relu, y);
    else
        convolve_row(n, x, step, taps, w, bias, relu, y);
}

// m rows of the gradient; the last is the bias if `bias`. Both are constants in each call.
INLINE void correlate_tile(const int m, const int bias, const ptrdiff_t *at, ck_extent pixels,
                           const float *x, ck_grid x_at, const float *delta, ck_grid delta_at,
                           float *g) {
    const float *from[CK_ROWS];
    vf acc[CK_ROWS][VECTORS];
    for (int i = 0; i < m; i++) {
        from[i] = bias && i == m - 1 ? NULL : x + at[i];
        for (int j = 0; j < VECTORS; j++)
            acc[i][j] = load(g + i * CK_LANES + j * WIDTH);
    }
    for (ptrdiff_t r = 0; r < pixels.height; r++) {
        const float *d = delta + r * delta_at.row;
        ptrdiff_t place = r * x_at.row;
#pragma clang loop unroll_count(2)
        for (ptrdiff_t c = 0; c < pixels.width; c++, d += delta_at.step, place += x_at.step) {
            vf own[VECTORS];
            for (int j = 0; j < VECTORS; j++)
                own[j] = load(d + j * WIDTH);
            for (int i = 0; i < m; i++) {
                if (bias && i == m - 1) { // fma(1, d, acc) is this sum
                    for (int j = 0; j < VECTORS; j++)
                        acc[i][j] = acc[i][j] + own[j];
                    continue;
                }
                const vf broadcast = splat(from[i][place]);
                for (int j = 0; j < VECTORS; j++)
                    acc[i][j] = fma_v(broadcast, own[j], acc[i][j]);
            }
        }
    }
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            store(g + i * CK_LANES + j * WIDTH, acc[i][j]);
}

static void correlate(ptrdiff_t taps, const ptrdiff_t *at, ck_extent pixels, const float *x,
                      ck_grid x_at, const float *delta, ck_grid delta_at, float *g) {
    ptrdiff_t rows = taps + 1;
    for (ptrdiff_t tiles = (rows + CK_ROWS - 1) / CK_ROWS; tiles > 0; tiles--) {
        const ptrdiff_t m = (rows + tiles - 1) / tiles;
        if (tiles > 1) {
            WITH_ROWS(m, correlate_tile, 0, at, pixels, x, x_at, delta, delta_at, g)
        } else {
            WITH_ROWS(m, correlate_tile, 1, at, pixels, x, x_at, delta, delta_at, g)
        }
        rows -= m;
        at += m;
        g += m * CK_LANES;
    }
}

// ---------------------------------------------------------------- few deltas

// m taps of 16 channels. m is a constant in each call.
INLINE void spots_tile(const int m, ptrdiff_t n, const ck_spot *spots, const ptrdiff_t *at,
                       const float *x, float *g) {
    const float *from[CK_ROWS];
    vf acc[CK_ROWS][VECTORS];
    for (int t = 0; t < m; t++) {
        from[t] = x + at[t * CK_LANES];
        for (int j = 0; j < VECTORS; j++)
            acc[t][j] = load(g + t * CK_LANES + j * WIDTH);
    }
#pragma clang loop unroll_count(2)
    for (ptrdiff_t i = 0; i < n; i++) {
        const vf d = splat(spots[i].value);
        const ptrdiff_t place = spots[i].at;
        for (int t = 0; t < m; t++)
            for (int j = 0; j < VECTORS; j++)
                acc[t][j] = fma_v(load(from[t] + place + j * WIDTH), d, acc[t][j]);
    }
    for (int t = 0; t < m; t++)
        for (int j = 0; j < VECTORS; j++)
            store(g + t * CK_LANES + j * WIDTH, acc[t][j]);
}

static void correlate_spots(ptrdiff_t n, const ck_spot *spots, ptrdiff_t taps, const ptrdiff_t *at,
                            const float *x, float *g) {
    for (ptrdiff_t tiles = (taps + CK_ROWS - 1) / CK_ROWS; tiles > 0; tiles--) {
        const ptrdiff_t m = (taps + tiles - 1) / tiles;
        WITH_ROWS(m, spots_tile, n, spots, at, x, g)
        taps -= m;
        at += m * CK_LANES;
        g += m * CK_LANES;
    }
}

// All taps of a spot before the next spot: their sums go through memory, and neighbouring spots
// wait for each other's. `run` may be a constant.
INLINE void scatter_runs(ptrdiff_t n, const ck_spot *spots, const ck_taps *taps,
                         const ptrdiff_t run, const float *restrict w, float *restrict y) {
    for (ptrdiff_t i = 0; i < n; i++) {
        const vf d = splat(spots[i].value);
        const float *tap = w;
        for (ptrdiff_t b = 0; b < taps->blocks; b++) {
            float *to = y + spots[i].at + b * taps->block;
            for (ptrdiff_t r = 0; r < taps->rows; r++, to += taps->row, tap += run)
                for (ptrdiff_t p = 0; p < run; p += WIDTH)
                    store(to + p, fma_v(load(tap + p), d, load(to + p)));
        }
    }
}

static void scatter_spots(ptrdiff_t n, const ck_spot *spots, const ck_taps *taps, const float *w,
                          float *y) {
    if (taps->run == 3 * CK_LANES)
        scatter_runs(n, spots, taps, 3 * CK_LANES, w, y);
    else
        scatter_runs(n, spots, taps, taps->run, w, y);
}

// ---------------------------------------------------------------- pools

INLINE vi places_of(const uint8_t *places) {
    vb bytes;
    memcpy(&bytes, places, sizeof bytes);
    return __builtin_convertvector(bytes, vi);
}

INLINE void max_windows(ptrdiff_t n, const ck_extent window, const float *x, ck_grid at, float *y,
                        uint8_t *places) {
    for (ptrdiff_t i = 0; i < n; i++, x += at.step, y += CK_LANES)
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            vf best = load(x + j);
            vi place = {0};
            for (ptrdiff_t r = 0; r < window.height; r++)
                for (ptrdiff_t c = r == 0; c < window.width; c++) {
                    const vf value = load(x + j + r * at.row + c * CK_LANES);
                    const vi take = (vi)(value > best) | (vi)(value != value);
                    const int here = (int)(r * window.width + c);
                    best = choose(take, value, best);
                    place = (take & here) | (~take & place);
                }
            store(y + j, best);
            if (places) {
                const vb bytes = __builtin_convertvector(place, vb);
                memcpy(places + i * CK_LANES + j, &bytes, sizeof bytes);
            }
        }
}

static void max_pool(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y,
                     uint8_t *places) {
    if (window.height == 2 && window.width == 2)
        max_windows(n, (ck_extent){2, 2}, x, at, y, places);
    else
        max_windows(n, window, x, at, y, places);
}

static void average_pool(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y) {
    const vf pixels = splat((float)(window.height * window.width));
    for (ptrdiff_t i = 0; i < n; i++, x += at.step, y += CK_LANES)
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            vf sum = splat(0);
            for (ptrdiff_t r = 0; r < window.height; r++)
                for (ptrdiff_t c = 0; c < window.width; c++)
                    sum = sum + load(x + j + r * at.row + c * CK_LANES);
            store(y + j, sum / pixels);
        }
}

INLINE void max_unwindows(ptrdiff_t n, const ck_extent window, const float *delta,
                          const uint8_t *places, float *x, ck_grid at, ptrdiff_t column,
                          const int add) {
    for (ptrdiff_t i = 0; i < n; i++, x += at.step)
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            const vf d = load(delta + i * CK_LANES + j);
            const vi place = places_of(places + i * CK_LANES + j);
            for (ptrdiff_t r = 0; r < window.height; r++)
                for (ptrdiff_t c = 0; c < window.width; c++) {
                    float *to = x + j + r * at.row + c * column;
                    const vi here = (vi)(place == (int)(r * window.width + c));
                    const vf own = (vf)((vi)d & here);
                    store(to, add ? load(to) + own : own);
                }
        }
}

static void max_unpool(ptrdiff_t n, ck_extent window, const float *delta, const uint8_t *places,
                       float *x, ck_grid at, ptrdiff_t column, int add) {
    if (!add && window.height == 2 && window.width == 2)
        max_unwindows(n, (ck_extent){2, 2}, delta, places, x, at, column, 0);
    else
        max_unwindows(n, window, delta, places, x, at, column, add);
}

static void average_unpool(ptrdiff_t n, ck_extent window, const float *delta, float *x,
                           ck_grid at) {
    const vf pixels = splat((float)(window.height * window.width));
    for (ptrdiff_t i = 0; i < n; i++, x += at.step)
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            const vf own = load(delta + i * CK_LANES + j) / pixels;
            for (ptrdiff_t r = 0; r < window.height; r++)
                for (ptrdiff_t c = 0; c < window.width; c++) {
                    float *to = x + j + r * at.row + c * CK_LANES;
                    store(to, load(to) + own);
                }
        }
}

// ---------------------------------------------------------------- dropout

// Eight counters at once: a word of each in the lower half of a lane.
enum { COUNTERS = 8, MASKS = COUNTERS / 2 };
typedef uint64_t vw __attribute__((vector_size(8 * COUNTERS)));

// Four masks, of two counters each. By reference, as not every CPU passes such vectors.
INLINE void four_masks(const ck_mask_key *key, const vw *block, const vw *image, uint16_t *masks) {
    const uint64_t low = 0xffffffff;
    vw a = *block, b = *image, c = (vw){0} + key->epoch, d = (vw){0} + key->purpose;
    uint32_t k0 = key->seed[0], k1 = key->seed[1];
    for (int round = 0; round < 10; round++, k0 += CK_PHILOX_K0, k1 += CK_PHILOX_K1) {
        const vw x = (a & low) * (uint64_t)CK_PHILOX_M0, y = (c & low) * (uint64_t)CK_PHILOX_M1;
        a = (y >> 32) ^ b ^ (uint64_t)k0;
        b = y & low;
        c = (x >> 32) ^ d ^ (uint64_t)k1;
        d = x & low;
    }
    const vw words[4] = {a, b, c, d}, threshold = (vw){0} + key->threshold;
    vw kept = {0};
    for (int bit = 0; bit < 8; bit++) {
        const vw number = words[bit / 2] >> 16 * (bit % 2) & 0xffff;
        kept |= (vw)(number >= threshold) & (uint64_t)1 << bit;
    }
    for (int i = 0; i < MASKS; i++)
        masks[i] = (uint16_t)(kept[2 * i] | kept[2 * i + 1] << 8);
}

static void masks_of(ptrdiff_t n, const ck_mask_key *key, const uint32_t *images,
                     ptrdiff_t image_step, ptrdiff_t block, ptrdiff_t block_step, uint16_t *masks) {
    for (ptrdiff_t i = 0; i < n; i += MASKS) {
        uint16_t made[MASKS];
        vw blocks, numbers;
        for (int m = 0; m < MASKS; m++) {
            const ptrdiff_t at = i + m < n ? i + m : n - 1;
            const uint32_t first = (uint32_t)(2 * (block + at * block_step));
            blocks[2 * m] = first;
            blocks[2 * m + 1] = first + 1;
            numbers[2 * m] = numbers[2 * m + 1] = images[at * image_step];
        }
        four_masks(key, &blocks, &numbers, made);
        const ptrdiff_t left = n - i < MASKS ? n - i : MASKS;
        memcpy(masks + i, made, (size_t)left * sizeof *masks);
    }
}

static void drop(ptrdiff_t n, const uint16_t *masks, float scale, float *y) {
    static const int32_t lanes[CK_LANES] = {1,       1 << 1,  1 << 2,  1 << 3, 1 << 4,  1 << 5,
                                            1 << 6,  1 << 7,  1 << 8,  1 << 9, 1 << 10, 1 << 11,
                                            1 << 12, 1 << 13, 1 << 14, 1 << 15};
    for (ptrdiff_t i = 0; i < n; i++, y += CK_LANES)
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            vi bit;
            memcpy(&bit, lanes + j, sizeof bit);
            const vi kept = (vi)((bit & (int)masks[i]) != 0);
            store(y + j, (vf)((vi)(load(y + j) * splat(scale)) & kept));
        }
}
