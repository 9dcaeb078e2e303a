// Shapes of convolutional networks, their weights' layout, and the plan of their workspace.
#include "plan.h"
#include "listed.h"

#include <string.h>

static const double most_elements = 0x1p40; // of anything that one image or stage has

static int is_small(double a, double b, double c, double d) {
    return a * b * c * d <= most_elements;
}

static int is_extent(ck_extent e, ptrdiff_t least) {
    return e.height >= least && e.width >= least && is_small(e.height, e.width, 1, 1) &&
           is_small(e.height, 1, 1, 1) && is_small(e.width, 1, 1, 1);
}

static int is_shape(ck_shape s) {
    return s.channels > 0 && s.height > 0 && s.width > 0 &&
           is_small((double)s.channels + CK_LANES, s.height, s.width, 1);
}

// ---------------------------------------------------------------- shapes

// Pixels that the window gives, of a convolution before its max-pool.
static ck_extent windows(ck_shape in, const ck_stage *stage) {
    const ck_extent w = stage->window, s = stage->stride, p = stage->padding;
    const ptrdiff_t height = in.height + 2 * p.height - w.height;
    const ptrdiff_t width = in.width + 2 * p.width - w.width;
    if (height < 0 || width < 0)
        return (ck_extent){0, 0};
    return (ck_extent){height / s.height + 1, width / s.width + 1};
}

ck_shape ck_stage_output(ck_shape in, const ck_stage *stage) {
    const ck_shape none = {0, 0, 0};
    const int is_pool = stage->kind == CK_MAX_POOL || stage->kind == CK_AVERAGE_POOL;
    if (!is_shape(in) || !is_extent(stage->window, 1) || !is_extent(stage->stride, 1) ||
        !is_extent(stage->padding, 0) || !(stage->dropout >= 0 && stage->dropout < 1))
        return none;
    if (is_pool) {
        if (stage->padding.height || stage->padding.width || stage->activation != CK_IDENTITY ||
            stage->max_pool || stage->window.height * stage->window.width > 255)
            return none;
    } else if (stage->kind != CK_CONVOLUTION || stage->channels < 1 ||
               (stage->max_pool &&
                (stage->activation == CK_SIGMOID || stage->activation == CK_TANH)) ||
               !is_small((double)in.channels + CK_LANES, stage->window.height, stage->window.width,
                         (double)stage->channels + CK_LANES) ||
               !is_small((double)in.channels + CK_LANES,
                         (double)in.height + 2 * (double)stage->padding.height,
                         (double)in.width + 2 * (double)stage->padding.width, 1)) {
        return none;
    }
    const ck_extent computed = windows(in, stage);
    const ck_shape out = {is_pool ? in.channels : stage->channels,
                          stage->max_pool ? computed.height / 2 : computed.height,
                          stage->max_pool ? computed.width / 2 : computed.width};
    return is_shape(out) ? out : none;
}

// ---------------------------------------------------------------- weights

// Channels side by side in a block of the input.
static ptrdiff_t lanes_of(ptrdiff_t inputs, int first) {
    return first ? inputs : CK_LANES;
}

static ptrdiff_t blocks_of(ptrdiff_t inputs, int first) {
    return first ? 1 : ck_panels(inputs);
}

static ptrdiff_t rows_of(ptrdiff_t inputs, ck_extent kernel, int first) {
    return blocks_of(inputs, first) * kernel.height * kernel.width * lanes_of(inputs, first);
}

ptrdiff_t ck_convolution_size(ptrdiff_t inputs, ptrdiff_t outputs, ck_extent kernel, int first) {
    return ck_panel_size(rows_of(inputs, kernel, first) + 1, outputs);
}

// The row of a tap.
static ptrdiff_t row_of(ptrdiff_t input, ptrdiff_t tap, ptrdiff_t taps, ptrdiff_t lanes) {
    return (input / lanes * taps + tap) * lanes + input % lanes;
}

