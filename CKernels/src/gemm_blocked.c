// SGEMM of large products: threads take tiles of C, pack the operands that are used often enough,
// and run the register tile over them. The accumulator travels unscaled through the blocks of k.
#include "gemm.h"
#include "pack.h"
#include "threads.h"

#include <string.h>

enum {
    PANELS = 64,         // panels of columns of C in one block: 1,024 columns
    GROUPS = 192,        // groups of rows of C in one block: 1,152 rows
    NEAR_GROUPS = 32,    // of these used at a time: 192 rows of A, which stay in L2
    DEPTH = 352,         // most of k in one block: 22 KB of a panel
    FEW_COLUMNS = 64,    // A is neither packed nor fetched ahead if C has no more columns
    FEW_ROWS = 12,       // B is read where it lies if C has no more rows,
    DIRECT_WORK = 24576, // or fewer than this divided by the length of a row of B,
    NARROW_ROW = 32,     // or if B is one narrow panel whose rows are no farther apart
};

typedef struct {
    ck_product of;
    ptrdiff_t groups, panels;
    ptrdiff_t short_rows, longer; // the first `longer` groups have one row more than the others
    ptrdiff_t depth;              // of k in one block
    int pack_a, fetch_a, pack_b;
} blocking;

// A thread's own memory.
typedef struct {
    float *a, *b, *acc;
} scratch;

static ptrdiff_t first_row(const blocking *x, ptrdiff_t group) {
    return ck_part_start(x->short_rows, x->longer, group);
}

// Lines of 16 floats that a packed panel takes: an odd number, so that the panels, which are
// written side by side, do not fall on one set of the cache.
static ptrdiff_t panel_lines(ptrdiff_t lines) {
    return lines | 1;
}

// Rows of a transposed A at k ... k + depth, as [group][k][row of the group].
static void pack_a(const blocking *x, ck_range groups, ptrdiff_t k, ptrdiff_t depth, float *to) {
    const ptrdiff_t top = first_row(x, groups.first);
    const float *from = x->of.a.at + top * x->of.a.row + k * x->of.a.col;
    for (ptrdiff_t p = 0; p < depth; p++, from += x->of.a.col)
        for (ptrdiff_t g = groups.first; g < groups.last; g++) {
            const ptrdiff_t row = first_row(x, g) - top;
            const ptrdiff_t count = first_row(x, g + 1) - top - row;
            float *out = to + row * depth + p * count;
            ck_fetch(from + row, x->of.a.col * (ptrdiff_t)sizeof *from);
            if (count == CK_ROWS)
                memcpy(out, from + row, CK_ROWS * sizeof(float));
            else
                ck_copy_some(out, from + row, count);
        }
}

// A that is not transposed is read where it lies, row by row: too many short rows for the CPU to
// see what comes next.
static void fetch_a(const blocking *x, ptrdiff_t group, ptrdiff_t k, ptrdiff_t depth) {
    const ptrdiff_t first = first_row(x, group);
    const float *from = x->of.a.at + first * x->of.a.row + k;
    for (ptrdiff_t i = first_row(x, group + 1) - first; i > 0; i--, from += x->of.a.row)
        for (ptrdiff_t p = 0; p < depth; p += CK_LANES)
            __builtin_prefetch(from + p);
}

// Panels of B at k ... k + depth, as [panel][k][16], zero past the last column.
static void pack_b(const blocking *x, ck_range panels, ptrdiff_t k, ptrdiff_t depth, float *to) {
    const ptrdiff_t lines = panel_lines(depth);
    const ptrdiff_t j = panels.first * CK_LANES;
    const ptrdiff_t columns = ck_least(panels.last * CK_LANES, x->of.n) - j;
    const float *from = x->of.b.at + k * x->of.b.row + j * x->of.b.col;
    if (x->of.b.col != 1) {
        for (ptrdiff_t c = 0; c < columns; c += CK_LANES, to += lines * CK_LANES)
            x->of.kernels->pack_transposed(depth, ck_least(CK_LANES, columns - c),
                                           from + c * x->of.b.col, x->of.b.col, to);
        return;
    }
    for (ptrdiff_t p = 0; p < depth; p++, from += x->of.b.row, to += CK_LANES)
        for (ptrdiff_t c = 0; c < columns; c += CK_LANES) {
            ck_fetch(from + c, x->of.b.row * (ptrdiff_t)sizeof *from); // wanted next
            ck_copy_lanes(to + c * lines, from + c, ck_least(CK_LANES, columns - c));
        }
}

