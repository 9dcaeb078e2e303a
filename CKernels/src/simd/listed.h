// Micro-kernels for inputs that are mostly zero, written once for every vector width; see kernels.h
// for their contracts. Included by one file per architecture, after simd/gradient.h.

#include "lists.h"

enum {
    // Independent sums: with fewer than eight each addition would wait for the one before.
    SPOT_TILE = WIDTH == 16 ? 8 : 4,
};

// Fitted to where lists and panels take as long, measured for 1 to 32 panels and batches of 10 to
// 256 (docs/architecture.md). Few panels make little use of a list; in a small batch the momentum
// update, which runs beside dense products, shows, the more the faster those are.
#define LISTING_BY_PANELS (WIDTH == 16 ? 0.3 : 0.22)
#define LISTING_BY_BATCH  (WIDTH == 16 ? 1.8 : 0.6)

typedef uint8_t b8 __attribute__((vector_size(8)));
typedef int32_t v8i __attribute__((vector_size(32)));
typedef uint8_t bytes_of_word __attribute__((ext_vector_type(CK_WORD)));
typedef _Bool bits_of_word __attribute__((ext_vector_type(CK_WORD)));

// Bit p is set where byte p is not zero.
INLINE uint64_t bits_set(const uint8_t *bytes) {
    bytes_of_word all;
    memcpy(&all, bytes, sizeof all);
    const bits_of_word set = __builtin_convertvector(all, bits_of_word);
    uint64_t bits;
    memcpy(&bits, &set, sizeof bits);
    return bits;
}

// Byte i: how many bits are set in the bytes up to i.
INLINE uint64_t sums_of_bytes(uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    return (bits + (bits >> 4) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101;
}

// The bytes whose bits are set, of eight, and after them others; all eight are written.
INLINE void list_eight(unsigned set, const uint8_t *bytes, float scale, int32_t at, ck_spot *to) {
    uint64_t all;
    memcpy(&all, bytes, sizeof all);
    const b8 packed = (b8)shuffle_bytes(all, ck_places_set[set]), places = (b8)ck_places_set[set];
    const v8 values = __builtin_convertvector(packed, v8) * (scale - (v8){0});
    const v8 ats = (v8)(__builtin_convertvector(places, v8i) * CK_LANES + at);
    const v8 low = __builtin_shufflevector(values, ats, 0, 8, 1, 9, 2, 10, 3, 11);
    const v8 high = __builtin_shufflevector(values, ats, 4, 12, 5, 13, 6, 14, 7, 15);
    memcpy(to, &low, sizeof low);
    memcpy(to + 4, &high, sizeof high);
}

static ptrdiff_t list_image(ptrdiff_t n, const uint8_t *bytes, float scale, ck_spot *spots,
                            ptrdiff_t at, ptrdiff_t end, uint32_t *starts) {
    ptrdiff_t p = 0;
    for (; p + CK_WORD <= n; p += CK_WORD) {
        *starts++ = (uint32_t)at;
        if (at + CK_WORD > end)
            return -1;
        const uint64_t bits = bits_set(bytes + p);
        if (!bits)
            continue;
        // All eights, without a branch: which of them are empty cannot be foreseen.
        const uint64_t ends = sums_of_bytes(bits);
        for (int i = 0; i < 8; i++) {
            const ptrdiff_t before = i ? ends >> (8 * i - 8) & 0xff : 0;
            list_eight(bits >> 8 * i & 0xff, bytes + p + 8 * i, scale,
                       (int32_t)(p + 8 * i) * CK_LANES, spots + at + before);
        }
        at += ends >> 56;
    }
    if (p < n)
        *starts++ = (uint32_t)at;
    if (at + (n - p) > end)
        return -1;
    for (; p < n; p++)
        if (bytes[p])
            spots[at++] = (ck_spot){bytes[p] * scale, (int32_t)p * CK_LANES};
    *starts = (uint32_t)at;
    return at;
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

// As many lists as fill the tile together, then one after the other.
INLINE void add_panels(const int panels, ptrdiff_t lists, const ck_list *list, const float *w,
                       ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                       ptrdiff_t init_panel, float *c, ptrdiff_t c_panel) {
    const int together = SPOT_TILE / panels;
    ptrdiff_t i = 0;
    for (; together > 1 && i + together <= lists; i += together)
        add_lists(together, panels, list + i, w, w_panel, init + i * init_list, init_list,
                  init_panel, c + i * CK_LANES, c_panel);
    for (; i < lists; i++)
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

static void add_spots(ptrdiff_t lists, int panels, const ck_list *list, const float *w,
                      ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                      ptrdiff_t init_panel, float *c, ptrdiff_t c_panel) {
    WITH_PANELS(panels, add_panels, lists, list, w, w_panel, init, init_list, init_panel, c,
                c_panel)
}

static void spread_spots(int panels, const ck_list *list, ptrdiff_t first, const float *delta,
                         ptrdiff_t d_panel, float *g, ptrdiff_t g_panel) {
    WITH_PANELS(panels, spread, list, first, delta, d_panel, g, g_panel)
}