static float *at_row(const float *panels, ptrdiff_t rows, ptrdiff_t output, ptrdiff_t row) {
    return (float *)panels + (output / CK_LANES * (rows + 1) + row) * CK_LANES + output % CK_LANES;
}

void ck_convolution_pack(ptrdiff_t inputs, ptrdiff_t outputs, ck_extent kernel, int first,
                         const float *weight, const float *bias, float *panels) {
    const ptrdiff_t rows = rows_of(inputs, kernel, first);
    const ptrdiff_t taps = kernel.height * kernel.width, lanes = lanes_of(inputs, first);
    memset(panels, 0, (size_t)ck_panel_size(rows + 1, outputs) * sizeof(float));
    for (ptrdiff_t o = 0; o < outputs; o++) {
        for (ptrdiff_t i = 0; i < inputs; i++)
            for (ptrdiff_t t = 0; t < taps; t++)
                *at_row(panels, rows, o, row_of(i, t, taps, lanes)) =
                    weight[(o * inputs + i) * taps + t];
        *at_row(panels, rows, o, rows) = bias[o];
    }
}

void ck_convolution_unpack(ptrdiff_t inputs, ptrdiff_t outputs, ck_extent kernel, int first,
                           const float *panels, float *weight, float *bias) {
    const ptrdiff_t rows = rows_of(inputs, kernel, first);
    const ptrdiff_t taps = kernel.height * kernel.width, lanes = lanes_of(inputs, first);
    for (ptrdiff_t o = 0; o < outputs; o++) {
        for (ptrdiff_t i = 0; i < inputs; i++)
            for (ptrdiff_t t = 0; t < taps; t++)
                weight[(o * inputs + i) * taps + t] =
                    *at_row(panels, rows, o, row_of(i, t, taps, lanes));
        bias[o] = *at_row(panels, rows, o, rows);
    }
}

ptrdiff_t ck_flatten_size(ck_shape shape) {
    return ck_panels(shape.channels) * shape.height * shape.width * CK_LANES;
}

// A layer over an image is a convolution whose kernel is as large as it.
void ck_flatten_pack(ck_shape shape, ptrdiff_t outputs, const float *weight, const float *bias,
                     float *panels) {
    ck_convolution_pack(shape.channels, outputs, (ck_extent){shape.height, shape.width}, 0, weight,
                        bias, panels);
}

void ck_flatten_unpack(ck_shape shape, ptrdiff_t outputs, const float *panels, float *weight,
                       float *bias) {
    ck_convolution_unpack(shape.channels, outputs, (ck_extent){shape.height, shape.width}, 0,
                          panels, weight, bias);
}

// ---------------------------------------------------------------- the plan

// Deals out a workspace, cleared, or counts what it must hold.
typedef struct {
    char *memory; // NULL to count
    double used;
    int threads; // that clear each buffer
} arena;

static void *take(arena *a, double count, size_t size) {
    void *here = a->memory ? a->memory + (size_t)a->used : NULL;
    const double asked = count * (double)size;
    // A cache line between buffers of different threads, and an end that a last vector may touch.
    const double bytes = asked > 0x1p60 ? 0x1p60 : (double)(((size_t)asked + 63) / 64 * 64);
    a->used += bytes;
    if (here)
        ck_clear((ptrdiff_t)(bytes / sizeof(float)), here, a->threads);
    return here;
}

static float *take_floats(arena *a, double count, ptrdiff_t each) {
    return take(a, count * (double)each, sizeof(float));
}

static ck_layout layout(ptrdiff_t channels, ptrdiff_t lanes, ptrdiff_t height, ptrdiff_t width,
                        ptrdiff_t top, ptrdiff_t left) {
    ck_layout l = {.lanes = lanes, .blocks = (channels + lanes - 1) / lanes};
    l.row = width * lanes;
    l.plane = height * l.row;
    l.size = ck_panels(l.blocks * l.plane) * CK_LANES; // whole cache lines
    l.origin = top * l.row + left * lanes;
    return l;
}

