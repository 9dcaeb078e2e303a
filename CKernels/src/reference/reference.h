// The reference kernels by name, for their table and for each other.
#ifndef CK_REFERENCE_H
#define CK_REFERENCE_H

#include "constants.h"
#include "kernels.h"
#include "share.h"

void ck_tile_reference(int m, ptrdiff_t k, const float *a, ptrdiff_t a_panel, const float *b,
                       const float *init, ptrdiff_t init_stride, float *c);
void ck_strided_tile_reference(int m, ptrdiff_t k, const float *a, const ck_strides *at,
                               const float *b, ptrdiff_t b_row, const float *init,
                               ptrdiff_t init_stride, float *c, ptrdiff_t ldc,
                               const ck_scale *scale);
void ck_gradient_panel_reference(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                                 ptrdiff_t x_panel, const float *delta, float *g);
int ck_update_panel_reference(ptrdiff_t rows, int bias, ptrdiff_t batch, const float *x,
                              ptrdiff_t x_panel, const float *delta, ck_step step, float *w,
                              float *v);
int ck_update_rows_reference(ptrdiff_t n, float *g, ck_step step, float *w, float *v);
ptrdiff_t ck_list_image_reference(ptrdiff_t n, const uint8_t *bytes, float scale, ck_spot *spots,
                                  ptrdiff_t at, ptrdiff_t end, uint32_t *starts);
void ck_add_spots_reference(ptrdiff_t lists, int panels, const ck_list *list, const float *w,
                            ptrdiff_t w_panel, const float *init, ptrdiff_t init_list,
                            ptrdiff_t init_panel, float *c, ptrdiff_t c_panel);
void ck_spread_spots_reference(int panels, const ck_list *list, ptrdiff_t first, const float *delta,
                               ptrdiff_t d_panel, float *g, ptrdiff_t g_panel);
void ck_store_reference(ptrdiff_t m, ptrdiff_t n, const ck_scale *scale, const float *acc, float *c,
                        ptrdiff_t ldc);
void ck_add_rows_reference(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx, const float *v,
                           ptrdiff_t step, float *y);
void ck_add_columns_reference(ptrdiff_t n, ptrdiff_t k, const float *x, ptrdiff_t ldx,
                              const float *v, ptrdiff_t step, float *y);
void ck_pack_transposed_reference(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
                                  float *to);
void ck_pack_bytes_reference(ptrdiff_t count, ptrdiff_t first, ptrdiff_t width,
                             const uint8_t *images, const uint32_t *indices, ptrdiff_t pixels,
                             float scale, float offset, float *out, ptrdiff_t panel);
void ck_convolve_reference(ptrdiff_t n, const float *x, ptrdiff_t step, const ck_taps *taps,
                           const float *w, const float *bias, int relu, float *y);
void ck_correlate_reference(ptrdiff_t taps, const ptrdiff_t *at, ck_extent pixels, const float *x,
                            ck_grid x_at, const float *delta, ck_grid delta_at, float *g);
void ck_correlate_spots_reference(ptrdiff_t n, const ck_spot *spots, ptrdiff_t taps,
                                  const ptrdiff_t *at, const float *x, float *g);
void ck_scatter_spots_reference(ptrdiff_t n, const ck_spot *spots, const ck_taps *taps,
                                const float *w, float *y);
void ck_max_pool_reference(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y,
                           uint8_t *places);
void ck_average_pool_reference(ptrdiff_t n, ck_extent window, const float *x, ck_grid at, float *y);
void ck_max_unpool_reference(ptrdiff_t n, ck_extent window, const float *delta,
                             const uint8_t *places, float *x, ck_grid at, ptrdiff_t column,
                             int add);
void ck_average_unpool_reference(ptrdiff_t n, ck_extent window, const float *delta, float *x,
                                 ck_grid at);
void ck_masks_reference(ptrdiff_t n, const ck_mask_key *key, const uint32_t *images,
                        ptrdiff_t image_step, ptrdiff_t block, ptrdiff_t block_step,
                        uint16_t *masks);
void ck_drop_reference(ptrdiff_t n, const uint16_t *masks, float scale, float *y);
void ck_warp_reference(ptrdiff_t n, const ck_warp *at, const uint8_t *image, ptrdiff_t row,
                       ck_extent size, uint8_t *out);
void ck_momentum_update_reference(ptrdiff_t n, ck_step step, const float *g, float *v, float *w);
double ck_fma_probe_reference(ptrdiff_t rounds, const float *operands, float *result);

#endif