// The tile of a group and a panel: the rows of B at k ... , and after the last the result.
static void run_tile(const blocking *x, ptrdiff_t group, ptrdiff_t panel, ck_range groups,
                     ptrdiff_t k, const float *packed_a, const ck_panel *b, float *acc) {
    const ptrdiff_t depth = b->direct_rows + b->packed_rows;
    const ptrdiff_t top = first_row(x, groups.first), first = first_row(x, group);
    const ptrdiff_t count = first_row(x, group + 1) - first;
    const float *a = x->of.a.at + first * x->of.a.row + k * x->of.a.col;
    ck_strides at = {x->of.a.row, x->of.a.col};
    if (x->pack_a) { // then B is not narrow: its rows lie in one piece
        a = packed_a + (first - top) * depth;
        at = (ck_strides){1, count};
    }
    const int last = k + depth == x->of.k;
    float *c = x->of.c + first * x->of.ldc + panel * CK_LANES;
    for (ptrdiff_t i = 0; last && i < count; i++) // wanted when the sums are done
        __builtin_prefetch(c + i * x->of.ldc, 1);
    ck_run_tile(&x->of, count, a, &at, b, k == 0, acc, last ? c : NULL);
}

// The tiles of a thread: its share of all, counted along columns if there are more panels, so that
// a thread needs few panels of B, or else along rows.
typedef struct {
    int by_panels;
    ck_range items;
} share;

static int has(const blocking *x, share s, ptrdiff_t group, ptrdiff_t panel) {
    const ptrdiff_t item = s.by_panels ? panel * x->groups + group : group * x->panels + panel;
    return item >= s.items.first && item < s.items.last;
}

static void run_block(const blocking *x, share s, ck_range groups, ck_range panels, scratch own) {
    // Sums stay in one place each if they go on with the next block of k.
    const ptrdiff_t tile = x->depth < x->of.k ? CK_ROWS * CK_LANES : 0;
    for (ptrdiff_t k = 0; k < x->of.k || k == 0; k += x->depth) {
        const ptrdiff_t depth = ck_least(x->depth, x->of.k - k);
        ck_panel b = {.direct_rows = x->pack_b ? 0 : ck_direct_rows(&x->of) - k};
        b.direct_rows = b.direct_rows > 0 ? ck_least(b.direct_rows, depth) : 0;
        b.packed_rows = depth - b.direct_rows;
        if (b.packed_rows > 0)
            pack_b(x, panels, k + b.direct_rows, b.packed_rows, own.b);
        float *acc = own.acc;
        for (ptrdiff_t first = groups.first; first < groups.last; first += NEAR_GROUPS) {
            const ck_range some = {first, ck_least(first + NEAR_GROUPS, groups.last)};
            if (x->pack_a)
                pack_a(x, some, k, depth, own.a);
            for (ptrdiff_t panel = panels.first; panel < panels.last; panel++) {
                // The last panel of a B that is not packed begins 16 columns before its end; its
                // first lanes belong to the panel before.
                const ptrdiff_t j = panel * CK_LANES;
                b.columns = ck_least(CK_LANES, x->of.n - j);
                b.before = !x->pack_b && x->of.n > CK_LANES ? CK_LANES - b.columns : 0;
                b.direct = x->of.b.at + k * x->of.b.row + (j - b.before) * x->of.b.col;
                b.packed = own.b + (panel - panels.first) * panel_lines(depth) * CK_LANES;
                for (ptrdiff_t group = some.first; group < some.last; group++, acc += tile) {
                    if (!has(x, s, group, panel))
                        continue;
                    for (ptrdiff_t i = 0; i < tile; i += CK_LANES)
                        ck_fetch(acc, (tile + i) * (ptrdiff_t)sizeof *acc);
                    if (x->fetch_a && panel == panels.first && group + 1 < some.last)
                        fetch_a(x, group + 1, k, depth);
                    run_tile(x, group, panel, some, k, own.a, &b, acc);
                }
            }
        }
        if (depth == 0)
            return;
    }
}

