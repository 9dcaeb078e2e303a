// The plain twins of the micro-kernels for inputs that are mostly zero.
#include "reference/reference.h"

#include <math.h>

ptrdiff_t ck_list_bytes_reference(ptrdiff_t n, const uint8_t *bytes, const float *inputs,
                                  int32_t first, ck_spot *spots) {
    ptrdiff_t count = 0;
    for (ptrdiff_t p = 0; p < n; p++)
        if (bytes[p])
            spots[count++] = (ck_spot){inputs[bytes[p]], first + (int32_t)p * CK_LANES};
    return count;
}

void ck_add_spots_reference(int lists, int panels, const ck_list *list, const float *w,
                            ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                            ptrdiff_t init_panel, float *c, ptrdiff_t c_panel) {
    for (int i = 0; i < lists; i++)
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
