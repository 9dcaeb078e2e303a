// The plain twin of the kernel of augmentation.
#include "reference/reference.h"

#include <math.h>

static float blend(const ck_warp *at, const float *bend) {
    float sum = at->blend[0] * bend[0];
    for (int r = 1; r < 4; r++)
        sum = fmaf(at->blend[r], bend[r * at->bend_row], sum);
    return sum;
}

static float clamp(float x, float low, float high) {
    x = x > high ? high : x;
    return x < low ? low : x;
}

void ck_warp_reference(ptrdiff_t n, const ck_warp *at, const uint8_t *image, ptrdiff_t row,
                       ck_extent size, uint8_t *out) {
    for (ptrdiff_t i = 0; i < n; i++) {
        float x = fmaf((float)i, at->step_x, at->x), y = fmaf((float)i, at->step_y, at->y);
        if (at->bend_x) {
            x = x + blend(at, at->bend_x + i);
            y = y + blend(at, at->bend_y + i);
        }
        // In the image with its border, where no position is negative.
        x = clamp(x, -1, (float)size.width) + 1.0f;
        y = clamp(y, -1, (float)size.height) + 1.0f;
        const int32_t column = (int32_t)x, line = (int32_t)y;
        const float right = x - (float)column, down = y - (float)line;
        const uint8_t *p = image + line * row + column;
        const float above = fmaf(right, (float)(p[1] - p[0]), (float)p[0]);
        const float below = fmaf(right, (float)(p[row + 1] - p[row]), (float)p[row]);
        out[i] = (uint8_t)(fmaf(down, below - above, above) + 0.5f);
    }
}
