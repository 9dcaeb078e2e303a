// SGEMM for any shape: threads take tiles of C, pack the operands that are used often enough, and
// run the register tile over them. The accumulator travels unscaled through the blocks of k.
#include "kernels.h"
#include "pack.h"
#include "threads.h"

#include <string.h>

enum {
    PANELS = 64,          // panels of columns of C in one block: 1,024 columns
    GROUPS = 192,         // groups of rows of C in one block: 1,152 rows
    NEAR_GROUPS = 32,     // of these used at a time: 192 rows of A, which stay in L2
    DEPTH = 352,          // most of k in one block: 22 KB of a panel
    FEW_COLUMNS = 64,     // A is neither packed nor fetched ahead if C has no more columns
    DIRECT_ROWS = 12,     // B is read where it lies if C has no more rows
    DIRECT_STRIDE = 32,   // or if B is one narrow panel whose rows are no farther apart
    THREAD_WORK = 100000, // multiply-adds that are worth a thread
};

typedef struct {
    const float *at;
    ptrdiff_t row, col; // strides of op(X)
} operand;

typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t m, n, k, groups, panels;
    ptrdiff_t short_rows, longer; // the first `longer` groups have one row more than the others
    ptrdiff_t depth;              // of k in one block
    operand a, b;
    int pack_a, fetch_a, pack_b;
    float alpha, beta;
    float *c;
    ptrdiff_t ldc;
} product;

// A thread's own memory.
typedef struct {
    float *a, *b, *acc;
} scratch;

static ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) {
    return (a + b - 1) / b;
}

static operand view(ck_transpose t, const float *x, ptrdiff_t ld) {
    return t == CK_NO_TRANSPOSE ? (operand){x, ld, 1} : (operand){x, 1, ld};
}

static ptrdiff_t first_row(const product *x, ptrdiff_t group) {
    return ck_part_start(x->short_rows, x->longer, group);
}

// Lines of 16 floats that a packed panel takes: an odd number, so that the panels, which are
// written side by side, do not fall on one set of the cache.
static ptrdiff_t panel_lines(ptrdiff_t lines) {
    return lines | 1;
}

// Copies 16 floats, or `width` of them and zeros. Those of the next row, `row` away, are wanted
// when this one is done.
static void copy_lanes(float *to, const float *from, ptrdiff_t width, ptrdiff_t row) {
    ck_fetch(from, row * (ptrdiff_t)sizeof *from);
    if (width == CK_LANES) {
        memcpy(to, from, CK_LANES * sizeof(float));
        return;
    }
    memset(to, 0, CK_LANES * sizeof(float));
    ck_copy_some(to, from, width);
}

// Rows of a transposed A at k ... k + depth, as [group][k][row of the group].
static void pack_a(const product *x, ck_range groups, ptrdiff_t k, ptrdiff_t depth, float *to) {
    const ptrdiff_t top = first_row(x, groups.first);
    const float *from = x->a.at + top * x->a.row + k * x->a.col;
    for (ptrdiff_t p = 0; p < depth; p++, from += x->a.col)
        for (ptrdiff_t g = groups.first; g < groups.last; g++) {
            const ptrdiff_t row = first_row(x, g) - top;
            const ptrdiff_t count = first_row(x, g + 1) - top - row;
            float *out = to + row * depth + p * count;
            ck_fetch(from + row, x->a.col * (ptrdiff_t)sizeof *from);
            if (count == CK_ROWS)
                memcpy(out, from + row, CK_ROWS * sizeof(float));
            else
                ck_copy_some(out, from + row, count);
        }
}

// A that is not transposed is read where it lies, row by row: too many short rows for the CPU to
// see what comes next.
static void fetch_a(const product *x, ptrdiff_t group, ptrdiff_t k, ptrdiff_t depth) {
    const ptrdiff_t first = first_row(x, group);
    const float *from = x->a.at + first * x->a.row + k;
    for (ptrdiff_t i = first_row(x, group + 1) - first; i > 0; i--, from += x->a.row)
        for (ptrdiff_t p = 0; p < depth; p += CK_LANES)
            __builtin_prefetch(from + p);
}

