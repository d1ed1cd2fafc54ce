// JPEG by libjpeg-turbo's classic interface: it tells damage from mere oddities, which the newer one does not.
#include "image/codec.h"
#include "image/encode.h"
#include "base/mem.h"

#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file may hold thousands of tiny scans, each of which costs a pass over all coefficients. Cameras and
// editors write about ten.
#define MAX_SCANS 100

// What libjpeg's callbacks reach through cinfo->err.
typedef struct {
    struct jpeg_error_mgr mgr; // first, so that a pointer to it is a pointer to us
    jmp_buf out;
    err *e;
} jpeg_trap;

static _Noreturn void give_up(j_common_ptr cinfo)
{
    jpeg_trap *trap = (jpeg_trap *)cinfo->err;
    char why[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, why);
    if (cinfo->err->msg_code == JERR_OUT_OF_MEMORY) {
        fail(trap->e, ERR_MEMORY, "there is not enough memory to read the JPEG: send a smaller copy");
    } else {
        fail(trap->e, ERR_INPUT, "the JPEG is damaged (%.120s): send the original file again", why);
    }
    longjmp(trap->out, 1);
}

// libjpeg only warns where data is missing and fills the rest with grey, which we would measure as if it were a
// person. Oddities that leave every pixel right (junk between segments, an unknown version) pass.
static void on_message(j_common_ptr cinfo, int level)
{
    if (level >= 0) return;
    jpeg_trap *trap = (jpeg_trap *)cinfo->err;
    switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
        fail(trap->e, ERR_INPUT, "the JPEG ends in the middle (truncated): send the original file again");
        longjmp(trap->out, 1);
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
        give_up(cinfo);
    default:
        return;
    }
}

static void silent(j_common_ptr cinfo) { (void)cinfo; }

static void trap_init(jpeg_trap *trap, err *e)
{
    jpeg_std_error(&trap->mgr);
    trap->mgr.error_exit = give_up;
    trap->mgr.emit_message = on_message;
    trap->mgr.output_message = silent;
    trap->e = e;
}

static void count_scans(j_common_ptr cinfo)
{
    jpeg_trap *trap = (jpeg_trap *)cinfo->err;
    if (((j_decompress_ptr)cinfo)->input_scan_number <= MAX_SCANS) return;
    fail(trap->e, ERR_LIMIT, "the JPEG is made of more than %d layers: save it again as an ordinary JPEG", MAX_SCANS);
    longjmp(trap->out, 1);
}

// Adobe writes CMYK inverted (0 is full ink) and says so by its marker; others write it as the name says.
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t count, bool inverted)
{
    for (size_t i = 0; i < count; i++, cmyk += 4, rgb += 3) {
        for (int c = 0; c < 3; c++) {
            unsigned ink = inverted ? cmyk[c] : 255u - cmyk[c], key = inverted ? cmyk[3] : 255u - cmyk[3];
            rgb[c] = (uint8_t)((ink * key + 127) / 255);
        }
    }
}

typedef struct {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_progress_mgr progress;
    jpeg_trap trap;
    uint8_t *cmyk; // one row
} jpeg_reader;

// The largest of 1/1, 1/2, 1/4, 1/8 (those with vector code) that leaves the longer side at least max_side.
static unsigned dct_divisor(uint32_t longer, uint32_t max_side)
{
    unsigned d = 1;
    while (max_side && d < 8 && longer / (d * 2) >= max_side) d *= 2;
    return d;
}

static exif_info find_exif(j_decompress_ptr cinfo)
{
    for (jpeg_saved_marker_ptr m = cinfo->marker_list; m; m = m->next) {
        if (m->marker == JPEG_APP0 + 1 && m->data_length >= 6 && memcmp(m->data, "Exif\0", 6) == 0) {
            return exif_parse(m->data, m->data_length);
        }
    }
    return (exif_info){ .orientation = 1 };
}

