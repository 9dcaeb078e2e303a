// Networks: forward beside backward. Each is one parallel region; barriers separate the stages over
// images, if there are any, which a thread owns, from the dense layers, which all share.
#include "convolution.h"

static ck_dense_pass dense_pass(const ck_kernels *kernels, const ck_network *network,
                                ptrdiff_t batch) {
    return (ck_dense_pass){kernels, network->layer_count, network->layers,
                           ck_plan_of(network)->drops + network->stage_count, batch};
}

// ---------------------------------------------------------------- forward

// What each dropout of this pass draws from; nothing is dropped without `dropout`.
static void set_drops(const ck_network *network, const uint32_t *indices,
                      const ck_dropout *dropout) {
    ck_plan *plan = ck_plan_of(network);
    for (ptrdiff_t place = 0; place < plan->count + network->layer_count; place++) {
        const ptrdiff_t l = place - plan->count;
        uint16_t *masks = l < 0 ? plan->stages[place].masks : plan->layer_masks[l];
        // What stays as it is is not written, so that other cores keep its line.
        if (dropout && masks)
            plan->drops[place] = ck_drop_at(
                dropout, indices,
                l < 0 ? network->stages[place].dropout : network->layer_dropout[l], place, masks);
        else if (plan->drops[place].masks)
            plan->drops[place].masks = NULL;
    }
}

static void tabulate_inputs(const ck_kernels *kernels, const ck_batch_input *input, float *table) {
    const uint32_t index = 0;
    uint8_t bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    kernels->pack_bytes(1, 0, 256, bytes, &index, 256, input->scale, input->offset, table,
                        CK_LANES);
}

int ck_network_forward(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                       const ck_dropout *dropout, float *logits, int threads) {
    const ck_kernels *kernels = ck_table();
    const ck_image_pass pass = {kernels, network, ck_plan_of(network), batch};
    const ck_dense_pass dense = dense_pass(kernels, network, batch);
    const ptrdiff_t chains = ck_network_chains(network, batch);
    const int stages = pass.plan->count > 0;
    float table[256];
    int team = 1;
    set_drops(network, input->indices, dropout);
    if (pass.plan->last_batch != batch)
        pass.plan->last_batch = batch;
    if (stages)
        tabulate_inputs(kernels, input, table);
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        const float *x = pass.plan->base.activations;
        if (stages) {
            const ck_range own = ck_share(chains, thread, there);
            for (ptrdiff_t chain = own.first; chain < own.last; chain++) {
                const ck_range images = ck_share(batch, chain, chains);
                for (ptrdiff_t image = images.first; image < images.last; image++) {
                    const ptrdiff_t slot = network->training ? image : thread;
                    ck_pack_image(&pass, input, table, image, slot);
                    ck_image_forward(&pass, image, slot, thread);
                }
            }
            if (thread == 0)
                ck_prefetch_next(input, (ck_range){0, input->next_count});
#pragma omp barrier
        } else {
            x = ck_pack_batch(kernels, input, batch, thread, there);
        }
        ck_dense_forward_on(&dense, x, logits, thread, there);
        if (thread == 0)
            team = there;
    }
    return team;
}

void ck_network_values(const ck_network *network, ptrdiff_t stage, ptrdiff_t image, float *values) {
    const ck_plan *plan = ck_plan_of(network);
    const ck_shape out = plan->stages[stage].out;
    for (ptrdiff_t c = 0; c < out.channels; c++)
        for (ptrdiff_t y = 0; y < out.height; y++)
            for (ptrdiff_t x = 0; x < out.width; x++) {
                const ptrdiff_t block = c / CK_LANES;
                const ptrdiff_t pixel = (block * out.height + y) * out.width + x;
                const float *from =
                    stage < plan->count - 1
                        ? ck_row_above(plan, stage, image, block, y) + x * CK_LANES
                        : ck_flat_pixel(plan->base.activations, plan->last_batch, pixel, image);
                *values++ = from[c % CK_LANES];
            }
}

// ---------------------------------------------------------------- backward

static void turn_own_weights(const ck_image_pass *pass, int thread, int threads) {
    for (ptrdiff_t s = pass->plan->lowest + 1; s < pass->plan->count; s++) {
        if (pass->network->stages[s].kind != CK_CONVOLUTION)
            continue;
        const ck_range own = ck_share(pass->plan->stages[s].panels, thread, threads);
        for (ptrdiff_t panel = own.first; panel < own.last; panel++)
            ck_turn_weights(pass, s, panel);
    }
}

static void sum_own_chains(const ck_image_pass *pass, ptrdiff_t chains, int thread, int threads) {
    const ck_plan *plan = pass->plan;
    const ck_range own = ck_share(chains, thread, threads);
    for (ptrdiff_t chain = own.first; chain < own.last; chain++) {
        float *sums = plan->chain_sums + chain * plan->sums_size;
        ck_start_chain(pass, sums, thread);
        const ck_range images = ck_share(pass->batch, chain, chains);
        for (ptrdiff_t image = images.first; image < images.last; image++)
            ck_image_backward(pass, image, sums, thread);
        ck_end_chain(pass, sums, thread);
    }
}

static ptrdiff_t backward(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                          const float *delta, ck_fate fate, int threads) {
    const ck_kernels *kernels = ck_table();
    const ck_image_pass pass = {kernels, network, ck_plan_of(network), batch};
    const ck_dense_pass dense = dense_pass(kernels, network, batch);
    const ptrdiff_t chains = ck_network_chains(network, batch), stages = pass.plan->count;
    ptrdiff_t bad = stages + network->layer_count;
#pragma omp parallel num_threads(threads) reduction(min : bad)
    {
        const int thread = omp_get_thread_num(), there = omp_get_num_threads();
        turn_own_weights(&pass, thread, there);
        const float *x = stages ? NULL : ck_input_of(input, batch, thread, threads);
        bad =
            stages + ck_dense_backward_on(&dense, x, &pass.plan->base, delta, fate, thread, there);
        if (pass.plan->lowest < stages) {
#pragma omp barrier
            sum_own_chains(&pass, chains, thread, there);
#pragma omp barrier
            const ptrdiff_t worst = ck_finish_weights(&pass, chains, fate, thread, there);
            bad = worst < stages ? worst : bad;
        }
    }
    return bad;
}

ptrdiff_t ck_network_backward(const ck_network *network, ptrdiff_t batch,
                              const ck_batch_input *input, const float *delta, float eta,
                              float alpha, int threads) {
    const ptrdiff_t bad =
        backward(network, batch, input, delta, (ck_fate){{eta, alpha}, 1}, threads);
    return bad == network->stage_count + network->layer_count ? -1 : bad;
}

void ck_network_gradient(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                         const float *delta, int threads) {
    backward(network, batch, input, delta, (ck_fate){{0, 0}, 0}, threads);
}