// Everything about a stage but its buffers. first: it is a network's first. Returns 0 if it does
// not fit.
static int plan_stage(const ck_stage *stage, int first, ck_shape in, ck_planned *p) {
    const ck_extent window = stage->window, stride = stage->stride, padding = stage->padding;
    *p = (ck_planned){.in = in, .out = ck_stage_output(in, stage)};
    if (p->out.channels == 0)
        return 0;
    const int is_pool = stage->kind != CK_CONVOLUTION;
    p->computed = windows(in, stage);
    if (stage->max_pool) // the last row or column of an odd number is never seen
        p->computed = (ck_extent){p->out.height * 2, p->out.width * 2};
    p->panels = ck_panels(p->out.channels);
    const ptrdiff_t lanes = lanes_of(in.channels, first && !is_pool);
    p->input = layout(in.channels, lanes, in.height + 2 * padding.height,
                      in.width + 2 * padding.width, padding.height, padding.width);
    p->pixels = (ck_grid){stride.height * p->input.row, stride.width * lanes};
    p->flow = layout(in.channels, CK_LANES, in.height, in.width, 0, 0);
    p->places_size = p->panels * p->out.height * p->out.width * CK_LANES;
    if (is_pool)
        return 1;
    p->taps = (ck_taps){p->input.blocks, window.height, window.width * lanes, p->input.plane,
                        p->input.row};
    p->rows = rows_of(in.channels, window, first);
    p->sparse = stage->max_pool && !first;
    p->windows = p->out.height * p->out.width;
    if (p->sparse) {
        p->flow = p->input;
        return p->input.size <= INT32_MAX; // of which spots know the place
    }
    if (first) { // no deltas of bytes: no border
        p->deltas = layout(p->out.channels, CK_LANES, p->computed.height, p->computed.width, 0, 0);
        p->delta_pixels = (ck_grid){p->deltas.row, CK_LANES};
        return 1;
    }
    const ptrdiff_t top = ck_most(window.height - 1 - padding.height, 0);
    const ptrdiff_t left = ck_most(window.width - 1 - padding.width, 0);
    const ptrdiff_t down = ck_most(padding.height - window.height + 1, 0);
    const ptrdiff_t right = ck_most(padding.width - window.width + 1, 0);
    const ptrdiff_t height = ck_most(stride.height * (p->computed.height - 1) + 1 + top,
                                     in.height + window.height - 1 + down);
    const ptrdiff_t width = ck_most(stride.width * (p->computed.width - 1) + 1 + left,
                                    in.width + window.width - 1 + right);
    if (!is_small(height, width, (double)p->panels * CK_LANES, 1))
        return 0;
    p->deltas = layout(p->out.channels, CK_LANES, height, width, top, left);
    p->delta_pixels = (ck_grid){stride.height * p->deltas.row, stride.width * CK_LANES};
    p->delta_start = down * p->deltas.row + right * CK_LANES;
    p->flipped_taps = (ck_taps){p->panels, window.height, window.width * CK_LANES, p->deltas.plane,
                                p->deltas.row};
    return 1;
}

static void find_taps(const ck_planned *p) {
    ptrdiff_t *to = p->tap_places;
    for (ptrdiff_t b = 0; b < p->taps.blocks; b++)
        for (ptrdiff_t r = 0; r < p->taps.rows; r++)
            for (ptrdiff_t i = 0; i < p->taps.run; i++)
                *to++ = b * p->taps.block + r * p->taps.row + i;
}