// Everything that may longjmp; the caller owns what it leaves in r and out.
static bool read_photo(jpeg_reader *r, const codec_input *in, codec_photo *out, err *e)
{
    j_decompress_ptr cinfo = &r->cinfo;
    if (setjmp(r->trap.out)) return false;
    jpeg_create_decompress(cinfo);
    r->progress.progress_monitor = count_scans;
    cinfo->progress = &r->progress;
    jpeg_mem_src(cinfo, in->data, (unsigned long)in->n);
    jpeg_save_markers(cinfo, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(cinfo, TRUE);
    if (!codec_accepts(in, cinfo->image_width, cinfo->image_height, e)) return false;

    bool cmyk = cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK;
    if (cinfo->jpeg_color_space == JCS_UNKNOWN) {
        return fail(e, ERR_INPUT, "the JPEG has %d colour channels of unknown meaning: save it again as an RGB JPEG",
                    cinfo->num_components);
    }
    cinfo->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    uint32_t longer = cinfo->image_width > cinfo->image_height ? cinfo->image_width : cinfo->image_height;
    cinfo->scale_num = 1;
    cinfo->scale_denom = dct_divisor(longer, in->max_side);
    jpeg_calc_output_dimensions(cinfo);
    if (!codec_new_image(&out->im, cinfo->output_width, cinfo->output_height, 3, e)) return false;
    if (cmyk) r->cmyk = mem_array(uint8_t, (size_t)cinfo->output_width * 4);

    out->full_width = cinfo->image_width;
    out->full_height = cinfo->image_height;
    out->exif = find_exif(cinfo);
    jpeg_start_decompress(cinfo);
    while (cinfo->output_scanline < cinfo->output_height) {
        uint8_t *row = image_at(&out->im, 0, cinfo->output_scanline);
        JSAMPROW into = cmyk ? r->cmyk : row;
        if (jpeg_read_scanlines(cinfo, &into, 1) != 1) return fail(e, ERR_INTERNAL, "the JPEG reader stopped early");
        if (cmyk) cmyk_to_rgb(r->cmyk, row, cinfo->output_width, cinfo->saw_Adobe_marker);
    }
    return true; // no jpeg_finish_decompress: what follows the last row (thumbnails, a second photo) is not ours to
                 // judge
}

bool codec_jpeg(const codec_input *in, codec_photo *out, err *e)
{
    *out = (codec_photo){ 0 };
    jpeg_reader *r = mem_array(jpeg_reader, 1);
    trap_init(&r->trap, e);
    r->cinfo.err = &r->trap.mgr;
    bool ok = read_photo(r, in, out, e);
    jpeg_destroy_decompress(&r->cinfo);
    mem_free(r->cmyk);
    mem_free(r);
    if (!ok) image_free(&out->im);
    return ok;
}

// A destination that appends to a buf in blocks.
typedef struct {
    struct jpeg_compress_struct cinfo;
    struct jpeg_destination_mgr dest; // reached through cinfo.dest
    jpeg_trap trap;
    buf *out;
    uint8_t block[16 << 10];
} jpeg_writer;

static void flush(jpeg_writer *w, size_t n)
{
    if (!buf_append(w->out, w->block, n)) {
        fail(w->trap.e, ERR_LIMIT, "the picture as a JPEG is larger than %zu bytes", w->out->max);
        longjmp(w->trap.out, 1);
    }
    w->dest.next_output_byte = w->block;
    w->dest.free_in_buffer = sizeof w->block;
}

static jpeg_writer *writer_of(j_compress_ptr cinfo) { return cinfo->client_data; }
static void dest_start(j_compress_ptr cinfo) { flush(writer_of(cinfo), 0); }
static boolean dest_full(j_compress_ptr cinfo) { return flush(writer_of(cinfo), sizeof writer_of(cinfo)->block), TRUE; }
static void dest_end(j_compress_ptr cinfo)
{
    jpeg_writer *w = writer_of(cinfo);
    flush(w, sizeof w->block - w->dest.free_in_buffer);
}

static bool write_picture(jpeg_writer *w, const image *im, int quality)
{
    j_compress_ptr cinfo = &w->cinfo;
    if (setjmp(w->trap.out)) return false;
    jpeg_create_compress(cinfo);
    cinfo->client_data = w;
    cinfo->dest = &w->dest;
    cinfo->image_width = im->width;
    cinfo->image_height = im->height;
    cinfo->input_components = (int)im->channels;
    cinfo->in_color_space = im->channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, quality, TRUE);
    jpeg_start_compress(cinfo, TRUE);
    while (cinfo->next_scanline < im->height) {
        JSAMPROW row = image_at(im, 0, cinfo->next_scanline);
        jpeg_write_scanlines(cinfo, &row, 1);
    }
    jpeg_finish_compress(cinfo);
    return true;
}

bool image_encode_jpeg(const image *im, int quality, buf *out, err *e)
{
    assert((im->channels == 1 || im->channels == 3) && quality >= 1 && quality <= 100 && im->width && im->height);
    size_t before = out->len;
    jpeg_writer *w = mem_array(jpeg_writer, 1);
    trap_init(&w->trap, e);
    w->cinfo.err = &w->trap.mgr;
    w->dest.init_destination = dest_start;
    w->dest.empty_output_buffer = dest_full;
    w->dest.term_destination = dest_end;
    w->out = out;
    bool ok = write_picture(w, im, quality);
    jpeg_destroy_compress(&w->cinfo);
    mem_free(w);
    if (!ok) out->len = before;
    return ok;
}