// Panels of B at k ... k + depth, as [panel][k][16], zero past the last column.
static void pack_b(const product *x, ck_range panels, ptrdiff_t k, ptrdiff_t depth, float *to) {
    const ptrdiff_t lines = panel_lines(depth);
    const ptrdiff_t j = panels.first * CK_LANES;
    const ptrdiff_t columns = ck_least(panels.last * CK_LANES, x->n) - j;
    const float *from = x->b.at + k * x->b.row + j * x->b.col;
    if (x->b.col != 1) {
        for (ptrdiff_t c = 0; c < columns; c += CK_LANES, to += lines * CK_LANES)
            ck_pack_transposed(depth, ck_least(CK_LANES, columns - c), from + c * x->b.col,
                               x->b.col, to);
        return;
    }
    for (ptrdiff_t p = 0; p < depth; p++, from += x->b.row, to += CK_LANES)
        for (ptrdiff_t c = 0; c < columns; c += CK_LANES)
            copy_lanes(to + c * lines, from + c, ck_least(CK_LANES, columns - c), x->b.row);
}

// Rows of B from which a panel can be read where it lies. A B that is narrower than a panel has
// behind its columns the next row's, and nothing behind its last rows.
static ptrdiff_t direct_rows(const product *x) {
    if (x->pack_b || x->k == 0)
        return 0;
    const ptrdiff_t missing = x->n < CK_LANES ? CK_LANES - x->n : 0;
    const ptrdiff_t rows = x->k - ceil_div(missing, x->b.row);
    return rows > 0 ? rows : 0;
}

// The tile of a group and a panel: k ... k + depth more products, and after the last the result.
// The first `direct` rows of B are read where they lie, the others in the packed panel b. The last
// panel of a B that is not packed begins 16 columns before its end; its first lanes, which belong
// to the panel before, are not stored.
static void run_tile(const product *x, ptrdiff_t group, ptrdiff_t panel, ck_range groups,
                     ptrdiff_t k, ptrdiff_t depth, ptrdiff_t direct, const float *packed_a,
                     const float *b, float *acc) {
    static const float zeros[CK_LANES];
    const ptrdiff_t top = first_row(x, groups.first), first = first_row(x, group);
    const ptrdiff_t count = first_row(x, group + 1) - first, j = panel * CK_LANES;
    const float *a = x->a.at + first * x->a.row + k * x->a.col;
    ck_strides at = {x->a.row, x->a.col};
    if (x->pack_a) {
        a = packed_a + (first - top) * depth;
        at = (ck_strides){1, count};
    }
    const ptrdiff_t columns = ck_least(CK_LANES, x->n - j);
    const ptrdiff_t before = !x->pack_b && x->n > CK_LANES ? CK_LANES - columns : 0;
    const int last = k + depth == x->k;
    float *c = x->c + first * x->ldc + j;
    for (ptrdiff_t i = 0; last && i < count; i++) // wanted when the sums are done
        __builtin_prefetch(c + i * x->ldc, 1);
    const float *init = k ? acc : zeros;
    ptrdiff_t stride = k ? CK_LANES : 0;
    if (direct > 0) {
        x->kernels->strided_tile((int)count, direct, a, &at, x->b.at + k * x->b.row + j - before,
                                 x->b.row, init, stride, acc);
        init = acc;
        stride = CK_LANES;
    }
    if (direct == 0 || direct < depth) // if both, B is narrow, so A is not packed either
        x->kernels->strided_tile((int)count, depth - direct, a + direct * at.step, &at, b, CK_LANES,
                                 init, stride, acc);
    if (last)
        x->kernels->store(count, columns, x->alpha, acc + before, x->beta, c, x->ldc);
}

// The tiles of a thread: its share of all, counted along columns if there are more panels, so that
// a thread needs few panels of B, or else along rows.
typedef struct {
    int by_panels;
    ck_range items;
} share;

static int has(const product *x, share s, ptrdiff_t group, ptrdiff_t panel) {
    const ptrdiff_t item = s.by_panels ? panel * x->groups + group : group * x->panels + panel;
    return item >= s.items.first && item < s.items.last;
}

static void run_block(const product *x, share s, ck_range groups, ck_range panels, scratch own) {
    // Sums stay in one place each if they go on with the next block of k.
    const ptrdiff_t tile = x->depth < x->k ? CK_ROWS * CK_LANES : 0;
    for (ptrdiff_t k = 0; k < x->k || k == 0; k += x->depth) {
        const ptrdiff_t depth = ck_least(x->depth, x->k - k);
        const ptrdiff_t rows = direct_rows(x) - k;
        const ptrdiff_t direct = rows > 0 ? ck_least(rows, depth) : 0;
        if (direct < depth)
            pack_b(x, panels, k + direct, depth - direct, own.b);
        float *acc = own.acc;
        for (ptrdiff_t first = groups.first; first < groups.last; first += NEAR_GROUPS) {
            const ck_range some = {first, ck_least(first + NEAR_GROUPS, groups.last)};
            if (x->pack_a)
                pack_a(x, some, k, depth, own.a);
            for (ptrdiff_t panel = panels.first; panel < panels.last; panel++) {
                const float *b = own.b + (panel - panels.first) * panel_lines(depth) * CK_LANES;
                for (ptrdiff_t group = some.first; group < some.last; group++, acc += tile) {
                    if (!has(x, s, group, panel))
                        continue;
                    for (ptrdiff_t i = 0; i < tile; i += CK_LANES)
                        ck_fetch(acc, (tile + i) * (ptrdiff_t)sizeof *acc);
                    if (x->fetch_a && panel == panels.first && group + 1 < some.last)
                        fetch_a(x, group + 1, k, depth);
                    run_tile(x, group, panel, some, k, depth, direct, own.a, b, acc);
                }
            }
        }
        if (depth == 0)
            return;
    }
}