static void take_buffers(arena *a, const ck_stage *stage, int first, int training,
                         const ck_plan *plan, ck_planned *p) {
    const int is_convolution = stage->kind == CK_CONVOLUTION;
    p->inputs = take_floats(a, plan->slots, p->input.size);
    if (!training)
        return;
    if (stage->max_pool || stage->kind == CK_MAX_POOL)
        p->places = take(a, (double)plan->batch * (double)p->places_size, 1);
    if (stage->dropout > 0)
        p->masks =
            take(a, (double)plan->batch * (double)(p->places_size / CK_LANES), sizeof(uint16_t));
    if (!is_convolution)
        return;
    if (p->sparse) {
        p->spots = take(a, (double)plan->threads * (double)p->out.channels * (double)p->windows,
                        sizeof(ck_spot));
        p->spot_sums =
            take_floats(a, (double)plan->threads * (double)p->panels * CK_LANES, p->rows);
    } else {
        p->delta_buffers = take_floats(a, plan->threads, p->deltas.size);
    }
    if (!first)
        p->turned = take_floats(a, (double)p->panels * CK_LANES, p->rows);
    p->tap_places = take(a, (double)p->rows, sizeof(ptrdiff_t));
    if (a->memory)
        find_taps(p);
}

ptrdiff_t ck_chains(ptrdiff_t weights, ptrdiff_t batch) {
    // Large weights have few sums, which would take much memory and time to join.
    enum { MOST = 16, FEW = 4, LARGE = 1 << 20 };
    return ck_least(batch, weights > LARGE ? FEW : MOST);
}

ptrdiff_t ck_network_chains(const ck_network *network, ptrdiff_t batch) {
    ptrdiff_t weights = 0;
    ck_shape shape = network->input;
    for (ptrdiff_t s = 0; s < network->stage_count; s++) {
        const ck_stage *stage = &network->stages[s];
        if (stage->kind == CK_CONVOLUTION)
            weights += ck_convolution_size(shape.channels, stage->channels, stage->window, s == 0);
        shape = ck_stage_output(shape, stage);
    }
    return ck_chains(weights, batch);
}

// Two rows of computed pixels and one of outputs.
static ptrdiff_t line_size(const ck_planned *p) {
    return (2 * p->computed.width + p->out.width) * CK_LANES;
}

// Room for lists by pixel, where the first layer can be summed by them.
static void take_columns(arena *a, const ck_network *network, ptrdiff_t pixels, ck_plan *plan) {
    if (network->batch < CK_TURNED_IMAGES ||
        ck_panels(network->layers[0].outputs) < CK_TURNED_TILES * CK_LEAST_TILE)
        return;
    plan->columns.lists = take(
        a, (double)ck_blocks(network->batch) * (double)ck_words(pixels) * CK_WORD, sizeof(ck_list));
    plan->columns.spots =
        (ck_spot *)take_floats(a, (double)network->batch, ck_panels(pixels) * CK_LANES);
}

