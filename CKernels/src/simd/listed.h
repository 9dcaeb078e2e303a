// Micro-kernels for inputs that are mostly zero, written once for every vector width; see kernels.h
// for their contracts. Included by one file per architecture, after simd/gradient.h.

enum {
    WORD = 64, // bytes that are looked at together
    // Independent sums: with fewer than eight each addition would wait for the one before.
    SPOT_TILE = WIDTH == 16 ? 8 : 4,
};

typedef uint8_t bytes_of_word __attribute__((ext_vector_type(WORD)));
typedef _Bool bits_of_word __attribute__((ext_vector_type(WORD)));

// Bit p is set where byte p is not zero.
INLINE uint64_t bits_set(const uint8_t *bytes) {
    bytes_of_word all;
    memcpy(&all, bytes, sizeof all);
    const bits_of_word set = __builtin_convertvector(all, bits_of_word);
    uint64_t bits;
    memcpy(&bits, &set, sizeof bits);
    return bits;
}

static ptrdiff_t list_bytes(ptrdiff_t n, const uint8_t *bytes, const float *inputs, int32_t first,
                            ck_spot *spots) {
    ck_spot *to = spots;
    for (; n >= WORD; n -= WORD, bytes += WORD, first += WORD * CK_LANES)
        for (uint64_t bits = bits_set(bytes); bits; bits &= bits - 1) {
            const int p = __builtin_ctzll(bits);
            *to++ = (ck_spot){inputs[bytes[p]], first + p * CK_LANES};
        }
    for (ptrdiff_t p = 0; p < n; p++)
        if (bytes[p])
            *to++ = (ck_spot){inputs[bytes[p]], first + (int32_t)p * CK_LANES};
    return to - spots;
}

// acc[panels] += the spots from `from` to `to` of a list. panels is a constant in each call.
INLINE void add_between(const int panels, const ck_spot *from, const ck_spot *to, const float *w,
                        ptrdiff_t w_panel, vf acc[][VECTORS]) {
#pragma clang loop unroll_count(2)
    for (; from < to; from++) {
        const vf value = splat(from->value);
        const float *row = w + from->at;
        for (int p = 0; p < panels; p++)
            for (int j = 0; j < VECTORS; j++)
                acc[p][j] = fma_v(value, load(row + p * w_panel + j * WIDTH), acc[p][j]);
    }
}

// Lists go on together as far as the shortest reaches. Both numbers are constants in each call.
INLINE void add_lists(const int lists, const int panels, const ck_list *list, const float *w,
                      ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                      ptrdiff_t init_panel, float *c, ptrdiff_t c_panel) {
    vf acc[SPOT_TILE][VECTORS];
    ptrdiff_t least = lists > 1 ? list[0].count : 0;
    for (int i = 0; i < lists; i++) {
        least = ck_least(least, list[i].count);
        for (int p = 0; p < panels; p++)
            for (int j = 0; j < VECTORS; j++)
                acc[i * panels + p][j] = load(init + i * init_list + p * init_panel + j * WIDTH);
    }
    for (ptrdiff_t s = 0; s < least; s++)
        for (int i = 0; i < lists; i++)
            add_between(panels, list[i].spots + s, list[i].spots + s + 1, w, w_panel,
                        &acc[i * panels]);
    for (int i = 0; i < lists; i++)
        add_between(panels, list[i].spots + least, list[i].spots + list[i].count, w, w_panel,
                    &acc[i * panels]);
    for (int i = 0; i < lists; i++)
        for (int p = 0; p < panels; p++)
            for (int j = 0; j < VECTORS; j++)
                store(c + p * c_panel + i * CK_LANES + j * WIDTH, acc[i * panels + p][j]);
}

// As many lists as fill the tile together, else one after the other.
INLINE void add_panels(const int panels, int lists, const ck_list *list, const float *w,
                       ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                       ptrdiff_t init_panel, float *c, ptrdiff_t c_panel) {
    if (lists == SPOT_TILE / panels) {
        add_lists(SPOT_TILE / panels, panels, list, w, w_panel, init, init_list, init_panel, c,
                  c_panel);
        return;
    }
    for (int i = 0; i < lists; i++)
        add_lists(1, panels, list + i, w, w_panel, init + i * init_list, 0, init_panel,
                  c + i * CK_LANES, c_panel);
}

// g[panels] += an image's deltas, which stay in registers, times its spots.
INLINE void spread(const int panels, const ck_list *list, ptrdiff_t first, const float *delta,
                   ptrdiff_t d_panel, float *g, ptrdiff_t g_panel) {
    vf d[SPOT_TILE][VECTORS];
    for (int p = 0; p < panels; p++)
        for (int j = 0; j < VECTORS; j++)
            d[p][j] = load(delta + p * d_panel + j * WIDTH);
    const ck_spot *end = list->spots + list->count;
    for (const ck_spot *spot = list->spots; spot < end; spot++) {
        const vf value = splat(spot->value);
        float *row = g + (spot->at - first);
        for (int p = 0; p < panels; p++)
            for (int j = 0; j < VECTORS; j++) {
                float *to = row + p * g_panel + j * WIDTH;
                store(to, fma_v(value, d[p][j], load(to)));
            }
    }
}

// f(panels, ...) with a constant number of panels, at most those of the tile: the other cases are
// never reached.
#define WITH_PANELS(panels, f, ...)                                                                \
    switch (panels) {                                                                              \
    case 1: f(1, __VA_ARGS__); break;                                                              \
    case 2: f(2, __VA_ARGS__); break;                                                              \
    case 3: f(3, __VA_ARGS__); break;                                                              \
    case 4: f(4, __VA_ARGS__); break;                                                              \
    case 5: f(SPOT_TILE < 5 ? 1 : 5, __VA_ARGS__); break;                                          \
    case 6: f(SPOT_TILE < 6 ? 1 : 6, __VA_ARGS__); break;                                          \
    case 7: f(SPOT_TILE < 7 ? 1 : 7, __VA_ARGS__); break;                                          \
    default: f(SPOT_TILE, __VA_ARGS__);                                                            \
    }

static void add_spots(int lists, int panels, const ck_list *list, const float *w, ptrdiff_t w_panel,
                      const float *init, ptrdiff_t init_list, ptrdiff_t init_panel, float *c,
                      ptrdiff_t c_panel) {
    WITH_PANELS(panels, add_panels, lists, list, w, w_panel, init, init_list, init_panel, c,
                c_panel)
}

static void spread_spots(int panels, const ck_list *list, ptrdiff_t first, const float *delta,
                         ptrdiff_t d_panel, float *g, ptrdiff_t g_panel) {
    WITH_PANELS(panels, spread, list, first, delta, d_panel, g, g_panel)
}
