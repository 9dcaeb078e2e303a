// A convolution without a network: its passes over a batch, image by image, from the parts that
// networks are made of.
#include "convolution.h"

#include <string.h>

// A network of one stage, which is not in it for the whole way.
typedef struct {
    ck_stage stage;
    ck_network network;
    ck_image_pass pass;
    const ck_planned *planned;
} alone;

static int start(const ck_stage *stage, ck_shape input, int first, ptrdiff_t batch,
                 ptrdiff_t summed, int training, int threads, alone *a) {
    a->stage = *stage;
    a->stage.dropout = 0;
    if (training) // what follows the sums plays no part on the way back from them
        a->stage.max_pool = 0;
    a->network = (ck_network){.stage_count = 1, .stages = &a->stage};
    ck_plan *plan = ck_plan_alone(&a->stage, input, first, summed, training, threads);
    a->pass = (ck_image_pass){ck_table(), &a->network, plan, batch};
    a->planned = plan ? plan->stages : NULL;
    return plan != NULL;
}

// An image into the slot of a thread, whose border stays zero.
static void enter(const alone *a, const float *x, ptrdiff_t image, int thread) {
    const ck_planned *p = a->planned;
    const ck_layout *l = &p->input;
    const ptrdiff_t row = p->in.width * l->lanes;
    const float *from = x + image * l->blocks * p->in.height * row;
    for (ptrdiff_t block = 0; block < l->blocks; block++)
        for (ptrdiff_t y = 0; y < p->in.height; y++, from += row)
            memcpy(p->inputs + thread * l->size + block * l->plane + y * l->row + l->origin, from,
                   (size_t)row * sizeof(float));
}

int ck_convolution_forward(const ck_stage *stage, ck_shape input, int first, ptrdiff_t batch,
                           const float *x, float *y, int threads) {
    alone a;
    const int team = ck_team(batch, 1, threads);
    if (!start(stage, input, first, batch, 0, 0, team, &a))
        return CK_NO_MEMORY;
    const ck_planned *p = a.planned;
    const ptrdiff_t row = p->out.width * CK_LANES;
#pragma omp parallel num_threads(team)
    {
        const int thread = omp_get_thread_num();
        const ck_range own = ck_share(batch, thread, omp_get_num_threads());
        float *line = a.pass.plan->lines + thread * a.pass.plan->line_size;
        for (ptrdiff_t image = own.first; image < own.last; image++) {
            float *to = y + image * p->places_size;
            enter(&a, x, image, thread);
            for (ptrdiff_t block = 0; block < p->panels; block++)
                for (ptrdiff_t r = 0; r < p->out.height; r++, to += row)
                    ck_output_row(&a.pass, 0, image, thread, block, r, line, to);
        }
    }
    ck_free(a.pass.plan);
    return CK_OK;
}

// The deltas of an image in a thread's buffer, or where they are if that would be the same.
static const float *spread(const alone *a, const float *delta, ptrdiff_t image, int thread) {
    const ck_planned *p = a->planned;
    const ptrdiff_t row = p->out.width * CK_LANES;
    const float *from = delta + image * p->places_size;
    float *buffer = p->delta_buffers + thread * p->deltas.size;
    if (p->deltas.size == p->places_size)
        return from;
    for (ptrdiff_t block = 0; block < p->panels; block++)
        for (ptrdiff_t y = 0; y < p->out.height; y++, from += row)
            ck_spread_row(&a->pass, 0, image, block, y, from, buffer);
    return buffer;
}

int ck_convolution_backward_data(const ck_stage *stage, ck_shape input, ptrdiff_t batch,
                                 const float *delta, float *dx, int threads) {
    alone a;
    const int team = ck_team(batch, 1, threads);
    if (!start(stage, input, 0, batch, 0, 1, team, &a))
        return CK_NO_MEMORY;
    const ck_planned *p = a.planned;
#pragma omp parallel num_threads(team)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        const ck_range panels = ck_share(p->panels, thread, there);
        for (ptrdiff_t panel = panels.first; panel < panels.last; panel++)
            ck_turn_weights(&a.pass, 0, panel);
#pragma omp barrier
        const ck_range own = ck_share(batch, thread, there);
        for (ptrdiff_t image = own.first; image < own.last; image++)
            ck_input_deltas(&a.pass, 0, spread(&a, delta, image, thread),
                            dx + image * p->flow.size);
    }
    ck_free(a.pass.plan);
    return CK_OK;
}

int ck_convolution_backward_weights(const ck_stage *stage, ck_shape input, int first,
                                    ptrdiff_t batch, const float *x, const float *delta,
                                    int threads) {
    alone a;
    const ptrdiff_t summed = batch > 1 ? batch : 1; // of none, zeros
    const int team = ck_team(ck_chains(0, summed), 1, threads);
    if (!start(stage, input, first, batch, summed, 1, team, &a))
        return CK_NO_MEMORY;
    ck_plan *plan = a.pass.plan;
    const ptrdiff_t chains = ck_chains(plan->sums_size, summed);
#pragma omp parallel num_threads(team)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        const ck_range own = ck_share(chains, thread, there);
        for (ptrdiff_t chain = own.first; chain < own.last; chain++) {
            float *sums = plan->chain_sums + chain * plan->sums_size;
            ck_start_chain(&a.pass, sums, thread);
            const ck_range images = ck_share(batch, chain, chains);
            for (ptrdiff_t image = images.first; image < images.last; image++) {
                enter(&a, x, image, thread);
                ck_add_gradient(&a.pass, 0, thread, spread(&a, delta, image, thread), sums);
            }
        }
#pragma omp barrier
        ck_finish_weights(&a.pass, chains, (ck_fate){{0, 0}, 0}, thread, there);
    }
    ck_free(a.pass.plan);
    return CK_OK;
}
