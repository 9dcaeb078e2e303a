// Networks: forward beside backward. Each is one job of a team; barriers separate the stages over
// images, if there are any, which a thread owns, from the dense layers, which all share.
#include "convolution.h"
#include "threads.h"

#include <stdatomic.h>

static ck_dense_pass dense_pass(const ck_kernels *kernels, const ck_network *network,
                                ptrdiff_t batch) {
    ck_plan *plan = ck_plan_of(network);
    return (ck_dense_pass){.kernels = kernels,
                           .count = network->layer_count,
                           .layers = network->layers,
                           .drops = plan->drops + network->stage_count,
                           .batch = batch,
                           .vote = &plan->vote,
                           .sums = plan->listed_sums,
                           .columns = plan->columns,
                           .part = network->part};
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

// What the threads of a pass share.
typedef struct {
    ck_image_pass images;
    ck_dense_pass dense;
    ptrdiff_t chains;
    const ck_batch_input *input;
    const float *values; // forward: the inputs of the 256 bytes, where there are stages
    int wants_lists;     // forward
    float *logits;
    const float *delta; // backward
    ck_fate fate;
    int packed_by;         // threads of the forward pass
    _Atomic ptrdiff_t bad; // the first stage or layer with a weight that is not finite
} shared_pass;

static shared_pass pass_over(const ck_network *network, ptrdiff_t batch,
                             const ck_batch_input *input) {
    const ck_kernels *kernels = ck_table();
    return (shared_pass){.images = {kernels, network, ck_plan_of(network), batch},
                         .dense = dense_pass(kernels, network, batch),
                         .chains = ck_network_chains(network, batch),
                         .input = input,
                         .bad = network->stage_count + network->layer_count};
}

static void forward_images(const shared_pass *s, int thread, int threads) {
    const ck_range own = ck_share(s->chains, thread, threads);
    for (ptrdiff_t chain = own.first; chain < own.last; chain++) {
        const ck_range images = ck_share(s->images.batch, chain, s->chains);
        for (ptrdiff_t image = images.first; image < images.last; image++) {
            const ptrdiff_t slot = s->images.network->training ? image : thread;
            ck_pack_image(&s->images, s->input, s->values, image, slot);
            ck_image_forward(&s->images, image, slot, thread);
        }
    }
    if (thread == 0)
        ck_prefetch_next(s->input, (ck_range){0, s->input->next_count});
}

static void forward(void *context, int thread, int threads) {
    const shared_pass *s = context;
    ck_plan *plan = s->images.plan;
    if (plan->count > 0) {
        forward_images(s, thread, threads);
        ck_barrier(threads);
        ck_dense_forward_on(&s->dense, NULL, &plan->base, s->logits, thread, threads);
        return;
    }
    const ck_first_input x = ck_pack_batch(&s->dense, s->input, s->wants_lists, thread, threads);
    if (thread == 0)
        plan->is_listed = !x.panels;
    ck_dense_forward_on(&s->dense, &x, NULL, s->logits, thread, threads);
}

// Whether the batch shall be listed. One that resembles the last is not looked at: in training all
// do.
static int wants_lists(ck_plan *plan, const ck_dense_pass *pass, const ck_batch_input *input,
                       int threads) {
    enum { PASSES = 32 };
    const ck_range own = ck_own_panels(pass, 0);
    const ptrdiff_t panels = own.last - own.first, batch = pass->batch;
    // Lists have room for places in 32 bits.
    if (input->listing == CK_NEVER_LISTED || (!input->rows && input->offset != 0) ||
        input->pixels > INT32_MAX / CK_LANES || input->pixels > (ptrdiff_t)UINT32_MAX / batch)
        return 0;
    if (plan->passes++ % PASSES == 0)
        plan->lists_pay =
            ck_lists_pay(pass->kernels, input, batch, (panels + threads - 1) / threads);
    return plan->lists_pay || input->listing == CK_ALWAYS_LISTED;
}

int ck_network_forward(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                       const ck_dropout *dropout, float *logits, int threads) {
    shared_pass s = pass_over(network, batch, input);
    float values[256];
    s.logits = logits;
    set_drops(network, input->indices, dropout);
    if (s.images.plan->last_batch != batch)
        s.images.plan->last_batch = batch;
    s.values = values;
    if (s.images.plan->count > 0)
        tabulate_inputs(s.dense.kernels, input, values);
    else
        s.wants_lists = wants_lists(s.images.plan, &s.dense, input, threads);
    return ck_run(threads, forward, &s);
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

static void backward(void *context, int thread, int threads) {
    shared_pass *s = context;
    const ck_plan *plan = s->images.plan;
    const ptrdiff_t stages = plan->count;
    turn_own_weights(&s->images, thread, threads);
    ck_first_input x;
    if (!stages)
        x = ck_packed_batch(s->input, s->dense.batch, plan->is_listed, thread, s->packed_by);
    ptrdiff_t bad = stages + ck_dense_backward_on(&s->dense, stages ? NULL : &x, &plan->base,
                                                  s->delta, s->fate, thread, threads);
    if (plan->lowest < stages) {
        ck_barrier(threads);
        sum_own_chains(&s->images, s->chains, thread, threads);
        ck_barrier(threads);
        const ptrdiff_t stage = ck_finish_weights(&s->images, s->chains, s->fate, thread, threads);
        bad = stage < stages ? stage : bad;
    }
    ptrdiff_t least = s->bad;
    while (bad < least && !atomic_compare_exchange_weak(&s->bad, &least, bad)) {
    }
}

static ptrdiff_t run_backward(const ck_network *network, ptrdiff_t batch,
                              const ck_batch_input *input, const float *delta, ck_fate fate,
                              int threads) {
    shared_pass s = pass_over(network, batch, input);
    s.delta = delta;
    s.fate = fate;
    s.packed_by = threads;
    ck_run(threads, backward, &s);
    return s.bad;
}

ptrdiff_t ck_network_backward(const ck_network *network, ptrdiff_t batch,
                              const ck_batch_input *input, const float *delta, float eta,
                              float alpha, int threads) {
    const ptrdiff_t bad =
        run_backward(network, batch, input, delta, (ck_fate){{eta, alpha}, 1}, threads);
    return bad == network->stage_count + network->layer_count ? -1 : bad;
}

void ck_network_gradient(const ck_network *network, ptrdiff_t batch, const ck_batch_input *input,
                         const float *delta, int threads) {
    run_backward(network, batch, input, delta, (ck_fate){{0, 0}, 0}, threads);
}
