// Matrix micro-kernels, written once for every vector width; see kernels.h for their contracts.
// Included by one file per architecture, after its lanes.h, inside its target.

enum { VECTORS = CK_LANES / WIDTH };
typedef float v4 __attribute__((vector_size(16))); // a transposed copy moves these, at any width
typedef float v8 __attribute__((vector_size(32)));

INLINE vf scaled(ck_scale scale, vf sum, const float *c) {
    const vf old = scale.beta == 0 ? splat(0) : splat(scale.beta) * load(c);
    return fma_v(splat(scale.alpha), sum, old);
}

// a(i, p) = a[p / 16 * panel + p % 16 * step + i * row]. m is a constant in each call, so the
// accumulators stay in registers; strides that are constants too save the loop its additions. On a
// core of one's own those cost nothing; on one that another thread shares, and so its decoder, a
// tenth of the speed.
INLINE void tile_rows(const int m, ptrdiff_t k, const float *a, ptrdiff_t row, ptrdiff_t step,
                      ptrdiff_t panel, const float *b, ptrdiff_t b_row, const float *init,
                      ptrdiff_t init_stride, float *c, ptrdiff_t ldc, const ck_scale *scale) {
    vf acc[CK_ROWS][VECTORS];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            acc[i][j] = load(init + i * init_stride + j * WIDTH);
    for (; k > 0; k -= CK_LANES, a += panel) {
        const ptrdiff_t depth = k < CK_LANES ? k : CK_LANES;
        const float *x = a;
#pragma clang loop unroll_count(4)
        for (ptrdiff_t p = 0; p < depth; p++, x += step, b += b_row) {
            vf w[VECTORS];
            for (int j = 0; j < VECTORS; j++)
                w[j] = load(b + j * WIDTH);
            for (int i = 0; i < m; i++) {
                const vf broadcast = splat(x[i * row]);
                for (int j = 0; j < VECTORS; j++)
                    acc[i][j] = fma_v(broadcast, w[j], acc[i][j]);
            }
        }
    }
    const ck_scale by = scale ? *scale : (ck_scale){1, 0}; // before C is written: it might be there
    for (int i = 0; i < m; i++, c += ldc)
        for (int j = 0; j < VECTORS; j++)
            store(c + j * WIDTH, scale ? scaled(by, acc[i][j], c + j * WIDTH) : acc[i][j]);
}

// f(rows, ...) with a constant number of rows.
#define WITH_ROWS(rows, f, ...)                                                                    \
    switch (rows) {                                                                                \
    case 1: f(1, __VA_ARGS__); break;                                                              \
    case 2: f(2, __VA_ARGS__); break;                                                              \
    case 3: f(3, __VA_ARGS__); break;                                                              \
    case 4: f(4, __VA_ARGS__); break;                                                              \
    case 5: f(5, __VA_ARGS__); break;                                                              \
    default: f(6, __VA_ARGS__);                                                                    \
    }

static void tile(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                 const float *init, ptrdiff_t init_stride, float *c) {
    WITH_ROWS(m, tile_rows, k, a, CK_LANES, 1, a_panel, b, CK_LANES, init, init_stride, c, CK_LANES,
              NULL)
}

static void strided_tile(int m, ptrdiff_t k, const float *a, const ck_strides *at, const float *b,
                         ptrdiff_t b_row, const float *init, ptrdiff_t init_stride, float *c,
                         ptrdiff_t ldc, const ck_scale *scale) {
    const ptrdiff_t row = at->row, step = at->step, panel = CK_LANES * step;
    if (step == 1 && b_row == CK_LANES) {
        WITH_ROWS(m, tile_rows, k, a, row, 1, CK_LANES, b, CK_LANES, init, init_stride, c, ldc,
                  scale)
    } else if (step == 1) {
        WITH_ROWS(m, tile_rows, k, a, row, 1, CK_LANES, b, b_row, init, init_stride, c, ldc, scale)
    } else {
        WITH_ROWS(m, tile_rows, k, a, 1, step, panel, b, b_row, init, init_stride, c, ldc, scale)
    }
}

