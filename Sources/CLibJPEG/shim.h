// libjpeg-turbo, from Debian's libjpeg-dev, behind two functions. libjpeg reports errors through a
// function that must not return, and longjmp must not cross Swift's frames: both functions catch it
// here and give back -1 and libjpeg's text. Nothing is printed. What libjpeg only warns of, and
// fills with gray, is an error. Used by Sources/Phidias/Images only.
#ifndef CLIBJPEG_SHIM_H
#define CLIBJPEG_SHIM_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

enum {
    // Bytes of the buffer that receives an error's text, with its closing NUL.
    PHIDIAS_JPEG_MESSAGE = JMSG_LENGTH_MAX,
    // A progressive file may send the same few coefficients again and again, each time over all of
    // the picture: encoders make some ten scans.
    PHIDIAS_JPEG_SCANS = 100,
};

// What a file says of itself before its pixels.
struct phidias_jpeg_header {
    uint32_t width, height;
    // 1 gray, 3 colours that become RGB, 4 CMYK.
    int components;
    int is_arithmetic;
    // Bytes of coefficients that are held at once; 0 where blocks are decoded as they come.
    uint64_t buffered;
};

// Lives in the frame of the function that Swift calls, not in the one that calls setjmp: its
// members keep their values across a longjmp.
struct phidias_jpeg_state {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failure;
    char *message;
};

static inline void phidias_jpeg_fail(j_common_ptr jpeg) {
    struct phidias_jpeg_state *state = (struct phidias_jpeg_state *)jpeg->client_data;
    jpeg->err->format_message(jpeg, state->message);
    longjmp(state->failure, 1);
}

// Warnings are damage, but for what changes no pixel.
static inline void phidias_jpeg_emit(j_common_ptr jpeg, int level) {
    if (level >= 0)
        return;
    switch (jpeg->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA: return;
    default: phidias_jpeg_fail(jpeg);
    }
}

static inline void phidias_jpeg_print(j_common_ptr jpeg) {
    (void)jpeg;
}

static inline void phidias_jpeg_watch(j_common_ptr jpeg) {
    struct phidias_jpeg_state *state = (struct phidias_jpeg_state *)jpeg->client_data;
    if (state->jpeg.input_scan_number <= PHIDIAS_JPEG_SCANS)
        return;
    snprintf(state->message, PHIDIAS_JPEG_MESSAGE, "it has more than %d scans", PHIDIAS_JPEG_SCANS);
    longjmp(state->failure, 1);
}

// Begins to read; the caller has set jump and message.
static inline void phidias_jpeg_open(struct phidias_jpeg_state *state, const uint8_t *bytes,
                                     size_t size) {
    jpeg_create_decompress(&state->jpeg);
    state->progress.progress_monitor = phidias_jpeg_watch;
    state->jpeg.progress = &state->progress;
    jpeg_mem_src(&state->jpeg, bytes, size);
    jpeg_read_header(&state->jpeg, TRUE);
}

static inline void phidias_jpeg_prepare(struct phidias_jpeg_state *state, char *message) {
    state->message = message;
    state->jpeg.err = jpeg_std_error(&state->errors);
    state->jpeg.client_data = state;
    state->errors.error_exit = phidias_jpeg_fail;
    state->errors.emit_message = phidias_jpeg_emit;
    state->errors.output_message = phidias_jpeg_print;
}

__attribute__((noinline)) static int phidias_jpeg_look(struct phidias_jpeg_state *state,
                                                       const uint8_t *bytes, size_t size,
                                                       struct phidias_jpeg_header *header) {
    if (setjmp(state->failure))
        return -1;
    phidias_jpeg_open(state, bytes, size);
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    header->width = jpeg->image_width;
    header->height = jpeg->image_height;
    header->is_arithmetic = jpeg->arith_code;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE: header->components = 1; break;
    case JCS_YCbCr:
    case JCS_RGB: header->components = 3; break;
    case JCS_CMYK:
    case JCS_YCCK: header->components = 4; break;
    default: header->components = 0;
    }
    if (jpeg_has_multiple_scans(jpeg))
        for (int i = 0; i < jpeg->num_components; i++) {
            // Padded to whole units of interleaving, of at most 4 x 4 blocks.
            jpeg_component_info *part = &jpeg->comp_info[i];
            header->buffered += ((uint64_t)part->width_in_blocks + 3) *
                                ((uint64_t)part->height_in_blocks + 3) * sizeof(JBLOCK);
        }
    return 0;
}

// Reads what the file says of its picture.
// - bytes: the whole file, size bytes. header: zeroed.
// - message: PHIDIAS_JPEG_MESSAGE zeroed chars; holds libjpeg's text after an error.
// Returns 0 or -1.
static inline int phidias_jpeg_size(const uint8_t *bytes, size_t size,
                                    struct phidias_jpeg_header *header, char *message) {
    struct phidias_jpeg_state state = {0};
    phidias_jpeg_prepare(&state, message);
    int status = phidias_jpeg_look(&state, bytes, size, header);
    jpeg_destroy_decompress(&state.jpeg);
    return status;
}

__attribute__((noinline)) static int
phidias_jpeg_decode(struct phidias_jpeg_state *state, const uint8_t *bytes, size_t size,
                    int channels, uint32_t part, uint32_t width, uint32_t height, uint8_t *pixels) {
    if (setjmp(state->failure))
        return -1;
    phidias_jpeg_open(state, bytes, size);
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    jpeg->out_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg->scale_num = 1;
    jpeg->scale_denom = part;
    // The slow integer transform has the same bits with and without vector instructions.
    jpeg->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(jpeg);
    if (jpeg->output_width != width || jpeg->output_height != height ||
        jpeg->output_components != channels) {
        strcpy(state->message, "the size is not the expected one");
        return -1;
    }
    while (jpeg->output_scanline < height) {
        JSAMPROW row = pixels + (size_t)width * (size_t)channels * jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return 0;
}

// Decodes a JPEG to gray (channels 1) or RGB (3), rows from the top.
// - part: 1, 2, 4 or 8: the picture is that many times smaller, rounded up to width x height.
// - pixels: height * width * channels bytes, unspecified after an error.
// - message: PHIDIAS_JPEG_MESSAGE zeroed chars; holds libjpeg's text after an error.
// Returns 0 or -1.
static inline int phidias_jpeg_read(const uint8_t *bytes, size_t size, int channels, uint32_t part,
                                    uint32_t width, uint32_t height, uint8_t *pixels,
                                    char *message) {
    struct phidias_jpeg_state state = {0};
    phidias_jpeg_prepare(&state, message);
    int status = phidias_jpeg_decode(&state, bytes, size, channels, part, width, height, pixels);
    jpeg_destroy_decompress(&state.jpeg);
    return status;
}

#endif
