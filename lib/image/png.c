// PNG by libpng's classic interface, which takes limits and reads row by row.
#include "image/codec.h"
#include "image/encode.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <setjmp.h>
#include <string.h>

#include <png.h>

#define MAX_CHUNK_BYTES (1 * MIB) // of one ancillary chunk once unpacked: an EXIF block has at most 64 kB

typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf out;
    err *e;
    const codec_input *in;
    size_t at;     // bytes of in read so far
    uint8_t *rgba; // the whole picture, when it has transparency
} png_reader;

static _Noreturn void on_error(png_structp png, png_const_charp why)
{
    png_reader *r = png_get_error_ptr(png);
    fail(r->e, ERR_INPUT, "the PNG is damaged (%.120s): send the original file again", why);
    longjmp(r->out, 1);
}

static void on_warning(png_structp png, png_const_charp why) { (void)png, (void)why; }

static void read_bytes(png_structp png, png_bytep into, size_t n)
{
    png_reader *r = png_get_io_ptr(png);
    if (n > r->in->n - r->at) {
        fail(r->e, ERR_INPUT, "the PNG ends in the middle (truncated): send the original file again");
        longjmp(r->out, 1);
    }
    memcpy(into, r->in->data + r->at, n);
    r->at += n;
}

// Text, colour profiles and the like are skipped unread: they can be packed bombs and we use none of them.
static void skip_what_we_do_not_use(png_structp png)
{
    static const uint8_t unused[] = "cHRM\0gAMA\0iCCP\0sRGB\0sBIT\0hIST\0bKGD\0pHYs\0sPLT\0tIME\0tEXt\0zTXt\0iTXt\0"
                                    "oFFs\0pCAL\0sCAL\0eXIf";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unused, (int)(sizeof unused / 5));
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
}

// libpng would allocate whatever length an EXIF chunk claims, so the chunks are walked here: length, name, bytes, CRC.
static exif_info find_exif(const uint8_t *data, size_t n)
{
    size_t at = 8;
    while (at <= n && n - at >= 12) {
        uint32_t size = png_get_uint_32(data + at);
        if (size > n - at - 12) break;
        if (memcmp(data + at + 4, "eXIf", 4) == 0) return exif_parse(data + at + 8, size);
        at += 12 + (size_t)size;
    }
    return (exif_info){ .orientation = 1 };
}

// The size as the header tells it, before libpng's own limits would refuse it with a sentence for programmers.
static bool check_size(const codec_input *in, err *e)
{
    if (in->n < 24) {
        return fail(e, ERR_INPUT, "the PNG ends in the middle (truncated): send the original file again");
    }
    return codec_accepts(in, png_get_uint_32(in->data + 16), png_get_uint_32(in->data + 20), e);
}

// Everything that may longjmp; the caller owns what it leaves in r and out.
static bool read_photo(png_reader *r, codec_photo *out, err *e)
{
    if (setjmp(r->out)) return false;
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) return fail(e, ERR_MEMORY, "there is not enough memory to read the PNG");
    png_set_user_limits(r->png, r->in->limit_side, r->in->limit_side);
    png_set_chunk_malloc_max(r->png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(r->png, 16);
    skip_what_we_do_not_use(r->png);
    png_set_read_fn(r->png, r, read_bytes);
    png_read_info(r->png, r->info);

    uint32_t width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
    if (!codec_accepts(r->in, width, height, e)) return false;
    png_set_expand(r->png); // palette, fewer than 8 bits, tRNS
    png_set_scale_16(r->png);
    png_set_gray_to_rgb(r->png);
    int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    uint32_t channels = png_get_channels(r->png, r->info);
    if ((channels != 3 && channels != 4) || png_get_rowbytes(r->png, r->info) != (size_t)width * channels) {
        return fail(e, ERR_INPUT, "the PNG has %u channels: save it again as an RGB picture", channels);
    }

    if (!codec_new_image(&out->im, width, height, 3, e)) return false;
    uint8_t *px = out->im.px;
    if (channels == 4) {
        px = r->rgba = mem_try((size_t)width * height, 4);
        if (!px) return fail(e, ERR_MEMORY, "there is not enough memory to read the PNG");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) png_read_row(r->png, px + (size_t)y * width * channels, NULL);
    }
    png_read_end(r->png, NULL); // checks that the file is whole
    if (r->rgba) codec_flatten(r->rgba, out->im.px, (size_t)width * height);
    out->full_width = width;
    out->full_height = height;
    out->exif = find_exif(r->in->data, r->in->n);
    return true;
}

bool codec_png(const codec_input *in, codec_photo *out, err *e)
{
    *out = (codec_photo){ 0 };
    if (!check_size(in, e)) return false;
    png_reader *r = mem_array(png_reader, 1);
    r->e = e;
    r->in = in;
    bool ok = read_photo(r, out, e);
    png_destroy_read_struct(&r->png, &r->info, NULL);
    mem_free(r->rgba);
    mem_free(r);
    if (!ok) image_free(&out->im);
    return ok;
}

// zlib's fast matching: a photo becomes 4 % larger than at the usual level 6, in less than half the time.
#define PNG_LEVEL 3

typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf out;
    err *e;
    buf *into;
} png_writer;

static _Noreturn void on_write_error(png_structp png, png_const_charp why)
{
    png_writer *w = png_get_error_ptr(png);
    fail(w->e, ERR_INTERNAL, "the picture cannot be written as a PNG (%.120s)", why);
    longjmp(w->out, 1);
}

static void write_bytes(png_structp png, png_bytep data, size_t n)
{
    png_writer *w = png_get_io_ptr(png);
    if (buf_append(w->into, data, n)) return;
    fail(w->e, ERR_LIMIT, "the picture as a PNG is larger than %zu bytes", w->into->max);
    longjmp(w->out, 1);
}

static void flush_nothing(png_structp png) { (void)png; }

static bool write_picture(png_writer *w, const image *im, err *e)
{
    static const int types[] = { [1] = PNG_COLOR_TYPE_GRAY, [3] = PNG_COLOR_TYPE_RGB, [4] = PNG_COLOR_TYPE_RGBA };
    if (setjmp(w->out)) return false;
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_write_error, on_warning);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    if (!w->info) return fail(e, ERR_MEMORY, "there is not enough memory to write a PNG");
    png_set_write_fn(w->png, w, write_bytes, flush_nothing);
    png_set_IHDR(w->png, w->info, im->width, im->height, 8, types[im->channels], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(w->png, PNG_LEVEL);
    png_set_filter(w->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP); // trying all five on each row gains under 1 %
    png_write_info(w->png, w->info);
    for (uint32_t y = 0; y < im->height; y++) png_write_row(w->png, image_at(im, 0, y));
    png_write_end(w->png, NULL);
    return true;
}

bool image_encode_png(const image *im, buf *out, err *e)
{
    assert((im->channels == 1 || im->channels == 3 || im->channels == 4) && im->width && im->height);
    size_t before = out->len;
    png_writer *w = mem_array(png_writer, 1);
    w->e = e;
    w->into = out;
    bool ok = write_picture(w, im, e);
    png_destroy_write_struct(&w->png, &w->info);
    mem_free(w);
    if (!ok) out->len = before;
    return ok;
}
