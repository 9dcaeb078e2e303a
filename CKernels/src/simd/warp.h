// Augmentation on the vectors of operations.h; the twin in reference/ says what it computes.

INLINE vf blend(const ck_warp *at, const float *bend) {
    vf sum = splat(at->blend[0]) * load(bend);
    for (int r = 1; r < 4; r++)
        sum = fma_v(splat(at->blend[r]), load(bend + r * at->bend_row), sum);
    return sum;
}

INLINE vf clamp_between(vf x, float low, float high) {
    x = choose((vi)(x > splat(high)), splat(high), x);
    return choose((vi)(x < splat(low)), splat(low), x);
}

// Two neighbouring pixels at each place: the left one in the low byte, as these CPUs order them.
INLINE vi pairs_at(const uint8_t *image, vi places) {
    vi pairs = {0};
    for (int i = 0; i < WIDTH; i++) {
        uint16_t pair;
        memcpy(&pair, image + places[i], sizeof pair);
        pairs[i] = pair;
    }
    return pairs;
}

INLINE vf between(vi pairs, vf right) {
    const vi left = pairs & 0xff;
    return fma_v(right, __builtin_convertvector((pairs >> 8) - left, vf),
                 __builtin_convertvector(left, vf));
}

static void warp(ptrdiff_t n, const ck_warp *at, const uint8_t *image, ptrdiff_t row,
                 ck_extent size, uint8_t *out) {
    vf lanes;
    for (int i = 0; i < WIDTH; i++)
        lanes[i] = (float)i;
    for (ptrdiff_t i = 0; i < n; i += WIDTH) {
        const vf index = lanes + splat((float)i);
        vf x = fma_v(index, splat(at->step_x), splat(at->x));
        vf y = fma_v(index, splat(at->step_y), splat(at->y));
        if (at->bend_x) {
            x = x + blend(at, at->bend_x + i);
            y = y + blend(at, at->bend_y + i);
        }
        x = clamp_between(x, -1, (float)size.width) + splat(1);
        y = clamp_between(y, -1, (float)size.height) + splat(1);
        const vi column = __builtin_convertvector(x, vi), line = __builtin_convertvector(y, vi);
        const vf right = x - __builtin_convertvector(column, vf);
        const vf down = y - __builtin_convertvector(line, vf);
        const vi places = line * (int32_t)row + column;
        const vf above = between(pairs_at(image, places), right);
        const vf below = between(pairs_at(image + row, places), right);
        const vf value = fma_v(down, below - above, above) + splat(0.5f);
        const vb bytes = __builtin_convertvector(__builtin_convertvector(value, vi), vb);
        if (i + WIDTH <= n)
            memcpy(out + i, &bytes, sizeof bytes);
        else
            memcpy(out + i, &bytes, (size_t)(n - i));
    }
}