static void store_tile(ptrdiff_t m, ptrdiff_t n, const ck_scale *scale, const float *acc, float *c,
                       ptrdiff_t ldc) {
    const ck_scale by = *scale;
    for (ptrdiff_t i = 0; i < m; i++, acc += CK_LANES, c += ldc)
        for (ptrdiff_t j = 0; j < n; j += WIDTH) {
            const ptrdiff_t left = n - j;
            if (left >= WIDTH) {
                store(c + j, scaled(by, load(acc + j), c + j));
            } else {
                float old[WIDTH];
                if (by.beta != 0)
                    store(old, load_some(c + j, left));
                store_some(c + j, left, scaled(by, load(acc + j), old));
            }
        }
}

// Four columns of eight rows of x, of which `width` are read.
INLINE void transpose_block(ptrdiff_t width, const float *x, ptrdiff_t ldx, v8 column[4]) {
    v4 row[8];
    for (int i = 0; i < 8; i++) {
        row[i] = (v4){0};
        if (i < width)
            memcpy(&row[i], x + i * ldx, sizeof row[i]);
    }
    v8 two[4], pairs[4]; // rows i and i + 4 side by side; their elements and those of the next
    for (int i = 0; i < 4; i++)
        two[i] = __builtin_shufflevector(row[i], row[i + 4], 0, 1, 2, 3, 4, 5, 6, 7);
    for (int i = 0; i < 4; i += 2) {
        pairs[i] = __builtin_shufflevector(two[i], two[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pairs[i + 1] = __builtin_shufflevector(two[i], two[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 2; i++) {
        const v8 x0 = pairs[i], x2 = pairs[i + 2];
        column[2 * i] = __builtin_shufflevector(x0, x2, 0, 1, 8, 9, 4, 5, 12, 13);
        column[2 * i + 1] = __builtin_shufflevector(x0, x2, 2, 3, 10, 11, 6, 7, 14, 15);
    }
}

// to[4][8 of 16]
INLINE void pack_block(ptrdiff_t width, const float *x, ptrdiff_t ldx, float *to) {
    v8 column[4];
    transpose_block(width, x, ldx, column);
    for (int i = 0; i < 4; i++)
        memcpy(to + i * CK_LANES, &column[i], sizeof column[i]);
}

// Eight lanes of pack_transposed.
INLINE void transpose_lanes(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
                            float *to) {
    if (rows < 4) {
        for (ptrdiff_t r = 0; r < rows; r++)
            for (ptrdiff_t i = 0; i < 8; i++)
                to[r * CK_LANES + i] = i < width ? x[i * ldx + r] : 0;
        return;
    }
    for (ptrdiff_t r = 0; r <= rows - 4; r += 4)
        pack_block(width, x + r, ldx, to + r * CK_LANES);
    if (rows % 4) // the last four, some of them again
        pack_block(width, x + rows - 4, ldx, to + (rows - 4) * CK_LANES);
}

static void pack_transposed(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
                            float *to) {
    for (ptrdiff_t i = 0; i < CK_LANES; i += 8)
        if (width >= i + 8)
            transpose_lanes(rows, 8, x + i * ldx, ldx, to + i);
        else
            transpose_lanes(rows, width - i, width > i ? x + i * ldx : x, ldx, to + i);
}

// `rows` rows of x, each times its element of v, added to all sums in turn.
INLINE void add_some_rows(const int rows, ptrdiff_t n, const float *x, ptrdiff_t ldx,
                          const float *v, ptrdiff_t step, float *y) {
    vf factor[8];
    for (int p = 0; p < rows; p++)
        factor[p] = splat(v[p * step]);
    for (ptrdiff_t i = 0; i < n; i += CK_LANES, y += CK_LANES) {
        const float *from = x + ck_least(i, n - CK_LANES);
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            vf acc = load(y + j);
            for (int p = 0; p < rows; p++)
                acc = fma_v(factor[p], load(from + p * ldx + j), acc);
            store(y + j, acc);
        }
    }
}

static void add_rows(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx, const float *v,
                     ptrdiff_t step, float *y) {
    ptrdiff_t p = 0;
    for (; p + 8 <= k; p += 8)
        add_some_rows(8, n, x + p * ldx, ldx, v + p * step, step, y);
    for (; p < k; p++)
        add_some_rows(1, n, x + p * ldx, ldx, v + p * step, step, y);
}

INLINE v8 add_product(v8 x, float factor, v8 acc) {
    return __builtin_elementwise_fma(x, factor - (v8){0}, acc);
}

// 8 * `eights` sums, whose rows x[] are. Rows that lie half pages apart fall on few sets of the
// cache, so of these a long piece of eight is turned at a time; otherwise all advance together.
INLINE void add_some_columns(const int eights, ptrdiff_t k, const float *x[], ptrdiff_t ldx,
                             const float *v, ptrdiff_t step, float *y) {
    enum { DEPTH = 64 };
    v8 acc[4], column[4], turned[DEPTH][4];
    memcpy(acc, y, eights * sizeof *acc);
    ptrdiff_t p = 0;
    for (; ldx % (CK_PAGE / 2) == 0 && p + DEPTH <= k; p += DEPTH) {
        for (int i = 0; i < eights; i++)
            for (int q = 0; q < DEPTH; q += 4) {
                transpose_block(8, x[i] + p + q, ldx, column);
                for (int r = 0; r < 4; r++)
                    turned[q + r][i] = column[r];
            }
        for (int q = 0; q < DEPTH; q++)
            for (int i = 0; i < eights; i++)
                acc[i] = add_product(turned[q][i], v[(p + q) * step], acc[i]);
    }
    for (; p + 4 <= k; p += 4)
        for (int i = 0; i < eights; i++) {
            transpose_block(8, x[i] + p, ldx, column);
            for (int q = 0; q < 4; q++)
                acc[i] = add_product(column[q], v[(p + q) * step], acc[i]);
        }
    for (; p < k; p++)
        for (int i = 0; i < eights; i++) {
            for (int j = 0; j < 8; j++)
                column[0][j] = x[i][p + j * ldx];
            acc[i] = add_product(column[0], v[p * step], acc[i]);
        }
    memcpy(y, acc, eights * sizeof *acc);
}

static void add_columns(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx, const float *v,
                        ptrdiff_t step, float *y) {
    for (ptrdiff_t i = 0; i < n; i += 2 * CK_LANES, y += 2 * CK_LANES) {
        const float *rows[4];
        for (int j = 0; j < 4; j++) {
            const ptrdiff_t start = ck_least(i + j / 2 * CK_LANES, n - CK_LANES);
            rows[j] = x + (start + j % 2 * 8) * ldx;
        }
        if (n - i > CK_LANES)
            add_some_columns(4, k, rows, ldx, v, step, y);
        else
            add_some_columns(2, k, rows, ldx, v, step, y);
    }
}

static void pack_bytes(ptrdiff_t count, ptrdiff_t first, ptrdiff_t width, const uint8_t *images,
                       const uint32_t *indices, ptrdiff_t pixels, float scale, float offset,
                       float *out, ptrdiff_t panel) {
    for (ptrdiff_t b = 0; b < count; b++, out += CK_LANES) {
        const uint8_t *from = images + (ptrdiff_t)indices[b] * pixels + first;
        ck_fetch(from, 2 * width - 1); // the next pixels, wanted after all images' turn
        float *to = out;
        ptrdiff_t p = 0;
        for (; p + CK_LANES <= width; p += CK_LANES, to += panel)
            for (int j = 0; j < CK_LANES; j += WIDTH) {
                vb bytes;
                memcpy(&bytes, from + p + j, sizeof bytes);
                store(to + j,
                      fma_v(__builtin_convertvector(bytes, vf), splat(scale), splat(offset)));
            }
        for (ptrdiff_t lane = 0; p + lane < width || (p < width && lane < CK_LANES); lane++)
            to[lane] = p + lane < width ? __builtin_fmaf(from[p + lane], scale, offset) : 0;
    }
}
