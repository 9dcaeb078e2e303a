// SGEMM for any shape: threads take rows or columns of C, pack their operands into panels and
// run the register tile over them. The accumulator travels unscaled through the blocks of k.
#include "kernels.h"
#include "threads.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 64 * CK_ROWS,  // rows of C in one block
    COLS = 16 * CK_LANES, // columns of C in one block
    DEPTH = 256,          // of k in one block, a multiple of CK_LANES
    SMALL = 32 * 32 * 32, // multiply-adds that are worth a thread
};

typedef struct {
    const float *at;
    ptrdiff_t row, col; // strides of op(X)
} operand;

static operand view(ck_transpose t, const float *x, ptrdiff_t ld) {
    return t == CK_NO_TRANSPOSE ? (operand){x, ld, 1} : (operand){x, 1, ld};
}

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

// x[rows, cols] into panels [ceil(cols / 16)][rows][16], zero beyond cols.
static void pack(operand x, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col, ptrdiff_t cols,
                 float *to) {
    const float *from = x.at + row * x.row + col * x.col;
    for (ptrdiff_t c = 0; c < cols; c += CK_LANES) {
        const ptrdiff_t width = least(CK_LANES, cols - c);
        for (ptrdiff_t r = 0; r < rows; r++, to += CK_LANES) {
            const float *source = from + r * x.row + c * x.col;
            if (width == CK_LANES && x.col == 1) {
                memcpy(to, source, CK_LANES * sizeof(float));
                continue;
            }
            for (ptrdiff_t i = 0; i < CK_LANES; i++)
                to[i] = i < width ? source[i * x.col] : 0;
        }
    }
}

// Columns [first, last) of rows [top, bottom) of C, on one thread with its own scratch.
static void block(const ck_kernels *kernels, operand a, operand b, ptrdiff_t k, float alpha,
                  float beta, float *c, ptrdiff_t ldc, ck_range rows, ck_range cols,
                  float *scratch) {
    static const float zeros[CK_LANES];
    float *pa = scratch, *pb = pa + ROWS * DEPTH, *acc = pb + DEPTH * COLS;
    for (ptrdiff_t top = rows.first; top < rows.last; top += ROWS)
        for (ptrdiff_t left = cols.first; left < cols.last; left += COLS) {
            const ptrdiff_t m = least(ROWS, rows.last - top), n = least(COLS, cols.last - left);
            ptrdiff_t done = 0;
            do {
                const ptrdiff_t depth = least(DEPTH, k - done);
                pack(b, done, depth, left, n, pb);
                pack(a, top, m, done, depth, pa);
                for (ptrdiff_t j = 0; j < n; j += CK_LANES)
                    for (ptrdiff_t i = 0; i < m; i += CK_ROWS) {
                        float *to = acc + j * m + i * CK_LANES;
                        kernels->tile((int)least(CK_ROWS, m - i), depth, pa + i * CK_LANES,
                                      m * CK_LANES, pb + j * depth, done ? to : zeros,
                                      done ? CK_LANES : 0, to);
                    }
                done += depth;
            } while (done < k);
            for (ptrdiff_t j = 0; j < n; j += CK_LANES)
                kernels->store(m, least(CK_LANES, n - j), alpha, acc + j * m, beta,
                               c + top * ldc + left + j, ldc);
        }
}

int ck_sgemm(ck_transpose ta, ck_transpose tb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha,
             const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c,
             ptrdiff_t ldc, int threads) {
    if (m <= 0 || n <= 0)
        return CK_OK;
    const ck_kernels *kernels = ck_table();
    const int by_columns = n > m;
    const ptrdiff_t step = by_columns ? CK_LANES : CK_ROWS;
    const ptrdiff_t pieces = ((by_columns ? n : m) + step - 1) / step;
    const double work = (double)m * (double)n * (double)k;
    int team = work < (double)SMALL * threads ? (int)(work / SMALL) : threads;
    team = team < 1 ? 1 : (int)least(team, pieces);

    // Blocks of a small product need only part of the scratch.
    const size_t each = ROWS * DEPTH + DEPTH * COLS + ROWS * COLS;
    float *scratch = ck_alloc((size_t)team * each * sizeof(float));
    if (!scratch)
        return CK_NO_MEMORY;
    const operand oa = view(ta, a, lda), ob = view(tb, b, ldb);
#pragma omp parallel num_threads(team) if (team > 1)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        const ck_range share = ck_share(pieces, thread, there);
        const ck_range part = {share.first * step, least(share.last * step, by_columns ? n : m)};
        const ck_range all = {0, by_columns ? m : n};
        block(kernels, oa, ob, k, alpha, beta, c, ldc, by_columns ? all : part,
              by_columns ? part : all, scratch + (size_t)thread * each);
    }
    ck_free(scratch);
    return CK_OK;
}