static void run(const product *x, share s, scratch own) {
    const ptrdiff_t across = s.by_panels ? x->groups : x->panels;
    const ck_range along = {s.items.first / across, ceil_div(s.items.last, across)};
    const ck_range groups = s.by_panels ? (ck_range){0, x->groups} : along;
    const ck_range panels = s.by_panels ? along : (ck_range){0, x->panels};
    for (ptrdiff_t g = groups.first; g < groups.last; g += GROUPS)
        for (ptrdiff_t p = panels.first; p < panels.last; p += PANELS)
            run_block(x, s, (ck_range){g, ck_least(g + GROUPS, groups.last)},
                      (ck_range){p, ck_least(p + PANELS, panels.last)}, own);
}

int ck_sgemm(ck_transpose ta, ck_transpose tb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha,
             const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c,
             ptrdiff_t ldc, int threads) {
    if (m <= 0 || n <= 0)
        return CK_OK;
    product x = {.kernels = ck_table(), .m = m, .n = n, .k = k < 0 ? 0 : k};
    x.groups = ceil_div(m, CK_ROWS);
    x.panels = ceil_div(n, CK_LANES);
    x.depth = ceil_div(ceil_div(x.k, ceil_div(x.k, DEPTH) + (x.k == 0)), CK_LANES) * CK_LANES;
    if (x.depth > x.k)
        x.depth = x.k;
    x.short_rows = m / x.groups;
    x.longer = m % x.groups;
    x.a = view(ta, a, lda);
    x.b = view(tb, b, ldb);
    x.pack_a = n > FEW_COLUMNS && ta == CK_TRANSPOSE;
    x.fetch_a = n > FEW_COLUMNS && ta == CK_NO_TRANSPOSE;
    const int is_narrow = n < CK_LANES && ldb <= DIRECT_STRIDE;
    x.pack_b = (m > DIRECT_ROWS && !is_narrow) || tb == CK_TRANSPOSE;
    x.alpha = alpha;
    x.beta = beta;
    x.c = c;
    x.ldc = ldc;

    const ptrdiff_t tiles = x.groups * x.panels;
    const int by_panels = x.panels * CK_LANES >= m;
    const double work = (double)m * (double)n * (double)k;
    int team = work < (double)THREAD_WORK * threads ? (int)(work / THREAD_WORK) : threads;
    team = team < 1 ? 1 : (int)ck_least(team, tiles);

    // A thread's share reaches into at most one more row or column of tiles than it is long.
    const ptrdiff_t across = by_panels ? x.groups : x.panels;
    const ptrdiff_t along = ceil_div(ceil_div(tiles, team), across) + 1;
    const ptrdiff_t own_groups = by_panels ? x.groups : ck_least(along, x.groups);
    const ptrdiff_t own_panels = by_panels ? ck_least(along, x.panels) : x.panels;
    const ptrdiff_t block_groups = ck_least(GROUPS, own_groups);
    const ptrdiff_t block_panels = ck_least(PANELS, own_panels);
    const ptrdiff_t tile = CK_ROWS * CK_LANES;
    const ptrdiff_t near_rows = ck_least(NEAR_GROUPS, block_groups) * CK_ROWS;
    const ptrdiff_t size_a = x.pack_a ? ceil_div(near_rows * x.depth, CK_LANES) * CK_LANES : 0;
    const ptrdiff_t size_b = (x.pack_b ? block_panels : 1) * CK_LANES * panel_lines(x.depth);
    // and a line, of which the store of a panel that begins early reads some
    const ptrdiff_t size_acc =
        (x.depth < x.k ? block_groups * block_panels * tile : tile) + CK_LANES;
    const ptrdiff_t each = ceil_div(size_a + size_b + size_acc, CK_LANES) * CK_LANES;
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
