// libpng, from Debian's libpng-dev, behind two functions. libpng reports errors by longjmp, which
// must not cross Swift's frames: both functions catch it here and give back -1 and libpng's text.
// Nothing is printed: warnings are dropped. Used by Sources/Phidias/Images only.
#ifndef CLIBPNG_SHIM_H
#define CLIBPNG_SHIM_H

#include <png.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    // Bytes of the buffer that receives an error's text, with its closing NUL.
    PHIDIAS_PNG_MESSAGE = 200,
    // A colour profile or comment larger than this is refused; smaller ones are skipped unread.
    PHIDIAS_PNG_CHUNK_LIMIT = 8 << 20,
};

// Lives in the frame of the function that Swift calls, not in the one that calls setjmp: its
// members keep their values across a longjmp.
struct phidias_png_state {
    jmp_buf failure;
    png_structp png;
    png_infop info;
    char *message;
    const uint8_t *input;
    size_t input_left;
    uint8_t *output;
    size_t output_count, output_capacity;
};

static inline void phidias_png_fail(png_structp png, png_const_charp text) {
    struct phidias_png_state *state = (struct phidias_png_state *)png_get_error_ptr(png);
    strncpy(state->message, text, PHIDIAS_PNG_MESSAGE - 1);
    longjmp(state->failure, 1);
}

static inline void phidias_png_ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static inline void phidias_png_take(png_structp png, png_bytep into, size_t count) {
    struct phidias_png_state *state = (struct phidias_png_state *)png_get_io_ptr(png);
    if (count > state->input_left)
        png_error(png, "the data ends early");
    memcpy(into, state->input, count);
    state->input += count;
    state->input_left -= count;
}

static inline void phidias_png_give(png_structp png, png_bytep from, size_t count) {
    struct phidias_png_state *state = (struct phidias_png_state *)png_get_io_ptr(png);
    if (count > state->output_capacity - state->output_count) {
        size_t capacity = 2 * state->output_capacity + count + 4096;
        uint8_t *larger = (uint8_t *)realloc(state->output, capacity);
        if (larger == NULL)
            png_error(png, "out of memory");
        state->output = larger;
        state->output_capacity = capacity;
    }
    memcpy(state->output + state->output_count, from, count);
    state->output_count += count;
}

static inline void phidias_png_flush(png_structp png) {
    (void)png;
}

__attribute__((noinline)) static int phidias_png_decode(struct phidias_png_state *state,
                                                        uint32_t width, uint32_t height,
                                                        uint8_t *rgba) {
    if (setjmp(state->failure))
        return -1;
    state->png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, state, phidias_png_fail, phidias_png_ignore);
    state->info = state->png ? png_create_info_struct(state->png) : NULL;
    if (state->info == NULL) {
        strcpy(state->message, "libpng could not start");
        return -1;
    }
    png_structp png = state->png;
    png_set_read_fn(png, state, phidias_png_take);
    png_set_user_limits(png, width, height);
    png_set_chunk_malloc_max(png, PHIDIAS_PNG_CHUNK_LIMIT);
    // Only IHDR, PLTE, tRNS, IDAT and IEND matter: the rest, gamma and text too, is skipped.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, state->info);
    if (png_get_image_width(png, state->info) != width ||
        png_get_image_height(png, state->info) != height)
        png_error(png, "the size is not the expected one");

    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, state->info);
    size_t stride = (size_t)width * 4;
    if (png_get_rowbytes(png, state->info) != stride)
        png_error(png, "the rows do not expand to 8-bit RGBA");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++)
            png_read_row(png, rgba + stride * y, NULL);
    png_read_end(png, NULL);
    return 0;
}

// Decodes a PNG of the known size width x height, of any colour type and depth, to 8-bit RGBA.
// - bytes: the whole file, size bytes. rgba: height * width * 4 bytes, unspecified after an error.
// - message: PHIDIAS_PNG_MESSAGE zeroed chars; holds libpng's text after an error.
// Returns 0 or -1.
static inline int phidias_png_read(const uint8_t *bytes, size_t size, uint32_t width,
                                   uint32_t height, uint8_t *rgba, char *message) {
    struct phidias_png_state state = {.message = message, .input = bytes, .input_left = size};
    int status = phidias_png_decode(&state, width, height, rgba);
    png_destroy_read_struct(&state.png, &state.info, NULL);
    return status;
}

__attribute__((noinline)) static int phidias_png_encode(struct phidias_png_state *state,
                                                        const uint8_t *pixels, uint32_t width,
                                                        uint32_t height, int channels,
                                                        const char *texts, size_t text_count) {
    if (setjmp(state->failure))
        return -1;
    state->png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, state, phidias_png_fail, phidias_png_ignore);
    state->info = state->png ? png_create_info_struct(state->png) : NULL;
    if (state->info == NULL) {
        strcpy(state->message, "libpng could not start");
        return -1;
    }
    png_structp png = state->png;
    png_set_write_fn(png, state, phidias_png_give, phidias_png_flush);
    // Fixed settings: the same pixels give the same file.
    png_set_compression_level(png, 6); // 9 is ten times slower for 1 % less
    png_set_filter(png, 0, PNG_ALL_FILTERS);
    png_set_IHDR(png, state->info, width, height, 8,
                 channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (size_t i = 0; i < text_count; i++) {
        char *key = (char *)texts;
        char *value = key + strlen(key) + 1;
        png_text text = {.key = key, .text = value, .compression = PNG_TEXT_COMPRESSION_NONE};
        for (const char *c = value; *c != 0; c++)
            if ((unsigned char)*c > 126) {
                text.compression = PNG_ITXT_COMPRESSION_NONE;
                break;
            }
        png_set_text(png, state->info, &text, 1);
        texts = value + strlen(value) + 1;
    }
    png_write_info(png, state->info);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)width * (size_t)channels * y);
    png_write_end(png, state->info);
    return 0;
}

// Encodes 8-bit gray (channels 1) or RGB (3) pixels, rows from the top, as a PNG.
// - texts: text_count pairs of NUL-terminated strings, key then value, one after the other. Keys
//   as PNG wants them; values in UTF-8, written as tEXt where they are ASCII, else as iTXt.
// - bytes, size: receive the file, to be released with free, also after an error.
// - message: PHIDIAS_PNG_MESSAGE zeroed chars; holds libpng's text after an error.
// Returns 0 or -1.
static inline int phidias_png_write(const uint8_t *pixels, uint32_t width, uint32_t height,
                                    int channels, const char *texts, size_t text_count,
                                    uint8_t **bytes, size_t *size, char *message) {
    struct phidias_png_state state = {.message = message};
    int status = phidias_png_encode(&state, pixels, width, height, channels, texts, text_count);
    png_destroy_write_struct(&state.png, &state.info);
    *bytes = state.output;
    *size = state.output_count;
    return status;
}

#endif