// Fills in the plan, whose memory is at the start of the arena's, or one stage at a time where it
// only counts. Returns 0 if the network does not fit together.
static int lay_out(const ck_network *network, arena *a) {
    const ptrdiff_t count = network->stage_count, places = count + network->layer_count;
    ck_plan *plan = take(a, (double)sizeof(ck_plan) + (double)count * sizeof(ck_planned), 1);
    ck_plan counted;
    ck_planned spare;
    if (!plan)
        plan = &counted;
    *plan = (ck_plan){.count = count, .batch = network->batch, .threads = network->threads};
    plan->lowest = count;
    plan->slots = network->training ? network->batch : network->threads;
    plan->drops = take(a, (double)places, sizeof(ck_drop));
    plan->layer_masks = take(a, (double)network->layer_count, sizeof(uint16_t *));
    ck_shape shape = network->input;
    for (ptrdiff_t s = 0; s < count; s++) {
        ck_planned *p = a->memory ? &plan->stages[s] : &spare;
        if (!plan_stage(&network->stages[s], s == 0, shape, p))
            return 0;
        p->sums = plan->sums_size;
        if (network->stages[s].kind == CK_CONVOLUTION) {
            plan->sums_size += p->panels * (p->rows + 1) * CK_LANES;
            plan->lowest = ck_least(plan->lowest, s);
        }
        take_buffers(a, &network->stages[s], s == 0, network->training, plan, p);
        plan->line_size = ck_most(plan->line_size, line_size(p));
        plan->flow_size = ck_most(plan->flow_size, ck_most(p->places_size, p->flow.size));
        shape = p->out;
    }
    plan->flat = shape;
    const ptrdiff_t features =
        count ? ck_flatten_size(shape) : shape.channels * shape.height * shape.width;
    if (network->layer_count < 1 || features != network->layers[0].inputs)
        return 0;
    for (ptrdiff_t l = 1; l < network->layer_count; l++)
        if (network->layers[l].inputs != network->layers[l - 1].outputs)
            return 0;
    if (count) {
        plan->base = (ck_dense){.outputs = features, .activation = CK_IDENTITY};
        plan->base.activations = take_floats(a, (double)network->batch, features);
        plan->lines = take_floats(a, network->threads, plan->line_size);
    }
    if (!network->training)
        return 1;
    for (ptrdiff_t l = 0; network->layer_dropout && l < network->layer_count; l++) {
        const float dropout = network->layer_dropout[l];
        const int last = l == network->layer_count - 1;
        if (!(dropout >= 0 && dropout < 1) || (last && dropout > 0))
            return 0;
        uint16_t *masks = NULL;
        if (dropout > 0)
            masks = take(a, (double)network->batch * (double)ck_panels(network->layers[l].outputs),
                         sizeof(uint16_t));
        if (a->memory)
            plan->layer_masks[l] = masks;
    }
    if (!count) {
        plan->listed_sums = take_floats(a, network->threads, CK_LISTED_SUMS);
        take_columns(a, network, features, plan);
    } else {
        plan->base.deltas = take_floats(a, (double)network->batch, features);
        for (int i = 0; i < 2; i++)
            plan->flows[i] = take_floats(a, network->threads, plan->flow_size);
        plan->chain_sums =
            take_floats(a, ck_network_chains(network, network->batch), plan->sums_size);
    }
    return 1;
}

size_t ck_network_workspace(const ck_network *network) {
    arena a = {0};
    if (network->batch < 1 || network->threads < 1 || !is_shape(network->input) ||
        !lay_out(network, &a) || a.used > 0x1p50)
        return 0;
    return (size_t)a.used;
}

void ck_network_prepare(const ck_network *network) {
    arena a = {network->workspace, 0, network->threads};
    lay_out(network, &a);
}

// Fills in the plan of a convolution, or counts as lay_out does.
static int lay_out_alone(const ck_stage *stage, ck_shape input, int first, ptrdiff_t summed,
                         int training, int threads, arena *a) {
    ck_plan *plan = take(a, (double)(sizeof(ck_plan) + sizeof(ck_planned)), 1);
    ck_plan counted;
    ck_planned spare, *p = plan ? plan->stages : &spare;
    if (!plan)
        plan = &counted;
    *plan = (ck_plan){.count = 1, .slots = threads, .threads = threads};
    if (!plan_stage(stage, first, input, p))
        return 0;
    plan->drops = take(a, 1, sizeof(ck_drop));
    take_buffers(a, stage, first, training, plan, p);
    plan->line_size = line_size(p);
    plan->lines = take_floats(a, threads, plan->line_size);
    plan->sums_size = p->panels * (p->rows + 1) * CK_LANES;
    plan->chain_sums = take_floats(a, (double)ck_chains(plan->sums_size, summed), plan->sums_size);
    return 1;
}

ck_plan *ck_plan_alone(const ck_stage *stage, ck_shape input, int first, ptrdiff_t summed,
                       int training, int threads) {
    arena a = {0};
    if (!lay_out_alone(stage, input, first, summed, training, threads, &a) || a.used > 0x1p50)
        return NULL;
    const size_t bytes = (size_t)a.used;
    a = (arena){ck_alloc(bytes), 0, threads};
    if (!a.memory)
        return NULL;
    lay_out_alone(stage, input, first, summed, training, threads, &a);
    return (ck_plan *)a.memory;
}
