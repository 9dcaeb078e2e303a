// Matrix micro-kernels, written once for every vector width; see kernels.h for their contracts.
// Included by one file per architecture, after its lanes.h, inside its target.

enum { VECTORS = CK_LANES / WIDTH };

// m is a constant in each call, so the accumulators stay in registers.
INLINE void tile_rows(const int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                      const float *init, ptrdiff_t init_stride, float *c) {
    vf acc[CK_ROWS][VECTORS];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            acc[i][j] = load(init + i * init_stride + j * WIDTH);
    for (; k > 0; k -= CK_LANES, a += a_panel) {
        const ptrdiff_t depth = k < CK_LANES ? k : CK_LANES;
        const float *x = a;
#pragma clang loop unroll_count(4)
        for (ptrdiff_t p = 0; p < depth; p++, x++, b += CK_LANES) {
            vf w[VECTORS];
            for (int j = 0; j < VECTORS; j++)
                w[j] = load(b + j * WIDTH);
            for (int i = 0; i < m; i++) {
                const vf broadcast = splat(x[i * CK_LANES]);
                for (int j = 0; j < VECTORS; j++)
                    acc[i][j] = fma_v(broadcast, w[j], acc[i][j]);
            }
        }
    }
    for (int i = 0; i < m; i++)
        for (int j = 0; j < VECTORS; j++)
            store(c + i * CK_LANES + j * WIDTH, acc[i][j]);
}

static void tile(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                 const float *init, ptrdiff_t init_stride, float *c) {
    switch (m) {
    case 1: tile_rows(1, k, a, a_panel, b, init, init_stride, c); break;
    case 2: tile_rows(2, k, a, a_panel, b, init, init_stride, c); break;
    case 3: tile_rows(3, k, a, a_panel, b, init, init_stride, c); break;
    case 4: tile_rows(4, k, a, a_panel, b, init, init_stride, c); break;
    case 5: tile_rows(5, k, a, a_panel, b, init, init_stride, c); break;
    default: tile_rows(6, k, a, a_panel, b, init, init_stride, c);
    }
}

INLINE void gradient_rows(const int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                          const float *delta, vf acc[CK_ROWS][VECTORS]) {
    for (int r = 0; r < m; r++)
        for (int j = 0; j < VECTORS; j++)
            acc[r][j] = splat(0);
#pragma clang loop unroll_count(4)
    for (ptrdiff_t i = 0; i < batch; i++, x += x_stride, delta += CK_LANES) {
        vf d[VECTORS];
        for (int j = 0; j < VECTORS; j++)
            d[j] = load(delta + j * WIDTH);
        for (int r = 0; r < m; r++) {
            const vf broadcast = splat(x[r]);
            for (int j = 0; j < VECTORS; j++)
                acc[r][j] = fma_v(broadcast, d[j], acc[r][j]);
        }
    }
}

INLINE void write_rows(const int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                       const float *delta, float *g) {
    vf acc[CK_ROWS][VECTORS];
    gradient_rows(m, batch, x, x_stride, delta, acc);
    for (int r = 0; r < m; r++)
        for (int j = 0; j < VECTORS; j++)
            store(g + r * CK_LANES + j * WIDTH, acc[r][j]);
}

INLINE int update_rows(const int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                       const float *delta, ck_step step, float *w, float *v) {
    vf acc[CK_ROWS][VECTORS];
    gradient_rows(m, batch, x, x_stride, delta, acc);
    vi bad = {0};
    for (int r = 0; r < m; r++)
        for (int j = 0; j < VECTORS; j++) {
            const ptrdiff_t at = r * CK_LANES + j * WIDTH;
            const vf velocity = new_velocity(step, acc[r][j], load(v + at));
            const vf weight = load(w + at) + velocity;
            store(v + at, velocity);
            store(w + at, weight);
            bad |= ~(vi)(abs_v(weight) <= splat(CK_MAX_FINITE));
        }
    return any(bad);
}

static void gradient_tile(int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                          const float *delta, float *g) {
    switch (m) {
    case 1: write_rows(1, batch, x, x_stride, delta, g); break;
    case 2: write_rows(2, batch, x, x_stride, delta, g); break;
    case 3: write_rows(3, batch, x, x_stride, delta, g); break;
    case 4: write_rows(4, batch, x, x_stride, delta, g); break;
    case 5: write_rows(5, batch, x, x_stride, delta, g); break;
    default: write_rows(6, batch, x, x_stride, delta, g);
    }
}

static int update_tile(int m, ptrdiff_t batch, const float *x, ptrdiff_t x_stride,
                       const float *delta, ck_step step, float *w, float *v) {
    switch (m) {
    case 1: return update_rows(1, batch, x, x_stride, delta, step, w, v);
    case 2: return update_rows(2, batch, x, x_stride, delta, step, w, v);
    case 3: return update_rows(3, batch, x, x_stride, delta, step, w, v);
    case 4: return update_rows(4, batch, x, x_stride, delta, step, w, v);
    case 5: return update_rows(5, batch, x, x_stride, delta, step, w, v);
    default: return update_rows(6, batch, x, x_stride, delta, step, w, v);
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

static void pack_bytes(ptrdiff_t batch, ptrdiff_t width, const uint8_t *images,
                       const uint32_t *indices, ptrdiff_t pixels, float scale, float offset,
                       float *out) {
    for (ptrdiff_t b = 0; b < batch; b++, out += CK_LANES) {
        const uint8_t *from = images + (ptrdiff_t)indices[b] * pixels;
        uint8_t some[CK_LANES] = {0};
        if (width < CK_LANES) // the end of the image may be the end of the array
            from = memcpy(some, from, (size_t)width);
        for (int j = 0; j < CK_LANES; j += WIDTH) {
            vb bytes;
            memcpy(&bytes, from + j, sizeof bytes);
            store(out + j, fma_v(__builtin_convertvector(bytes, vf), splat(scale), splat(offset)));
        }
        for (ptrdiff_t p = width; p < CK_LANES; p++)
            out[p] = 0;
    }
}
