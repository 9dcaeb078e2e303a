// libpng, from Debian's libpng-dev, behind functions that Swift can call: libpng reports errors
// by longjmp, which must not cross Swift frames. Used by Sources/Phidias/Images only.
#ifndef PHIDIAS_CLIBPNG_H
#define PHIDIAS_CLIBPNG_H

#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What went wrong, as libpng says it.
typedef struct {
    char text[200];
} phidias_png_error;

typedef struct {
    const uint8_t *bytes;
    size_t size, at;
} phidias_png_source;

typedef struct {
    uint8_t *bytes; ///< grows by realloc; the caller frees it
    size_t size, capacity;
} phidias_png_sink;

static inline void phidias_png_fail(png_structp png, png_const_charp message) {
    phidias_png_error *error = (phidias_png_error *)png_get_error_ptr(png);
    snprintf(error->text, sizeof error->text, "%s", message);
    longjmp(png_jmpbuf(png), 1);
}

static inline void phidias_png_ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static inline void phidias_png_take(png_structp png, png_bytep to, size_t count) {
    phidias_png_source *from = (phidias_png_source *)png_get_io_ptr(png);
    if (count > from->size - from->at)
        png_error(png, "the file ends too early");
    memcpy(to, from->bytes + from->at, count);
    from->at += count;
}

static inline void phidias_png_put(png_structp png, png_bytep from, size_t count) {
    phidias_png_sink *to = (phidias_png_sink *)png_get_io_ptr(png);
    if (count > to->capacity - to->size) {
        size_t capacity = (to->size + count) * 2;
        uint8_t *bytes = (uint8_t *)realloc(to->bytes, capacity);
        if (!bytes)
            png_error(png, "out of memory");
        to->bytes = bytes;
        to->capacity = capacity;
    }
    memcpy(to->bytes + to->size, from, count);
    to->size += count;
}

static inline void phidias_png_flush(png_structp png) {
    (void)png;
}

/// Width and height, from the header alone. 0, or -1 with an error.
static inline int phidias_png_size(const uint8_t *bytes, size_t size, uint32_t *width,
                                   uint32_t *height, phidias_png_error *error) {
    phidias_png_source source = {bytes, size, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, phidias_png_fail,
                                             phidias_png_ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return -1;
    }
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_chunk_malloc_max(png, 1 << 20);
    png_set_chunk_cache_max(png, 64);
    png_set_read_fn(png, &source, phidias_png_take);
    png_read_info(png, info);
    *width = png_get_image_width(png, info);
    *height = png_get_image_height(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
}

/// The image as 8-bit gray, [height][width], transparent parts over white. 0, or -1 with an error.
static inline int phidias_png_read_gray(const uint8_t *bytes, size_t size, uint8_t *pixels,
                                        uint32_t width, uint32_t height,
                                        phidias_png_error *error) {
    phidias_png_source source = {bytes, size, 0};
    png_bytep *volatile rows = (png_bytep *)malloc(height * sizeof(png_bytep));
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, phidias_png_fail,
                                             phidias_png_ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!rows || !info || setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(rows);
        return -1;
    }
    for (uint32_t y = 0; y < height; y++)
        rows[y] = pixels + (size_t)y * width;
    png_set_chunk_malloc_max(png, 1 << 20);
    png_set_chunk_cache_max(png, 64);
    png_set_read_fn(png, &source, phidias_png_take);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    if (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR)
        png_set_rgb_to_gray(png, 1, -1, -1);
    png_color_16 white = {0, 255, 255, 255, 255};
    png_set_background(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != width || png_get_image_height(png, info) != height)
        png_error(png, "unexpected row size");
    png_read_image(png, rows);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    return 0;
}

/// Writes an 8-bit image with `channels` 1 (gray) or 3 (RGB) and `count` text chunks into `sink`,
/// which starts empty. 0, or -1 with an error.
static inline int phidias_png_write(const uint8_t *pixels, uint32_t width, uint32_t height,
                                    int channels, int count, char *const *keys,
                                    char *const *values, phidias_png_sink *sink,
                                    phidias_png_error *error) {
    png_text *volatile text = (png_text *)calloc((size_t)count + 1, sizeof(png_text));
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, phidias_png_fail,
                                              phidias_png_ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!text || !info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        free(text);
        return -1;
    }
    png_set_write_fn(png, sink, phidias_png_put, phidias_png_flush);
    png_set_IHDR(png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < count; i++) {
        text[i].compression = PNG_ITXT_COMPRESSION_NONE;
        text[i].key = keys[i];
        text[i].text = values[i];
        text[i].lang = NULL;
        text[i].lang_key = NULL;
    }
    png_set_text(png, info, text, count);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)y * width * (size_t)channels);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(text);
    return 0;
}

#endif
