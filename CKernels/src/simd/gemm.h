// Matrix micro-kernels, written once for every vector width; see kernels.h for their contracts.
// Included by one file per architecture, after its lanes.h, inside its target.

enum { VECTORS = CK_LANES / WIDTH };

// a(i, p) = a[p / 16 * panel + p % 16 * step + i * row]. m is a constant in each call, so the
// accumulators stay in registers; strides that are constants too save the loop its additions. On a
// core of one's own those cost nothing; on one that another thread shares, and so its decoder, a
// tenth of the speed.
INLINE void tile_rows(const int m, ptrdiff_t k, const float *a, ptrdiff_t row, ptrdiff_t step,
                      ptrdiff_t panel, const float *b, ptrdiff_t b_row, const float *init,
                      ptrdiff_t init_stride, float *c) {
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
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            store(c + i * CK_LANES + j * WIDTH, acc[i][j]);
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
    WITH_ROWS(m, tile_rows, k, a, CK_LANES, 1, a_panel, b, CK_LANES, init, init_stride, c)
}

static void strided_tile(int m, ptrdiff_t k, const float *a, const ck_strides *at, const float *b,
                         ptrdiff_t b_row, const float *init, ptrdiff_t init_stride, float *c) {
    const ptrdiff_t row = at->row, step = at->step, panel = CK_LANES * step;
    if (step == 1 && b_row == CK_LANES) {
        WITH_ROWS(m, tile_rows, k, a, row, 1, CK_LANES, b, CK_LANES, init, init_stride, c)
    } else if (step == 1) {
        WITH_ROWS(m, tile_rows, k, a, row, 1, CK_LANES, b, b_row, init, init_stride, c)
    } else {
        WITH_ROWS(m, tile_rows, k, a, 1, step, panel, b, b_row, init, init_stride, c)
    }
}

static void store_tile(ptrdiff_t m, ptrdiff_t n, float alpha, const float *acc, float beta,
                       float *c, ptrdiff_t ldc) {
    for (ptrdiff_t i = 0; i < m; i++, acc += CK_LANES, c += ldc)
        for (ptrdiff_t j = 0; j < n; j += WIDTH) {
            const ptrdiff_t left = n - j;
            vf old = splat(0);
            if (beta != 0)
                old = splat(beta) * (left < WIDTH ? load_some(c + j, left) : load(c + j));
            const vf value = fma_v(splat(alpha), load(acc + j), old);
            if (left < WIDTH)
                store_some(c + j, left, value);
            else
                store(c + j, value);
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