static void run(const blocking *x, share s, scratch own) {
    const ptrdiff_t across = s.by_panels ? x->groups : x->panels;
    const ck_range along = {s.items.first / across, ck_ceil_div(s.items.last, across)};
    const ck_range groups = s.by_panels ? (ck_range){0, x->groups} : along;
    const ck_range panels = s.by_panels ? along : (ck_range){0, x->panels};
    for (ptrdiff_t g = groups.first; g < groups.last; g += GROUPS)
        for (ptrdiff_t p = panels.first; p < panels.last; p += PANELS)
            run_block(x, s, (ck_range){g, ck_least(g + GROUPS, groups.last)},
                      (ck_range){p, ck_least(p + PANELS, panels.last)}, own);
}

int ck_gemm_blocked(const ck_product *product, int threads) {
    const ptrdiff_t m = product->m, n = product->n, k = product->k;
    blocking x = {.of = *product};
    x.groups = ck_ceil_div(m, CK_ROWS);
    x.panels = ck_ceil_div(n, CK_LANES);
    x.depth = ck_ceil_div(ck_ceil_div(k, ck_ceil_div(k, DEPTH) + (k == 0)), CK_LANES) * CK_LANES;
    if (x.depth > k)
        x.depth = k;
    x.short_rows = m / x.groups;
    x.longer = m % x.groups;
    const int is_turned = product->a.col != 1; // A: its rows lie across
    x.pack_a = n > FEW_COLUMNS && is_turned;
    x.fetch_a = n > FEW_COLUMNS && !is_turned;
    // B is read where it lies if that is not often, but not from rows that are whole pages apart.
    const ptrdiff_t row = product->b.row;
    const int is_narrow = n < CK_LANES && row <= NARROW_ROW;
    const int is_seldom = m <= FEW_ROWS || (m * row < DIRECT_WORK && row % CK_PAGE != 0);
    x.pack_b = product->b.col != 1 || !(is_narrow || is_seldom);

    const ptrdiff_t tiles = x.groups * x.panels;
    const int by_panels = x.panels * CK_LANES >= m;
    const int team = (int)ck_least(threads, tiles);

    // A thread's share reaches into at most one more row or column of tiles than it is long.
    const ptrdiff_t across = by_panels ? x.groups : x.panels;
    const ptrdiff_t along = ck_ceil_div(ck_ceil_div(tiles, team), across) + 1;
    const ptrdiff_t own_groups = by_panels ? x.groups : ck_least(along, x.groups);
    const ptrdiff_t own_panels = by_panels ? ck_least(along, x.panels) : x.panels;
    const ptrdiff_t block_groups = ck_least(GROUPS, own_groups);
    const ptrdiff_t block_panels = ck_least(PANELS, own_panels);
    const ptrdiff_t tile = CK_ROWS * CK_LANES;
    const ptrdiff_t near_rows = ck_least(NEAR_GROUPS, block_groups) * CK_ROWS;
    const ptrdiff_t size_a = x.pack_a ? ck_ceil_div(near_rows * x.depth, CK_LANES) * CK_LANES : 0;
    const ptrdiff_t size_b = (x.pack_b ? block_panels : 1) * CK_LANES * panel_lines(x.depth);
    // and a line, of which the store of a panel that begins early reads some
    const ptrdiff_t size_acc = (x.depth < k ? block_groups * block_panels * tile : tile) + CK_LANES;
    const ptrdiff_t each = ck_ceil_div(size_a + size_b + size_acc, CK_LANES) * CK_LANES;
    float *memory = ck_alloc((size_t)team * (size_t)each * sizeof(float));
    if (!memory)
        return CK_NO_MEMORY;
    // OpenMP may give fewer threads: the shares stay those that their memory was counted for.
    CK_ON_TEAM(
        team, for (int part = thread; part < team; part += threads) {
            float *own = memory + part * each;
            const share mine = {by_panels, ck_share(tiles, part, team)};
            run(&x, mine, (scratch){own, own + size_a, own + size_a + size_b});
        });
    ck_free(memory);
    return CK_OK;
}
