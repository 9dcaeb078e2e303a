// The plain twins of the micro-kernels for inputs that are mostly zero.
#include "reference/reference.h"

#include <math.h>

ptrdiff_t ck_list_image_reference(ptrdiff_t n, const uint8_t *bytes, float scale, ck_spot *spots,
                                  ptrdiff_t at, ptrdiff_t end, uint32_t *starts) {
    for (ptrdiff_t p = 0; p < n; p++) {
        if (p % CK_WORD == 0)
            *starts++ = (uint32_t)at;
        if (bytes[p] && at == end)
            return -1;
        if (bytes[p])
            spots[at++] = (ck_spot){bytes[p] * scale, (int32_t)p * CK_LANES};
    }
    *starts = (uint32_t)at;
    return at;
}

void ck_add_spots_reference(ptrdiff_t lists, int panels, const ck_list *list, const float *w,
                            ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                            ptrdiff_t init_panel, float *c, ptrdiff_t c_panel) {
    for (ptrdiff_t i = 0; i < lists; i++)
        for (int p = 0; p < panels; p++)
            for (int j = 0; j < CK_LANES; j++) {
                float acc = init[i * init_list + p * init_panel + j];
                for (ptrdiff_t s = 0; s < list[i].count; s++) {
                    const ck_spot spot = list[i].spots[s];
                    acc = fmaf(spot.value, w[p * w_panel + spot.at + j], acc);
                }
                c[p * c_panel + i * CK_LANES + j] = acc;
            }
}

void ck_spread_spots_reference(int panels, const ck_list *list, ptrdiff_t first, const float *delta,
                               ptrdiff_t d_panel, float *g, ptrdiff_t g_panel) {
    for (ptrdiff_t s = 0; s < list->count; s++)
        for (int p = 0; p < panels; p++)
            for (int j = 0; j < CK_LANES; j++) {
                float *to = &g[p * g_panel + list->spots[s].at - first + j];
                *to = fmaf(list->spots[s].value, delta[p * d_panel + j], *to);
            }
}
